//! The microprogram and the memories it runs on.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::candidates::Candidate;
use super::index_loops::IndexLoop;
use super::isa::{Dest, Instr, Kind, Nest, Source};
use super::loader::Loader;
use super::memories::Memories;
use super::microprogram::Microprogram;
use super::rom::Rom;
use super::timing::{Control, Timing};
use super::units::UnitTable;
use crate::config::HwConfig;
use crate::quant::QuantPlan;

/// The memory of the hidden vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HiddenBuffer {
    /// Words for one time step.
    pub words: usize,
    /// 2 if the previous time step is still read while the running one is written.
    pub halves: usize,
    /// First word of the hidden vector that is the model's output.
    pub output: usize,
}

/// The microprogram with everything the hardware needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    quant: QuantPlan,
    hw: HwConfig,
    nests: Vec<Nest>,
    index_loops: Vec<Vec<IndexLoop>>,
    instrs: Vec<Instr>,
    rom: Rom,
    tables: Vec<UnitTable>,
    loader: Loader,
    memories: Memories,
    hidden: HiddenBuffer,
    timing: Timing,
}

impl Program {
    /// The one place where a program is made: of finished pieces, and never changed.
    pub(super) fn of(
        quant: &QuantPlan,
        hw: &HwConfig,
        code: Microprogram,
        loader: Loader,
        memories: Memories,
        chosen: Candidate,
    ) -> Program {
        let Microprogram { mut nests, index_loops, mut instrs, mut rom, .. } = code;
        let Candidate { tables, hidden_words, head, timing } = chosen;
        if let Some(head) = head {
            rom.extend(head.words(quant, hw.lanes.get()));
            instrs.push(head.instr);
            nests.push(head.nest);
        }
        let hidden = HiddenBuffer {
            words: hidden_words,
            halves: memories.hidden_halves,
            output: memories.output,
        };
        Program {
            quant: quant.clone(),
            hw: hw.clone(),
            nests,
            index_loops,
            instrs,
            rom,
            tables,
            loader,
            memories,
            hidden,
            timing,
        }
    }

    /// The quantized plan.
    pub fn quant(&self) -> &QuantPlan {
        &self.quant
    }
    /// The hardware parameters.
    pub fn hw(&self) -> &HwConfig {
        &self.hw
    }
    /// Lanes P.
    pub fn lanes(&self) -> usize {
        self.hw.lanes.get()
    }
    /// log2 of the lanes.
    pub fn lane_bits(&self) -> u32 {
        self.hw.lanes.bits()
    }
    /// Results requantized at once.
    pub fn drains(&self) -> usize {
        self.memories.drains
    }
    /// Banks of the result buffer.
    pub fn banks(&self) -> usize {
        self.memories.banks
    }
    /// Banks of the input buffer, apart from the elements of a write.
    pub fn input_banks(&self) -> usize {
        self.memories.input_banks
    }
    /// Element-wise units side by side.
    pub fn cells(&self) -> usize {
        self.tables.len()
    }
    /// Multiplications per clock if every one has its own block: one per lane, two per element-wise
    /// unit.
    pub fn multipliers(&self) -> usize {
        self.lanes() + 2 * self.cells()
    }
    /// Loop nests.
    pub fn nests(&self) -> &[Nest] {
        &self.nests
    }
    /// The loop nest of an instruction.
    pub fn nest_of(&self, instr: usize) -> &Nest {
        &self.nests[self.instrs[instr].nest]
    }
    /// The loops of a nest of the contraction before fusing, for checks and names.
    pub(super) fn index_loops(&self, nest: usize) -> &[IndexLoop] {
        &self.index_loops[nest]
    }
    /// Instructions of a time step; the head last, if there is one.
    pub fn instrs(&self) -> &[Instr] {
        &self.instrs
    }
    /// The weight ROM.
    pub fn rom(&self) -> &Rom {
        &self.rom
    }
    /// Tables of the element-wise units, one per unit.
    pub fn tables(&self) -> &[UnitTable] {
        &self.tables
    }
    /// How the input is written.
    pub fn loader(&self) -> &Loader {
        &self.loader
    }
    /// Words of the input buffer for one frame.
    pub fn input_words(&self) -> usize {
        self.memories.input_words
    }
    /// Groups of P words of the result buffer.
    pub fn buffer_groups(&self) -> usize {
        self.memories.buffer_groups
    }
    /// Groups of P gate pre-activations.
    pub fn gate_groups(&self) -> usize {
        self.memories.gate_groups
    }
    /// The memory of the hidden vectors.
    pub fn hidden(&self) -> &HiddenBuffer {
        &self.hidden
    }
    /// Whether contraction steps read hidden vectors from their own memory, besides the head.
    pub fn reads_hidden(&self) -> bool {
        self.nests.iter().any(|d| {
            d.source == Source::HiddenBefore || d.source == Source::Hidden && d.dest != Dest::Output
        })
    }
    /// Number of parts of the widest layer: gate buffers of each element-wise unit.
    pub fn gate_parts(&self) -> usize {
        self.quant.layers().iter().map(|layer| layer.parts.len()).max().unwrap_or(1)
    }
    /// Predicted cycles.
    pub fn timing(&self) -> &Timing {
        &self.timing
    }
    /// Clock in which the first instruction of every time step is dispatched, for back-to-back
    /// sequences of these lengths.
    pub fn start_cycles(&self, lengths: &[usize]) -> Vec<u64> {
        let control = Control {
            quant: &self.quant,
            hw: &self.hw,
            drains: self.drains(),
            loader: &self.loader,
            nests: self.nests.iter().collect(),
            instrs: self.instrs.iter().collect(),
            tables: &self.tables,
        };
        control.start_cycles(lengths)
    }
    /// Loops of the longest nest.
    pub fn max_loops(&self) -> usize {
        self.nests.iter().map(|d| d.loops.len()).max().unwrap_or(0).max(1)
    }
    /// Cycles per time step in which the lanes work, without the head.
    pub fn busy_cycles(&self) -> u64 {
        let own = self.instrs.iter().filter(|i| i.kind != Kind::Head);
        own.map(|i| self.nests[i.nest].cycles()).sum()
    }
    /// Bits of the gate buffer's, input buffer's and result buffer's contents.
    pub fn buffer_bits(&self) -> u64 {
        let word = u64::from(self.quant.activation_bits());
        let input = (self.input_words() * self.loader.frames) as u64 * (word + 1);
        let results = (self.buffer_groups() * self.lanes()) as u64 * word;
        let gates = (self.gate_groups() * self.gate_parts() * self.lanes()) as u64 * 16;
        let hidden = (self.hidden.words * self.hidden.halves) as u64 * word;
        // What only the element-wise units read does not count.
        let operands = self.nests.iter().any(|d| d.source == Source::HiddenBefore);
        input + results + gates + if operands { hidden } else { 0 }
    }
}
