//! Training that sees the integers of the hardware: the fixed-point reference runs forward, and
//! gradients go back as if its rounding did not exist (straight-through, Bengio et al., 2013).
//!
//! The arithmetic is exactly that of [`Executor`], so what training measures is what `htgen run`
//! measures.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::augment::{Move, MovedStep};
use super::config::QuantizationTable;
use super::measure::Measure;
use super::net::ForcedOutputs;
use super::parameters;
use super::recurrence::ForcedSteps;
use super::rows::Rows;
use super::split::label;
use crate::arith::GATE_FRAC;
use crate::config::OutputRate;
use crate::data::{LabelledSequences, Sequences};
use crate::error::Result;
use crate::evaluate::{self, Confusion, decision};
use crate::fixed::{Executor, Observer, Site};
use crate::model::{Formats, Model, Widths};
use crate::plan::{PlanConfig, Planned};
use crate::quant::{self, QuantPlan};
use rayon::prelude::*;

/// What does not change while a model is trained in integers.
pub struct Quantized<'a> {
    data: &'a LabelledSequences,
    planned: Planned,
    widths: Widths,
    /// Sequences used for the ranges.
    calibration: Vec<usize>,
}

impl<'a> Quantized<'a> {
    /// Plans the model; `training` are the sequences of the training part.
    ///
    /// # Errors
    /// When the model has a shape that the hardware does not run.
    pub fn of(
        model: &Model,
        data: &'a LabelledSequences,
        training: &[usize],
        table: &QuantizationTable,
    ) -> Result<Quantized<'a>> {
        let planned = Planned::new(model, &PlanConfig::UNLIMITED)?;
        let widths = table.widths();
        // Evenly over the part, so that no class is left out if the classes are stored one after
        // another.
        let n = table.calibrate.min(training.len());
        let calibration = (0..n).map(|k| training[k * training.len() / n]).collect();
        Ok(Quantized { data, planned, widths, calibration })
    }

    /// Formats for some values, from the ranges of the float reference over the calibration
    /// sequences; the same values give the same formats.
    ///
    /// # Errors
    /// Never for values of this model.
    pub fn formats(&self, values: &[Vec<f64>]) -> Result<Formats> {
        let planned = self.with(values)?;
        let (data, rate) = (&self.data.sequences, OutputRate::Sequence);
        let ranges = evaluate::calibrate_on(&planned, data, &self.calibration, rate);
        Ok(quant::choose(&planned, self.widths, &ranges))
    }

    /// The model in integers.
    ///
    /// # Errors
    /// When no shift of the hardware realizes the formats.
    pub fn plan(&self, values: &[Vec<f64>], formats: &Formats) -> Result<QuantPlan> {
        quant::quantize(&self.with(values)?, formats.clone())
    }

    fn with(&self, values: &[Vec<f64>]) -> Result<Planned> {
        self.planned.with_model(&parameters::put(values, self.planned.model().clone())?)
    }

    /// The integers of all steps of some sequences as the numbers that they stand for, in the order
    /// of a batch; `moves` has one shift per sequence, or is empty.
    pub fn forced(&self, quant: &QuantPlan, sequences: &[usize], moves: &[Move]) -> ForcedOutputs {
        let data = &self.data.sequences;
        let one = |executor: &mut Executor<'_>, (k, &sequence): (usize, &usize)| {
            run(executor, quant, data, sequence, moves.get(k))
        };
        let seen: Vec<Seen> =
            sequences.par_iter().enumerate().map_init(|| Executor::new(quant), one).collect();
        let rows = Rows::of(sequences.iter().map(|&k| data.steps(k)).collect());
        let n_layers = quant.layers().len();
        let layers = (0..n_layers).map(|k| batch(&seen, quant, &rows, n_layers, k)).collect();
        let scale = (-f64::from(quant.output_frac())).exp2();
        let outputs = seen.iter().flat_map(|seen| &seen.outputs);
        ForcedOutputs { layers, outputs: outputs.map(|&q| (f64::from(q) * scale) as f32).collect() }
    }

    /// Loss and decisions of values in integers, in formats of their own, on some sequences.
    ///
    /// # Errors
    /// As for [`plan`](Self::plan).
    pub fn measure_values(&self, values: &[Vec<f64>], sequences: &[usize]) -> Result<Measure> {
        if values.iter().flatten().any(|value| !value.is_finite()) {
            return Ok(Measure { loss: f64::NAN, confusion: Confusion::new(self.data.classes) });
        }
        Ok(self.measure(&self.plan(values, &self.formats(values)?)?, sequences))
    }

    /// Loss and decisions of integers on some sequences.
    pub fn measure(&self, quant: &QuantPlan, sequences: &[usize]) -> Measure {
        let outputs = evaluate::fixed_outputs_on(quant, &self.data.sequences, sequences);
        let scale = (-f64::from(quant.output_frac())).exp2();
        let (mut loss, mut confusion) = (0.0, Confusion::new(quant.outputs()));
        for (outputs, &sequence) in outputs.iter().zip(sequences) {
            let label = label(self.data, sequence);
            confusion.add(label, decision(outputs).unwrap_or(0));
            let at = |k: usize| f64::from(outputs[k] - outputs[label]) * scale;
            loss += (0..outputs.len()).map(|k| at(k).exp()).sum::<f64>().ln();
        }
        let n = sequences.len().max(1) as f64;
        Measure { loss: loss / n, confusion }
    }
}

