//! Values of a hierarchical Tucker tree, scaled by Gram matrices from the leaves to the root.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Source, mean_diagonal, multiply, scale_by};
use crate::model::HtNode;

/// Fills a subtree and returns its Gram matrix, rank x rank: inner products of the matrices that
/// the columns of the subtree's frame stand for. `target` is their mean square norm, by default
/// the number of rows below the node.
pub(super) fn scale_node(
    node: &mut HtNode,
    out_modes: &[usize],
    target: Option<f64>,
    source: &mut Source,
) -> Vec<f64> {
    let (rank, target, gram) = match node {
        HtNode::Leaf { mode, rank, core } => {
            core.fill_with(|| source.unit());
            (*rank, target.unwrap_or(out_modes[*mode] as f64), gram_of_columns(core, *rank))
        }
        HtNode::Inner { rank, core, left, right } => {
            core.fill_with(|| source.unit());
            let left = scale_node(left, out_modes, None, source);
            let right = scale_node(right, out_modes, None, source);
            let rows = target.unwrap_or_else(|| mean_diagonal(&left) * mean_diagonal(&right));
            (*rank, rows, gram_of_transfer(core, *rank, &left, &right))
        }
    };
    let norm = gram.iter().step_by(rank + 1).sum::<f64>() / rank as f64;
    let scale = (target / norm).sqrt();
    let core = match node {
        HtNode::Leaf { core, .. } | HtNode::Inner { core, .. } => core,
    };
    scale_by(scale, core);
    gram.into_iter().map(|value| value * scale * scale).collect()
}

/// G[p, q] = sum over rows e of core[e, p] core[e, q].
fn gram_of_columns(core: &[f64], rank: usize) -> Vec<f64> {
    let mut gram = vec![0.0; rank * rank];
    for row in core.chunks_exact(rank) {
        for (p, left) in row.iter().enumerate() {
            for (q, right) in row.iter().enumerate() {
                gram[p * rank + q] += left * right;
            }
        }
    }
    gram
}

/// G[p, q] = sum over a, b, c, d of B[p, a, b] left[a, c] right[b, d] B[q, c, d].
fn gram_of_transfer(core: &[f64], rank: usize, left: &[f64], right: &[f64]) -> Vec<f64> {
    let (n_left, n_right) = (left.len().isqrt(), right.len().isqrt());
    // moved[p] = left B[p] right, both Gram matrices being symmetric.
    let mut moved = Vec::with_capacity(core.len());
    for slice in core.chunks_exact(n_left * n_right) {
        let half = multiply(left, slice, n_left, n_left, n_right);
        moved.extend(multiply(&half, right, n_left, n_right, n_right));
    }
    let n_slice = n_left * n_right;
    let mut gram = Vec::with_capacity(rank * rank);
    for p in moved.chunks_exact(n_slice) {
        for q in core.chunks_exact(n_slice) {
            gram.push(p.iter().zip(q).map(|(x, y)| x * y).sum());
        }
    }
    gram
}
