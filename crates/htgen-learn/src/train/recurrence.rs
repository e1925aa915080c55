//! A layer's cells over all time steps, and back.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::cell::{Back, CellShape, Forced, Results, Sums, add};
use super::product::{MatrixView, add_product, multiply};
use super::real::Real;
use super::rows::Rows;
use crate::model::Cell;
use rayon::prelude::*;
use std::sync::Arc;

/// What a layer's cells work on.
pub struct CellInput<'a, T> {
    /// Which row is which step.
    pub rows: &'a Rows,
    /// W x of all rows, gates * H values each.
    pub x_part: Vec<T>,
    /// Columns of h, transposed: H x (gates * H); none if h is not fed back.
    pub recurrent: Option<Vec<T>>,
    /// The bias, gates * H values.
    pub bias: &'a [T],
    /// In a GRU that has one, the bias of the candidate's hidden product, H values.
    pub candidate: Option<&'a [T]>,
    /// Replacements for the computed values; none for plain floats.
    pub forced: Option<&'a ForcedSteps>,
}

/// Replacements for the values of all rows of a layer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ForcedSteps {
    /// Sums of the gates, 4 H values each.
    pub sums: Vec<f32>,
    /// States, H values each.
    pub state: Vec<f32>,
    /// Hidden vectors, H values each.
    pub h: Vec<f32>,
}

/// All steps, done, with everything their gradient needs.
pub struct Recurrence<T> {
    shape: CellShape,
    /// Columns of h: H x (gates * H).
    recurrent: Option<Vec<T>>,
    has_candidate: bool,
    /// Gates, what else is kept, and states of all rows.
    gates: Vec<T>,
    kept: Vec<T>,
    state: Vec<T>,
    /// Hidden vectors of all rows; after the end of a sequence its last one is repeated.
    pub h: Arc<Vec<T>>,
}

impl<T: Real> Recurrence<T> {
    /// Goes through all steps.
    pub fn of(shape: CellShape, input: CellInput<'_, T>) -> Self {
        let CellInput { rows, x_part: mut gates, recurrent, bias, candidate, forced } = input;
        let n = shape.hidden;
        let wide = shape.cell.gates() * n;
        let block = rows.of_group();
        let forced = forced.map(Stand::<T>::of);
        let zeros = || vec![T::zero(); rows.count() * n];
        let (mut kept, mut state, mut h) = (zeros(), zeros(), zeros());
        let groups = gates
            .par_chunks_mut(block * wide)
            .zip(kept.par_chunks_mut(block * n))
            .zip(state.par_chunks_mut(block * n))
            .zip(h.par_chunks_mut(block * n));
        groups.enumerate().for_each(|(group, (((gates, kept), state), h))| {
            let lengths = rows.lengths(group);
            let together = lengths.len();
            let none = vec![T::zero(); together * n];
            let mut products = vec![T::zero(); together * wide];
            for step in 0..rows.steps() {
                let first = step * together;
                let (old_state, state) = state.split_at_mut(first * n);
                let (old_h, h) = h.split_at_mut(first * n);
                let old = first.saturating_sub(together) * n;
                let (old_state, old_h) = match step {
                    0 => (&none[..], &none[..]),
                    _ => (&old_state[old..], &old_h[old..]),
                };
                let recurrent = recurrent.as_ref().filter(|_| step > 0);
                if let Some(recurrent) = recurrent {
                    let columns = MatrixView::of(recurrent, wide);
                    multiply(&mut products, MatrixView::of(old_h, n), columns);
                }
                for (k, &length) in lengths.iter().enumerate() {
                    let own = k * n..(k + 1) * n;
                    let (state, h) = (&mut state[own.clone()], &mut h[own.clone()]);
                    if step >= length {
                        state.copy_from_slice(&old_state[own.clone()]);
                        h.copy_from_slice(&old_h[own]);
                        continue;
                    }
                    let row = first + k;
                    let gates = &mut gates[row * wide..(row + 1) * wide];
                    let kept = &mut kept[row * n..(row + 1) * n];
                    let products = recurrent.map(|_| &products[k * wide..(k + 1) * wide]);
                    let before = &old_state[own];
                    let sums = Sums { bias, h: products, candidate, before };
                    let forced = forced.as_ref().map(|forced| forced.row(group * block + row, n));
                    shape.forward(sums, forced, Results { gates, kept, state, h });
                }
            }
        });
        let has_candidate = candidate.is_some();
        Recurrence { shape, recurrent, has_candidate, gates, kept, state, h: Arc::new(h) }
    }

