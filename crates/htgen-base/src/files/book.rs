//! What a command reads and what it will write, by device and inode: under whatever name, no file
//! is ever both.
//!
//! Recording starts with a command ([`begin_command`]); in a library that reads here and writes
//! there on behalf of many callers, nothing is recorded.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::identity::{Identity, identity};
use crate::error::{Diagnostic, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

static BOOK: Mutex<Option<Book>> = Mutex::new(None);

#[derive(Default)]
struct Book {
    /// What was read, under the name used.
    read: BTreeMap<Identity, PathBuf>,
    /// What the command has written, and which therefore belongs to it.
    made: BTreeSet<Identity>,
    /// What it is going to write.
    claims: Vec<Arc<Claim>>,
}

/// A place that a command is going to write, for the lifetime of this value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub path: PathBuf,
    /// Whether a whole folder is replaced there.
    pub is_folder: bool,
}

/// Starts recording what is read and written: anything read from now on is not overwritten.
pub fn begin_command() {
    *book() = Some(Book::default());
}

fn book() -> MutexGuard<'static, Option<Book>> {
    BOOK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Records that a file is read; refused if it is about to be written.
pub(super) fn note_read(path: &Path, meta: &Metadata) -> Result<()> {
    let mut book = book();
    let Some(book) = book.as_mut() else { return Ok(()) };
    let identity = identity(meta);
    if book.made.contains(&identity) {
        return Ok(());
    }
    book.forget_claims();
    if let Some(claim) = book.claims.iter().find(|claim| claim.covers(path, identity)) {
        return Err(claim.refusal(path).into());
    }
    book.read.entry(identity).or_insert_with(|| path.to_owned());
    Ok(())
}

/// Records that a place is going to be written; refused if a file there is read or written under
/// another name, or if something is there that htgen would not create.
pub(super) fn claim(claim: Claim) -> Result<Arc<Claim>> {
    claim.check()?;
    let claim = Arc::new(claim);
    let mut book = book();
    if let Some(book) = book.as_mut() {
        book.forget_claims();
        let read = book.read.iter().find(|(identity, path)| claim.covers(path, **identity));
        if let Some((_, path)) = read {
            return Err(claim.refusal(path).into());
        }
        if let Some(other) = book.claims.iter().find(|other| other.is_same(&claim)) {
            return Err(Diagnostic::new("", "two outputs in one place")
                .kind(ErrorKind::Conflict)
                .found(other.path.display())
                .help("give them different names")
                .in_file(claim.path.display())
                .into());
        }
        book.claims.push(Arc::clone(&claim));
    }
    Ok(claim)
}

/// Records that a file was written: it may be read, and written again.
pub(super) fn note_made(path: &Path) {
    if let (Some(book), Ok(meta)) = (book().as_mut(), fs::metadata(path)) {
        book.read.remove(&identity(&meta));
        book.made.insert(identity(&meta));
    }
}

impl Book {
    /// Drops what will not be written any more.
    fn forget_claims(&mut self) {
        self.claims.retain(|claim| Arc::strong_count(claim) > 1);
    }
}

impl Claim {
    /// Refuses to put a file in place of a folder or device, or a folder in place of a file.
    fn check(&self) -> Result<()> {
        let kind = match fs::metadata(&self.path) {
            Ok(meta) => meta.file_type(),
            // Any other problem is reported when it is written.
            Err(_) => return Ok(()),
        };
        let (what, help) = match self.is_folder {
            true if kind.is_dir() => return Ok(()),
            false if kind.is_file() => return Ok(()),
            true => ("not a folder, so it is not replaced", "choose another place with -o"),
            false if kind.is_dir() => {
                ("a folder, so it is not replaced", "give the name of a file")
            }
            false => ("not a regular file, so it is not replaced", "give the name of a file"),
        };
        Err(Diagnostic::new("", what)
            .kind(ErrorKind::Conflict)
            .help(help)
            .in_file(self.path.display())
            .into())
    }

    /// Whether writing would take the file away.
    fn covers(&self, path: &Path, identity: Identity) -> bool {
        let Ok(own) = identity_of(&self.path) else { return false };
        if !self.is_folder {
            return own == identity;
        }
        let Ok(real) = fs::canonicalize(path) else { return false };
        real.ancestors().skip(1).any(|above| identity_of(above).is_ok_and(|above| above == own))
    }

    /// Whether both are the same place, whether or not it exists already.
    fn is_same(&self, other: &Claim) -> bool {
        match (identity_of(&self.path), identity_of(&other.path)) {
            (Ok(own), Ok(others)) => own == others,
            (Err(_), Err(_)) => {
                let folder = |path: &Path| identity_of(super::folder(path)).ok();
                self.path.file_name() == other.path.file_name()
                    && folder(&self.path).is_some_and(|own| folder(&other.path) == Some(own))
            }
            _ => false,
        }
    }

    fn refusal(&self, read: &Path) -> Diagnostic {
        let what = match self.is_folder {
            true => "a folder that holds what this command reads is not replaced",
            false => "this command reads it, so it is not replaced",
        };
        Diagnostic::new("", what)
            .kind(ErrorKind::Conflict)
            .found(format!("{} among what is read", read.display()))
            .help("give the output another name")
            .in_file(self.path.display())
    }
}

fn identity_of(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|meta| identity(&meta))
}
