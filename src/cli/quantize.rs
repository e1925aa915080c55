//! `htgen quantize`: formats from the ranges found in data, and what they change.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::options::{JudgeOptions, Limits, WidthOptions, cores};
use super::progress::Progress;
use super::{Outcome, out, stages};
use crate::evaluate::{self, Judgement};
use crate::model::{self, Place};
use crate::quant;
use crate::report::Quantization;
use clap::Args;
use std::path::PathBuf;

const EXAMPLE: &str = "\
Example:
  htgen quantize digits.json --calibrate voices.npz -o digits.q.json
  htgen quantize digits.json --calibrate voices.npz --weight-bits 6 --json -o digits.q.json";

/// Choose fixed-point formats from data and report what they change
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Quantize {
    /// The model file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// The data set that shows the ranges: an npz or safetensors file with x and, if there are
    /// labels, y
    #[arg(long, value_name = "DATA")]
    calibrate: PathBuf,
    #[command(flatten)]
    judge: JudgeOptions,
    #[command(flatten)]
    widths: WidthOptions,
    #[command(flatten)]
    limits: Limits,
    /// Put the numbers into a safetensors file beside the model
    #[arg(long)]
    safetensors: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The quantized model file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Quantize {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let place = Place::claim(&self.output, cores(self.safetensors))?;
        let model = model::load(&self.model)?;
        let place = place.for_numbers(model.numbers())?;
        let config = self.limits.config();
        let planned = stages::plan(&self.model, &model, &config)?;
        let decider = self.judge.decider(&self.model, &model)?;
        let data = stages::load_data(&self.calibrate, &model, decider, None)?;
        let judged = self.judge.judged(&data, decider);
        // Calibration, both references, and both again edge by edge.
        stages::foretell(planned.plan(), &data, 5);

        let progress = Progress::start("calibrating: the float reference over the data");
        let ranges = evaluate::calibrate(&planned, &data, judged.rate);
        let formats = quant::choose(&planned, self.widths.widths(), &ranges);
        let quant = quant::quantize(&planned, formats)
            .map_err(|problems| problems.in_file(self.model.display()))?;
        progress.stage("comparing: outputs in float and in fixed point");
        let float = evaluate::float_outputs(&planned, &data, judged.rate);
        let fixed = evaluate::fixed_outputs(&quant, &data, judged.rate);
        let fixed = evaluate::real_outputs(&quant, &fixed);
        let judgement = Judgement::of(&judged, &float, &fixed);
        progress.stage("comparing: the error on every edge");
        let errors = evaluate::edge_errors(&quant, &data, data.count(), judged.rate);
        let outliers = evaluate::outliers(&data);
        drop(progress);

        place.save(&model.with_formats(Some(quant.formats().clone()))?)?;
        out::report(
            &Quantization::of(&quant, judgement, outliers, &errors, &self.output),
            self.json,
        )?;
        Ok(Outcome::Done)
    }
}
