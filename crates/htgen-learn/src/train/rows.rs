//! Which row of a batch is which step of which sequence.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// Number of sequences that go through their steps together, on one core.
const GROUP: usize = 8;

/// The rows of a batch: group by group, within a group step by step, within a step sequence by
/// sequence. The work of one core is contiguous, and does not depend on how many cores there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    lengths: Vec<usize>,
    steps: usize,
}

impl Rows {
    /// Rows for sequences with these numbers of steps.
    pub fn of(lengths: Vec<usize>) -> Rows {
        let steps = lengths.iter().copied().max().unwrap_or(0);
        Rows { lengths, steps }
    }
    /// Number of sequences.
    pub fn sequences(&self) -> usize {
        self.lengths.len()
    }
    /// Steps of the longest sequence; all have as many rows.
    pub fn steps(&self) -> usize {
        self.steps
    }
    /// Total number of rows.
    pub fn count(&self) -> usize {
        self.steps * self.lengths.len()
    }
    /// Maximum number of rows in a group; the last may have fewer.
    pub fn of_group(&self) -> usize {
        GROUP * self.steps
    }
    /// Lengths of the sequences of a group.
    pub fn lengths(&self, group: usize) -> &[usize] {
        let first = group * GROUP;
        &self.lengths[first..self.lengths.len().min(first + GROUP)]
    }
    /// Sequence and step of a row; no step after the end of the sequence.
    pub fn place(&self, row: usize) -> (usize, Option<usize>) {
        let group = row / self.of_group();
        let (rest, together) = (row % self.of_group(), self.lengths(group).len());
        let (sequence, step) = (group * GROUP + rest % together, rest / together);
        (sequence, (step < self.lengths[sequence]).then_some(step))
    }
    /// The row of the last step of each sequence.
    pub fn last(&self) -> impl Iterator<Item = usize> {
        (0..self.lengths.len()).map(|sequence| {
            let (group, own) = (sequence / GROUP, sequence % GROUP);
            let together = self.lengths(group).len();
            group * self.of_group() + (self.steps - 1) * together + own
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_a_row() {
        let rows = Rows::of(vec![3; 11]);
        let mut places: Vec<_> = (0..rows.count()).map(|row| rows.place(row)).collect();
        assert_eq!(places[8 * 3 + 4], (8 + 1, Some(1)), "in a group of three");
        for (sequence, row) in rows.last().enumerate() {
            assert_eq!(places[row], (sequence, Some(2)));
        }
        places.sort_unstable();
        let all = (0..11).flat_map(|sequence| (0..3).map(move |step| (sequence, Some(step))));
        assert!(places.into_iter().eq(all));
        assert_eq!(Rows::of(vec![1, 2]).place(2), (0, None), "it has ended");
    }
}
