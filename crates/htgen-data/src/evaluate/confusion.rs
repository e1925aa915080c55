//! Decisions against labels, counted.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeMap;

/// How often each class was decided as which. Only what occurs is kept: most of the matrix is empty
/// when there are many classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    counts: BTreeMap<(usize, usize), u64>,
}

impl Confusion {
    /// No decisions yet, for this many classes.
    pub fn new(classes: usize) -> Confusion {
        Confusion { classes, counts: BTreeMap::new() }
    }

    /// Counts pairs of label and decision.
    pub fn of(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Confusion {
        let mut confusion = Confusion::new(classes);
        pairs.into_iter().for_each(|(label, decision)| confusion.add(label, decision));
        confusion
    }

    /// Counts a decision; both are below the number of classes.
    pub fn add(&mut self, label: usize, decision: usize) {
        debug_assert!(label < self.classes && decision < self.classes);
        *self.counts.entry((label, decision)).or_insert(0) += 1;
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How often `label` was decided as `decision`.
    pub fn count(&self, label: usize, decision: usize) -> u64 {
        self.counts.get(&(label, decision)).copied().unwrap_or(0)
    }

    /// How often `label` occurs.
    pub fn labelled(&self, label: usize) -> u64 {
        self.counts.range((label, 0)..(label + 1, 0)).map(|(_, count)| count).sum()
    }

    /// Total number of decisions.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Decisions that are the label.
    pub fn right(&self) -> u64 {
        self.counts.iter().filter(|((label, decision), _)| label == decision).map(|(_, n)| n).sum()
    }

    /// Fraction of all decisions that equal the label; 0 if there are none.
    pub fn accuracy(&self) -> f64 {
        self.right() as f64 / self.total().max(1) as f64
    }

    /// Recall: fraction of a class that is decided correctly; none for a class that does not occur.
    pub fn recall(&self, label: usize) -> Option<f64> {
        let labelled = self.labelled(label);
        (labelled > 0).then(|| self.count(label, label) as f64 / labelled as f64)
    }

    /// Mean of the recalls of the classes that occur, all with equal weight; 0 if there are none.
    pub fn balanced_accuracy(&self) -> f64 {
        let mut rows: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
        for (&(label, decision), &count) in &self.counts {
            let (right, all) = rows.entry(label).or_default();
            *right += if label == decision { count } else { 0 };
            *all += count;
        }
        let sum: f64 = rows.values().map(|&(right, all)| right as f64 / all as f64).sum();
        sum / rows.len().max(1) as f64
    }

    /// Wrong decisions, (label, decision, how often), most often first, then by number.
    pub fn confused(&self) -> Vec<(usize, usize, u64)> {
        let wrong = self.counts.iter().filter(|((label, decision), _)| label != decision);
        let mut wrong: Vec<_> = wrong.map(|(&(l, d), &count)| (l, d, count)).collect();
        wrong.sort_by_key(|&(label, decision, count)| (std::cmp::Reverse(count), label, decision));
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 119 of one class against 1 of another, where the first is always decided.
    #[test]
    fn a_class_that_is_never_found_shows() {
        let pairs = (0..120).map(|k| (usize::from(k == 0), 0));
        let confusion = Confusion::of(2, pairs);
        assert_eq!((confusion.right(), confusion.total()), (119, 120));
        assert!((confusion.accuracy() - 119.0 / 120.0).abs() < 1e-15);
        assert_eq!((confusion.recall(0), confusion.recall(1)), (Some(1.0), Some(0.0)));
        assert!((confusion.balanced_accuracy() - 0.5).abs() < 1e-15);
        assert_eq!(confusion.confused(), [(1, 0, 1)]);
    }

    #[test]
    fn classes_that_do_not_occur_have_no_recall() {
        let confusion = Confusion::of(5, [(3, 3), (3, 1), (0, 4), (0, 4), (0, 0), (3, 3)]);
        let recalls: Vec<_> = (0..5).map(|class| confusion.recall(class)).collect();
        assert_eq!(recalls, [Some(1.0 / 3.0), None, None, Some(2.0 / 3.0), None]);
        assert!((confusion.balanced_accuracy() - 0.5).abs() < 1e-15);
        assert_eq!(confusion.confused(), [(0, 4, 2), (3, 1, 1)]);
        assert_eq!((confusion.labelled(0), confusion.count(0, 4)), (3, 2));
        let none = Confusion::new(3);
        assert_eq!((none.accuracy(), none.balanced_accuracy(), none.total()), (0.0, 0.0, 0));
    }
}
