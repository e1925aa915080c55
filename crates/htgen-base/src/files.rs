//! Whole files or none, and never a file that is being read: regular files are read under a limit,
//! and written beside the target and renamed at the end. This module knows nothing about what the
//! files hold.
//!
//! Nothing else in the library opens a file (clippy.toml forbids it), and everything written is an
//! [`Output`] or an [`OutputFolder`], which a command creates before it reads.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod book;
mod copy;
mod identity;
mod output;
mod read;
mod scratch;
mod staged;
mod temporary;

pub use book::begin_command;
pub use copy::copy;
pub use output::{Output, OutputFolder, Pending, ToOutput, create, not_written, write, write_all};
pub use read::{check, open, read, read_text};
pub use scratch::Scratch;
pub use staged::{Staged, check_replaceable};
pub use temporary::abandon;

use crate::error::{Diagnostic, Result};
use std::fs;
use std::path::Path;

/// Makes a folder and those that it lies in; one that exists stays as it is.
///
/// # Errors
/// A folder that cannot be made, by its name.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| {
        let what = format!("cannot be made ({})", error.kind());
        Diagnostic::new("", what).in_file(path.display()).into()
    })
}

/// The folder that holds `path`; the current one for a bare file name.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
