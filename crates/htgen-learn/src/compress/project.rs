//! A tensor that is projected on leading singular vectors, one group of modes after another.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::NodeError;
use super::ranks::Rule;
use super::svd::left_singular;
use crate::error::Result;

/// The tensor, as far as it is projected.
pub(super) struct Work {
    pub(super) data: Vec<f64>,
    pub(super) dims: Vec<usize>,
    pub(super) norm: f64,
    pub(super) rule: Rule,
    /// The first rank is a multiple of this.
    pub(super) step: usize,
    pub(super) nodes: Vec<Option<NodeError>>,
}

impl Work {
    /// Projects axis `at` on its leading singular vectors, which it returns as size x rank.
    pub(super) fn project(
        &mut self,
        at: usize,
        index: usize,
        name: String,
        full_rank: usize,
    ) -> Result<(Vec<f64>, usize)> {
        let size = self.dims[at];
        let inner: usize = self.dims[at + 1..].iter().product();
        let left = if at == 0 {
            left_singular(&self.data, size)?
        } else {
            let mut unfolded = Vec::with_capacity(self.data.len());
            for k in 0..size {
                for outer in self.data.chunks_exact(size * inner) {
                    unfolded.extend_from_slice(&outer[k * inner..(k + 1) * inner]);
                }
            }
            left_singular(&unfolded, size)?
        };
        let count = left.values.len();
        let step = if index == 0 { self.step } else { 1 };
        let rank =
            self.rule.rank(index, &left.values).next_multiple_of(step).min(count / step * step);
        let frame: Vec<f64> =
            left.vectors.chunks_exact(count).flat_map(|row| &row[..rank]).copied().collect();
        let (projected, lost) = onto(&self.data, &frame, size, rank, inner);
        let relative = |value: f64| if self.norm > 0.0 { value / self.norm } else { 0.0 };
        let discarded = left.values[rank..].iter().fold(0.0, |sum, value| sum + value * value);
        self.nodes[index] = Some(NodeError {
            name,
            rank,
            full_rank,
            error: relative(lost.sqrt()),
            bound: relative(discarded.sqrt()),
            values: left.values.iter().map(|value| relative(*value)).collect(),
        });
        self.data = projected;
        self.dims[at] = rank;
        Ok((frame, rank))
    }
}

/// Largest rank between this many combinations of modes on either side.
pub(super) fn full_rank(size: usize, others: usize) -> usize {
    size.min(others)
}

/// The tensor with its middle axis projected on orthonormal columns, and the square of what that
/// loses.
fn onto(data: &[f64], frame: &[f64], size: usize, rank: usize, inner: usize) -> (Vec<f64>, f64) {
    let mut projected = vec![0.0; data.len() / size * rank];
    let mut lost = 0.0;
    let mut rest = vec![0.0; inner];
    for (from, to) in data.chunks_exact(size * inner).zip(projected.chunks_exact_mut(rank * inner))
    {
        for (values, weights) in from.chunks_exact(inner).zip(frame.chunks_exact(rank)) {
            for (to, weight) in to.chunks_exact_mut(inner).zip(weights) {
                to.iter_mut().zip(values).for_each(|(to, value)| *to += weight * value);
            }
        }
        for (values, weights) in from.chunks_exact(inner).zip(frame.chunks_exact(rank)) {
            rest.copy_from_slice(values);
            for (to, weight) in to.chunks_exact(inner).zip(weights) {
                rest.iter_mut().zip(to).for_each(|(rest, value)| *rest -= weight * value);
            }
            lost += rest.iter().map(|value| value * value).sum::<f64>();
        }
    }
    (projected, lost)
}
