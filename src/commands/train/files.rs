//! Where the results of a training go.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::TrainRequest;
use crate::error::{Diagnostic, Problems, Result};
use crate::files::{self, Output};
use crate::model::{Cores, Model, Place};
use crate::report::Trained;
use crate::train::{self, Checkpoint, TrainConfig, TrainState};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Where the results go.
pub(super) struct Files {
    pub model: Place,
    pub checkpoint: Output,
    record: Output,
    curve: Output,
}

/// What `NAME.train.json` holds.
#[derive(Serialize)]
struct Record<'a> {
    #[serde(flatten)]
    report: &'a Trained,
    data: &'a [PathBuf],
    #[serde(skip_serializing_if = "<[PathBuf]>::is_empty")]
    validation_data: &'a [PathBuf],
    config: &'a TrainConfig,
    history: &'a [train::Epoch],
}

impl Files {
    /// Announces that all of them are going to be written.
    pub fn claim(output: &Path, cores: Cores) -> Result<Files> {
        let name = output.file_stem().and_then(|name| name.to_str());
        let is_json = output.extension().is_some_and(|extension| extension == "json");
        let Some(name) = name.filter(|_| is_json) else {
            return Err(Diagnostic::new("", "not a name for a model file")
                .expected("a name in Unicode that ends in .json")
                .in_file(output.display())
                .into());
        };
        let beside =
            |end: &str| Output::claim(&files::folder(output).join(format!("{name}.{end}")));
        Ok(Files {
            model: Place::claim(output, cores)?,
            checkpoint: beside("checkpoint")?,
            record: beside("train.json")?,
            curve: beside("train.svg")?,
        })
    }

    /// The files of a model with this many numbers.
    pub fn for_numbers(self, count: usize) -> Result<Files> {
        Ok(Files { model: self.model.for_numbers(count)?, ..self })
    }

    /// The state to continue from.
    pub fn state(&self, resume: bool, run: &str, model: &Model) -> Result<TrainState> {
        let refuse = |what: &str, help: &str| {
            Err(Diagnostic::new("", what)
                .help(help)
                .in_file(self.checkpoint.path().display())
                .into())
        };
        match (self.checkpoint.path().exists(), resume) {
            (false, false) => Ok(TrainState::start(model)),
            (false, true) => refuse("no checkpoint to continue from", "leave --resume out"),
            (true, false) => {
                refuse("from a run that has not finished", "continue with --resume, or remove it")
            }
            (true, true) => {
                let stored = Checkpoint::load(&self.checkpoint, model)?;
                if stored.run != run {
                    let help = "use those, or remove the checkpoint to start over";
                    return refuse("from a run with another configuration, data or model", help);
                }
                Ok(stored.state)
            }
        }
    }

    /// Writes the record of the run and its loss curve.
    pub fn write(
        &self,
        report: &Trained,
        config: &TrainConfig,
        state: &TrainState,
        args: &TrainRequest<'_>,
    ) -> Result<()> {
        let (data, validation_data) = (args.data, args.validation);
        let record = Record { report, data, validation_data, config, history: &state.history };
        let text = serde_json::to_string_pretty(&record).map_err(|error| {
            let problem = Diagnostic::new("", error.to_string());
            Problems::from(problem.in_file(self.record.path().display()))
        })? + "\n";
        let curve = train::loss_curve(&report.name, &state.history);
        let both =
            [(self.record.clone(), text.into_bytes()), (self.curve.clone(), curve.into_bytes())];
        files::write_all(&both)
    }
}
