//! `htgen train`: a model from labelled sequences. The work is done in the feature `train`.

use super::Outcome;
use clap::Args;
use std::path::PathBuf;

#[cfg(feature = "train")]
mod run;
#[cfg(feature = "train")]
mod show;

#[cfg(feature = "train")]
pub(super) use run::{config, data, division};

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
        run::run(&self)
    }

    #[cfg(not(feature = "train"))]
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        Err(absent("train"))
    }
}

/// The message of a command that is not part of this build.
#[cfg(not(feature = "train"))]
pub(super) fn absent(command: &str) -> anyhow::Error {
    use crate::error::{Diagnostic, Problems};
    Problems::from(
        Diagnostic::new(command, "this htgen was built without it")
            .help("build one with `cargo build --release --features train`"),
    )
    .into()
}
