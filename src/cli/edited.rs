//! `--edited`, and the design that a command reads with it.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::out;
use crate::design::{self, Design, EditPolicy};
use crate::error::Result;
use clap::Args;
use std::path::Path;

/// Whether a design may differ from what was emitted.
#[derive(Debug, Clone, Copy, Args)]
pub struct EditOption {
    /// Take Verilog and images as they are, edited on purpose; files that differ are listed all the
    /// same
    #[arg(long)]
    edited: bool,
}

impl EditOption {
    /// Reads the design in `dir`, with a note for every file that is not as emitted.
    pub fn read(self, dir: &Path) -> Result<Design> {
        let policy = if self.edited { EditPolicy::Allow } else { EditPolicy::Refuse };
        let design = design::read(dir, policy)?;
        for edit in &design.edits {
            out::note(&format!("note: {}: {}", dir.join(&edit.name).display(), edit.what()));
        }
        Ok(design)
    }
}
