//! The folder of a comparison: what is done in it is kept with the reports, so that nothing is done
//! twice.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::super::out;
use crate::error::{Diagnostic, ErrorKind, Problems, QUOTE, Result};
use crate::files::{self, Output};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The option with which training continues from a checkpoint.
pub const RESUME: &str = "--resume";

/// Largest kept report and largest input.
const MAX_REPORT: u64 = 1 << 28;
const MAX_INPUT: u64 = 1 << 33;

/// A working folder.
pub struct Work {
    folder: PathBuf,
    /// The folder to which paths in the configuration are relative.
    origin: PathBuf,
    /// The hash of this program: another build may compute something else.
    build: String,
    /// Hashes of files that have been read.
    hashes: BTreeMap<PathBuf, String>,
    /// Every command in order, as it would be typed.
    pub commands: Vec<String>,
}

/// A command of htgen: how it is typed, what it reads and makes.
pub struct Command<'a> {
    /// Name of its report.
    pub name: String,
    /// The arguments, without `--json`.
    pub args: Vec<String>,
    /// The files that determine the result.
    pub inputs: Vec<PathBuf>,
    /// What it produces; run again when any of it is missing.
    pub makes: &'a [PathBuf],
}

/// A report with the inputs it was made from.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    command: Vec<String>,
    inputs: Vec<String>,
    /// The hash of the program that made it.
    program: String,
    report: T,
}

impl Work {
    /// Opens or creates the folder; `origin` is the folder of the configuration.
    pub fn open(folder: &Path, origin: &Path) -> Result<Work> {
        files::make_folder(&folder.join("reports"))?;
        let program = std::env::current_exe().map_err(|error| {
            Problems::from(
                Diagnostic::new("", format!("cannot find this program ({error})"))
                    .kind(ErrorKind::Io),
            )
        })?;
        let origin = origin.to_path_buf();
        let (hashes, commands) = (BTreeMap::new(), Vec::new());
        let build = digest(&program)?;
        Ok(Work { folder: folder.to_path_buf(), origin, build, hashes, commands })
    }

    /// A file or folder in the working folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A file named by the configuration, as one would type it here where that is shorter.
    pub fn given(&self, path: &Path) -> PathBuf {
        let joined = self.origin.join(path);
        let here = std::env::current_dir().and_then(fs::canonicalize);
        let plain = here.ok().zip(fs::canonicalize(&joined).ok());
        let inside =
            plain.and_then(|(here, file)| Some(file.strip_prefix(here).ok()?.to_path_buf()));
        inside.unwrap_or_else(|| joined.strip_prefix(".").unwrap_or(&joined).to_path_buf())
    }

    /// Writes a file, unless it already has this content.
    pub fn write(&mut self, path: &Path, text: &str) -> Result<()> {
        let output = Output::claim(path)?;
        if output.read(MAX_REPORT)?.is_some_and(|found| found == text.as_bytes()) {
            return Ok(());
        }
        self.hashes.remove(path);
        files::write_all(&[(output, text.as_bytes().to_vec())])
    }

    /// The report of a command: the stored one if nothing it depends on has changed, otherwise that
    /// of `run`, which is the function of the command.
    ///
    /// # Errors
    /// An input that cannot be read; a command that fails, in its own words.
    pub fn report<T: Serialize + DeserializeOwned>(
        &mut self,
        command: &Command<'_>,
        run: impl FnOnce(&Work) -> Result<T>,
    ) -> Result<T> {
        // Continuing from a checkpoint gives the same result as starting over, so it is not part of
        // the record.
        let own: Vec<String> =
            command.args.iter().filter(|word| *word != RESUME).cloned().collect();
        self.commands.push(format!("htgen {}", own.join(" ")));
        let mut inputs = Vec::new();
        for path in &command.inputs {
            inputs.push(self.hash(path)?);
        }
        let file = self.path("reports").join(format!("{}.json", command.name));
        let file = Output::claim(&file)?;
        if let Some(kept) = kept(&file)
            && kept.command == own
            && kept.inputs == inputs
            && kept.program == self.build
            && command.makes.iter().all(|made| made.exists())
        {
            return Ok(kept.report);
        }
        let line = command.line();
        out::note(&line);
        let report = run(self).map_err(|problems| failed(&line, &problems))?;
        for made in command.makes {
            self.hashes.remove(made);
        }
        let kept = Kept { command: own, inputs, program: self.build.clone(), report };
        let text = serde_json::to_string_pretty(&kept).map_err(|error| {
            Problems::from(Diagnostic::new("", error.to_string()).in_file(file.path().display()))
        })?;
        files::write_all(&[(file, text.into_bytes())])?;
        Ok(kept.report)
    }

    fn hash(&mut self, path: &Path) -> Result<String> {
        if let Some(hash) = self.hashes.get(path) {
            return Ok(hash.clone());
        }
        let hash = digest(path)?;
        self.hashes.insert(path.to_path_buf(), hash.clone());
        Ok(hash)
    }
}

/// The first half of the SHA-256 of a file, in hexadecimal.
fn digest(path: &Path) -> Result<String> {
    let digest = Sha256::digest(files::read(path, MAX_INPUT)?);
    Ok(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

/// What a command says when it fails, with the command.
fn failed(line: &str, problems: &Problems) -> Problems {
    let text = problems.to_string();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let quote = lines.join(&format!("\n{QUOTE}"));
    let what = format!("`{line}` failed:\n{QUOTE}{quote}");
    Diagnostic::new("htgen", what).kind(problems.kind()).into()
}

impl Command<'_> {
    /// The command as it would be typed.
    fn line(&self) -> String {
        format!("htgen {}", self.args.join(" "))
    }
}

fn kept<T: DeserializeOwned>(file: &Output) -> Option<Kept<T>> {
    serde_json::from_slice(&file.read(MAX_REPORT).ok()??).ok()
}
