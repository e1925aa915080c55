//! What `htgen train` came to.

use super::Division;
use super::number::grouped;
use crate::printable;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// A training run that has ended.
#[derive(Debug, Clone, Serialize)]
pub struct Trained {
    /// Name of the model.
    pub name: String,
    /// The model file written; none when no epoch was whole.
    pub file: Option<PathBuf>,
    /// Core parameters, bias and head apart.
    pub parameters: usize,
    /// Epochs done.
    pub epochs: usize,
    /// The epoch whose values were kept, from 1; 0 when none was whole.
    pub best_epoch: usize,
    /// How the kept values do on the training part.
    pub training: PartReport,
    /// How they do on the validation part.
    pub validation: PartReport,
    /// How both parts were made.
    pub division: Division,
    /// The epoch in which the loss was no number, from 1.
    pub not_finite: Option<usize>,
}

/// A part of the data.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PartReport {
    /// Sequences.
    pub sequences: usize,
    /// Mean cross-entropy.
    pub loss: f64,
    /// Part decided as labelled, in double precision.
    pub accuracy: f64,
    /// Part decided as labelled in integers, as `htgen run` decides; none of a model without formats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy_in_integers: Option<f64>,
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
            None => writeln!(f, "{}: no whole epoch, nothing written", self.name)?,
        }
        for (name, part) in [("training", self.training), ("validation", self.validation)] {
            let PartReport { sequences, loss, accuracy, accuracy_in_integers } = part;
            let percent = 100.0 * accuracy;
            let sequences = grouped(sequences as u64);
            write!(f, "  {name:<10}  {percent:>6.2} % of {sequences}, loss {loss:.4}")?;
            match accuracy_in_integers {
                Some(accuracy) => writeln!(f, "; in integers {:.2} %", 100.0 * accuracy)?,
                None => writeln!(f)?,
            }
        }
        self.division.fmt(f)?;
        match self.not_finite {
            Some(epoch) => writeln!(
                f,
                "stopped: the loss was no number in epoch {epoch}; try a lower learning_rate"
            ),
            None => Ok(()),
        }
    }
}
