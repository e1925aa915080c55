//! Values of tensor trains and rings, scaled by what the cores so far do to a pair of rank indices.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Source, mean_diagonal, multiply, scale_by};
use crate::model::Core;

/// Fills the cores, left rank x modes x right rank. The product of the first cores gets the product
/// of their `gains` as sum of squares, on average over its ranks; the last core makes the sum of
/// squares of the whole tensor equal to `target`.
///
/// A train is a ring that closes on rank 1.
pub(super) fn scale(cores: &mut [Core], gains: &[usize], target: f64, source: &mut Source) {
    let closing = cores.first().map_or(1, |core| core.shape[0]);
    let pairs = closing * closing;
    // One row per pair of closing indices; the identity before the first core.
    let mut carried = vec![0.0; pairs * pairs];
    carried.iter_mut().step_by(pairs + 1).for_each(|value| *value = 1.0);
    let last = cores.len() - 1;
    let mut gain = 1.0;
    for (k, core) in cores.iter_mut().enumerate() {
        core.data.fill_with(|| source.unit());
        let (left, right) = (core.shape[0], core.shape[core.shape.len() - 1]);
        let moved = carry(&carried, &core.data, pairs, left, right);
        let norm = if k == last {
            // The right rank is the closing one: the trace closes the ring.
            moved.iter().step_by(pairs + 1).sum::<f64>() / target
        } else {
            gain *= gains[k] as f64;
            mean_square(&moved, closing, right) / gain
        };
        let scale = (1.0 / norm).sqrt();
        scale_by(scale, &mut core.data);
        carried = moved.into_iter().map(|value| value * scale * scale).collect();
    }
}

/// Carries each row, left x left, through a core: the sum over its modes of core^T row core.
fn carry(carried: &[f64], core: &[f64], pairs: usize, left: usize, right: usize) -> Vec<f64> {
    let modes = core.len() / (left * right);
    // slices[i] is left x right, flipped[i] is right x left.
    let at = |i: usize, p: usize, q: usize| core[(p * modes + i) * right + q];
    let over = |rows: usize, columns: usize, f: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
        (0..rows * columns).map(|k| f(k / columns, k % columns)).collect()
    };
    let slices: Vec<Vec<f64>> =
        (0..modes).map(|i| over(left, right, &|p, q| at(i, p, q))).collect();
    let flipped: Vec<Vec<f64>> =
        (0..modes).map(|i| over(right, left, &|q, p| at(i, p, q))).collect();
    let mut out = Vec::with_capacity(pairs * right * right);
    for row in carried.chunks_exact(left * left) {
        let mut sum = vec![0.0; right * right];
        for (slice, flipped) in slices.iter().zip(&flipped) {
            let half = multiply(row, slice, left, left, right);
            let whole = multiply(flipped, &half, right, left, right);
            sum.iter_mut().zip(whole).for_each(|(sum, value)| *sum += value);
        }
        out.extend(sum);
    }
    out
}

/// Mean over closing and right ranks of the sum of squares after them.
fn mean_square(carried: &[f64], closing: usize, right: usize) -> f64 {
    let equal = carried.chunks_exact(right * right).step_by(closing + 1);
    equal.map(mean_diagonal).sum::<f64>() / closing as f64
}
