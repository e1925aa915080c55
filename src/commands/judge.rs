//! A model over a data set: through both references, and while its formats are chosen.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Told;
use super::integers::{AskedWidths, foretell, in_integers, planned, sequences};
use crate::config::OutputRate;
use crate::data::{Sequences, write_npz};
use crate::error::Result;
use crate::evaluate::{self, Decider, Judged, Judgement};
use crate::files::Output;
use crate::model::{self, Cores, Model, Place};
use crate::plan::PlanConfig;
use crate::quant;
use crate::report::{Evaluation, Quantization, output_arrays};
use std::path::Path;
use std::time::Instant;

/// What is judged, and how outputs become decisions.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Judging {
    /// The output of every time step, not only that of the last one.
    pub every_step: bool,
    /// For a model with one output: above it is class 1, otherwise class 0; 0 when absent.
    pub threshold: Option<f64>,
}

impl Judging {
    /// How the outputs of the model at `path` become decisions.
    fn decider(self, path: &Path, model: &Model) -> Result<Option<Decider>> {
        let outputs = model.head.as_ref().map(|head| head.outputs);
        Decider::of(outputs, self.threshold).map_err(|p| p.in_file(path.display()))
    }

    fn judged(self, data: &Sequences, decider: Option<Decider>) -> Judged<'_> {
        let rate = if self.every_step { OutputRate::Step } else { OutputRate::Sequence };
        Judged { data, rate, decider }
    }
}

/// A model to run over a data set.
#[derive(Debug)]
pub struct RunRequest<'a> {
    /// The model file; without formats it gets safe ones.
    pub model: &'a Path,
    /// The data set, npz or safetensors.
    pub inputs: &'a Path,
    /// The file for the outputs of every sequence, or of every step.
    pub outputs: Option<Output>,
    /// Number of sequences; all when absent.
    pub limit: Option<usize>,
    /// What is judged.
    pub judging: Judging,
    /// Widths for a model without formats.
    pub widths: AskedWidths,
    /// Limits of the plan.
    pub limits: PlanConfig,
}

/// Runs the float and the fixed-point reference over a data set.
///
/// # Errors
/// A model or data that cannot be read or do not fit each other; what [`in_integers`] refuses.
pub fn run(request: RunRequest<'_>, told: &mut impl Told) -> Result<Evaluation> {
    let RunRequest { model: path, judging, .. } = request;
    let model = model::load(path)?;
    let decider = judging.decider(path, &model)?;
    let wanted = (model.layers[0].inputs, model.input.element);
    let data = sequences(request.inputs, wanted, decider, request.limit)?;
    let (quant, origin) = in_integers(path, &model, request.widths, &request.limits, told)?;
    foretell(quant.plan(), &data, 2, told);

    told.stage("running the fixed-point reference");
    let started = Instant::now();
    let judged = judging.judged(&data, decider);
    let fixed = evaluate::fixed_outputs(&quant, &data, judged.rate);
    let elapsed = started.elapsed();
    told.stage("running the float reference");
    let float = evaluate::float_outputs(quant.planned(), &data, judged.rate);
    let real = evaluate::real_outputs(&quant, &fixed);
    let inputs = evaluate::input_clips(&quant, &data);

    if let Some(outputs) = &request.outputs {
        write_npz(outputs, &output_arrays(&judged, &float, &fixed, &real))?;
    }
    let judgement = Judgement::of(&judged, &float, &real);
    Ok(Evaluation::of(quant.name(), judgement, inputs, elapsed, origin))
}

/// A model whose formats are to be chosen.
#[derive(Debug)]
pub struct QuantizeRequest<'a> {
    /// The model file.
    pub model: &'a Path,
    /// The data set that shows the ranges.
    pub calibrate: &'a Path,
    /// What is judged.
    pub judging: Judging,
    /// Widths of the integers.
    pub widths: AskedWidths,
    /// Limits of the plan.
    pub limits: PlanConfig,
    /// Where the numbers of the model go.
    pub cores: Cores,
    /// The quantized model file to write.
    pub output: &'a Path,
}

/// Chooses fixed-point formats from data, writes the model with them and reports what they change.
///
/// # Errors
/// A model or data that cannot be read or do not fit each other; values that no formats hold; a
/// file that cannot be written.
pub fn quantize(request: QuantizeRequest<'_>, told: &mut impl Told) -> Result<Quantization> {
    let QuantizeRequest { model: path, judging, output, .. } = request;
    let place = Place::claim(output, request.cores)?;
    let model = model::load(path)?;
    let place = place.for_numbers(model.numbers())?;
    let planned = planned(path, &model, &request.limits)?;
    let decider = judging.decider(path, &model)?;
    let wanted = (model.layers[0].inputs, model.input.element);
    let data = sequences(request.calibrate, wanted, decider, None)?;
    let judged = judging.judged(&data, decider);
    // Calibration, both references, and both again edge by edge.
    foretell(planned.plan(), &data, 5, told);

    told.stage("calibrating: the float reference over the data");
    let ranges = evaluate::calibrate(&planned, &data, judged.rate);
    let formats = quant::choose(&planned, request.widths.or(model::Widths::default()), &ranges);
    let quant = quant::quantize(&planned, formats).map_err(|p| p.in_file(path.display()))?;
    told.stage("comparing: outputs in float and in fixed point");
    let float = evaluate::float_outputs(&planned, &data, judged.rate);
    let fixed = evaluate::fixed_outputs(&quant, &data, judged.rate);
    let fixed = evaluate::real_outputs(&quant, &fixed);
    let judgement = Judgement::of(&judged, &float, &fixed);
    told.stage("comparing: the error on every edge");
    let errors = evaluate::edge_errors(&quant, &data, data.count(), judged.rate);
    let outliers = evaluate::outliers(&data);

    place.save(&model.with_formats(Some(quant.formats().clone()))?)?;
    Ok(Quantization::of(&quant, judgement, outliers, &errors, output))
}
