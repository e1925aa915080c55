//! `htgen run`: the float and the fixed-point reference over a data set.

use super::options::{Limits, WidthOptions, count};
use super::progress::Progress;
use super::{Outcome, out, stages};
use crate::data::write_npz;
use crate::evaluate;
use crate::files::Output;
use crate::model;
use crate::report::{Evaluation, Tally, output_arrays};
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
    /// Write the outputs of every sequence: fixed (integers), float and decision
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,
    /// Take the first N sequences alone
    #[arg(long, value_name = "N", value_parser = count::<usize>)]
    limit: Option<usize>,
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
        let data = stages::load_data(&self.inputs, &model, self.limit)?;
        let (quant, origin) = stages::quantized(&self.model, &model, self.widths, &config)?;
        stages::foretell(quant.plan(), &data, 2);

        let progress = Progress::start("running the fixed-point reference");
        let started = Instant::now();
        let fixed = evaluate::fixed_outputs(&quant, &data);
        let elapsed = started.elapsed();
        progress.stage("running the float reference");
        let float = evaluate::float_outputs(&model, quant.plan(), &data);
        drop(progress);

        if let Some(outputs) = &outputs {
            write_npz(outputs, &output_arrays(&float, &fixed))?;
        }
        let tally = Tally::of(&data, &float, &fixed);
        out::report(&Evaluation::of(quant.name(), tally, elapsed, origin), self.json)?;
        Ok(Outcome::Done)
    }
}
