//! Seeded values for an untrained model, the same on every machine: only integers from the
//! generator, the four basic operations and square roots, all exactly rounded, and a final rounding
//! to f32.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Factors, Layer, Matrix, ModelParts};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

mod blocks;
mod chain;
mod tree;

/// Spread of a bias around its mean.
const BIAS_SPREAD: f64 = 0.125;
/// Mean bias of the gate that keeps the state; starting open makes the state last.
const KEEPING_BIAS: f64 = 1.0;
/// Index of that gate: f among i, f, g, o, and z among r, z, n.
const KEEPING_GATE: usize = 1;

/// Fills every core, bias and head of a consistent model.
pub(super) fn fill(model: &mut ModelParts, seed: u64) {
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
        let mean = if row / layer.hidden == KEEPING_GATE { KEEPING_BIAS } else { 0.0 };
        *bias = round(mean + BIAS_SPREAD * source.unit());
    }
    layer.candidate_bias.fill_with(|| round(BIAS_SPREAD * source.unit()));
}

/// Scales the factors so that the mean square of the rebuilt matrix is exactly 1/hidden: every core
/// but the last maps with the gain of an orthonormal frame, the last one takes the rest.
fn fill_matrix(matrix: &mut Matrix, hidden: usize, source: &mut Source) {
    let target = matrix.rows() as f64 * matrix.columns_padded() as f64 / hidden as f64;
    let Matrix { out_modes, in_modes, factors, .. } = matrix;
    match factors {
        Factors::HierarchicalTucker(root) => {
            tree::scale_node(root, out_modes, Some(target), source);
        }
        Factors::TensorTrain(cores) => chain::scale(cores, out_modes, target, source),
        Factors::TensorRing(cores) => {
            // Columns come first and have no gain of their own.
            let gains: Vec<usize> = in_modes.iter().map(|_| 1).chain(out_modes.clone()).collect();
            chain::scale(cores, &gains, target, source);
        }
        Factors::BlockTerm(blocks) => blocks::scale(blocks, target, source),
        Factors::Dense(weight) => {
            weight.fill_with(|| source.unit());
            let norm: f64 = weight.iter().map(|value| value * value).sum();
            scale_by((target / norm).sqrt(), weight);
        }
    }
    for core in factors.values_mut() {
        core.iter_mut().for_each(|value| *value = round(*value));
    }
}

fn scale_by(scale: f64, values: &mut [f64]) {
    values.iter_mut().for_each(|value| *value *= scale);
}

/// Mean of the diagonal of a square matrix.
fn mean_diagonal(gram: &[f64]) -> f64 {
    let rank = gram.len().isqrt();
    gram.iter().step_by(rank + 1).sum::<f64>() / rank as f64
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

/// Rounds to the nearest f32, so that a safetensors file holds the value in four bytes.
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
