//! LSTMs of tednet: the input matrix as a tensor train, tensor ring or block term, the recurrent
//! one dense; gates i, f, g, o, where the gate is the slowest part of the first row mode.
//!
//! Axes: n a column mode, m a row mode. Train: first core (n, m, r), inner ones (n, m, left,
//! right), last (n, m, r). Ring: (left, mode, right), all column modes, then all row modes. Block
//! term: factors (n, m, rank), and a core whose values run over the ranks in reverse order, the
//! last mode slowest.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::dense::{self, lstm, sum};
use super::prefixes::before;
use super::train::{self, permuted};
use crate::checkpoint::{Checkpoint, Part, escaped};
use crate::error::{Diagnostic, ErrorKind};
use crate::model::{Block, Columns, Core, Factors, Layer, Matrix, shape_text};

pub(super) fn prefixes(names: &[String]) -> Vec<&str> {
    let cores = ["weight_ih.node0", "weight_ih.core_block0"];
    cores.iter().flat_map(|key| before(names, key)).collect()
}

pub(super) fn read(checkpoint: &Checkpoint<'_>, prefix: &str) -> Part<Vec<Layer>> {
    let of_h = checkpoint.of_axes(&format!("{prefix}weight_hh"), "4H, H", 2)?;
    let (rows, hidden) = (of_h.shape[0], of_h.shape[1]);
    if hidden.checked_mul(4) != Some(rows) {
        return Err(Diagnostic::new(escaped(&format!("{prefix}weight_hh")), "not an LSTM")
            .kind(ErrorKind::Unsupported)
            .found(shape_text(&of_h.shape))
            .expected("4H x H"));
    }
    let of_x = if checkpoint.has(&format!("{prefix}weight_ih.core_block0")) {
        blocks(checkpoint, prefix)?
    } else {
        nodes(checkpoint, prefix, rows)?
    };
    let inputs = inputs(&of_x, prefix)?;
    let bias = checkpoint.bias(&format!("{prefix}weight_ih.bias"), rows)?;
    let bias = sum(bias, &checkpoint.bias(&format!("{prefix}bias_hh"), rows)?);
    let matrices = vec![of_x, dense::matrix(of_h, Columns::Hidden)];
    Ok(vec![lstm(inputs, hidden, matrices, bias)])
}

/// Product of the column modes, which are the inputs.
fn inputs(matrix: &Matrix, prefix: &str) -> Part<usize> {
    let modes = &matrix.in_modes;
    let product = modes.iter().try_fold(1usize, |product, &mode| product.checked_mul(mode));
    product.ok_or_else(|| {
        Diagnostic::new(escaped(&format!("{prefix}weight_ih")), "too many inputs")
            .kind(ErrorKind::Limit)
            .found(shape_text(modes))
    })
}

/// Train or ring, depending on the number of axes.
fn nodes(checkpoint: &Checkpoint<'_>, prefix: &str, rows: usize) -> Part<Matrix> {
    let name = |k: usize| format!("{prefix}weight_ih.node{k}");
    if checkpoint.has(&format!("{prefix}weight_ih.node_core"))
        || checkpoint.has(&format!("{prefix}weight_ih.node0_block0"))
    {
        return Err(Diagnostic::new(escaped(&name(0)), "Tucker-2 or CP factors of tednet")
            .kind(ErrorKind::Unsupported)
            .expected("a tensor train, a tensor ring or a block term"));
    }
    let mut nodes = Vec::new();
    // There are at least two.
    while nodes.len() < 2 || checkpoint.has(&name(nodes.len())) {
        nodes.push(checkpoint.tensor(&name(nodes.len()))?);
    }
    let is_pair = nodes.len() == 2 && nodes[0].shape.last() == nodes[1].shape.last();
    // With two cores of three axes each, a train has all rows in both, a ring only in the second.
    let is_train = nodes.iter().any(|node| node.shape.len() == 4)
        || is_pair && nodes[1].shape.get(1) != Some(&rows);
    if is_train { train_of(nodes, name) } else { ring_of(nodes, rows, name) }
}

