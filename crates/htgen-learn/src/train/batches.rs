//! Sequences of a data set as batches of prepared inputs; the preparation itself.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::augment::{Move, MovedStep};
use super::net::Batch;
use super::real::Real;
use super::rows::Rows;
use crate::data::{LabelledSequences, StepValues};
use crate::model::InputPrep;
use rayon::prelude::*;
use std::sync::Arc;

/// Computes the mean of each input over all steps of some sequences, and the power of two that
/// brings the mean of |x|^2 over the steps near the number of hidden units.
///
/// The mean has single precision, so that a model file keeps it exactly.
pub fn preparation(
    data: &LabelledSequences,
    sequences: &[usize],
    hidden: usize,
    (centred, shift): (bool, Option<i32>),
) -> InputPrep {
    let inputs = data.sequences.inputs();
    let (mut sums, mut squares) = (vec![0.0f64; inputs], vec![0.0f64; inputs]);
    let mut count = 0.0f64;
    for &sequence in sequences {
        for step in 0..data.sequences.steps(sequence) {
            count += 1.0;
            each(data.sequences.step(sequence, step), |k, value| {
                sums[k] += value;
                squares[k] += value * value;
            });
        }
    }
    let round = |sum: &f64| f64::from((sum / count) as f32);
    let mean: Vec<f64> = if centred { sums.iter().map(round).collect() } else { vec![0.0; inputs] };
    let spread = |((sum, square), mean): ((&f64, &f64), &f64)| {
        square / count - 2.0 * mean * sum / count + mean * mean
    };
    let energy: f64 = sums.iter().zip(&squares).zip(&mean).map(spread).sum();
    let natural = (energy.max(f64::MIN_POSITIVE) / hidden as f64).log2() / 2.0;
    InputPrep {
        element: data.sequences.element(),
        shift: shift.unwrap_or(natural.round().clamp(-32.0, 32.0) as i32),
        mean: if centred { mean } else { Vec::new() },
    }
}

fn each(step: StepValues<'_>, mut see: impl FnMut(usize, f64)) {
    match step {
        StepValues::U8(values) => {
            values.iter().enumerate().for_each(|(k, v)| see(k, f64::from(*v)))
        }
        StepValues::F32(values) => {
            values.iter().enumerate().for_each(|(k, v)| see(k, f64::from(*v)))
        }
    }
}

/// The sequences as one batch, prepared; `moves` has one shift per sequence, or is empty.
pub fn batch<T: Real>(
    data: &LabelledSequences,
    sequences: &[usize],
    moves: &[Move],
    input: &InputPrep,
) -> Batch<T> {
    let inputs = data.sequences.inputs();
    let rows = Rows::of(sequences.iter().map(|&k| data.sequences.steps(k)).collect());
    let scale = T::of((-f64::from(input.shift)).exp2());
    // Means have single precision, so a difference is rounded once, whatever the precision.
    let mean: Vec<T> = match input.mean.is_empty() {
        true => vec![T::zero(); inputs],
        false => input.mean.iter().map(|&mean| T::of(mean)).collect(),
    };
    let mut x = vec![T::zero(); rows.count() * inputs];
    x.par_chunks_mut(inputs).enumerate().with_min_len(16).for_each(|(row, values)| {
        let (k, step) = rows.place(row);
        let Some(step) = step else { return };
        let from = MovedStep::of(&data.sequences, sequences[k], step, moves.get(k));
        let to = values.iter_mut().zip(&mean);
        match from.elements() {
            StepValues::U8(from) => to
                .zip(from)
                .for_each(|((value, mean), raw)| *value = (T::of_byte(*raw) - *mean) * scale),
            StepValues::F32(from) => to.zip(from).for_each(|((value, mean), raw)| {
                *value = (T::of(f64::from(*raw)) - *mean) * scale;
            }),
        }
    });
    Batch { rows, x: Arc::new(x) }
}
