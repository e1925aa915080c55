//! `htgen doctor`: the external tools and what they make possible.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::progress::Progress;
use super::{Outcome, out};
use crate::tool;
use clap::Args;

const EXAMPLE: &str = "\
Example:
  htgen doctor
  htgen doctor --json";

/// Report each external tool, its version, and which targets are usable
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Doctor {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let progress = Progress::start("asking every tool for its version");
        let report = tool::doctor();
        drop(progress);
        out::report(&report, self.json)?;
        Ok(Outcome::Done)
    }
}