/// The values of the reference in a sequence, step by step and within a step layer by layer.
#[derive(Default)]
struct Seen {
    sums: Vec<Vec<i32>>,
    state: Vec<Vec<i32>>,
    h: Vec<Vec<i32>>,
    outputs: Vec<i32>,
}

impl Observer for Seen {
    fn see(&mut self, site: Site, values: &[i32], _: usize) {
        match site {
            Site::Gate(_) => self.sums.push(values.to_vec()),
            Site::Cell(_) => self.state.push(values.to_vec()),
            Site::Hidden(_) => self.h.push(values.to_vec()),
            Site::Input | Site::Step(_) | Site::Output => {}
        }
    }
}

fn run(
    executor: &mut Executor<'_>,
    quant: &QuantPlan,
    data: &Sequences,
    sequence: usize,
    moved: Option<&Move>,
) -> Seen {
    let mut seen = Seen::default();
    executor.reset();
    for step in 0..data.steps(sequence) {
        let elements = MovedStep::of(data, sequence, step, moved);
        executor.step(&evaluate::stream_elements(quant, elements.elements()), &mut seen);
    }
    seen.outputs = executor.output(&mut ());
    seen
}

/// A layer's values, row by row; zeros after the end of a sequence.
fn batch(
    seen: &[Seen],
    quant: &QuantPlan,
    rows: &Rows,
    n_layers: usize,
    layer: usize,
) -> ForcedSteps {
    let cell = &quant.layers()[layer].cell;
    let gather = |of: fn(&Seen) -> &Vec<Vec<i32>>, width: usize, frac: i32| -> Vec<f32> {
        let scale = (-f64::from(frac)).exp2();
        let mut values = vec![0.0; rows.count() * width];
        for (row, to) in values.chunks_exact_mut(width).enumerate() {
            let (k, step) = rows.place(row);
            if let Some(from) = step.and_then(|step| of(&seen[k]).get(step * n_layers + layer)) {
                let number = |&q: &i32| (f64::from(q) * scale) as f32;
                to.iter_mut().zip(from).for_each(|(to, from)| *to = number(from));
            }
        }
        values
    };
    ForcedSteps {
        sums: gather(|seen| &seen.sums, 4 * cell.units, GATE_FRAC),
        state: gather(|seen| &seen.state, cell.units, cell.cell_frac as i32),
        h: gather(|seen| &seen.h, cell.units, cell.hidden_frac as i32),
    }
}
