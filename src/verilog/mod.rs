//! From a program to a folder of files: library modules verbatim, a thin top, images, a listing.
//!
//! Pure: maps values to text and never touches the disk. The same program gives the same bytes.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod about;
mod images;
mod library;
mod limits;
mod listing;
mod memories;
mod pack;
mod parameters;
mod sizes;
mod tables;
mod top;

pub use about::About;
pub use memories::{Memory, Multiplier, memories, multipliers};
pub use sizes::Sizes;

use crate::error::Result;
use crate::sched::Program;
use std::collections::BTreeMap;

/// The files of a design in one flat folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Name of the top module.
    pub top: String,
    /// Text by file name.
    pub files: BTreeMap<String, String>,
}

/// Emits a program.
///
/// # Errors
/// When a width of the hardware is exceeded; the message says which.
pub fn emit(program: &Program, about: &About) -> Result<Bundle> {
    let sizes = Sizes::of(program)?;
    let mut files = BTreeMap::new();
    files.extend(library::files());
    files.extend(images::files(program, &sizes));
    let top = format!("{}_top", program.quant().name());
    files.insert(format!("{top}.v"), top::verilog(program, &sizes, &top, about));
    files.insert("htgen_params.h".into(), top::params(program, &sizes, about));
    files.insert("README.md".into(), top::readme(program, &sizes, &top, about));
    files.insert("schedule.txt".into(), listing::listing(program));
    Ok(Bundle { top, files })
}
