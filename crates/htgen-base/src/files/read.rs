//! Reading: the only place that opens a file. It is opened without waiting, checked to be a regular
//! file, and read under a limit, so that no pipe, socket or device can make a command wait forever
//! or use up memory.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::book;
use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use rustix::fs::OFlags;
use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// Opens a regular file, to be read piece by piece; also returns its size.
///
/// The caller must keep to a limit when reading on: the file may grow.
///
/// # Errors
/// The command is going to write the file, under any name.
pub fn open(path: &Path) -> Result<(File, u64)> {
    let (file, meta) = open_own(path)?;
    book::note_read(path, &meta)?;
    Ok((file, meta.len()))
}

/// Opens a regular file that the command may also write.
fn open_own(path: &Path) -> Result<(File, Metadata)> {
    let failed = |error: io::Error| Problems::from(not_read(path, &error));
    // Checked before opening as well, as opening by itself affects some devices.
    check_kind(path, fs::metadata(path).map_err(failed)?.file_type())?;
    let file = open_at_once(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    check_kind(path, meta.file_type())?;
    Ok((file, meta))
}

/// Opens whatever is there without waiting for a writer at the other end.
#[expect(clippy::disallowed_methods, reason = "the one place that opens what is read")]
pub(super) fn open_at_once(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)
}

fn check_kind(path: &Path, kind: FileType) -> Result<()> {
    let found = match kind {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_block_device() || kind.is_char_device() => "a device",
        _ => "something else",
    };
    Err(Diagnostic::new("", "not a regular file")
        .kind(ErrorKind::Unsupported)
        .found(found)
        .in_file(path.display())
        .into())
}

/// Reads a regular file of at most `limit` bytes; the size is checked before anything is read.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let (file, size) = open(path)?;
    read_whole(path, file, size, limit)
}

/// Reads a file that the command may also write.
pub(super) fn read_own(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let (file, meta) = open_own(path)?;
    read_whole(path, file, meta.len(), limit)
}

fn read_whole(path: &Path, file: File, size: u64, limit: u64) -> Result<Vec<u8>> {
    check_size(path, size, limit)?;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // Reading one byte more than allowed detects a file that grew after the check.
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| Problems::from(not_read(path, &error)))?;
    check_size(path, bytes.len() as u64, limit)?;
    Ok(bytes)
}

/// Reads a text in UTF-8, as [`read`] does.
pub fn read_text(path: &Path, limit: u64) -> Result<String> {
    String::from_utf8(read(path, limit)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Diagnostic::new("", "not a text in UTF-8")
            .found(format!("the byte {:#04x} at {at}", error.as_bytes()[at]))
            .in_file(path.display())
            .into()
    })
}

/// Checks that a file which a tool is about to read is a regular file of at most `limit` bytes.
pub fn check(path: &Path, limit: u64) -> Result<()> {
    let (_, size) = open(path)?;
    check_size(path, size, limit)
}

fn not_read(path: &Path, error: &io::Error) -> Diagnostic {
    let problem = Diagnostic::new("", format!("cannot be read ({error})"))
        .kind(ErrorKind::Io)
        .in_file(path.display());
    match error.kind() {
        io::ErrorKind::NotFound => problem.help("check the path"),
        io::ErrorKind::PermissionDenied => problem.help("check the permissions"),
        _ => problem,
    }
}

pub(super) fn check_size(path: &Path, size: u64, limit: u64) -> Result<()> {
    if size <= limit {
        return Ok(());
    }
    Err(Diagnostic::new("", "file too large")
        .kind(ErrorKind::Limit)
        .found(format!("{size} bytes"))
        .expected(format!("at most {limit}"))
        .in_file(path.display())
        .into())
}
