//! Values of block terms, scaled by the inner products of every pair of terms.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Source, scale_by};
use crate::model::{Block, Core};

/// Fills the terms: each factor with the gain of an orthonormal frame, all cores with the one scale
/// that makes the sum of squares of the rebuilt matrix equal to `target`.
pub(super) fn scale(blocks: &mut [Block], target: f64, source: &mut Source) {
    for block in blocks.iter_mut() {
        block.core.data.fill_with(|| source.unit());
        for factor in &mut block.factors {
            factor.data.fill_with(|| source.unit());
            let norm: f64 = factor.data.iter().map(|value| value * value).sum();
            // As many units per rank as there are rows.
            let wanted = (factor.shape[0] * factor.shape[2]) as f64;
            scale_by((wanted / norm).sqrt(), &mut factor.data);
        }
    }
    let mut norm = 0.0;
    for left in blocks.iter() {
        for right in blocks.iter() {
            norm += product(left, right);
        }
    }
    let scale = (target / norm).sqrt();
    blocks.iter_mut().for_each(|block| scale_by(scale, &mut block.core.data));
}

/// Inner product of the matrices of two terms.
fn product(left: &Block, right: &Block) -> f64 {
    // The core of the right term, with each axis in turn replaced by that of the left one.
    let mut moved = right.core.clone();
    for (axis, (a, b)) in left.factors.iter().zip(&right.factors).enumerate() {
        let (from, to) = (b.shape[2], a.shape[2]);
        let mut gram = vec![0.0; to * from];
        for (a, b) in a.data.chunks_exact(to).zip(b.data.chunks_exact(from)) {
            for (p, a) in a.iter().enumerate() {
                for (q, b) in b.iter().enumerate() {
                    gram[p * from + q] += a * b;
                }
            }
        }
        moved = along(&moved, axis, &gram, to);
    }
    left.core.data.iter().zip(&moved.data).map(|(a, b)| a * b).sum()
}

/// The core with one axis mapped by a matrix, `to` x size of the axis.
fn along(core: &Core, axis: usize, map: &[f64], to: usize) -> Core {
    let from = core.shape[axis];
    let inner: usize = core.shape[axis + 1..].iter().product();
    let outer: usize = core.shape[..axis].iter().product();
    let mut data = vec![0.0; outer * to * inner];
    for o in 0..outer {
        for p in 0..to {
            for q in 0..from {
                let weight = map[p * from + q];
                for i in 0..inner {
                    data[(o * to + p) * inner + i] +=
                        weight * core.data[(o * from + q) * inner + i];
                }
            }
        }
    }
    let mut shape = core.shape.clone();
    shape[axis] = to;
    Core { shape, data }
}
