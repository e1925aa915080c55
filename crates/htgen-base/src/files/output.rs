//! Writing: places that are going to be written, whole files or none.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::book::{self, Claim};
use super::read::read_own;
use super::temporary::{self, Passing, Placing};
use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that is going to be written. While it lives, reading that file under any name is refused;
/// if the file was read before, creating this is refused.
///
/// A command creates its outputs before it reads anything, so that a refusal comes at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output(Arc<Claim>);

/// A folder that is going to be replaced as a whole, with all its contents.
#[derive(Debug, Clone)]
pub struct OutputFolder(Arc<Claim>);

/// What can be written to: an output, or the path of a file, which then becomes one.
pub trait ToOutput {
    /// The output.
    fn to_output(&self) -> Result<Output>;
}

impl ToOutput for Output {
    fn to_output(&self) -> Result<Output> {
        Ok(self.clone())
    }
}

impl ToOutput for Path {
    fn to_output(&self) -> Result<Output> {
        Output::claim(self)
    }
}

impl ToOutput for PathBuf {
    fn to_output(&self) -> Result<Output> {
        Output::claim(self)
    }
}

impl Output {
    /// Announces that the file at `path` is going to be written.
    ///
    /// # Errors
    /// The command reads it; something other than a file is there.
    pub fn claim(path: &Path) -> Result<Output> {
        let claim = book::claim(Claim { path: path.to_owned(), is_folder: false })?;
        temporary::clear(super::folder(path));
        Ok(Output(claim))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// What is there now; none when there is nothing.
    pub fn read(&self, limit: u64) -> Result<Option<Vec<u8>>> {
        match self.path().exists() {
            true => read_own(self.path(), limit).map(Some),
            false => Ok(None),
        }
    }

    /// Moves a whole file there that a tool has written into a folder of ours beside it.
    pub fn take(&self, file: &Path) -> Result<()> {
        let synced = super::read::open_at_once(file).and_then(|file| file.sync_all());
        let placing = Placing::begin();
        let placed = synced.and_then(|()| fs::rename(file, self.path()));
        drop(placing);
        let named = placed.and_then(|()| sync_folder(super::folder(self.path())));
        named.map_err(|error| not_written(self.path(), &error))?;
        book::note_made(self.path());
        Ok(())
    }

    /// Removes what is there, if anything.
    pub fn remove(&self) -> Result<()> {
        match fs::remove_file(self.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let problem =
                    Diagnostic::new("", format!("cannot be removed ({error})")).kind(ErrorKind::Io);
                Err(problem.in_file(self.path().display()).into())
            }
            _ => Ok(()),
        }
    }
}

impl OutputFolder {
    /// Announces that the folder at `path` is going to be replaced.
    ///
    /// # Errors
    /// The command reads something in it; something other than a folder is there.
    pub fn claim(path: &Path) -> Result<OutputFolder> {
        let claim = book::claim(Claim { path: path.to_owned(), is_folder: true })?;
        temporary::clear(super::folder(path));
        Ok(OutputFolder(claim))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// What a file in it holds now; none when there is no such file.
    pub fn read(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        let path = self.path().join(name);
        if path.exists() { read_own(&path, limit).map(Some) } else { Ok(None) }
    }
}

/// Writes several files: all of them beside their targets first, then one rename each, in order,
/// uninterrupted by signals.
///
/// A failure or an interruption while writing leaves every previous file intact. Content is on disk
/// before its name is, and names are on disk before this returns.
pub fn write_all<T: ToOutput>(files: &[(T, Vec<u8>)]) -> Result<()> {
    let outputs = files.iter().map(|(to, _)| to.to_output()).collect::<Result<Vec<_>>>()?;
    let mut staged = Vec::new();
    for (output, (_, bytes)) in outputs.iter().zip(files) {
        let temp = stage(output.path(), bytes);
        staged.push(temp.map_err(|error| not_written(output.path(), &error))?);
    }
    place(&outputs, &mut staged)
}

fn stage(path: &Path, bytes: &[u8]) -> io::Result<Passing> {
    let temp = Passing::file(super::folder(path))?;
    temp.handle().write_all(bytes)?;
    temp.handle().sync_all()?;
    Ok(temp)
}

/// Gives files their names, in order.
fn place(outputs: &[Output], staged: &mut [Passing]) -> Result<()> {
    let mut placing = Placing::begin();
    for (output, temp) in outputs.iter().zip(staged) {
        let placed = temp.place(output.path(), &mut placing);
        placed.map_err(|error| not_written(output.path(), &error))?;
        book::note_made(output.path());
    }
    for output in outputs {
        sync_folder(super::folder(output.path()))
            .map_err(|error| not_written(output.path(), &error))?;
    }
    Ok(())
}

/// Waits until the names in a folder are on disk, as far as its file system can tell.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match super::read::open_at_once(folder).and_then(|handle| handle.sync_all()) {
        // Not every file system supports this, and not every writable folder can be opened.
        Err(error) if matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
}

/// Writes a file at a place of ours, such as a folder that is being filled.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = create(path)?;
    file.write_all(bytes).map_err(|error| not_written(path, &error))
}

/// Begins a file at a place of ours.
#[expect(clippy::disallowed_methods, reason = "the one place that makes a file under its own name")]
pub fn create(path: &Path) -> Result<File> {
    File::create(path).map_err(|error| not_written(path, &error))
}

/// A file too large for memory, written beside its target; if it is dropped before
/// [`commit`](Self::commit), nothing is left of it.
#[derive(Debug)]
pub struct Pending {
    output: Output,
    temp: Passing,
}

impl Pending {
    /// Begins an empty file beside an output.
    pub fn beside(output: &Output) -> Result<Pending> {
        let temp = Passing::file(super::folder(output.path()))
            .map_err(|error| not_written(output.path(), &error))?;
        Ok(Pending { output: output.clone(), temp })
    }

    /// A handle to write with.
    pub fn file(&self) -> io::Result<File> {
        self.temp.handle().try_clone()
    }

    /// Moves the file to its place and returns its size in bytes.
    pub fn commit(self) -> Result<u64> {
        let Pending { output, mut temp } = self;
        let failed = |error: io::Error| not_written(output.path(), &error);
        let bytes = temp.handle().metadata().map_err(failed)?.len();
        temp.handle().sync_all().map_err(failed)?;
        place(std::slice::from_ref(&output), std::slice::from_mut(&mut temp))?;
        Ok(bytes)
    }
}

/// The message about a file that cannot be written.
pub fn not_written(path: &Path, error: &io::Error) -> Problems {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let help = match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => "free some space; nothing was changed",
        _ => "check that the folder exists and can be written to",
    };
    let reason = match error.kind() {
        io::ErrorKind::Other => error.to_string(),
        // Only the kind: the text of the error contains the random name of the temporary file.
        kind => kind.to_string(),
    };
    Diagnostic::new("", format!("cannot be written ({reason})"))
        .kind(ErrorKind::Io)
        .help(help)
        .in_file(path.display())
        .into()
}
