//! What synthesis found, as a value that turns into JSON.

use std::path::PathBuf;

use serde::Serialize;

use super::placed::{CriticalPath, Placed, Usage};
use super::{Board, Budget, CellTable, Cells, SynthPlan};

/// What synthesis found. `None` stands for what was not measured.
#[derive(Debug, Clone, Serialize)]
pub struct SynthResult {
    /// Name of the board.
    pub target: String,
    /// Lookup tables of the design, without the harness.
    pub lut4: usize,
    /// Flip-flops of the design, without the harness.
    pub ff: usize,
    /// Bits of carry chains of the design.
    pub carry: usize,
    /// Block memories.
    pub bram: usize,
    /// Multiplier blocks.
    pub dsp: usize,
    /// Large single-port memories.
    pub spram: usize,
    /// What the harness `ht_pins` adds to the design.
    pub harness: Cells,
    /// What the part holds.
    pub totals: Budget,
    /// Logic cells of the part in use, harness included, as placed.
    pub logic_cells: Option<Usage>,
    /// Whether nothing was synthesised, because the blocks that the plan counts on are more than the part
    /// has; then these are all that is counted.
    pub foreseen: bool,
    /// The clock that placement aimed at.
    pub clock_mhz: f64,
    /// The clock reached, where it can be believed.
    pub fmax_mhz: Option<f64>,
    /// Seed of the placement that is described.
    pub seed: Option<u32>,
    /// Clocks of all placements that were made, in the order of their seeds, MHz.
    pub placements_mhz: Vec<f64>,
    /// Whether the design was placed and routed, or, without a placer, is within the totals.
    pub fits: bool,
    /// Why it does not fit.
    pub shortage: Vec<String>,
    /// Sequences a second; the caller knows the cycles and fills it in.
    pub inferences_per_second: Option<f64>,
    /// The bitstream, where the packer exists.
    pub bitstream: Option<PathBuf>,
    /// The longest path between registers.
    pub critical_path: Option<CriticalPath>,
    /// Cells by module, if asked for.
    pub modules: Option<CellTable>,
}

impl SynthResult {
    /// Whether the clock aimed at was reached; `None` when no clock was measured.
    pub fn clock_met(&self) -> Option<bool> {
        self.fmax_mhz.map(|fmax| fmax >= self.clock_mhz)
    }

    /// The result as far as the netlist tells: everything counted, nothing placed.
    pub(super) fn of_netlist(board: &Board, clock_mhz: f64, cells: Cells) -> Self {
        let shortage = shortage(cells, board.budget);
        SynthResult {
            target: board.name.clone(),
            lut4: cells.lut4,
            ff: cells.ff,
            carry: cells.carry,
            bram: cells.bram,
            dsp: cells.dsp,
            spram: cells.spram,
            harness: Cells::default(),
            totals: board.budget,
            logic_cells: None,
            foreseen: false,
            clock_mhz,
            fmax_mhz: None,
            seed: None,
            placements_mhz: Vec::new(),
            fits: shortage.is_empty(),
            shortage,
            inferences_per_second: None,
            bitstream: None,
            critical_path: None,
            modules: None,
        }
    }

    /// What needs no synthesis to be known: a design whose block memories are more than the part has.
    /// Multipliers beyond the part's can be made of lookup tables; memories of this size cannot.
    pub(super) fn foreseen(plan: &SynthPlan) -> Option<Self> {
        let (board, clock_mhz) = (&plan.board, plan.config.clock_mhz);
        let (bram, dsp) = (plan.expected_bram?, plan.expected_dsp?);
        let cells = Cells { bram, dsp, ..Cells::default() };
        let foreseen = SynthResult { foreseen: true, ..Self::of_netlist(board, clock_mhz, cells) };
        (bram > board.budget.bram).then_some(foreseen)
    }

    /// Takes the harness off the design's own counts.
    pub(super) fn take_off(&mut self, harness: Cells) {
        let SynthResult { lut4, ff, carry, bram, dsp, spram, .. } = *self;
        let own = Cells { lut4, ff, carry, bram, dsp, spram }.without(harness);
        self.harness = harness;
        self.lut4 = own.lut4;
        self.ff = own.ff;
        self.carry = own.carry;
    }

    /// Adds what the placer found.
    pub(super) fn place(&mut self, placed: Placed, logic_cells: &[&str]) {
        self.fmax_mhz = placed.fmax_mhz;
        self.critical_path = placed.critical_path;
        let used = logic_cells.iter().find_map(|cell| placed.utilization.get(*cell));
        self.logic_cells = used.copied();
    }
}

/// What the part lacks, in words.
fn shortage(cells: Cells, budget: Budget) -> Vec<String> {
    let counts = [
        ("lut4", cells.lut4, budget.lut4),
        ("bram", cells.bram, budget.bram),
        ("dsp", cells.dsp, budget.dsp),
        ("spram", cells.spram, budget.spram),
    ];
    let over = counts.iter().filter(|(_, needed, total)| needed > total);
    over.map(|(name, needed, total)| format!("{name}: {needed} needed, {total} in the part"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortage_in_words() {
        let budget = Budget { lut4: 5280, bram: 30, dsp: 8, spram: 4 };
        let cells = Cells { lut4: 5280, bram: 31, dsp: 16, ..Cells::default() };
        assert_eq!(
            shortage(cells, budget),
            ["bram: 31 needed, 30 in the part", "dsp: 16 needed, 8 in the part"]
        );
        assert!(shortage(Cells::default(), budget).is_empty());
    }
}
