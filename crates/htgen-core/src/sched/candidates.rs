//! The number of element-wise units: the same program with one, two or four of them, and the choice
//! by predicted cycles.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::cells;
use super::gates::GatePlaces;
use super::head::Head;
use super::hidden::HiddenPlaces;
use super::layout::PartLayout;
use super::loader::Loader;
use super::microprogram::Microprogram;
use super::timing::{Control, Timing};
use super::units::UnitTable;
use crate::config::HwConfig;
use crate::error::{Diagnostic, Problems};
use crate::quant::QuantPlan;

/// Maximum number of element-wise units side by side.
const MAX_CELLS: usize = 4;

/// What all candidates share.
pub(super) struct Common<'a> {
    pub quant: &'a QuantPlan,
    pub hw: &'a HwConfig,
    pub layouts: &'a [PartLayout<'a>],
    pub hidden: &'a HiddenPlaces,
    pub code: &'a Microprogram,
    pub gates: &'a GatePlaces,
    pub loader: &'a Loader,
    pub drains: usize,
}

/// What depends on the number of element-wise units.
pub(super) struct Candidate {
    /// One table for each of them.
    pub tables: Vec<UnitTable>,
    /// Words of the hidden buffer for one time step.
    pub hidden_words: usize,
    /// The head, which reads h in the order of the tables.
    pub head: Option<Head>,
    /// Predicted cycles.
    pub timing: Timing,
}

impl Common<'_> {
    /// One candidate for each number of units that the last step's pattern serves, fewest first.
    pub fn candidates(&self) -> Vec<Candidate> {
        let unit_bits = self.layouts.iter().map(|layout| layout.slots.unit_bits).min();
        let most = self.drains.min(1 << unit_bits.unwrap_or(0)).min(MAX_CELLS);
        (0..=most.ilog2()).filter_map(|bits| self.candidate(1 << bits)).collect()
    }

    /// The program with this many element-wise units; none if there is no such program.
    fn candidate(&self, cells: usize) -> Option<Candidate> {
        let (tables, hidden_words) =
            cells::tables(self.layouts, self.quant, self.gates, self.hidden, cells)?;
        let head = Head::of(self.quant, self.hw.lanes.get(), self.code, self.hidden, &tables);
        let own = head.iter();
        let control = Control {
            quant: self.quant,
            hw: self.hw,
            drains: self.drains,
            loader: self.loader,
            nests: self.code.nests.iter().chain(own.clone().map(|head| &head.nest)).collect(),
            instrs: self.code.instrs.iter().chain(own.map(|head| &head.instr)).collect(),
            tables: &tables,
        };
        let timing = Timing::predict(&control);
        Some(Candidate { hidden_words: hidden_words.max(2), head, timing, tables })
    }
}

/// The fewest units whose predicted cycles are within 0.2 % of the best.
pub(super) fn choose(candidates: Vec<Candidate>) -> Result<Candidate, Problems> {
    let cycles = |candidate: &Candidate| candidate.timing.cycles_per_step;
    let least = candidates.iter().map(cycles).min().unwrap_or(0);
    let chosen = candidates.into_iter().find(|c| cycles(c) * 500 <= least * 501);
    chosen.ok_or_else(|| Diagnostic::new("schedule", "no element-wise unit count found").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewest_units_within_two_in_a_thousand() {
        let candidate = |(cells, cycles_per_step): (usize, u64)| Candidate {
            tables: vec![UnitTable(Vec::new()); cells],
            hidden_words: 2,
            head: None,
            timing: Timing { cycles_per_step, cycles_per_sequence: 0 },
        };
        let chosen = |figures: &[(usize, u64)]| {
            choose(figures.iter().copied().map(candidate).collect()).map(|c| c.tables.len())
        };
        assert_eq!(chosen(&[(1, 1002), (2, 1000), (4, 1000)]).ok(), Some(1));
        assert_eq!(chosen(&[(1, 1003), (2, 1000), (4, 999)]).ok(), Some(2));
        assert_eq!(chosen(&[(1, 2000), (4, 1000)]).ok(), Some(4));
        assert!(chosen(&[]).is_err());
    }
}
