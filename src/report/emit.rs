//! What an emitted design consists of.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::formats::FormatsOrigin;
use super::number::{grouped, ratio};
use crate::config::{CellMultiplier, OutputRate};
use crate::error::Result;
use crate::printable;
use crate::sched::Program;
use crate::synth::{Blocks, Board, Budget};
use crate::verilog::{self, Bundle, Sizes};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

/// Lanes, predicted speed and memory of a design.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Emission {
    /// The model's name.
    pub name: String,
    /// The folder written.
    pub dir: PathBuf,
    /// The top module.
    pub top: String,
    /// Lanes.
    pub lanes: usize,
    /// Stream elements per beat.
    pub elements_per_beat: usize,
    /// When an output vector is sent.
    pub output: OutputRate,
    /// How the element-wise units multiply.
    pub cell_multiplier: CellMultiplier,
    /// Element-wise units.
    pub cells: usize,
    /// Results requantized at once.
    pub drains: usize,
    /// Multiply-accumulates per time step, without the head.
    pub macs_per_step: u64,
    /// Predicted cycles from one time step to the next.
    pub predicted_cycles_per_step: u64,
    /// macs_per_step / (lanes x predicted_cycles_per_step).
    pub efficiency: f64,
    /// Weights in the ROM, one per lane in each of its words.
    pub rom_words: usize,
    /// Words of the input buffer.
    pub input_words: usize,
    /// Words of the result buffer.
    pub buffer_words: usize,
    /// Words of the gate buffer.
    pub gate_words: usize,
    /// Where the formats came from.
    pub formats: FormatsOrigin,
    /// The board it is for, if one was named.
    pub target: Option<Target>,
}

/// What a design takes of the part of a board, as far as it is known without synthesis.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Target {
    /// The board.
    pub name: String,
    /// Block memories and multiplier blocks, as synthesis must find them again.
    #[serde(flatten)]
    pub blocks: Blocks,
    /// What the part holds.
    pub totals: Budget,
    /// Whether the blocks suffice; lookup tables are only counted by synthesis.
    pub fits: bool,
    /// What the part lacks.
    pub shortage: Vec<String>,
}

impl Target {
    /// What the design of `program` takes of the part of the board.
    pub fn of(board: &Board, program: &Program) -> Result<Target> {
        let memories = verilog::memories(program, &Sizes::of(program)?);
        let blocks = Blocks::of(board, &memories, &verilog::multipliers(program));
        let shortage = blocks.shortage(board.budget);
        let (name, totals) = (board.name.clone(), board.budget);
        Ok(Target { name, blocks, totals, fits: shortage.is_empty(), shortage })
    }
}

impl Emission {
    /// Describes the design of `program`, written to `dir`.
    pub fn of(
        program: &Program,
        bundle: &Bundle,
        formats: FormatsOrigin,
        target: Option<Target>,
        dir: &Path,
    ) -> Emission {
        let (lanes, hw) = (program.lanes(), program.hw());
        let macs_per_step = program.quant().plan().macs_per_step();
        let predicted_cycles_per_step = program.timing().cycles_per_step;
        Emission {
            name: program.quant().name().to_owned(),
            dir: dir.to_path_buf(),
            top: bundle.top.clone(),
            lanes,
            elements_per_beat: hw.elements_per_beat.get(),
            output: hw.output,
            cell_multiplier: hw.cell_multiplier,
            cells: program.cells(),
            drains: program.drains(),
            macs_per_step,
            predicted_cycles_per_step,
            efficiency: ratio(
                macs_per_step as f64,
                lanes as f64 * predicted_cycles_per_step as f64,
            ),
            rom_words: program.rom().len() * lanes,
            input_words: program.input_words() * program.loader().frames,
            buffer_words: program.buffer_groups() * lanes,
            gate_words: program.gate_groups() * lanes,
            formats,
            target,
        }
    }
}

impl fmt::Display for Emission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let g = |value: usize| grouped(value as u64);
        let multiplier = match self.cell_multiplier {
            CellMultiplier::Dsp => "multiplier blocks",
            CellMultiplier::Serial => "shift and add",
        };
        writeln!(f, "{}: top module {} in {}", self.name, self.top, printable::path(&self.dir))?;
        writeln!(f, "  lanes        {}", self.lanes)?;
        writeln!(f, "  cells        {} element-wise units ({multiplier})", self.cells)?;
        writeln!(
            f,
            "  speed        {} cycles per time step, predicted; efficiency {:.3}",
            grouped(self.predicted_cycles_per_step),
            self.efficiency
        )?;
        writeln!(
            f,
            "  memory       {} weights, {} input words, {} buffer words, {} gate words",
            g(self.rom_words),
            g(self.input_words),
            g(self.buffer_words),
            g(self.gate_words)
        )?;
        writeln!(f, "  formats      from {}", self.formats)?;
        self.target.as_ref().map_or(Ok(()), |target| target.fmt(f))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Target { name, blocks, totals, .. } = self;
        writeln!(f, "  target       {name}, without lookup tables, which synth counts")?;
        writeln!(
            f,
            "  bram         {} of {}",
            grouped(blocks.bram as u64),
            grouped(totals.bram as u64)
        )?;
        writeln!(
            f,
            "  dsp          {} of {}",
            grouped(blocks.dsp as u64),
            grouped(totals.dsp as u64)
        )?;
        self.shortage.iter().try_for_each(|reason| writeln!(f, "  does not fit: {reason}"))
    }
}
