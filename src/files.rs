//! Whole files or none: reading regular files under a limit, writing beside the target and renaming
//! at the end. Knows nothing about what the files hold.
//!
//! Nothing else in the library opens a file (clippy.toml forbids it).

mod read;
mod staged;

pub use read::{check, copy, open, read, read_text};
pub use staged::{Staged, check_replaceable};

use crate::error::{Diagnostic, Problems, Result};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Writes several files: all of them beside their targets first, then one rename each, in order.
///
/// A failure or an interruption while writing leaves every previous file whole.
pub fn write_all(files: &[(PathBuf, Vec<u8>)]) -> Result<()> {
    let staged = files
        .iter()
        .map(|(path, bytes)| stage(path, bytes).map_err(|error| not_written(path, &error)))
        .collect::<std::result::Result<Vec<_>, _>>()?;
    for ((path, _), temp) in files.iter().zip(staged) {
        temp.persist(path).map_err(|error| not_written(path, &error.error))?;
    }
    Ok(())
}

fn stage(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut temp = temporary(path)?;
    temp.write_all(bytes)?;
    temp.flush()?;
    Ok(temp)
}

fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".htgen-");
    #[cfg(unix)]
    {
        // Temporary files are private by default; the result must have ordinary permissions.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder(path))
}

/// Writes a file at a place that is ours, such as a folder that is being filled.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = create(path)?;
    file.write_all(bytes).map_err(|error| not_written(path, &error))
}

/// Begins a file at a place that is ours.
#[expect(clippy::disallowed_methods, reason = "the one place that makes a file under its own name")]
pub fn create(path: &Path) -> Result<File> {
    File::create(path).map_err(|error| not_written(path, &error))
}

/// A file too large for memory, written beside its target; dropped before [`commit`](Self::commit),
/// nothing is left of it.
#[derive(Debug)]
pub struct Pending {
    path: PathBuf,
    temp: NamedTempFile,
}

impl Pending {
    /// Begins an empty file beside `path`.
    pub fn beside(path: &Path) -> Result<Pending> {
        if path.is_dir() {
            return Err(Diagnostic::new("", "a folder, so it is not replaced")
                .help("give the name of a file")
                .in_file(path.display())
                .into());
        }
        let temp = temporary(path).map_err(|error| not_written(path, &error))?;
        Ok(Pending { path: path.to_path_buf(), temp })
    }

    /// A handle to write with.
    pub fn file(&self) -> io::Result<File> {
        self.temp.as_file().try_clone()
    }

    /// Puts the file in its place and tells its size in bytes.
    pub fn commit(self) -> Result<u64> {
        let Pending { path, temp } = self;
        let failed = |error: io::Error| not_written(&path, &error);
        let bytes = temp.as_file().metadata().map_err(failed)?.len();
        temp.persist(&path).map_err(|error| failed(error.error))?;
        Ok(bytes)
    }
}

fn not_written(path: &Path, error: &io::Error) -> Problems {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let help = match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => "free some space; nothing was changed",
        _ => "check that the folder exists and can be written to",
    };
    // The kind alone: the text of the error has the random name of the temporary file.
    Diagnostic::new("", format!("cannot be written ({})", error.kind()))
        .help(help)
        .in_file(path.display())
        .into()
}

/// The folder that holds `path`; the current one for a bare file name.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