    /// Computes the gradients of the inputs from that of all hidden vectors.
    pub fn gradients(mut self, rows: &Rows, of_h: &[T]) -> Gradients<T> {
        let (n, shape) = (self.shape.hidden, self.shape);
        let wide = shape.cell.gates() * n;
        let block = rows.of_group();
        // For an LSTM the gradient of the product with h is that of W x.
        let own_wide = if shape.cell == Cell::Gru { wide } else { 0 };
        let mut h_sums = vec![T::zero(); rows.count() * own_wide];
        let of_groups: Vec<&mut [T]> = match own_wide {
            0 => (0..rows.count().div_ceil(block)).map(|_| &mut [][..]).collect(),
            _ => h_sums.chunks_mut(block * own_wide).collect(),
        };
        let (kept, states, recurrent) = (&self.kept, &self.state, &self.recurrent);
        let groups = self.gates.par_chunks_mut(block * wide).zip(of_groups);
        groups.enumerate().for_each(|(group, (gates, h_sums))| {
            let lengths = rows.lengths(group);
            let together = lengths.len();
            let zeros = || vec![T::zero(); together * n];
            let (none, mut state_back, mut h_back) = (zeros(), zeros(), zeros());
            for step in (0..rows.steps()).rev() {
                let first = group * block + step * together;
                add(&mut h_back, &of_h[first * n..(first + together) * n]);
                let before = match step {
                    0 => &none[..],
                    _ => &states[(first - together) * n..first * n],
                };
                let here = step * together..(step + 1) * together;
                let gates = &mut gates[here.start * wide..here.end * wide];
                let h_sums = &mut h_sums[here.start * own_wide..here.end * own_wide];
                for (k, &length) in lengths.iter().enumerate() {
                    let gates = &mut gates[k * wide..(k + 1) * wide];
                    if step >= length {
                        gates.fill(T::zero());
                        continue;
                    }
                    let own = k * n..(k + 1) * n;
                    let (state, h) = (&mut state_back[own.clone()], &mut h_back[own.clone()]);
                    let h_sums = &mut h_sums[k * own_wide..(k + 1) * own_wide];
                    let kept = &kept[(first + k) * n..(first + k + 1) * n];
                    shape.backward(kept, &before[own], Back { state, h, gates, h_sums });
                }
                if let (Some(recurrent), true) = (recurrent, step > 0) {
                    let sums = if own_wide > 0 { h_sums } else { gates };
                    let turned = MatrixView::of(recurrent, wide).turned();
                    add_product(&mut h_back, MatrixView::of(sums, wide), turned);
                }
            }
        });
        let sums = if own_wide > 0 { &h_sums } else { &self.gates };
        let recurrent = self.recurrent.as_ref().map(|recurrent| {
            let mut gradient = vec![T::zero(); recurrent.len()];
            // h of every step but the last was used in the sums of the next step.
            for (group, h) in self.h.chunks(block * n).enumerate() {
                let together = rows.lengths(group).len();
                let (first, count) = (group * block, h.len() / n);
                let met = &sums[(first + together) * wide..(first + count) * wide];
                if !met.is_empty() {
                    let before = MatrixView::of(&h[..(count - together) * n], n).turned();
                    add_product(&mut gradient, before, MatrixView::of(met, wide));
                }
            }
            gradient
        });
        let bias = column_sums(&self.gates, wide);
        let candidate = self.has_candidate.then(|| column_sums(sums, wide)[wide - n..].to_vec());
        Gradients { x_part: self.gates, recurrent, bias, candidate }
    }
}

/// Gradients of the inputs, in the shapes of [`CellInput`].
pub struct Gradients<T> {
    /// Of W x of all rows.
    pub x_part: Vec<T>,
    /// Of the columns of h.
    pub recurrent: Option<Vec<T>>,
    /// Of the bias.
    pub bias: Vec<T>,
    /// Of the bias of the candidate's hidden product.
    pub candidate: Option<Vec<T>>,
}

/// Replacements in the precision of the run.
struct Stand<T> {
    sums: Vec<T>,
    state: Vec<T>,
    h: Vec<T>,
}

impl<T: Real> Stand<T> {
    fn of(forced: &ForcedSteps) -> Stand<T> {
        let cast = |values: &[f32]| values.iter().map(|v| T::of(f64::from(*v))).collect();
        Stand { sums: cast(&forced.sums), state: cast(&forced.state), h: cast(&forced.h) }
    }
    fn row(&self, row: usize, n: usize) -> Forced<'_, T> {
        let own = row * n..(row + 1) * n;
        Forced {
            sums: &self.sums[4 * row * n..4 * (row + 1) * n],
            state: &self.state[own.clone()],
            h: &self.h[own],
        }
    }
}

/// Sums over rows of this many values.
pub fn column_sums<T: Real>(rows: &[T], width: usize) -> Vec<T> {
    let mut sums = vec![T::zero(); width];
    rows.chunks(width).for_each(|row| add(&mut sums, row));
    sums
}
