//! The parts of the data of a comparison.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::work::{Command, Work};
use crate::commands::{self, SplitRequest};
use crate::error::Result;
use crate::report::Parts;
use std::path::{Path, PathBuf};

/// The parts of the data, the same for every system.
pub struct PartFiles {
    /// What is learned from.
    pub training: PathBuf,
    /// What is held out.
    pub validation: PathBuf,
    /// Steps of a sequence.
    pub steps: u64,
}

/// Writes them, as the configuration `train_toml` says.
pub fn parts(work: &mut Work, data: &[PathBuf], train_toml: &str) -> Result<PartFiles> {
    let toml = work.path("split.toml");
    work.write(&toml, train_toml)?;
    let output = work.path("");
    let made = [work.path("training.npz"), work.path("validation.npz")];
    let mut args = vec!["data".to_owned(), "split".to_owned()];
    args.extend(data.iter().map(|path| text(path)));
    args.extend(["--config".into(), text(&toml), "-o".into(), text(&output)]);
    let inputs = data.iter().cloned().chain([toml.clone()]).collect();
    let makes = &made[..];
    let command = Command { name: "split".to_owned(), args, inputs, makes };
    let request = SplitRequest { data, config: &toml, output: &output };
    let report: Parts = work.report(&command, |_| commands::split(request))?;
    let [training, validation] = made;
    Ok(PartFiles { training, validation, steps: report.steps as u64 })
}

/// A path as it is typed.
pub fn text(path: &Path) -> String {
    path.display().to_string()
}
