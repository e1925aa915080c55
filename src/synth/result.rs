//! What synthesis found, as a value that turns into JSON.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::placed::{CriticalPath, Placed, Usage};
use super::{Blocks, Board, Budget, CellTable, Cells, SynthPlan};

/// What synthesis found. `None` stands for what was not measured.
#[derive(Debug, Clone, Deserialize, Serialize)]
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
    pub logic_cells: Option<LogicCells>,
    /// Whether nothing was synthesized because the blocks that the plan expects are more than the
    /// part has; then only these are counted.
    pub foreseen: bool,
    /// The clock that placement aimed at.
    pub clock_mhz: f64,
    /// The clock reached, if it can be trusted.
    pub fmax_mhz: Option<f64>,
    /// Seed of the placement that is described.
    pub seed: Option<u32>,
    /// Clocks of all placements that were made, in the order of their seeds, MHz.
    pub placements_mhz: Vec<f64>,
    /// Whether the design was placed and routed or, without a placer, is within the totals.
    pub fits: bool,
    /// Why it does not fit.
    pub shortage: Vec<String>,
    /// The bitstream, if the packer exists: of the design inside the harness, which folds its
    /// outputs into a signature. It only measures a clock and cannot be used for anything else.
    pub bitstream: Option<PathBuf>,
    /// The longest path between registers.
    pub critical_path: Option<CriticalPath>,
    /// Cells by module, if requested.
    pub modules: Option<CellTable>,
}

/// Utilization of a part's logic cells.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct LogicCells {
    /// The placer's name for them.
    pub cell: String,
    /// In use.
    pub used: usize,
    /// In the part.
    pub total: usize,
}

impl SynthResult {
    /// Whether the target clock was reached; `None` if no clock was measured.
    pub fn clock_met(&self) -> Option<bool> {
        self.fmax_mhz.map(|fmax| fmax >= self.clock_mhz)
    }

    /// The result as far as the netlist shows: everything counted, nothing placed.
    pub(super) fn of_netlist(board: &Board, clock_mhz: f64, cells: Cells) -> Self {
        let shortage = cells.shortage(board.budget);
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
            bitstream: None,
            critical_path: None,
            modules: None,
        }
    }

    /// What is known without synthesis: a design that takes more blocks than the part has.
    pub(super) fn foreseen(plan: &SynthPlan) -> Option<Self> {
        let (board, clock_mhz) = (&plan.board, plan.config.clock_mhz);
        let blocks = Blocks { bram: plan.expected_bram?, dsp: plan.expected_dsp? };
        let counted = Self::of_netlist(board, clock_mhz, blocks.cells());
        (!counted.fits).then_some(SynthResult { foreseen: true, ..counted })
    }

    /// Subtracts the harness from the counts of the design.
    pub(super) fn take_off(&mut self, harness: Cells) {
        let SynthResult { lut4, ff, carry, bram, dsp, spram, .. } = *self;
        let own = Cells { lut4, ff, carry, bram, dsp, spram }.without(harness);
        self.harness = harness;
        self.lut4 = own.lut4;
        self.ff = own.ff;
        self.carry = own.carry;
    }

    /// Adds what the placer found.
    pub(super) fn place(&mut self, placed: Placed, logic_cells: &[&'static str]) {
        self.fmax_mhz = placed.fmax_mhz;
        self.critical_path = placed.critical_path;
        self.logic_cells = logic_cells.iter().find_map(|&cell| {
            let Usage { used, total } = *placed.utilization.get(cell)?;
            Some(LogicCells { cell: cell.to_owned(), used, total })
        });
    }
}
