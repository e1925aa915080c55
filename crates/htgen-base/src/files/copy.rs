//! Copies of regular files.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::output::create;
use super::read::{check_size, open};
use crate::error::{Diagnostic, ErrorKind, Result};
use std::io::{self, Read};
use std::path::Path;

/// Copies a regular file of at most `limit` bytes to a place of ours.
pub fn copy(from: &Path, to: &Path, limit: u64) -> Result<()> {
    let (file, size) = open(from)?;
    check_size(from, size, limit)?;
    let mut target = create(to)?;
    let copied = io::copy(&mut file.take(limit), &mut target).map_err(|error| {
        let what = format!("cannot be copied to {} ({error})", to.display());
        Diagnostic::new("", what).in_file(from.display())
    })?;
    // It grew beyond the limit, or shrank, while it was copied.
    match copied == size {
        true => Ok(()),
        false => Err(Diagnostic::new("", "changed while it was read")
            .kind(ErrorKind::Io)
            .in_file(from.display())
            .into()),
    }
}
