//! Where the sequences of a data set lie among its rows. A set of a hundred million sequences of
//! equal length takes no memory for this.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// Rows of one sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// The row of its first step.
    pub first: usize,
    /// Its steps in use, at least 1.
    pub n_steps: usize,
}

/// Rows of all sequences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spans {
    /// Sequences one after another, all with the same number of steps.
    Equal { count: usize, n_steps: usize },
    /// Each listed separately.
    Listed(Vec<Span>),
}

impl Spans {
    /// Sequences of `n_steps` rows each, of which `lengths` are in use, or all.
    pub fn new(count: usize, n_steps: usize, lengths: Option<Vec<usize>>) -> Spans {
        match lengths {
            Some(lengths) if lengths.iter().any(|&length| length != n_steps) => {
                let span = |(k, n)| Span { first: k * n_steps, n_steps: n };
                Spans::Listed(lengths.into_iter().enumerate().map(span).collect())
            }
            _ => Spans::Equal { count, n_steps },
        }
    }

    pub fn count(&self) -> usize {
        match self {
            Spans::Equal { count, .. } => *count,
            Spans::Listed(spans) => spans.len(),
        }
    }

    pub fn of(&self, sequence: usize) -> Span {
        match self {
            Spans::Equal { count, n_steps } => {
                assert!(sequence < *count, "sequence {sequence} of {count}");
                Span { first: sequence * n_steps, n_steps: *n_steps }
            }
            Spans::Listed(spans) => spans[sequence],
        }
    }

    /// Adds sequences of other rows, which follow the existing `rows`.
    pub fn append(&mut self, other: &Spans, rows: usize) {
        if let (Spans::Equal { count, n_steps }, Spans::Equal { count: more, n_steps: as_many }) =
            (&mut *self, other)
            && n_steps == as_many
        {
            *count += more;
            return;
        }
        let mut spans: Vec<Span> = (0..self.count()).map(|k| self.of(k)).collect();
        let moved = |span: Span| Span { first: span.first + rows, ..span };
        spans.extend((0..other.count()).map(|k| moved(other.of(k))));
        *self = Spans::Listed(spans);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_stay_where_they_are_when_others_come() {
        for lengths in [None, Some(vec![3, 3]), Some(vec![2, 3])] {
            let mut spans = Spans::new(2, 3, lengths.clone());
            spans.append(&Spans::new(2, 3, None), 6);
            spans.append(&Spans::new(1, 4, Some(vec![1])), 12);
            let first = lengths.map_or(3, |lengths| lengths[0]);
            let all: Vec<(usize, usize)> =
                (0..5).map(|k| spans.of(k)).map(|s| (s.first, s.n_steps)).collect();
            assert_eq!(all, [(0, first), (3, 3), (6, 3), (9, 3), (12, 1)]);
        }
    }
}
