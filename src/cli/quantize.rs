//! `htgen quantize`: formats from the ranges found in data, and what they change.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::options::{JudgeOptions, Limits, WidthOptions, cores};
use super::progress::Stages;
use super::{Outcome, out};
use crate::commands::{self, QuantizeRequest};
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
        let request = QuantizeRequest {
            model: &self.model,
            calibrate: &self.calibrate,
            judging: self.judge.into(),
            widths: self.widths.into(),
            limits: self.limits.config(),
            cores: cores(self.safetensors),
            output: &self.output,
        };
        let mut stages = Stages::default();
        let report = commands::quantize(request, &mut stages)?;
        drop(stages);
        out::report(&report, self.json)?;
        Ok(Outcome::Done)
    }
}
