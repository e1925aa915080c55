//! What no plan may exceed, so that everything made from it stays in memory and terminates:
//! computed only from sizes, before a tensor is formed.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Plan, PlanConfig};
use crate::error::{Diagnostic, ErrorKind, Problems};
use crate::network::{Merge, Network};

/// Maximum number of words of merged weights, unless the model itself has more values.
const MOST_WEIGHTS: u64 = 1 << 23;
/// Maximum number of words of a tensor that is formed while weights are merged, likewise.
const MOST_MERGED: u64 = 1 << 24;
/// Maximum number of multiplies for merging the weights of a step.
const MOST_MERGING: u64 = 1 << 31;
/// Maximum number of words in the result of a step.
const MOST_RESULT: u64 = 1 << 23;
/// Maximum number of columns of an operand that carry data.
const MOST_COLUMNS: u64 = 1 << 24;
/// Maximum number of multiplies per time step, unless the model itself has more values.
const MOST_MULTIPLIES: u64 = 1 << 28;

/// The bounds of a plan, or of the plans of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub weights: u64,
    pub merged: u64,
    pub merging: u64,
    pub result: u64,
    pub columns: u64,
    pub multiplies: u64,
}

/// How much of each a plan takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Taken {
    weights: u64,
    merged: u64,
    merging: u64,
    result: u64,
    columns: u64,
    multiplies: u64,
}

impl Bounds {
    /// For a model, or a matrix, with this many values.
    pub fn of(values: usize) -> Bounds {
        let values = values as u64;
        Bounds {
            weights: MOST_WEIGHTS.max(values),
            merged: MOST_MERGED.max(values),
            merging: MOST_MERGING,
            result: MOST_RESULT,
            columns: MOST_COLUMNS,
            multiplies: MOST_MULTIPLIES.max(values),
        }
    }
    /// No bounds: to find out what a plan would take.
    pub const NONE: Bounds = Bounds {
        weights: u64::MAX,
        merged: u64::MAX,
        merging: u64::MAX,
        result: u64::MAX,
        columns: u64::MAX,
        multiplies: u64::MAX,
    };
    /// Whether weights may be merged in this way.
    pub fn allows(&self, merge: Merge) -> bool {
        merge.multiplies == 0 || merge.largest <= self.merged && merge.multiplies <= self.merging
    }
    /// The configuration with no more weight words than the bounds allow.
    pub fn limit(&self, config: &PlanConfig) -> PlanConfig {
        let asked = config.max_rom_words.unwrap_or(u64::MAX);
        PlanConfig { max_rom_words: Some(asked.min(self.weights)), ..*config }
    }
    /// Refuses what exceeds a bound, and lists everything that would be taken.
    pub fn check(&self, taken: &Taken) -> Result<(), Problems> {
        let figures = [
            (taken.multiplies, self.multiplies, "multiplies per time step", RANKS),
            (taken.weights, self.weights, "words of merged weights", RANKS),
            (taken.result, self.result, "words of an intermediate result", RANKS),
            (taken.columns, self.columns, "columns of an operand", INPUTS),
            (taken.merged, self.merged, "words of a tensor on the way to merged weights", RANKS),
            (taken.merging, self.merging, "multiplies to merge weights", RANKS),
        ];
        let beyond = figures.into_iter().filter(|(taken, most, ..)| taken > most);
        let problems: Vec<Diagnostic> = beyond
            .map(|(taken, most, what, help)| {
                Diagnostic::new("plan", "the model takes more than htgen allows")
                    .kind(ErrorKind::Limit)
                    .found(format!("{} {what}", amount(taken)))
                    .expected(format!("at most {most}"))
                    .help(help)
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }
}

/// What makes operands smaller.
const INPUTS: &str = "take fewer inputs per time step";
/// What makes tensors smaller.
const RANKS: &str = "smaller ranks, fewer blocks, or more equal modes reduce it";

/// A number; one without an upper end is cut off.
fn amount(value: u64) -> String {
    if value == u64::MAX { "more than 10^19".into() } else { value.to_string() }
}

impl Taken {
    /// What a plan takes.
    pub fn of(plan: &Plan) -> Taken {
        let steps = || plan.steps().iter();
        let merges = || steps().map(|step| step.merge);
        let results = steps().rev().skip(1);
        Taken {
            weights: plan.rom_words(),
            merged: merges().filter(|m| m.multiplies > 0).map(|m| m.largest).max().unwrap_or(0),
            merging: merges().fold(0, |sum, m| sum.saturating_add(m.multiplies)),
            result: results.map(|step| step.out_words).max().unwrap_or(0),
            columns: plan.network().columns_used() as u64,
            multiplies: plan.macs_per_step(),
        }
    }
    /// What two plans take, one after the other.
    pub fn and(self, other: Taken) -> Taken {
        Taken {
            weights: self.weights.saturating_add(other.weights),
            merged: self.merged.max(other.merged),
            merging: self.merging.saturating_add(other.merging),
            result: self.result.max(other.result),
            columns: self.columns.max(other.columns),
            multiplies: self.multiplies.saturating_add(other.multiplies),
        }
    }
}

/// Values in the nodes of a network.
pub(super) fn values(network: &Network) -> usize {
    network.nodes().iter().map(|node| node.tensor.data().len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One more than is allowed of anything is refused with its figure; exactly what is allowed is
    /// not.
    #[test]
    fn every_figure_has_a_bound() {
        let bounds = Bounds::of(1000);
        let most = Taken {
            weights: 1 << 23,
            merged: 1 << 24,
            merging: 1 << 31,
            result: 1 << 23,
            columns: 1 << 24,
            multiplies: 1 << 28,
        };
        bounds.check(&most).expect("what is allowed");
        let more = [
            (Taken { weights: most.weights + 1, ..most }, "8388609 words of merged weights"),
            (Taken { merged: most.merged + 1, ..most }, "16777217 words of a tensor on the way"),
            (Taken { merging: u64::MAX, ..most }, "more than 10^19 multiplies to merge weights"),
            (Taken { result: most.result + 1, ..most }, "8388609 words of an intermediate result"),
            (Taken { columns: most.columns + 1, ..most }, "16777217 columns of an operand"),
            (Taken { multiplies: most.multiplies + 1, ..most }, "268435457 multiplies per"),
        ];
        for (taken, figure) in more {
            let text = bounds.check(&taken).expect_err("too much").to_string();
            assert!(text.contains(figure) && text.lines().count() == 1, "{text}");
        }
        // A larger model may have as many words as it has values.
        let large = Taken { weights: 1 << 25, merged: 1 << 25, multiplies: 1 << 25, ..most };
        Bounds::of(1 << 25).check(&large).expect("a dense matrix of that size");
        assert!(bounds.check(&large).is_err());
        // Products run one after another: memory is shared, work and weights add up.
        let both = most.and(most);
        assert_eq!(
            (both.result, both.columns, both.merged),
            (most.result, most.columns, most.merged)
        );
        assert_eq!((both.weights, both.multiplies), (2 * most.weights, 2 * most.multiplies));
    }
}
