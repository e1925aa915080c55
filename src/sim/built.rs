//! Which compiled models may be run: those that this user's htgen has built itself. The folder of a
//! design may come from anywhere, including the contents of its `sim`.
//!
//! A model is identified by its stamp, a hash over everything that it was made from and over the
//! binary. The stamps are stored outside of every design, as names of empty files in the user's
//! cache.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Diagnostic, Result};
use crate::files;

/// Largest binary that is run, bytes.
const MAX_BYTES: u64 = 1 << 30;

/// The stamps of the models that were built.
#[derive(Debug, Clone)]
pub(super) struct Built {
    folder: Option<PathBuf>,
}

impl Built {
    /// The stamps in `folder`, or else in the user's cache; without a home folder every model is
    /// built anew.
    pub fn in_folder(folder: Option<&Path>) -> Self {
        Built { folder: folder.map(Path::to_owned).or_else(cache) }
    }

    /// Whether the model was built here: exactly this binary, from exactly this recipe.
    pub fn has(&self, recipe: &str, executable: &Path) -> bool {
        let (Some(folder), Ok(stamp)) = (&self.folder, stamp(recipe, executable)) else {
            return false;
        };
        folder.join(stamp).is_file()
    }

    /// Records a model that has just been built. A record that cannot be stored only costs time.
    pub fn add(&self, recipe: &str, executable: &Path) -> Result<()> {
        let stamp = stamp(recipe, executable)?;
        if let Some(folder) = &self.folder {
            let _ = fs::create_dir_all(folder)
                .map(|()| files::write_all(&[(folder.join(stamp), Vec::new())]));
        }
        Ok(())
    }
}

/// Refuses to replace anything but a model, which is recognized by a file of the bench, or to
/// follow a link out of the design.
pub(super) fn check_place(folder: &Path, bench: &str) -> Result<()> {
    let simulations = files::folder(folder);
    if simulations.is_symlink() {
        return Err(Diagnostic::new("", "a link, which leads out of the design")
            .help("remove the link")
            .in_file(simulations.display())
            .into());
    }
    let is_ours = || Ok(folder.join(bench).is_file());
    files::check_replaceable(folder, "a compiled model of htgen", is_ours)
}

/// A text that is the same only for the same recipe and the same binary.
fn stamp(recipe: &str, executable: &Path) -> Result<String> {
    let binary = Sha256::digest(files::read(executable, MAX_BYTES)?);
    let whole = Sha256::new().chain_update(recipe).chain_update(binary).finalize();
    Ok(whole.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The folder of htgen's models in the user's cache.
fn cache() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(cache.join("htgen/models"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_binary_or_recipe_is_not_known() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let binary = root.path().join("Vtop");
        let put =
            |bytes: &[u8]| files::write_all(&[(binary.clone(), bytes.into())]).expect("a file");
        let built = Built::in_folder(Some(&root.path().join("deep/models")));
        put(b"built");
        assert!(!built.has("recipe", &binary));
        built.add("recipe", &binary).expect("a binary");
        assert!(built.has("recipe", &binary));
        assert!(!built.has("other", &binary));
        put(b"planted");
        assert!(!built.has("recipe", &binary));
        assert!(!built.has("recipe", &root.path().join("none")));
        assert!(built.add("recipe", &root.path().join("none")).is_err());
    }
}
