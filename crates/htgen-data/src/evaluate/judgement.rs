//! How well two runs over a data set agree, as values and as decisions, and how both compare with
//! labels.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod words;

pub use words::Classes;

use super::{Agreement, Confusion, decision};
use crate::config::OutputRate;
use crate::data::Sequences;
use crate::error::{Diagnostic, Result};

/// How an output vector becomes a decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decider {
    /// The class is the largest of this many outputs, the first if several are equal.
    LargestOutput(usize),
    /// Above it the one output means class 1, otherwise class 0.
    Threshold(f64),
}

impl Decider {
    /// The rule for a head with this many outputs: the largest of them, or whether the only one is
    /// above a threshold, 0 by default. None without a head, as the outputs are then not classes.
    ///
    /// # Errors
    /// A threshold for more than one output.
    pub fn of(outputs: Option<usize>, threshold: Option<f64>) -> Result<Option<Decider>> {
        if threshold.is_some() && outputs != Some(1) {
            let found = match outputs {
                Some(outputs) => format!("{outputs} outputs, of which the largest decides"),
                None => "no head".to_owned(),
            };
            return Err(Diagnostic::new("head", "a threshold needs a model with one output")
                .found(found)
                .help("leave `threshold` out")
                .into());
        }
        Ok(outputs.map(|outputs| match outputs {
            1 => Decider::Threshold(threshold.unwrap_or(0.0)),
            outputs => Decider::LargestOutput(outputs),
        }))
    }

    /// Number of classes that it distinguishes.
    pub fn classes(self) -> usize {
        match self {
            Decider::LargestOutput(outputs) => outputs,
            Decider::Threshold(_) => 2,
        }
    }

    /// The class of an output vector.
    pub fn decide(self, output: &[f64]) -> usize {
        match self {
            Decider::LargestOutput(_) => decision(output).unwrap_or(0),
            Decider::Threshold(threshold) => {
                usize::from(output.first().is_some_and(|&value| value > threshold))
            }
        }
    }
}

/// What is judged: the outputs over a data set, after each sequence or after each step.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The data set.
    pub data: &'a Sequences,
    /// Which outputs there are.
    pub rate: OutputRate,
    /// How they become decisions; none where they are not classes.
    pub decider: Option<Decider>,
}

impl Judged<'_> {
    /// Sequence and step of each output vector.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        let Judged { data, rate, .. } = *self;
        (0..data.count()).flat_map(move |sequence| {
            let steps = data.steps(sequence);
            let first = if rate == OutputRate::Step { 0 } else { steps - 1 };
            (first..steps).map(move |step| (sequence, step))
        })
    }

    /// Label of each output vector below the number of classes; none where the data have no labels.
    fn labels(&self, classes: usize) -> Option<Vec<usize>> {
        let label = |(sequence, step)| {
            let label = usize::try_from(self.data.step_label(sequence, step)?);
            label.ok().filter(|&label| label < classes)
        };
        self.places().map(label).collect()
    }
}

/// The outputs of a run beside those of the reference in float.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Sequences run.
    pub sequences: usize,
    /// Output vectors compared: one per sequence, or one per step.
    pub vectors: usize,
    /// Which outputs were compared.
    pub rate: OutputRate,
    /// The values.
    pub outputs: Agreement,
    /// The decisions; none where the outputs are not classes.
    pub decisions: Option<Decisions>,
    /// Whether the data set has labels.
    pub has_labels: bool,
}

/// Decisions of both.
#[derive(Debug, Clone, PartialEq)]
pub struct Decisions {
    /// How they are made.
    pub decider: Decider,
    /// Output vectors for which both decide alike.
    pub equal: usize,
    /// Both against the labels; none without labels.
    pub labelled: Option<Labelled>,
}

/// Decisions of both against labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// Names of the classes.
    pub names: Vec<String>,
    /// The run.
    pub run: Confusion,
    /// The reference in float.
    pub float: Confusion,
}

impl Judgement {
    /// Compares the outputs of a run with those in float, vector by vector in the order of the
    /// data.
    pub fn of(judged: &Judged<'_>, float: &[Vec<f64>], run: &[Vec<f64>]) -> Judgement {
        let decisions = judged.decider.map(|decider| {
            let decide = |outputs: &[Vec<f64>]| -> Vec<usize> {
                outputs.iter().map(|output| decider.decide(output)).collect()
            };
            let (float, run) = (decide(float), decide(run));
            let classes = decider.classes();
            let labelled = judged.labels(classes).map(|labels| {
                let pairs = |decisions: Vec<usize>| labels.iter().copied().zip(decisions);
                Labelled {
                    names: class_names(judged.data, classes),
                    run: Confusion::of(classes, pairs(run.clone())),
                    float: Confusion::of(classes, pairs(float.clone())),
                }
            });
            let equal = float.iter().zip(&run).filter(|(a, b)| a == b).count();
            Decisions { decider, equal, labelled }
        });
        Judgement {
            sequences: judged.data.count(),
            vectors: run.len(),
            rate: judged.rate,
            outputs: Agreement::of(float, run),
            decisions,
            has_labels: judged.data.label(0).is_some(),
        }
    }
}

/// Names of this many classes: those of the data set if it has as many, otherwise their numbers.
pub fn class_names(data: &Sequences, classes: usize) -> Vec<String> {
    match data.class_names() {
        names if names.len() == classes => names.to_vec(),
        _ => (0..classes).map(|class| class.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_output_is_decided_by_a_threshold() {
        let by = |threshold: f64, value: f64| Decider::Threshold(threshold).decide(&[value]);
        assert_eq!([by(0.0, 0.1), by(0.0, 0.0), by(0.0, -0.1)], [1, 0, 0]);
        assert_eq!([by(0.5, 0.6), by(0.5, 0.4)], [1, 0]);
        assert_eq!(Decider::LargestOutput(3).decide(&[1.0, 2.0, 2.0]), 1);
    }
}
