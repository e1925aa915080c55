//! The arrays of an npz file, a zip archive of npy files. Problems here have the name of the array
//! as their place; the caller adds the file.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Array;
use super::npy::{Npy, damaged};
use crate::error::{Diagnostic, ErrorKind};
use std::collections::BTreeSet;
use std::io::{self, Cursor, Read};
use zip::ZipArchive;
use zip::result::ZipError;

/// Number of bytes of an entry that are unpacked to check whether it is damaged.
const MAX_CHECKED: u64 = 1 << 26;
/// Number of names listed when one is missing.
const MAX_LISTED: usize = 12;

/// An open npz file.
pub struct Npz {
    archive: ZipArchive<Cursor<Vec<u8>>>,
}

impl Npz {
    /// Opens the bytes of a file; the archive is whole, its entries are read later.
    pub fn open(bytes: Vec<u8>) -> Result<Self, Diagnostic> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
            Diagnostic::new("", format!("not a whole npz file ({error})"))
                .kind(ErrorKind::Damaged)
                .expected("arrays written by numpy.savez or savez_compressed")
                .help("was it copied whole?")
        })?;
        Ok(Npz { archive })
    }

    /// Names of the arrays, sorted: those of the entries, without the ending `.npy` that some
    /// writers leave out.
    pub fn list(&self) -> Vec<String> {
        let files = self.archive.file_names();
        let names = files.filter_map(Result::ok).map(|file| {
            let name: &str = &file;
            name.strip_suffix(".npy").unwrap_or(name).to_owned()
        });
        names.collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// The first names as text.
    pub(super) fn names(&self) -> String {
        let names = self.list();
        if names.is_empty() {
            return "no array".to_string();
        }
        let listed: Vec<String> =
            names.iter().take(MAX_LISTED).map(|name| name.escape_debug().to_string()).collect();
        let more = if names.len() > MAX_LISTED { ", ..." } else { "" };
        format!("{}{more}", listed.join(", "))
    }

    /// Reads an array, `None` when the file does not have it; at most `rows` of its first axis, if
    /// given.
    pub fn array(&mut self, name: &str, rows: Option<usize>) -> Result<Option<Array>, Diagnostic> {
        self.read(name, rows)?.map(|npy| npy.array(name)).transpose()
    }

    /// Reads an array of texts, `None` when the file does not have it or it holds numbers.
    pub(super) fn strings(&mut self, name: &str) -> Result<Option<Vec<String>>, Diagnostic> {
        match self.read(name, None)? {
            Some(npy) => npy.strings(name),
            None => Ok(None),
        }
    }

    fn read(&mut self, name: &str, rows: Option<usize>) -> Result<Option<Npy>, Diagnostic> {
        for entry in [format!("{name}.npy"), name.to_owned()] {
            let read = match self.archive.by_name(&entry) {
                Err(ZipError::FileNotFound) => continue,
                Err(error) => return Err(damaged(name, &error.to_string())),
                Ok(packed) => Npy::read(packed, name, rows),
            };
            return read.map(Some).map_err(|problem| self.damage(&entry, name).unwrap_or(problem));
        }
        Ok(None)
    }

    /// What is wrong with an entry as a whole, which is more informative than a problem inside it.
    fn damage(&mut self, entry: &str, name: &str) -> Option<Diagnostic> {
        let packed = self.archive.by_name(entry).ok()?;
        let read = io::copy(&mut packed.take(MAX_CHECKED), &mut io::sink());
        read.err().map(|error| damaged(name, &error.to_string()))
    }
}
