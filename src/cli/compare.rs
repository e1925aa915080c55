//! `htgen compare`: systems trained, quantized, simulated and placed side by side.
// SPDX-License-Identifier: MIT OR Apache-2.0

#[cfg(feature = "train")]
mod designs;
#[cfg(feature = "train")]
mod parts;
#[cfg(feature = "train")]
mod run;
#[cfg(feature = "train")]
mod steps;
#[cfg(feature = "train")]
mod work;

use super::Outcome;
use clap::Args;
use std::path::PathBuf;

const EXAMPLE: &str = "\
Example:
  htgen compare --config examples/digits/compare.toml -o docs/results";

/// Train systems under the same conditions and compare them down to the board
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Compare {
    /// What is compared, and on which data
    #[arg(long, value_name = "TOML")]
    config: PathBuf,
    /// The folder for intermediate results, which are not computed again; target/compare/NAME when
    /// absent
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The folder for NAME.md, NAME.json and the plots
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

impl Compare {
    #[cfg(feature = "train")]
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        run::run(&self)
    }

    #[cfg(not(feature = "train"))]
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        Err(super::train::absent("compare"))
    }
}
