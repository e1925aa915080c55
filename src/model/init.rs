//! Seeded values for an untrained model, the same on every machine: integers from the generator and
//! the four basic operations and square roots, all exactly rounded, at the end rounded to f32.

use super::{Factors, HtNode, Layer, Matrix, Model};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Spread of a bias around its mean.
const BIAS_SPREAD: f64 = 0.125;
/// Mean bias of the forget gate; starting open lets a state last.
const FORGET_BIAS: f64 = 1.0;
/// Index of the forget gate among i, f, g, o.
const FORGET_GATE: usize = 1;

/// Fills every core, bias and head of a consistent model.
pub(super) fn fill(model: &mut Model, seed: u64) {
    let mut source = Source(ChaCha8Rng::seed_from_u64(seed));
    let mut hidden = 1;
    for layer in &mut model.layers {
        hidden = layer.hidden;
        fill_layer(layer, &mut source);
    }
    if let Some(head) = &mut model.head {
        // Uniform on [-a, a) has standard deviation a / sqrt(3).
        let spread = (3.0 / hidden as f64).sqrt();
        head.weight.fill_with(|| round(spread * source.unit()));
        head.bias.fill_with(|| round(BIAS_SPREAD * source.unit()));
    }
}

fn fill_layer(layer: &mut Layer, source: &mut Source) {
    for matrix in &mut layer.matrices {
        fill_matrix(matrix, layer.hidden, source);
    }
    for (row, bias) in layer.bias.iter_mut().enumerate() {
        let mean = if row / layer.hidden == FORGET_GATE { FORGET_BIAS } else { 0.0 };
        *bias = round(mean + BIAS_SPREAD * source.unit());
    }
}

/// Scales the factors so that the mean square of the rebuilt matrix is exactly 1/hidden: every
/// leaf maps with the gain of an orthonormal frame, the root takes the rest.
fn fill_matrix(matrix: &mut Matrix, hidden: usize, source: &mut Source) {
    let target = matrix.rows() as f64 * matrix.columns_padded() as f64 / hidden as f64;
    let Factors::HierarchicalTucker(root) = &mut matrix.factors else {
        unreachable!("`new` makes hierarchical Tucker matrices")
    };
    scale_node(root, &matrix.out_modes, Some(target), source);
    round_cores(root);
}

/// Fills a subtree and returns its Gram matrix, rank x rank: inner products of the matrices that
/// the columns of the subtree's frame stand for. `target` is their mean square norm, by default
/// the number of rows below the node.
fn scale_node(
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
    core.iter_mut().for_each(|value| *value *= scale);
    gram.into_iter().map(|value| value * scale * scale).collect()
}

fn mean_diagonal(gram: &[f64]) -> f64 {
    let rank = gram.len().isqrt();
    gram.iter().step_by(rank + 1).sum::<f64>() / rank as f64
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

/// Product of two row-major matrices, rows x inner and inner x columns.
fn multiply(a: &[f64], b: &[f64], rows: usize, inner: usize, columns: usize) -> Vec<f64> {
    let mut product = vec![0.0; rows * columns];
    for row in 0..rows {
        for k in 0..inner {
            for column in 0..columns {
                product[row * columns + column] += a[row * inner + k] * b[k * columns + column];
            }
        }
    }
    product
}

fn round_cores(node: &mut HtNode) {
    match node {
        HtNode::Leaf { core, .. } => core.iter_mut().for_each(|value| *value = round(*value)),
        HtNode::Inner { core, left, right, .. } => {
            core.iter_mut().for_each(|value| *value = round(*value));
            round_cores(left);
            round_cores(right);
        }
    }
}

/// To the nearest f32, so that a safetensors file holds the value in four bytes.
fn round(value: f64) -> f64 {
    f64::from(value as f32)
}

/// Uniform numbers on [-1, 1), multiples of 2^-31.
struct Source(ChaCha8Rng);

impl Source {
    fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32().cast_signed()) / 2f64.powi(31)
    }
}
