//! Files and folders under temporary names, beside their final places.
//!
//! Each is locked for as long as it lives. None outlives its process unless that was killed
//! outright; the next process that writes into the same folder finds those unlocked and removes
//! them.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::identity::identity;
use super::read::open_at_once;
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Temporary names: their prefix, the number of random letters and digits, their suffix.
const PREFIX: &str = ".htgen-";
const LENGTH: usize = 12;
const SUFFIX: &str = ".part";
/// Holds the previous contents of a folder while they are being removed.
pub(super) const OLD: &str = "old";
/// What a folder is called while it is filled.
pub(super) const NEW: &str = "new";

/// Everything of ours under a temporary name.
static ALIVE: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
/// Folders that were cleared already, by device and inode.
static CLEARED: Mutex<BTreeSet<(u64, u64)>> = Mutex::new(BTreeSet::new());

fn lock<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file or folder under a temporary name. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Passing {
    path: PathBuf,
    /// The open file, or folder; it holds the lock.
    handle: File,
    placed: bool,
}

/// While it lives, no signal ends the process.
pub(super) struct Placing(MutexGuard<'static, BTreeSet<PathBuf>>);

impl Passing {
    /// An empty file in `folder`.
    pub fn file(folder: &Path) -> io::Result<Passing> {
        Passing::begin(folder, |path| locked(new_file(path)?, path))
    }

    /// An empty folder in `folder`.
    pub fn folder(folder: &Path) -> io::Result<Passing> {
        Passing::begin(folder, |path| {
            DirBuilder::new().mode(0o700).create(path)?;
            locked(open_at_once(path)?, path)
        })
    }

    fn begin(folder: &Path, make: impl FnMut(&Path) -> io::Result<File>) -> io::Result<Passing> {
        clear(folder);
        let mut alive = lock(&ALIVE);
        let mut names = tempfile::Builder::new();
        names.prefix(PREFIX).suffix(SUFFIX).rand_bytes(LENGTH);
        let (handle, path) = names.make_in(folder, make)?.keep().map_err(|e| e.error)?;
        alive.insert(path.clone());
        Ok(Passing { path, handle, placed: false })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file.
    pub fn handle(&self) -> &File {
        &self.handle
    }

    /// Gives a file its name.
    pub fn place(&mut self, target: &Path, placing: &mut Placing) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        placing.0.remove(&self.path);
        self.placed = true;
        Ok(())
    }

    /// Leaves it where it is, for the user to find.
    pub fn keep(mut self) -> PathBuf {
        self.placed = true;
        lock(&ALIVE).remove(&self.path);
        self.path.clone()
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        if !self.placed {
            let mut alive = lock(&ALIVE);
            // There is nobody to report to; what is left is removed by the next process.
            let _ = remove(&self.path);
            alive.remove(&self.path);
        }
    }
}

impl Placing {
    /// Begins to put things in their places, which no signal may interrupt.
    pub fn begin() -> Placing {
        Placing(lock(&ALIVE))
    }
}

/// Removes everything under a temporary name. The process ends after that: a request for another
/// one waits forever.
pub fn abandon() {
    let alive = lock(&ALIVE);
    for path in alive.iter() {
        // A thread may put a file into a folder that is being removed.
        let _ = (0..8).find(|_| remove(path).is_ok());
    }
    std::mem::forget(alive);
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that makes a file under a temporary name"
)]
fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

/// Locks what was just created; another name is tried if somebody removed it in between.
fn locked(handle: File, path: &Path) -> io::Result<File> {
    match handle.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::AlreadyExists.into()),
        // Without locks nothing is ever removed.
        Err(TryLockError::Error(_)) | Ok(()) => {}
    }
    let there = fs::symlink_metadata(path).map(|meta| identity(&meta)).ok();
    match there == Some(identity(&handle.metadata()?)) {
        true => Ok(handle),
        false => Err(io::ErrorKind::AlreadyExists.into()),
    }
}

/// Removes what killed processes have left in a folder, the first time that something is put there.
pub(super) fn clear(folder: &Path) {
    let Ok(meta) = fs::metadata(folder) else { return };
    if !lock(&CLEARED).insert(identity(&meta)) {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_passing) {
            // Whatever prevents the removal, it is of no concern to this command.
            let _ = remove_dead(&entry.path());
        }
    }
}

fn is_passing(name: &str) -> bool {
    let middle = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    middle.is_some_and(|m| m.len() == LENGTH && m.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Removes a file or folder that nobody has locked.
fn remove_dead(path: &Path) -> io::Result<()> {
    let kind = fs::symlink_metadata(path)?.file_type();
    // A folder that was to be replaced belongs to the user until the new one is there.
    let parted = path.join(OLD).exists() && path.join(NEW).exists();
    if !kind.is_file() && !kind.is_dir() || parted {
        return Ok(());
    }
    let handle = open_at_once(path)?;
    match handle.try_lock() {
        Ok(()) => remove(path),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files of the tests themselves")]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry"));
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_dropped_is_gone_and_what_is_placed_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        drop(Passing::file(dir.path()).expect("a file"));
        let folder = Passing::folder(dir.path()).expect("a folder");
        fs::write(folder.path().join("a"), "text").expect("a file in it");
        drop(folder);
        let mut file = Passing::file(dir.path()).expect("a file");
        assert_eq!(names(dir.path()).len(), 1);
        file.place(&dir.path().join("placed"), &mut Placing::begin()).expect("renamed");
        drop(file);
        assert_eq!(names(dir.path()), ["placed"]);
    }

    /// Only what nobody has locked is removed, and only under such a name.
    #[test]
    fn the_dead_are_cleared_and_the_living_are_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let alive = [Passing::file(dir.path()), Passing::folder(dir.path())];
        let alive = alive.map(|passing| passing.expect("made"));
        let dead = [".htgen-0123456789ab.part", ".htgen-ABCDEFGHIJKL.part"];
        fs::write(dir.path().join(dead[0]), "half").expect("a file");
        fs::create_dir_all(dir.path().join(dead[1]).join("new/deep")).expect("a folder");
        let others = [
            ".htgen-0123456789a.part",
            ".htgen-0123456789ab",
            ".htgen-0123456789ä.part",
            ".htgen-notes",
            "htgen-0123456789ab.part",
        ];
        for other in others {
            fs::write(dir.path().join(other), "mine").expect("a file");
        }
        // Between the two steps, the previous folder exists only in there.
        let middle = dir.path().join(".htgen-middleofstep.part");
        fs::create_dir_all(middle.join("old")).expect("a folder");
        fs::create_dir_all(middle.join("new")).expect("a folder");
        CLEARED.lock().expect("not poisoned").clear();
        clear(dir.path());
        let mut expected: Vec<String> = others.map(str::to_owned).into();
        expected.push(".htgen-middleofstep.part".to_owned());
        let path = |passing: &Passing| {
            passing.path().file_name().map(|n| n.to_string_lossy().into_owned())
        };
        expected.extend(alive.iter().filter_map(path));
        expected.sort();
        assert_eq!(names(dir.path()), expected);
    }
}
