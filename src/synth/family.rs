//! What differs between families of parts: the tools, their arguments and the names of cells.
//!
//! Assumptions:
//!
//! * yosys: `synth_ice40`, `synth_ecp5` and `synth_gowin` take `-top` and `-noflatten`; only
//!   `synth_ice40` must be asked for multipliers (`-dsp`), which only the UP5K has;
//! * nextpnr: with `--timing-allow-fail` a missed clock is not an error, `--report` writes JSON
//!   with `fmax` and `utilization`, `--seed` makes a run repeatable, unconstrained pins are allowed
//!   on request;
//! * icepack and ecppack: the last argument is the bitstream.
// SPDX-License-Identifier: MIT OR Apache-2.0

use serde::{Deserialize, Serialize};

use super::Cells;
use crate::error::Diagnostic;
use crate::tool::{Tool, Version, YOSYS_FOR_GOWIN};

/// A family of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Family {
    /// Lattice iCE40.
    Ice40,
    /// Lattice ECP5.
    Ecp5,
    /// Gowin GW1N; only yosys, hence area without a clock.
    Gowin,
}

impl Family {
    /// The oldest suitable yosys, if the family needs more than htgen does in general.
    pub(super) fn yosys_minimum(self) -> Option<Version> {
        match self {
            Family::Ice40 | Family::Ecp5 => None,
            Family::Gowin => Some(YOSYS_FOR_GOWIN),
        }
    }

    /// The folder of the family in yosys' share.
    pub(super) fn share_folder(self) -> &'static str {
        match self {
            Family::Ice40 => "ice40",
            Family::Ecp5 => "ecp5",
            Family::Gowin => "gowin",
        }
    }

    /// The placer and router, if its clock can be trusted.
    pub fn placer(self) -> Option<Tool> {
        match self {
            Family::Ice40 => Some(Tool::NextpnrIce40),
            Family::Ecp5 => Some(Tool::NextpnrEcp5),
            Family::Gowin => None,
        }
    }

    /// The bitstream packer.
    pub fn packer(self) -> Option<Tool> {
        match self {
            Family::Ice40 => Some(Tool::Icepack),
            Family::Ecp5 => Some(Tool::Ecppack),
            Family::Gowin => None,
        }
    }

    /// The devices that htgen knows.
    fn devices(self) -> &'static [&'static str] {
        match self {
            Family::Ice40 => &["up5k", "hx8k", "lp8k", "hx4k", "lp4k", "hx1k", "lp1k", "u4k"],
            Family::Ecp5 => &["12k", "25k", "45k", "85k"],
            Family::Gowin => &["gw1n", "gw2a"],
        }
    }

    /// What is wrong with a device name of this family, if anything.
    pub(super) fn device_problem(self, device: &str) -> Option<Diagnostic> {
        if self.devices().contains(&device) {
            return None;
        }
        let expected = format!("one of {}", self.devices().join(", "));
        Some(Diagnostic::new("device", "unknown").found(device).expected(expected))
    }

    /// Name of the file with the pins.
    pub(super) fn pins_file(self) -> &'static str {
        match self {
            Family::Ice40 => "pins.pcf",
            Family::Ecp5 => "pins.lpf",
            Family::Gowin => "pins.cst",
        }
    }

    /// The placer's option for its result, and the file.
    pub(super) fn placed_file(self) -> (&'static str, &'static str) {
        match self {
            Family::Ice40 => ("--asc", "design.asc"),
            Family::Ecp5 | Family::Gowin => ("--textcfg", "design.config"),
        }
    }

    /// Arguments of the packer; the last one is the bitstream.
    pub(super) fn packer_args(self) -> Vec<String> {
        let args: &[&str] = match self {
            Family::Ice40 => &["design.asc", "design.bin"],
            Family::Ecp5 | Family::Gowin => &["--compress", "design.config", "design.bit"],
        };
        args.iter().map(|&arg| arg.to_owned()).collect()
    }

    /// What one cell of yosys' netlist costs.
    pub(super) fn cost(self, cell: &str) -> Cells {
        match self {
            Family::Ice40 => ice40_cost(cell),
            Family::Ecp5 => ecp5_cost(cell),
            Family::Gowin => gowin_cost(cell),
        }
    }

    /// The names that nextpnr's report gives to logic cells, in order of preference.
    pub(super) fn logic_cells(self) -> &'static [&'static str] {
        match self {
            Family::Ice40 => &["ICESTORM_LC"],
            Family::Ecp5 => &["TRELLIS_COMB", "TRELLIS_SLICE"],
            Family::Gowin => &[],
        }
    }

    /// Block memories that yosys takes for a memory.
    ///
    /// It cuts the depth into rows, lays all bits of all rows side by side and fills blocks with
    /// them: a block may hold the end of one row and the beginning of the next. If the memory is
    /// written, rows begin at a new group of write enables. Of the shapes it takes the cheapest by
    /// the cost of blocks and of the multiplexers after the rows (yosys,
    /// passes/memory/memory_libmap.cc).
    pub fn bram_blocks(self, words: usize, bits: usize, written: bool) -> usize {
        let (shapes, group, cost): (&[(usize, usize)], _, _) = match self {
            Family::Ice40 => (&[(2048, 2), (1024, 4), (512, 8), (256, 16)], 1, 64),
            Family::Ecp5 | Family::Gowin => {
                (&[(16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36)], 9, 128)
            }
        };
        let of_shape = |&(depth, width): &(usize, usize)| {
            let rows = words.div_ceil(depth);
            // Of iCE40's shapes only the widest has write enables for its parts.
            let whole = self == Family::Ice40 && width < 16;
            let group = if !written { 1 } else { if whole { width } else { width.min(group) } };
            let row_bits = bits.next_multiple_of(group);
            let blocks = rows.saturating_mul(row_bits).div_ceil(width);
            let enables = usize::from(written && rows > 1) * rows;
            let multiplexed = (rows - 1).saturating_mul(bits) + enables;
            (blocks.saturating_mul(2 * cost).saturating_add(multiplexed), blocks)
        };
        // If several are equal, the first.
        shapes.iter().map(of_shape).min_by_key(|(cost, _)| *cost).map_or(0, |(_, blocks)| blocks)
    }

    /// Multiplier blocks that yosys takes for a signed product of factors of `a` and `b` bits, up
    /// to 16: one, or none if the part has none or the product is too small to be worth one.
    pub fn dsp_blocks(self, device: &str, (a, b): (usize, usize)) -> usize {
        let worth = match (self, device) {
            (Family::Ice40, "up5k" | "u4k") => a + b >= 11,
            (Family::Ice40, _) => false,
            (Family::Ecp5, _) => a.min(b) >= 2,
            (Family::Gowin, _) => a.min(b) >= 4,
        };
        usize::from(worth)
    }
}

