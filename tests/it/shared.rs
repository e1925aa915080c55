//! Data sets of third parties, which the repository does not contain: tests use them where they
//! exist and print a message where they do not.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::{Path, PathBuf};

use crate::support::skipped;

/// The file `name` below the folder in `HTGEN_SHARED`, or below `shared` beside the checkout. If it
/// is absent, a line of the summary says that the test is skipped.
pub fn find(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("HTGEN_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = folder.join(name);
    if !path.is_file() {
        skipped(&format!("{name} is missing; HTGEN_SHARED names the folder that has it"));
        return None;
    }
    Some(path)
}
