//! The whole tensor that factors stand for, element by element.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::model::{Core, Factors, HtNode};

/// The tensor of a tree or train over its own order of modes, of a ring starting at core 0.
pub(super) fn rebuild(factors: &Factors) -> Vec<f64> {
    match factors {
        Factors::HierarchicalTucker(root) => frame(root),
        Factors::TensorTrain(cores) => chain(vec![1.0], cores),
        Factors::TensorRing(cores) => ring(cores),
        _ => unreachable!("only trees, trains and rings are made here"),
    }
}

/// A row times all cores of a chain, one after another.
fn chain(row: Vec<f64>, cores: &[Core]) -> Vec<f64> {
    cores.iter().fold(row, |built, core| multiply(&built, &core.data, core.shape[0]))
}

/// The sum of the diagonal over the closing rank.
fn ring(cores: &[Core]) -> Vec<f64> {
    let close = cores[0].shape[0];
    let mut sum: Vec<f64> = Vec::new();
    for k in 0..close {
        let row = (0..close).map(|at| if at == k { 1.0 } else { 0.0 }).collect();
        let built = chain(row, cores);
        let own = built.iter().skip(k).step_by(close);
        match sum.is_empty() {
            true => sum = own.copied().collect(),
            false => sum.iter_mut().zip(own).for_each(|(sum, value)| *sum += value),
        }
    }
    sum
}

/// Elements below the node x rank.
fn frame(node: &HtNode) -> Vec<f64> {
    let HtNode::Inner { rank, core, left, right } = node else {
        let HtNode::Leaf { core, .. } = node else { unreachable!("the other kind of node") };
        return core.clone();
    };
    let (of_left, of_right) = (frame(left), frame(right));
    let (n_left, n_right) = (left.rank(), right.rank());
    // The right frame as n_right x elements.
    let elements = of_right.len() / n_right;
    let turned: Vec<f64> =
        (0..of_right.len()).map(|k| of_right[k % elements * n_right + k / elements]).collect();
    let slices = core.chunks_exact(n_left * n_right).map(|slice| {
        let half = multiply(&of_left, slice, n_left);
        multiply(&half, &turned, n_right)
    });
    let slices: Vec<Vec<f64>> = slices.collect();
    if *rank == 1 {
        return slices.into_iter().next().expect("one slice");
    }
    (0..slices[0].len() * rank).map(|k| slices[k % rank][k / rank]).collect()
}

/// Product of row-major matrices; the first has `inner` columns, the second as many rows.
fn multiply(a: &[f64], b: &[f64], inner: usize) -> Vec<f64> {
    let columns = b.len() / inner;
    let mut product = vec![0.0; a.len() / inner * columns];
    for (row, to) in a.chunks_exact(inner).zip(product.chunks_exact_mut(columns)) {
        for (value, from) in row.iter().zip(b.chunks_exact(columns)) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += value * from);
        }
    }
    product
}