fn ice40_cost(cell: &str) -> Cells {
    match cell {
        "SB_LUT4" => Cells { lut4: 1, ..Cells::default() },
        "SB_CARRY" => Cells { carry: 1, ..Cells::default() },
        "SB_MAC16" => Cells { dsp: 1, ..Cells::default() },
        "SB_SPRAM256KA" => Cells { spram: 1, ..Cells::default() },
        _ if cell.starts_with("SB_DFF") => Cells { ff: 1, ..Cells::default() },
        _ if cell.starts_with("SB_RAM40_4K") => Cells { bram: 1, ..Cells::default() },
        _ => Cells::default(),
    }
}

/// A carry cell of the ECP5 takes both lookup tables of a slice; distributed memory of sixteen
/// words of four bits takes two slices, and one more for its write port.
fn ecp5_cost(cell: &str) -> Cells {
    match cell {
        "LUT4" => Cells { lut4: 1, ..Cells::default() },
        "CCU2C" => Cells { lut4: 2, carry: 2, ..Cells::default() },
        "TRELLIS_DPR16X4" => Cells { lut4: 6, ..Cells::default() },
        "TRELLIS_FF" => Cells { ff: 1, ..Cells::default() },
        "DP16KD" | "PDPW16KD" => Cells { bram: 1, ..Cells::default() },
        "MULT18X18D" => Cells { dsp: 1, ..Cells::default() },
        _ => Cells::default(),
    }
}

fn gowin_cost(cell: &str) -> Cells {
    const BRAM: [&str; 12] = [
        "SP", "SPX9", "SDP", "SDPB", "SDPX9", "SDPX9B", "DP", "DPB", "DPX9", "DPX9B", "pROM",
        "pROMX9",
    ];
    match cell {
        "LUT1" | "LUT2" | "LUT3" | "LUT4" => Cells { lut4: 1, ..Cells::default() },
        "ALU" => Cells { lut4: 1, carry: 1, ..Cells::default() },
        "MULT9X9" | "MULT18X18" | "MULTADDALU18X18" => Cells { dsp: 1, ..Cells::default() },
        _ if cell.starts_with("RAM16S") => Cells { lut4: 4, ..Cells::default() },
        _ if cell.starts_with("DFF") => Cells { ff: 1, ..Cells::default() },
        _ if BRAM.contains(&cell) => Cells { bram: 1, ..Cells::default() },
        _ => Cells::default(),
    }
}
