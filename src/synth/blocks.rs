//! The blocks of a part that a design takes, counted from its program: known before any tool runs.
// SPDX-License-Identifier: MIT OR Apache-2.0

use serde::{Deserialize, Serialize};

use super::{Board, Budget, Cells};
use crate::verilog::{Memory, Multiplier};

/// Block memories and multiplier blocks of a design on a board. Lookup tables can only be counted
/// by synthesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub struct Blocks {
    /// Block memories.
    pub bram: usize,
    /// Multiplier blocks.
    pub dsp: usize,
}

impl Blocks {
    /// What memories and multipliers take on the board.
    pub fn of(board: &Board, memories: &[Memory], multipliers: &[Multiplier]) -> Self {
        let family = board.family;
        let blocks = |m: &Memory| m.count * family.bram_blocks(m.words, m.bits, m.written);
        let dsp = |m: &Multiplier| m.count * family.dsp_blocks(&board.device, m.bits);
        Blocks { bram: memories.iter().map(blocks).sum(), dsp: multipliers.iter().map(dsp).sum() }
    }

    /// Which blocks the part lacks, in words: yosys takes blocks for all memories and multipliers,
    /// however many there are.
    pub fn shortage(self, budget: Budget) -> Vec<String> {
        self.cells().shortage(budget)
    }

    /// Only these blocks.
    pub(super) fn cells(self) -> Cells {
        Cells { bram: self.bram, dsp: self.dsp, ..Cells::default() }
    }
}
