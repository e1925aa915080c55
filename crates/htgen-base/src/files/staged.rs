//! A folder that appears whole: filled beside its final place, then moved there.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::output::{OutputFolder, sync_folder};
use super::read::open_at_once;
use super::temporary::{NEW, OLD, Passing, Placing};
use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A folder being filled. If dropped before [`Staged::commit`], it leaves no trace.
#[derive(Debug)]
pub struct Staged {
    dir: Passing,
    target: PathBuf,
}

impl Staged {
    /// A new folder beside an output, whose parent folders are created.
    pub fn of(output: &OutputFolder) -> Result<Self> {
        Staged::beside(output.path())
    }

    /// A new folder beside one that only we use, whose parent folders are created.
    pub fn beside(target: &Path) -> Result<Self> {
        let parent = super::folder(target);
        let dir = fs::create_dir_all(parent)
            .and_then(|()| Passing::folder(parent))
            .and_then(|dir| fs::create_dir(dir.path().join(NEW)).map(|()| dir))
            .map_err(|error| refusal(target, &error))?;
        Ok(Staged { dir, target: target.to_owned() })
    }

    /// Where to write.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join(NEW)
    }

    /// Writes a file of the folder; a message names it by its final path.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.renamed(super::write(&self.path().join(name), bytes))
    }

    /// In a message, replaces the path of the folder while it is filled by its final path.
    pub fn renamed<T>(&self, result: Result<T>) -> Result<T> {
        let (passing, place) = (self.path().display().to_string(), self.target.display());
        let rename = |d: Diagnostic| Diagnostic {
            place: d.place.replace(&passing, &place.to_string()),
            ..d
        };
        result.map_err(|problems| Problems(problems.0.into_iter().map(rename).collect()))
    }

    /// Puts the folder in its place, in one step: an observer sees either the previous contents or
    /// the new folder, never neither. The previous contents are removed after that.
    pub fn commit(self) -> Result<()> {
        let (new, target) = (self.path(), self.target.clone());
        let refuse = |error: io::Error| Problems::from(refusal(&target, &error));
        sync_tree(&new).map_err(refuse)?;
        let placing = Placing::begin();
        let placed = match exchange(&new, &target) {
            // Nothing was there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::rename(&new, &target),
            Err(error) if is_unknown(&error) => return self.commit_in_two_steps(placing),
            result => result,
        };
        placed.and_then(|()| sync_folder(super::folder(&target))).map_err(refuse)?;
        drop(placing);
        Ok(())
    }

    /// Puts the folder in a different place than was planned, on the same file system.
    pub fn commit_to(mut self, target: &Path) -> Result<()> {
        self.target = target.to_owned();
        self.commit()
    }

    /// For file systems that cannot exchange: the old folder is moved out, the new one in. The old
    /// one is restored if the second step fails.
    fn commit_in_two_steps(self, placing: Placing) -> Result<()> {
        let (old, target) = (self.dir.path().join(OLD), self.target.as_path());
        let moved = fs::rename(target, &old).and_then(|()| {
            fs::rename(self.path(), target).inspect_err(|_| {
                // It is where it was, or else the message below says where it is.
                let _ = fs::rename(&old, target);
            })
        });
        drop(placing);
        let Err(error) = moved else { return Ok(()) };
        let problem = refusal(target, &error);
        if !old.exists() {
            return Err(problem.into());
        }
        let kept = self.dir.keep().join(OLD);
        Err(problem.help(format!("the previous output is in {}", kept.display())).into())
    }
}

/// Waits until all files below a folder are on disk, and their names.
fn sync_tree(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()? {
            kind if kind.is_dir() => sync_tree(&entry.path())?,
            kind if kind.is_file() => open_at_once(&entry.path())?.sync_all()?,
            _ => {}
        }
    }
    sync_folder(folder)
}

/// Exchanges two folders of one file system.
#[cfg(target_os = "linux")]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

/// Elsewhere the call has another name; two steps work there.
#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, b: &Path) -> io::Result<()> {
    fs::symlink_metadata(b).and(Err(io::ErrorKind::Unsupported.into()))
}

