//! The Verilog files that a model is made from.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::io;
use std::path::Path;

use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use crate::files;

/// Largest file that is read, bytes.
const MAX_BYTES: u64 = 1 << 30;

/// The Verilog files of a folder, sorted by name; its memory images are checked, because the model
/// would wait forever for one that is not a regular file.
pub(super) fn read_verilog(dir: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| unreadable(dir, &e))? {
        let path = entry.map_err(|e| unreadable(dir, &e))?.path();
        let has = |ending: &str| path.extension().is_some_and(|extension| extension == ending);
        if has("hex") {
            files::check(&path, MAX_BYTES)?;
        }
        if has("v") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| read_source(path)).collect()
}

/// A file and its bare name, which must be usable as an argument and in a makefile.
pub(super) fn read_source(path: &Path) -> Result<(String, Vec<u8>)> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.filter(|name| name.chars().all(fine) && !name.starts_with(['-', '.']));
    let name = name.ok_or_else(|| {
        Diagnostic::new(path.display().to_string(), "not a usable file name")
            .expected("letters, digits, '.', '_' and '-'")
    })?;
    Ok((name.to_owned(), files::read(path, MAX_BYTES)?))
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> Problems {
    Diagnostic::new(path.display().to_string(), format!("cannot be read ({error})"))
        .kind(ErrorKind::Io)
        .help("give a folder written by htgen emit")
        .into()
}
