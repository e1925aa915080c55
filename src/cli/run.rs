//! `htgen run`: the float and the fixed-point reference over a data set.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::options::{JudgeOptions, Limits, WidthOptions, count};
use super::progress::Stages;
use super::{Outcome, out};
use crate::commands::{self, RunRequest};
use crate::files::Output;
use clap::Args;
use std::path::PathBuf;

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
        let request = RunRequest {
            model: &self.model,
            inputs: &self.inputs,
            outputs,
            limit: self.limit,
            judging: self.judge.into(),
            widths: self.widths.into(),
            limits: self.limits.config(),
        };
        let mut stages = Stages::default();
        let report = commands::run(request, &mut stages)?;
        drop(stages);
        out::report(&report, self.json)?;
        Ok(Outcome::Done)
    }
}
