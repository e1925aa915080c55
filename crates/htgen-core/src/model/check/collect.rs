//! The list of problems filled by the rules.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, Problems, Result};

/// Number of problems shown before the rest is only counted.
const MAX_SHOWN: usize = 20;

/// Problems in the order in which they were found.
#[derive(Debug, Default)]
pub(in crate::model) struct Found {
    shown: Vec<Diagnostic>,
    n_more: usize,
}

impl Found {
    /// Adds a problem. One at or below the place of an earlier one is dropped: it follows from it.
    pub(in crate::model) fn push(&mut self, problem: Diagnostic) {
        let follows = |earlier: &Diagnostic| {
            let rest = problem.place.strip_prefix(&earlier.place);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if self.shown.iter().any(follows) {
            return;
        }
        if self.shown.len() < MAX_SHOWN {
            self.shown.push(problem);
        } else {
            self.n_more += 1;
        }
    }

    /// Adds all problems of another list.
    pub(in crate::model) fn append(&mut self, other: Found) {
        for problem in other.shown {
            self.push(problem);
        }
        self.n_more += other.n_more;
    }

    /// Requires `low <= value <= high`; returns whether it holds.
    pub(in crate::model) fn range(
        &mut self,
        place: &str,
        what: &str,
        value: usize,
        low: usize,
        high: usize,
    ) -> bool {
        let holds = (low..=high).contains(&value);
        if !holds {
            let problem = Diagnostic::new(place, format!("{what} out of range"));
            self.push(problem.found(value).expected(format!("{low} to {high}")));
        }
        holds
    }

    /// Success when nothing was found.
    pub(in crate::model) fn finish(mut self) -> Result<()> {
        if self.shown.is_empty() {
            return Ok(());
        }
        if self.n_more > 0 {
            self.shown.push(Diagnostic::new("", format!("{} more problems", self.n_more)));
        }
        Err(Problems(self.shown))
    }
}
