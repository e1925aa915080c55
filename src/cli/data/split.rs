//! `htgen data split`: the parts that training makes of a data set, as files. The work is done in
//! the feature `train`, which defines the parts.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli::Outcome;
use clap::Args;
use std::path::PathBuf;

const EXAMPLE: &str = "\
Example:
  htgen data split voices.npz --config train.toml -o parts";

/// Write what training learns from and what it holds out
#[derive(Debug, Args)]
#[command(name = "split", after_help = EXAMPLE)]
pub struct SplitCommand {
    /// The data: npz or safetensors files with x and y, taken together
    #[arg(value_name = "DATA", required = true)]
    data: Vec<PathBuf>,
    /// The configuration of the training
    #[arg(long, value_name = "TOML")]
    config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The folder for training.npz and validation.npz
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

impl SplitCommand {
    #[cfg(not(feature = "train"))]
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        Err(crate::cli::train::absent("data split"))
    }

    #[cfg(feature = "train")]
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        use crate::cli::out;
        use crate::commands::{self, SplitRequest};
        let (data, config, output) = (&self.data, &self.config, &self.output);
        out::report(&commands::split(SplitRequest { data, config, output })?, self.json)?;
        Ok(Outcome::Done)
    }
}
