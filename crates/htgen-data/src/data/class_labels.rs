//! The classes given by a data set: one per sequence, or one per time step.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::arrays::Checked;
use super::keys::Each;
use super::{Array, Sequences};
use crate::error::{Diagnostic, Result};
use crate::model::shape_text;

/// Labels as the file has them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ClassLabels {
    /// One per sequence.
    Sequence(Vec<i64>),
    /// One per time step, a row per sequence; after the length of a sequence they mean nothing.
    Step {
        /// Length of a row.
        n_steps: usize,
        /// The rows.
        labels: Vec<i64>,
    },
}

impl ClassLabels {
    /// The array `y` of (sequences) or of (sequences, steps).
    pub(super) fn of(array: Array, each: Each, n_steps: usize) -> Checked<ClassLabels> {
        let Each(count, _) = each;
        let (&[rows, columns], integers) = match <&[usize; 2]>::try_from(&array.shape[..]) {
            Ok(shape) => (shape, array.data.into_integers()),
            Err(_) => return each.integers(array, "y").map(ClassLabels::Sequence),
        };
        if (rows, columns) != (count, n_steps) {
            return Err(Diagnostic::new("y", "wrong shape")
                .found(shape_text(&[rows, columns]))
                .expected(format!(
                    "{count}, one per sequence, or {count} x {n_steps}, one per step"
                )));
        }
        integers
            .map(|labels| ClassLabels::Step { n_steps, labels })
            .ok_or_else(|| Diagnostic::new("y", "wrong type").found("floats").expected("integers"))
    }

    /// That of a step.
    fn at(&self, sequence: usize, step: usize) -> i64 {
        match self {
            ClassLabels::Sequence(labels) => labels[sequence],
            ClassLabels::Step { n_steps, labels } => labels[sequence * n_steps + step],
        }
    }

    /// Its place in the file.
    fn place(&self, sequence: usize, step: usize) -> String {
        match self {
            ClassLabels::Sequence(_) => format!("y[{sequence}]"),
            ClassLabels::Step { .. } => format!("y[{sequence}, {step}]"),
        }
    }
}

impl Sequences {
    /// The label of a sequence, if the data set has labels: with labels per step, that of the last
    /// one.
    pub fn label(&self, sequence: usize) -> Option<i64> {
        self.step_label(sequence, self.steps(sequence) - 1)
    }

    /// The label of a time step, where the data set has labels: its own, or that of its sequence.
    pub fn step_label(&self, sequence: usize, step: usize) -> Option<i64> {
        self.labels.as_ref().map(|labels| labels.at(sequence, step))
    }

    /// Whether each time step has a label of its own.
    pub fn has_step_labels(&self) -> bool {
        matches!(self.labels, Some(ClassLabels::Step { .. }))
    }

    /// The names of the classes in the file; none where it does not name them.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// Refuses labels of steps in use that are not one of this many classes; `whom` says whose
    /// classes they are.
    ///
    /// # Errors
    /// The first such label.
    pub fn check_labels(&self, classes: usize, whom: &str) -> Result<()> {
        let Some(labels) = &self.labels else { return Ok(()) };
        let all = (0..self.count()).flat_map(|k| (0..self.steps(k)).map(move |t| (k, t)));
        let inside = |label: i64| usize::try_from(label).is_ok_and(|label| label < classes);
        match all.into_iter().find(|&(k, t)| !inside(labels.at(k, t))) {
            None => Ok(()),
            Some((k, t)) => Err(Diagnostic::new(labels.place(k, t), "label outside the classes")
                .found(labels.at(k, t))
                .expected(format!("0 to {}, the classes of {whom}", classes - 1))
                .help("count the classes from 0; does the data set belong to this model?")
                .into()),
        }
    }
}
