//! What a design takes of a part, and what the part holds.
// SPDX-License-Identifier: MIT OR Apache-2.0

use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign};

/// What a part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Four-input lookup tables.
    pub lut4: usize,
    /// Block memories.
    pub bram: usize,
    /// Multiplier blocks.
    pub dsp: usize,
    /// Large single-port memories.
    pub spram: usize,
}

/// Cells of a part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Cells {
    /// Four-input lookup tables.
    pub lut4: usize,
    /// Flip-flops.
    pub ff: usize,
    /// Bits of carry chains.
    pub carry: usize,
    /// Block memories.
    pub bram: usize,
    /// Multiplier blocks.
    pub dsp: usize,
    /// Large single-port memories.
    pub spram: usize,
}

impl Cells {
    /// `count` times these cells.
    pub fn times(self, count: usize) -> Cells {
        Cells {
            lut4: self.lut4 * count,
            ff: self.ff * count,
            carry: self.carry * count,
            bram: self.bram * count,
            dsp: self.dsp * count,
            spram: self.spram * count,
        }
    }

    /// What a part lacks for them, in words.
    pub fn shortage(self, budget: Budget) -> Vec<String> {
        let counts = [
            ("lut4", self.lut4, budget.lut4),
            ("bram", self.bram, budget.bram),
            ("dsp", self.dsp, budget.dsp),
            ("spram", self.spram, budget.spram),
        ];
        let over = counts.iter().filter(|(_, needed, total)| needed > total);
        over.map(|(name, needed, total)| format!("{name}: {needed} needed, {total} in the part"))
            .collect()
    }

    /// These cells minus `part`; negative counts become zero.
    pub fn without(self, part: Cells) -> Cells {
        Cells {
            lut4: self.lut4.saturating_sub(part.lut4),
            ff: self.ff.saturating_sub(part.ff),
            carry: self.carry.saturating_sub(part.carry),
            bram: self.bram.saturating_sub(part.bram),
            dsp: self.dsp.saturating_sub(part.dsp),
            spram: self.spram.saturating_sub(part.spram),
        }
    }
}

impl Add for Cells {
    type Output = Cells;
    fn add(self, other: Cells) -> Cells {
        Cells {
            lut4: self.lut4 + other.lut4,
            ff: self.ff + other.ff,
            carry: self.carry + other.carry,
            bram: self.bram + other.bram,
            dsp: self.dsp + other.dsp,
            spram: self.spram + other.spram,
        }
    }
}

impl AddAssign for Cells {
    fn add_assign(&mut self, other: Cells) {
        *self = *self + other;
    }
}
