//! A labelled data set, written to an npz file as it is made: a sequence at a time, never all of it
//! in memory, and under its final name only when it is complete.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, ErrorKind, Result};
use crate::files::{Output, Pending, not_written};
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipWriter};

/// Above this many bytes a zip entry needs 64-bit sizes.
const LARGE_BYTES: u64 = 1 << 30;
/// The length of an npy header is a multiple of this.
const HEADER_STEP: usize = 64;

/// What accompanies the sequences, one entry per sequence except for the names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    /// Class of each sequence.
    pub y: Vec<usize>,
    /// Group of each sequence: speaker, scene; sequences of one group must stay in one part. Empty
    /// where groups are not known; then there is no such array.
    pub group: Vec<usize>,
    /// Part of each sequence, 0 for training, 1 for validation, 2 for neither; empty where they
    /// have not been split, and then there is no such array.
    pub split: Vec<usize>,
    /// Steps in use of each sequence.
    pub length: Vec<usize>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Names of the groups.
    pub groups: Vec<String>,
}

/// The bytes of `x`, taken in order.
pub struct RowWriter<'a> {
    path: &'a Path,
    zip: &'a mut ZipWriter<Quiet>,
    left: u64,
}

impl RowWriter<'_> {
    /// Adds the next elements.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        let written = match self.left.checked_sub(bytes.len() as u64) {
            Some(left) => {
                self.left = left;
                self.zip.write_all(bytes)
            }
            None => Err(io::Error::other("more elements than the shape of x has")),
        };
        written.map_err(|error| not_written(self.path, &error))
    }
}

/// Writes `x` of bytes in `shape` (sequences first), which `fill` pushes, and the labels as `y`,
/// `group`, `split`, `length`, `classes` and `groups`; compressed, the same bytes for the same
/// content. Returns the size of the file.
///
/// Integers are unsigned bytes where all fit, else 32 bits wide; names are NumPy strings.
pub fn write_set(
    output: &Output,
    shape: &[usize],
    labels: &Labels,
    fill: impl FnOnce(&mut RowWriter<'_>) -> Result<()>,
) -> Result<u64> {
    let path = output.path();
    let io_failed = |error: io::Error| not_written(path, &error);
    let pending = Pending::beside(output)?;
    let mut zip = ZipWriter::new(Quiet::new(pending.file().map_err(io_failed)?));
    let bytes = product(shape)?;
    begin(&mut zip, "x", "|u1", shape, bytes).map_err(io_failed)?;
    let mut rows = RowWriter { path, zip: &mut zip, left: bytes };
    fill(&mut rows)?;
    if rows.left > 0 {
        return Err(io_failed(io::Error::other("fewer elements than the shape of x has")));
    }
    add_labels(&mut zip, labels).map_err(io_failed)?;
    let end = |zip: ZipWriter<Quiet>| -> io::Result<()> { zip.finish()?.flush() };
    end(zip).map_err(io_failed)?;
    pending.commit()
}

/// A file that fails only once: an abandoned archive would otherwise try to write its end, and
/// print that it could not.
struct Quiet {
    file: BufWriter<File>,
    position: u64,
    failed: bool,
}

impl Quiet {
    fn new(file: File) -> Quiet {
        Quiet { file: BufWriter::new(file), position: 0, failed: false }
    }

    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        let passing = |error: &io::Error| error.kind() == io::ErrorKind::Interrupted;
        self.failed |= result.as_ref().is_err_and(|error| !passing(error));
        result
    }
}

impl Write for Quiet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = if self.failed { Ok(bytes.len()) } else { self.file.write(bytes) };
        let count = self.note(written)?;
        self.position += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = if self.failed { Ok(()) } else { self.file.flush() };
        self.note(flushed)
    }
}

impl Seek for Quiet {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let sought = match to {
            _ if !self.failed => self.file.seek(to),
            SeekFrom::Start(position) => Ok(position),
            SeekFrom::Current(step) | SeekFrom::End(step) => {
                Ok(self.position.saturating_add_signed(step))
            }
        };
        self.position = self.note(sought)?;
        Ok(self.position)
    }
}

fn product(shape: &[usize]) -> Result<u64> {
    let bytes = shape.iter().try_fold(1u64, |bytes, &size| bytes.checked_mul(size as u64));
    bytes.ok_or_else(|| {
        Diagnostic::new("x", "too large").kind(ErrorKind::Limit).found(format!("{shape:?}")).into()
    })
}

fn add_labels(zip: &mut ZipWriter<Quiet>, labels: &Labels) -> io::Result<()> {
    let Labels { y, group, split, length, classes, groups } = labels;
    let optional = [("group", group), ("split", split)].into_iter().filter(|(_, v)| !v.is_empty());
    for (name, values) in [("y", y)].into_iter().chain(optional).chain([("length", length)]) {
        let (kind, bytes) = integers(values);
        begin(zip, name, kind, &[values.len()], bytes.len() as u64)?;
        zip.write_all(&bytes)?;
    }
    let groups = Some(("groups", groups)).filter(|_| !group.is_empty());
    for (name, names) in [("classes", classes)].into_iter().chain(groups) {
        let (kind, bytes) = strings(names);
        begin(zip, name, &kind, &[names.len()], bytes.len() as u64)?;
        zip.write_all(&bytes)?;
    }
    Ok(())
}

/// Begins an array with its header in npy format 1.0.
fn begin(
    zip: &mut ZipWriter<Quiet>,
    name: &str,
    kind: &str,
    shape: &[usize],
    bytes: u64,
) -> io::Result<()> {
    let options = SimpleFileOptions::default()
        .last_modified_time(DateTime::default())
        .large_file(bytes >= LARGE_BYTES);
    zip.start_file(format!("{name}.npy"), options)?;
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let sizes = if shape.len() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
    let dict = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let whole = (10 + dict.len() + 1).next_multiple_of(HEADER_STEP);
    let width = whole - 11;
    let length = u16::try_from(width + 1).map_err(io::Error::other)?;
    zip.write_all(b"\x93NUMPY\x01\x00")?;
    zip.write_all(&length.to_le_bytes())?;
    zip.write_all(format!("{dict:width$}\n").as_bytes())
}

/// The narrower of the two element types.
fn integers(values: &[usize]) -> (&'static str, Vec<u8>) {
    if values.iter().all(|&value| value <= usize::from(u8::MAX)) {
        return ("|u1", values.iter().map(|&value| value as u8).collect());
    }
    // Sequences are counted in memory, far below 2^31.
    ("<i4", values.iter().flat_map(|&value| (value as i32).to_le_bytes()).collect())
}

/// Names as code points, padded with zeros to the longest.
fn strings(names: &[String]) -> (String, Vec<u8>) {
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(1);
    let padded = |name: &String| {
        let points: Vec<u32> = name.chars().map(u32::from).collect();
        points.into_iter().chain(std::iter::repeat(0)).take(width).collect::<Vec<_>>()
    };
    let points = names.iter().flat_map(padded);
    (format!("<U{width}"), points.flat_map(u32::to_le_bytes).collect())
}
