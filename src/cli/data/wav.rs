//! `htgen data wav`: recordings as sequences of logarithmic mel bands.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Destination;
use crate::cli::Outcome;
use crate::cli::options::{ClassNames, class_names};
use crate::making;
use clap::Args;
use std::path::PathBuf;

const EXAMPLE: &str = "\
Example:
  htgen data wav recordings -o spoken.npz
  htgen data wav commands --classes yes,no,stop -o commands.npz --json";

/// Turn recordings into features: one folder per class, or DIGIT_SPEAKER_INDEX.wav in one folder
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Wav {
    /// The folder with the recordings
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The classes in the order of their labels, and no others; all folders, or the ten digits,
    /// when absent
    #[arg(long, value_name = "NAME,…", value_parser = class_names)]
    classes: Option<ClassNames>,
    #[command(flatten)]
    to: Destination,
}

impl Wav {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let classes = self.classes.as_ref().map(|classes| &classes.0[..]);
        self.to.make(|to, stage| making::recordings(&self.dir, classes, to, stage))
    }
}
