//! Whole files or none, and never a file that is being read: regular files are read under a limit,
//! and written beside the target and renamed at the end. This module knows nothing about what the
//! files hold.
//!
//! Nothing else in the library opens a file (clippy.toml forbids it), and everything written is an
//! [`Output`] or an [`OutputFolder`], which a command creates before it reads.

mod book;
mod output;
mod read;
mod scratch;
mod staged;
mod temporary;

pub use book::begin_command;
pub use output::{Output, OutputFolder, Pending, ToOutput, create, not_written, write, write_all};
pub use read::{check, copy, open, read, read_text};
pub use scratch::Scratch;
pub use staged::{Staged, check_replaceable};
pub use temporary::abandon;

use std::path::Path;

/// The folder that holds `path`; the current one for a bare file name.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
