//! The results of `htgen train`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::ClassReport;
use super::Division;
use super::number::{grouped, percent};
use crate::evaluate::Confusion;
use crate::printable;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// A finished training run.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Trained {
    /// Name of the model.
    pub name: String,
    /// The model file written; none if no epoch was completed.
    pub file: Option<PathBuf>,
    /// Core parameters, without bias and head.
    pub parameters: usize,
    /// Epochs done.
    pub epochs: usize,
    /// The epoch whose values were kept, from 1; 0 if none was completed.
    pub best_epoch: usize,
    /// Results of the kept values on the training part.
    pub training: PartReport,
    /// Results of the kept values on the validation part.
    pub validation: PartReport,
    /// How both parts were made.
    pub division: Division,
    /// The epoch in which the loss became NaN or infinite, from 1.
    pub not_finite: Option<usize>,
}

/// A part of the data.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct PartReport {
    /// Sequences.
    pub sequences: usize,
    /// Mean cross-entropy.
    pub loss: f64,
    /// Fraction classified as labelled, in double precision.
    pub accuracy: f64,
    /// Fraction classified as labelled in integers, as `htgen run` decides; none for a model
    /// without formats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy_in_integers: Option<f64>,
    /// Mean over the classes of the fraction of each that is classified as labelled.
    pub balanced_accuracy: f64,
    /// The same in integers; none for a model without formats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balanced_accuracy_in_integers: Option<f64>,
    /// Each class, in integers if the model has formats.
    #[serde(flatten)]
    pub classes: ClassReport,
}

impl PartReport {
    /// Describes decisions in double precision and, for a model with formats, in integers.
    pub fn of(
        names: &[String],
        loss: f64,
        float: &Confusion,
        integers: Option<&Confusion>,
    ) -> PartReport {
        let beside = integers.map(|_| float);
        PartReport {
            sequences: float.total() as usize,
            loss,
            accuracy: float.accuracy(),
            accuracy_in_integers: integers.map(Confusion::accuracy),
            balanced_accuracy: float.balanced_accuracy(),
            balanced_accuracy_in_integers: integers.map(Confusion::balanced_accuracy),
            classes: ClassReport::of(names, integers.unwrap_or(float), beside),
        }
    }
}

impl fmt::Display for Trained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters = grouped(self.parameters as u64);
        match &self.file {
            Some(file) => writeln!(
                f,
                "{}: {parameters} parameters, epoch {} of {}, in {}",
                self.name,
                self.best_epoch,
                self.epochs,
                printable::path(file)
            )?,
            None => writeln!(f, "{}: no completed epoch, nothing written", self.name)?,
        }
        for (name, part) in [("training", &self.training), ("validation", &self.validation)] {
            let PartReport { loss, accuracy, balanced_accuracy, .. } = part;
            let sequences = grouped(part.sequences as u64);
            let balanced = percent(*balanced_accuracy);
            write!(f, "  {name:<10}  {:>6.2} % of {sequences}", 100.0 * accuracy)?;
            write!(f, ", balanced {balanced}, loss {loss:.4}")?;
            match part.accuracy_in_integers.zip(part.balanced_accuracy_in_integers) {
                Some((accuracy, balanced)) => {
                    let [accuracy, balanced] = [accuracy, balanced].map(percent);
                    writeln!(f, "; in integers {accuracy}, balanced {balanced}")?;
                }
                None => writeln!(f)?,
            }
        }
        if self.file.is_some() {
            self.validation.classes.fmt(f)?;
        }
        self.division.fmt(f)?;
        match self.not_finite {
            Some(epoch) => writeln!(
                f,
                "stopped: the loss was not finite in epoch {epoch}; try a lower learning_rate"
            ),
            None => Ok(()),
        }
    }
}