/// Whether the system or the file system does not support exchanging.
fn is_unknown(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}

/// Refuses to replace anything but nothing, an empty folder, or `what`, as recognized by `is_ours`.
pub fn check_replaceable(
    target: &Path,
    what: &str,
    is_ours: impl FnOnce() -> Result<bool>,
) -> Result<()> {
    let refuse = |problem: String, help: &str| {
        Err(Diagnostic::new("", problem)
            .kind(ErrorKind::Io)
            .help(help)
            .in_file(target.display())
            .into())
    };
    match fs::read_dir(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            refuse("not a folder, so it is not replaced".into(), "choose another place with -o")
        }
        Err(error) => Err(refusal(target, &error).into()),
        Ok(mut entries) => {
            if entries.next().is_none() || is_ours()? {
                return Ok(());
            }
            let problem = format!("a folder that is not {what} is not replaced");
            refuse(problem, "choose another place with -o, or remove it")
        }
    }
}

fn refusal(target: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::new(target.display().to_string(), format!("cannot be written: {error}"))
        .kind(ErrorKind::Io)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files of the tests themselves")]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn entries(dir: &Path) -> Vec<String> {
        let names = fs::read_dir(dir)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        names.collect()
    }

    #[test]
    fn the_previous_folder_stays_until_the_new_one_is_whole() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let target = root.path().join("deep/out");
        for (text, commit) in [("one", true), ("two", false), ("three", true)] {
            let staged = Staged::beside(&target).expect("a folder");
            fs::write(staged.path().join("file"), text).expect("a file");
            if commit {
                staged.commit().expect("moved");
            } else {
                drop(staged);
            }
            let expect = if commit { text } else { "one" };
            assert_eq!(fs::read_to_string(target.join("file")).expect("the file"), expect);
            assert_eq!(entries(&root.path().join("deep")), ["out"]);
        }
    }

    /// A thread that polls for the file all the time never finds it missing, and a folder is
    /// replaced so often that two steps would be noticed.
    #[test]
    fn the_previous_folder_is_never_away() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let target = root.path().join("out");
        let stage = || {
            let staged = Staged::beside(&target).expect("a folder");
            fs::write(staged.path().join("file"), "text").expect("a file");
            staged
        };
        stage().commit().expect("moved");
        let other = stage();
        if exchange(&other.path(), &target).is_err_and(|error| is_unknown(&error)) {
            eprintln!("skipped: this file system does not exchange folders");
            return;
        }
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let mut looks = 0;
                while !done.load(Ordering::Relaxed) {
                    fs::metadata(target.join("file")).expect("the file is there at every moment");
                    looks += 1;
                }
                looks
            });
            (0..2000).for_each(|_| stage().commit().expect("moved"));
            done.store(true, Ordering::Relaxed);
            assert!(watch.join().expect("never away") > 0);
        });
    }

    #[test]
    fn two_steps_do_the_same() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let target = root.path().join("out");
        Staged::beside(&target).and_then(Staged::commit).expect("moved");
        let staged = Staged::beside(&target).expect("a folder");
        fs::write(staged.path().join("file"), "new").expect("a file");
        staged.commit_in_two_steps(Placing::begin()).expect("moved");
        assert_eq!(fs::read_to_string(target.join("file")).expect("the file"), "new");
        let staged = Staged::beside(&target).expect("a folder");
        fs::remove_dir_all(staged.path()).expect("gone");
        staged.commit_in_two_steps(Placing::begin()).expect_err("nothing to move");
        assert_eq!(fs::read_to_string(target.join("file")).expect("it came back"), "new");
        assert_eq!(entries(root.path()), ["out"]);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_a_message() {
        let root = tempfile::tempdir().expect("a temporary folder");
        fs::write(root.path().join("file"), "").expect("a file");
        let refusal = Staged::beside(&root.path().join("file/out")).expect_err("not a folder");
        assert!(refusal.to_string().contains("cannot be written"), "{refusal}");
    }
}
