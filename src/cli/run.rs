//! `htgen run`: the float and the fixed-point reference over a data set.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::options::{JudgeOptions, Limits, WidthOptions, count};
use super::progress::Progress;
use super::{Outcome, out, stages};
use crate::data::write_npz;
use crate::evaluate::{self, Judgement};
use crate::files::Output;
use crate::model;
use crate::report::{Evaluation, output_arrays};
use clap::Args;
use std::path::PathBuf;
use std::time::Instant;

const EXAMPLE: &str = "\
Example:
  htgen run digits.q.json --inputs voices.npz
  htgen run digits.q.json --inputs voices.npz --outputs out.npz --json";

/// Run the float and the fixed-point reference over a data set
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Run {
    /// The model file; without formats it gets safe ones by interval analysis
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// The data set: an npz or safetensors file with x and, if there are labels, y
    #[arg(long, value_name = "DATA")]
    inputs: PathBuf,
    /// Write the outputs of every sequence, or of every step: fixed (integers), float and decision
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,
    /// Use only the first N sequences
    #[arg(long, value_name = "N", value_parser = count::<usize>)]
    limit: Option<usize>,
    #[command(flatten)]
    judge: JudgeOptions,
    #[command(flatten)]
    widths: WidthOptions,
    #[command(flatten)]
    limits: Limits,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Run {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let outputs = self.outputs.as_deref().map(Output::claim).transpose()?;
        let model = model::load(&self.model)?;
        let config = self.limits.config();
        let decider = self.judge.decider(&self.model, &model)?;
        let data = stages::load_data(&self.inputs, &model, decider, self.limit)?;
        let (quant, origin) = stages::quantized(&self.model, &model, self.widths, &config)?;
        stages::foretell(quant.plan(), &data, 2);

        let progress = Progress::start("running the fixed-point reference");
        let started = Instant::now();
        let judged = self.judge.judged(&data, decider);
        let fixed = evaluate::fixed_outputs(&quant, &data, judged.rate);
        let elapsed = started.elapsed();
        progress.stage("running the float reference");
        let float = evaluate::float_outputs(quant.planned(), &data, judged.rate);
        let real = evaluate::real_outputs(&quant, &fixed);
        let inputs = evaluate::input_clips(&quant, &data);
        drop(progress);

        if let Some(outputs) = &outputs {
            write_npz(outputs, &output_arrays(&judged, &float, &fixed, &real))?;
        }
        let judgement = Judgement::of(&judged, &float, &real);
        let report = Evaluation::of(quant.name(), judgement, inputs, elapsed, origin);
        out::report(&report, self.json)?;
        Ok(Outcome::Done)
    }
}