fn train_of(nodes: Vec<Core>, name: impl Fn(usize) -> String + Copy) -> Part<Matrix> {
    let last = nodes.len() - 1;
    let core = |(k, node): (usize, Core)| {
        let expected = if k == 0 || k == last { 3 } else { 4 };
        if node.shape.len() != expected {
            let axes = ["n, m, rank", "n, m, left rank, right rank"][expected - 3];
            return Err(Diagnostic::new(escaped(&name(k)), "wrong number of axes")
                .found(shape_text(&node.shape))
                .expected(format!("{expected} axes of a core of a train: {axes}")));
        }
        let mut core = match k {
            0 => permuted(&node, &[1, 0, 2]),
            _ if k == last => permuted(&node, &[2, 1, 0]),
            _ => permuted(&node, &[2, 1, 0, 3]),
        };
        if k == 0 {
            core.shape.insert(0, 1);
        } else if k == last {
            core.shape.push(1);
        }
        Ok(core)
    };
    let cores = nodes.into_iter().enumerate().map(core).collect::<Part<Vec<Core>>>()?;
    train::check_ranks(&cores, name)?;
    Ok(train::matrix(cores, Columns::Input))
}

fn ring_of(nodes: Vec<Core>, rows: usize, name: impl Fn(usize) -> String) -> Part<Matrix> {
    if let Some(k) = nodes.iter().position(|node| node.shape.len() != 3) {
        return Err(Diagnostic::new(escaped(&name(k)), "wrong number of axes")
            .found(shape_text(&nodes[k].shape))
            .expected("3 axes of a core of a ring: left rank, mode, right rank"));
    }
    ring(nodes, rows, Columns::Input, &name(0))
}

/// A ring of cores of left rank x mode x right rank, the last of which carry the given number of
/// rows.
pub(super) fn ring(cores: Vec<Core>, rows: usize, columns: Columns, key: &str) -> Part<Matrix> {
    let modes: Vec<usize> = cores.iter().map(|core| core.shape[1]).collect();
    let suffix = |first: usize| {
        modes[first..].iter().try_fold(1usize, |product, &mode| product.checked_mul(mode))
    };
    let Some(first) = (1..modes.len()).rev().find(|&first| suffix(first) == Some(rows)) else {
        return Err(Diagnostic::new(escaped(key), "no row modes at the end of the ring")
            .found(format!("modes {}", shape_text(&modes)))
            .expected(format!("some whose product is the {rows} rows")));
    };
    let (in_modes, out_modes) = modes.split_at(first);
    let (in_modes, out_modes) = (in_modes.to_vec(), out_modes.to_vec());
    Ok(Matrix { columns, out_modes, in_modes, factors: Factors::TensorRing(cores) })
}

fn blocks(checkpoint: &Checkpoint<'_>, prefix: &str) -> Part<Matrix> {
    let core = |block: usize| format!("{prefix}weight_ih.core_block{block}");
    let mut blocks = Vec::new();
    while checkpoint.has(&core(blocks.len())) {
        let number = blocks.len();
        let stored = checkpoint.tensor(&core(number))?;
        let n_modes = stored.shape.len();
        let reversed: Vec<usize> = stored.shape.iter().rev().copied().collect();
        let order: Vec<usize> = (0..n_modes).rev().collect();
        let core = permuted(&Core { shape: reversed, data: stored.data }, &order);
        let factor = |mode: usize| {
            let name = format!("{prefix}weight_ih.factor{mode}_block{number}");
            Ok(permuted(&checkpoint.of_axes(&name, "n, m, rank", 3)?, &[1, 0, 2]))
        };
        let factors = (0..n_modes).map(factor).collect::<Part<Vec<Core>>>()?;
        blocks.push(Block { core, factors });
    }
    let side = |axis: usize| blocks[0].factors.iter().map(|factor| factor.shape[axis]).collect();
    let (out_modes, in_modes) = (side(0), side(1));
    Ok(Matrix { columns: Columns::Input, out_modes, in_modes, factors: Factors::BlockTerm(blocks) })
}
