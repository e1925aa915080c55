//! `htgen train`: a model from labelled sequences. The work is done in the feature `train`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Outcome;
use clap::Args;
use std::path::PathBuf;

#[cfg(feature = "train")]
mod show;

const EXAMPLE: &str = "\
Example:
  htgen train voices.npz --config train.toml -o digits.json
  htgen train voices.npz --config train.toml -o digits.json --resume
  htgen train voices.npz --validation others.npz --config train.toml -o digits.json";

/// Train a model on labelled sequences
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Train {
    /// The data: npz or safetensors files with x and y, taken together
    #[arg(value_name = "DATA", required = true)]
    data: Vec<PathBuf>,
    /// What is trained and how
    #[arg(long, value_name = "TOML")]
    config: PathBuf,
    /// Held-out data in files of its own, instead of a part of DATA
    #[arg(long, value_name = "DATA", num_args = 1..)]
    validation: Vec<PathBuf>,
    /// Start from the values of this model instead of new ones
    #[arg(long, value_name = "MODEL")]
    init: Option<PathBuf>,
    /// Continue from the last complete epoch of an interrupted run
    #[arg(long)]
    resume: bool,
    /// Put the numbers into a safetensors file beside the model
    #[arg(long)]
    safetensors: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The model file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Train {
    #[cfg(feature = "train")]
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        use super::options::{cores, stem};
        use super::out;
        use crate::commands::{self, TrainRequest};
        let request = TrainRequest {
            data: &self.data,
            config: &self.config,
            validation: &self.validation,
            init: self.init.as_deref(),
            resume: self.resume,
            name: &stem(&self.output),
            cores: cores(self.safetensors),
            output: &self.output,
        };
        let report = commands::train(&request, &mut show::Show::new())?;
        let finite = report.not_finite.is_none();
        out::report(&report, self.json)?;
        Ok(if finite { Outcome::Done } else { Outcome::No })
    }

    #[cfg(not(feature = "train"))]
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        Err(absent("train"))
    }
}

/// The message of a command that is not part of this build.
#[cfg(not(feature = "train"))]
pub(super) fn absent(command: &str) -> anyhow::Error {
    use crate::error::{Diagnostic, ErrorKind, Problems};
    Problems::from(
        Diagnostic::new(command, "this htgen was built without it")
            .kind(ErrorKind::Unsupported)
            .help("build one with `cargo build --release --features train`"),
    )
    .into()
}
