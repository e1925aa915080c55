//! A folder that appears whole: filled beside its final place, then moved there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{Diagnostic, Result};

/// A folder being filled. Dropped before [`Staged::commit`], it leaves no trace.
#[derive(Debug)]
pub struct Staged {
    dir: TempDir,
    target: PathBuf,
}

impl Staged {
    /// A new folder beside `target`, whose parent folders are made.
    pub fn beside(target: &Path) -> Result<Self> {
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let dir = fs::create_dir_all(parent)
            .and_then(|()| tempfile::Builder::new().prefix(".htgen-").tempdir_in(parent))
            .and_then(|dir| fs::create_dir(dir.path().join("new")).map(|()| dir))
            .map_err(|error| refusal(target, &error))?;
        Ok(Staged { dir, target: target.to_owned() })
    }

    /// Where to write.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("new")
    }

    /// Puts the folder in its place. What stood there goes away after that, or comes back when
    /// the move fails.
    pub fn commit(self) -> Result<()> {
        let old = self.dir.path().join("old");
        let had_old = match fs::rename(&self.target, &old) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(refusal(&self.target, &error).into()),
        };
        fs::rename(self.path(), &self.target).map_err(|error| {
            if had_old && fs::rename(&old, &self.target).is_err() {
                let kept = self.dir.path().join("old");
                return refusal(&self.target, &error)
                    .help(format!("the previous output is in {}", kept.display()));
            }
            refusal(&self.target, &error)
        })?;
        Ok(())
    }
}

fn refusal(target: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::new(target.display().to_string(), format!("cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_place_that_cannot_be_written_is_a_message() {
        let root = tempfile::tempdir().expect("a temporary folder");
        fs::write(root.path().join("file"), "").expect("a file");
        let refusal = Staged::beside(&root.path().join("file/out")).expect_err("not a folder");
        assert!(refusal.to_string().contains("cannot be written"), "{refusal}");
    }
}
