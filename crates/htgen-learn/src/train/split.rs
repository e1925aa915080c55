//! Parts of a data set: the training part, and the held-out part that measures the result.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::config::{DataTable, SplitBy};
use crate::data::{LabelledSequences, SplitPart};
use crate::error::{Diagnostic, Problems, Result};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

/// Numbers of the sequences of each part, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Trained on.
    pub training: Vec<usize>,
    /// Held out.
    pub validation: Vec<usize>,
    /// What stayed together.
    pub by: SplitBy,
}

impl Split {
    /// Splits the data as the table asks: by `split` if the data have it, otherwise by group if
    /// they have groups, otherwise by sequence.
    ///
    /// # Errors
    /// A part that would be empty, a class without training sequences, groups that do not
    /// exist.
    pub fn of(data: &LabelledSequences, table: &DataTable) -> Result<Split> {
        let by = table.by.unwrap_or(match (&data.parts, &data.groups) {
            _ if !table.validation_groups.is_empty() => SplitBy::Group,
            (Some(_), _) => SplitBy::Split,
            (None, Some(_)) => SplitBy::Group,
            (None, None) => SplitBy::Sequence,
        });
        let held = match by {
            SplitBy::Group => by_group(data, table)?,
            SplitBy::Sequence => by_sequence(data, table),
            SplitBy::Split => by_split(data)?,
        };
        let numbers = |part: SplitPart| -> Vec<usize> {
            (0..held.len()).filter(|&k| held[k] == part).collect()
        };
        let (training, validation) = (numbers(SplitPart::Training), numbers(SplitPart::Validation));
        let split = Split { training, validation, by };
        split.check(data)?;
        Ok(split)
    }

    fn check(&self, data: &LabelledSequences) -> Result<()> {
        for (name, part) in [("training", &self.training), ("validation", &self.validation)] {
            if part.is_empty() {
                return Err(Diagnostic::new("data.validation", format!("no {name} part is left"))
                    .found(format!("{} sequences", data.sequences.count()))
                    .help("change data.validation, or split the data by sequence")
                    .into());
            }
        }
        let seen: BTreeSet<usize> = self.training.iter().map(|&k| label(data, k)).collect();
        let missing: Vec<String> =
            (0..data.classes).filter(|c| !seen.contains(c)).map(|c| c.to_string()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Diagnostic::new("y", "a class without training sequences")
            .found(format!("none of class {}", missing.join(", ")))
            .expected(format!("sequences of each of the {} classes", data.classes))
            .help("count the classes from 0 without gaps, or hold out less")
            .into())
    }
}

/// Class of a sequence; labels were checked when they were read.
pub fn label(data: &LabelledSequences, sequence: usize) -> usize {
    data.sequences.label(sequence).and_then(|label| usize::try_from(label).ok()).unwrap_or(0)
}

fn by_group(data: &LabelledSequences, table: &DataTable) -> Result<Vec<SplitPart>> {
    let Some(groups) = &data.groups else {
        return Err(Diagnostic::new("data.by", "the data have no groups")
            .expected("an array group, or one named by data.group")
            .help("split the data by sequence")
            .into());
    };
    let (count, groups) = (groups.names.len(), &groups.of);
    let held: BTreeSet<usize> = if table.validation_groups.is_empty() {
        let mut all: Vec<usize> = (0..count).collect();
        all.shuffle(&mut ChaCha8Rng::seed_from_u64(table.seed));
        let wanted = (table.validation * groups.len() as f64).round() as usize;
        let mut n_held = 0;
        let take = |group: &usize| {
            let more = n_held < wanted.max(1);
            n_held += groups.iter().filter(|g| *g == group).count();
            more
        };
        // At least one group is left to train on.
        all.into_iter().take(count - 1).take_while(take).collect()
    } else {
        table.validation_groups.iter().copied().collect()
    };
    if let Some(unknown) = held.iter().find(|&&group| group >= count) {
        let problem = Diagnostic::new("data.validation_groups", "no such group").found(unknown);
        return Err(Problems::from(problem.expected(format!("0 to {}", count - 1))));
    }
    let part =
        |group| if held.contains(group) { SplitPart::Validation } else { SplitPart::Training };
    Ok(groups.iter().map(part).collect())
}

fn by_sequence(data: &LabelledSequences, table: &DataTable) -> Vec<SplitPart> {
    let mut rng = ChaCha8Rng::seed_from_u64(table.seed);
    let mut parts = vec![SplitPart::Training; data.sequences.count()];
    for class in 0..data.classes {
        let mut own: Vec<usize> = (0..parts.len()).filter(|&k| label(data, k) == class).collect();
        own.shuffle(&mut rng);
        let held = (table.validation * own.len() as f64).round() as usize;
        own.iter().take(held).for_each(|&k| parts[k] = SplitPart::Validation);
    }
    parts
}

fn by_split(data: &LabelledSequences) -> Result<Vec<SplitPart>> {
    data.parts.clone().ok_or_else(|| {
        Diagnostic::new("data.by", "the data have no parts").expected("an array split").into()
    })
}
