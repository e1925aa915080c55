//! Decisions of the two references, counted.

use super::number::{percent, ratio};
use crate::data::Sequences;
use crate::evaluate::decision;
use serde::Serialize;
use std::fmt;

/// Decisions over a data set. A decision is the index of the largest output, the first of equals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tally {
    /// Sequences run.
    pub sequences: usize,
    /// Fraction of them that fixed point decides as labeled; null without labels.
    pub accuracy: Option<f64>,
    /// Fraction of them that float decides as labeled; null without labels.
    pub accuracy_float: Option<f64>,
    /// Sequences that both decide alike.
    pub decisions_equal: usize,
}

impl Tally {
    /// Counts the decisions of both references on `data`.
    pub fn of(data: &Sequences, float: &[Vec<f64>], fixed: &[Vec<i32>]) -> Tally {
        let float: Vec<Option<usize>> = float.iter().map(|values| decision(values)).collect();
        let fixed: Vec<Option<usize>> = fixed.iter().map(|values| decision(values)).collect();
        Tally {
            sequences: fixed.len(),
            accuracy: accuracy(data, &fixed),
            accuracy_float: accuracy(data, &float),
            decisions_equal: float.iter().zip(&fixed).filter(|(a, b)| a == b).count(),
        }
    }
}

/// Fraction of decisions that are the label.
fn accuracy(data: &Sequences, decisions: &[Option<usize>]) -> Option<f64> {
    data.label(0)?;
    let is_right = |&(k, decision): &(usize, &Option<usize>)| {
        let label = data.label(k).and_then(|label| usize::try_from(label).ok());
        label.is_some() && label == *decision
    };
    let n_right = decisions.iter().enumerate().filter(is_right).count();
    Some(ratio(n_right as f64, decisions.len() as f64))
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { sequences, decisions_equal, .. } = self;
        writeln!(f, "  decisions    {decisions_equal} of {sequences} as in float")?;
        match (self.accuracy, self.accuracy_float) {
            (Some(fixed), Some(float)) => {
                writeln!(f, "  accuracy     {} (float {})", percent(fixed), percent(float))
            }
            _ => writeln!(f, "  accuracy     unknown, the data has no labels"),
        }
    }
}
