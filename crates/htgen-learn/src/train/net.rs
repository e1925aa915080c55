//! A model with gradients: from a batch of sequences to the outputs after their last steps.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::layer::{LayerInput, LayerRun, NetLayer};
use super::product::{MatrixView, add_product, multiply};
use super::real::Real;
use super::recurrence::{ForcedSteps, column_sums};
use super::rows::Rows;
use crate::model::Model;
use std::sync::Arc;

/// The structure of a model, without its values.
#[derive(Debug)]
pub struct Net {
    layers: Vec<NetLayer>,
    outputs: usize,
}

/// A batch of prepared inputs.
pub struct Batch<T> {
    /// Which row is which step.
    pub rows: Rows,
    /// The inputs of all rows; zeros after the end of a sequence.
    pub x: Arc<Vec<T>>,
}

/// Dropout during training: factors 0 or 1 / (1 - p) for this many values.
pub type Dropout<'a, T> = &'a mut (dyn FnMut(usize) -> Vec<T> + Send);

/// A batch that has run, with everything the gradient needs.
pub struct Forward<T> {
    /// Outputs of the head after the last step of each sequence, sequences x outputs.
    pub outputs: Vec<T>,
    layers: Vec<LayerRun<T>>,
    /// The inputs of the head.
    last: Vec<T>,
    /// Factors of dropout on the inputs of each layer but the first and on those of the head.
    dropped: Option<Vec<Vec<T>>>,
}

impl Net {
    /// The structure of a checked model with a head, wired for batches of this many input vectors.
    pub fn of(model: &Model, vectors: usize) -> Net {
        let outputs = model.head.as_ref().map_or(0, |head| head.outputs);
        let layers = model.layers.iter().map(|layer| NetLayer::of(layer, vectors)).collect();
        Net { layers, outputs }
    }

    /// Outputs of the head.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Runs a batch with the values of the groups of `parameters::of`. If values are `forced` on
    /// the layers and outputs, gradients pass them as if they had been computed.
    pub fn forward<T: Real>(
        &self,
        values: &[Vec<T>],
        batch: &Batch<T>,
        mut dropout: Option<Dropout<'_, T>>,
        forced: Option<&ForcedOutputs>,
    ) -> Forward<T> {
        let rows = &batch.rows;
        let mut values = values;
        let mut next = |count: usize| {
            let (these, behind) = values.split_at(count);
            values = behind;
            these
        };
        let mut dropped = dropout.is_some().then(Vec::new);
        let mut drop_out = |values: &mut [T]| {
            if let (Some(dropout), Some(dropped)) = (&mut dropout, &mut dropped) {
                let factors = dropout(values.len());
                scale(values, &factors);
                dropped.push(factors);
                return true;
            }
            false
        };
        let mut x = Arc::clone(&batch.x);
        let mut layers = Vec::with_capacity(self.layers.len());
        for (k, layer) in self.layers.iter().enumerate() {
            if k > 0 {
                let mut kept = x.to_vec();
                if drop_out(&mut kept) {
                    x = Arc::new(kept);
                }
            }
            let forced = forced.map(|forced| &forced.layers[k]);
            let input = LayerInput { rows, x: &x, x_varies: k > 0, forced };
            let run = layer.run(next(layer.groups()), input);
            x = Arc::clone(run.h());
            layers.push(run);
        }
        let n = self.hidden();
        let mut last: Vec<T> =
            rows.last().flat_map(|row| x[row * n..(row + 1) * n].iter().copied()).collect();
        drop_out(&mut last);
        let (weight, bias) = (&next(1)[0], &next(1)[0]);
        let mut outputs = bias.repeat(rows.sequences());
        add_product(&mut outputs, MatrixView::of(&last, n), MatrixView::of(weight, n).turned());
        if let Some(forced) = forced {
            outputs = forced.outputs.iter().map(|&value| T::of(f64::from(value))).collect();
        }
        Forward { outputs, layers, last, dropped }
    }

    /// Computes the gradients of all groups from that of the outputs.
    pub fn gradients<T: Real>(
        &self,
        values: &[Vec<T>],
        rows: &Rows,
        run: Forward<T>,
        of_outputs: &[T],
    ) -> Vec<Vec<T>> {
        let n = self.hidden();
        let mut dropped = run.dropped.into_iter().flatten().rev();
        let (own, head) = values.split_at(values.len() - 2);
        let of_outputs_rows = MatrixView::of(of_outputs, self.outputs);
        let mut of_weight = vec![T::zero(); self.outputs * n];
        multiply(&mut of_weight, of_outputs_rows.turned(), MatrixView::of(&run.last, n));
        let mut of_last = vec![T::zero(); rows.sequences() * n];
        multiply(&mut of_last, of_outputs_rows, MatrixView::of(&head[0], n));
        dropped.next().into_iter().for_each(|factors| scale(&mut of_last, &factors));
        let mut of_h = vec![T::zero(); rows.count() * n];
        for (row, gradient) in rows.last().zip(of_last.chunks_exact(n)) {
            of_h[row * n..(row + 1) * n].copy_from_slice(gradient);
        }
        let mut behind = vec![vec![of_weight, column_sums(of_outputs, self.outputs)]];
        let mut rest = own;
        for (layer, run) in self.layers.iter().zip(run.layers).rev() {
            let (before, these) = rest.split_at(rest.len() - layer.groups());
            rest = before;
            let mut of_groups = Vec::with_capacity(layer.groups());
            if let Some(of_x) = layer.gradients(these, rows, run, &of_h, &mut of_groups) {
                of_h = of_x;
                dropped.next().into_iter().for_each(|factors| scale(&mut of_h, &factors));
            }
            behind.push(of_groups);
        }
        behind.into_iter().rev().flatten().collect()
    }

    /// Hidden units of the last layer.
    fn hidden(&self) -> usize {
        self.layers.last().map_or(0, NetLayer::hidden)
    }
}

fn scale<T: Real>(values: &mut [T], factors: &[T]) {
    values.iter_mut().zip(factors).for_each(|(value, factor)| *value *= *factor);
}

/// Replacements for the computed values, of every layer and of the outputs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ForcedOutputs {
    /// For each layer, those of all rows.
    pub layers: Vec<ForcedSteps>,
    /// Outputs of each sequence.
    pub outputs: Vec<f32>,
}

/// Mean over the sequences of the cross-entropy between the softmax of `outputs` and targets that
/// are 1 - `smoothing` for the label plus `smoothing` shared by all classes; and its gradient.
pub fn loss<T: Real>(outputs: &[T], labels: &[usize], smoothing: f64) -> (f64, Vec<T>) {
    let classes = outputs.len() / labels.len().max(1);
    let share = smoothing / classes as f64;
    let count = labels.len() as f64;
    let (mut loss, mut gradient) = (0.0, Vec::with_capacity(outputs.len()));
    for (row, &label) in outputs.chunks_exact(classes).zip(labels) {
        let row: Vec<f64> = row.iter().map(|value| value.double()).collect();
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total = row.iter().map(|value| (value - largest).exp()).sum::<f64>().ln() + largest;
        for (k, value) in row.iter().enumerate() {
            let target = share + if k == label { 1.0 - smoothing } else { 0.0 };
            loss -= target * (value - total);
            gradient.push(T::of(((value - total).exp() - target) / count));
        }
    }
    (loss / count, gradient)
}
