//! External programs: their names, where they are found, whether they are new enough, and how one
//! is run.
//!
//! The only module that starts a process. It knows nothing of designs or boards; the callers state
//! their assumptions about a program's options and files.
// SPDX-License-Identifier: MIT OR Apache-2.0
#![warn(missing_docs)]

mod catalog;
mod doctor;
mod interrupt;
mod run;
mod search;
mod version;
mod zlib;

pub use catalog::Tool;
pub use doctor::{DoctorReport, TargetReport, ToolReport, YOSYS_FOR_GOWIN, doctor};
pub use interrupt::{Hold, watch_signals};
pub use run::{Finished, Run};
pub use search::{Found, Origin, Search};
pub use version::Version;
pub use zlib::check_zlib;

use error::Result;
// What comes from the crate below, under the names that it has here.
use htgen_base::{error, files};

/// Finds `tool` in the environment of this process, at least as new as htgen needs it.
pub fn find(tool: Tool) -> Result<Found> {
    Search::here().find(tool, tool.minimum())
}

/// Finds `tool` if one use of it may need more than the general minimum.
pub fn find_at_least(tool: Tool, minimum: Option<Version>) -> Result<Found> {
    Search::here().find(tool, minimum.or(tool.minimum()))
}
