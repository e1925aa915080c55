//! Classes one by one: how much of each is classified correctly, and what the rest is mistaken for.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Confusion;
use crate::number::{grouped, percent};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Maximum number of classes for which the whole matrix is printed.
const MOST_PRINTED: usize = 12;
/// Number of classes, and of pairs, that are printed if there are more.
const WORST: usize = 5;
/// Maximum number of classes for which the matrix is in the JSON; the pairs are there for any
/// number.
const MOST_ROWS: usize = 1000;
/// Longest name in a table.
const NAME: usize = 14;

/// Decisions compared with labels, as a report has them.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct ClassReport {
    /// Each class.
    pub classes: Vec<ClassRow>,
    /// Rows are labels, columns decisions; null for more than 1,000 classes.
    pub confusion: Option<Vec<Vec<u64>>>,
    /// Wrong decisions: label, decision, how often; most often first.
    pub confused: Vec<(usize, usize, u64)>,
}

/// One class.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct ClassRow {
    /// Its number.
    pub class: usize,
    /// Its name; its number if the data set has no name for it.
    pub name: String,
    /// Outputs with this label.
    pub labelled: u64,
    /// Fraction of them that is classified correctly; null if there are none.
    pub recall: Option<f64>,
    /// The same in float; only where both are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recall_float: Option<f64>,
}

impl ClassReport {
    /// Describes decisions, and beside them those in float.
    pub fn of(names: &[String], run: &Confusion, float: Option<&Confusion>) -> ClassReport {
        let row = |(class, name): (usize, &String)| ClassRow {
            class,
            name: name.clone(),
            labelled: run.labelled(class),
            recall: run.recall(class),
            recall_float: float.and_then(|float| float.recall(class)),
        };
        ClassReport {
            classes: names.iter().enumerate().map(row).collect(),
            confusion: rows(run),
            confused: run.confused(),
        }
    }

    fn name(&self, class: usize) -> String {
        let name = &self.classes[class].name;
        if *name == class.to_string() {
            name.clone()
        } else {
            format!("{class} {}", printable(name))
        }
    }

    /// The classes that occur as label or as decision; the others would be rows and columns of
    /// zeros.
    fn shown(&self) -> Vec<usize> {
        let decided: BTreeSet<usize> = self.confused.iter().map(|confused| confused.1).collect();
        let occurs = |row: &&ClassRow| row.labelled > 0 || decided.contains(&row.class);
        self.classes.iter().filter(occurs).map(|row| row.class).collect()
    }

    /// The matrix of the classes that occur.
    fn table(
        &self,
        f: &mut fmt::Formatter<'_>,
        matrix: &[Vec<u64>],
        shown: &[usize],
    ) -> fmt::Result {
        let has_float = self.classes.iter().any(|row| row.recall_float.is_some());
        let width = shown.iter().map(|&class| self.name(class).chars().count());
        let width = width.max().unwrap_or(0).max("class".len());
        let last = self.classes.len().to_string().len();
        let most = matrix.iter().flatten().max().copied().unwrap_or(0).to_string().len();
        let column = most.max(last) + 1;
        write!(f, "\n  {:<width$} {:>9} {:>9}", "class", "labelled", "correct")?;
        if has_float {
            write!(f, " {:>9}", "in float")?;
        }
        write!(f, "   decided as")?;
        shown.iter().try_for_each(|class| write!(f, " {class:>column$}"))?;
        writeln!(f)?;
        for row in shown.iter().map(|&class| &self.classes[class]) {
            let right = |recall: Option<f64>| recall.map_or("-".to_owned(), percent);
            let name = self.name(row.class);
            write!(f, "  {name:<width$} {:>9} {:>9}", grouped(row.labelled), right(row.recall))?;
            if has_float {
                write!(f, " {:>9}", right(row.recall_float))?;
            }
            write!(f, "             ")?;
            shown
                .iter()
                .try_for_each(|&decision| write!(f, " {:>column$}", matrix[row.class][decision]))?;
            writeln!(f)?;
        }
        let left_out = self.classes.len() - shown.len();
        match left_out {
            0 => Ok(()),
            n => writeln!(f, "  {n} more classes occur neither as label nor as decision"),
        }
    }

    /// The worst classes and the pairs that are most often confused.
    fn worst(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut found: Vec<(f64, &ClassRow)> =
            self.classes.iter().filter_map(|row| Some((row.recall?, row))).collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.labelled.cmp(&a.1.labelled)));
        found.retain(|(recall, _)| *recall < 1.0);
        let classes = found.iter().take(WORST).map(|(recall, row)| {
            format!("{} {} of {}", self.name(row.class), percent(*recall), row.labelled)
        });
        line(f, "worst", &classes.collect::<Vec<_>>())?;
        let pairs = self.confused.iter().take(WORST).map(|&(label, decision, count)| {
            format!("{} as {} {count} times", self.name(label), self.name(decision))
        });
        line(f, "confused", &pairs.collect::<Vec<_>>())
    }
}

fn line(f: &mut fmt::Formatter<'_>, title: &str, entries: &[String]) -> fmt::Result {
    let text = if entries.is_empty() { "none".to_owned() } else { entries.join(", ") };
    writeln!(f, "  {title:<12} {text}")
}

/// A name from the data set for a terminal, short and without control sequences.
fn printable(name: &str) -> String {
    let mut name: String = name.escape_debug().collect();
    if name.chars().count() > NAME {
        name = name.chars().take(NAME - 1).chain(['…']).collect();
    }
    name
}

/// Rows of a matrix that is not too large.
pub(super) fn rows(confusion: &Confusion) -> Option<Vec<Vec<u64>>> {
    let classes = confusion.classes();
    let row = |label| (0..classes).map(|decision| confusion.count(label, decision)).collect();
    (classes <= MOST_ROWS).then(|| (0..classes).map(row).collect())
}

impl fmt::Display for ClassReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.shown();
        match &self.confusion {
            Some(matrix) if shown.len() <= MOST_PRINTED => self.table(f, matrix, &shown),
            _ => self.worst(f),
        }
    }
}
