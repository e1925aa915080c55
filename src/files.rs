//! Whole files or none: reading under a size limit, writing beside the target and renaming at the
//! end. Knows nothing about what the files hold.

mod staged;

pub use staged::{Staged, check_replaceable};

use crate::error::{Diagnostic, Problems, Result};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Reads a regular file of at most `limit` bytes; the size is checked before anything is read.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let failed = |error: io::Error| Problems::from(not_read(path, &error));
    let file = File::open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(Diagnostic::new("", "not a regular file").in_file(path.display()).into());
    }
    if meta.len() > limit {
        return Err(too_large(path, meta.len(), limit).into());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0));
    // One byte more than allowed tells a file that grew after the check.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(path, bytes.len() as u64, limit).into());
    }
    Ok(bytes)
}

fn not_read(path: &Path, error: &io::Error) -> Diagnostic {
    let problem = Diagnostic::new("", format!("cannot be read ({error})")).in_file(path.display());
    match error.kind() {
        io::ErrorKind::NotFound => problem.help("check the path"),
        io::ErrorKind::PermissionDenied => problem.help("check the permissions"),
        _ => problem,
    }
}

fn too_large(path: &Path, size: u64, limit: u64) -> Diagnostic {
    Diagnostic::new("", "file too large")
        .found(format!("{size} bytes"))
        .expected(format!("at most {limit}"))
        .in_file(path.display())
}

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
