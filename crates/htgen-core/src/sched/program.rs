//! The microprogram and the memories it runs on.

use super::cells::CellTable;
use super::loops::RawLoop;
use super::nest::Loop;
use super::rom::Rom;
use super::timing::Timing;
use crate::config::HwConfig;
use crate::quant::QuantPlan;

/// Where a step's activations come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The input buffer.
    Input,
    /// The result buffer.
    Buffer,
    /// A hidden vector of this time step.
    Hidden,
    /// A hidden vector of the previous time step; zero in the first step of a sequence.
    HiddenBefore,
}

impl Source {
    /// Its number in the word of a nest, 2 bits: the lower one selects the result buffer or h of
    /// the previous step, the upper one h.
    pub fn code(self) -> u8 {
        match self {
            Source::Input => 0,
            Source::Buffer => 1,
            Source::Hidden => 2,
            Source::HiddenBefore => 3,
        }
    }
}

/// Where a step's results go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dest {
    /// The result buffer.
    Buffer,
    /// The gate buffer in front of the element-wise unit.
    Gates,
    /// The gate buffer of a layer's first part, where a second one completes the gates.
    EarlierGates,
    /// The output buffer.
    Output,
}

impl Dest {
    /// How the hardware distinguishes destinations.
    pub fn code(self) -> u8 {
        match self {
            Dest::Buffer => 0,
            Dest::Gates => 1,
            Dest::Output => 2,
            Dest::EarlierGates => 3,
        }
    }
}

/// What an instruction does besides its loop nest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A contraction step.
    Contract,
    /// The last contraction step of a layer, which starts the element-wise unit.
    Last,
    /// The linear head; skipped if no output is due.
    Head,
}

/// A loop nest with its streams: what the instructions of one step share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desc {
    /// Part of the model; the number of parts for the head.
    pub part: usize,
    /// Contraction step of the model, or the number of steps for the head.
    pub step: usize,
    /// Operands.
    pub source: Source,
    /// Results.
    pub dest: Dest,
    /// Lane bits whose operand lies in the lane's own bank.
    pub keep: u32,
    /// Loops, innermost first.
    pub loops: Vec<Loop>,
    /// How many of them are summed over.
    pub summed: usize,
    /// First ROM word.
    pub weights: usize,
    /// Right shift of the requantizer.
    pub shift: u32,
    /// The same loops before fusing, outermost first; for checks and listings.
    pub raw: Vec<RawLoop>,
}

impl Desc {
    /// Number of iterations, one per cycle.
    pub fn cycles(&self) -> u64 {
        self.loops.iter().map(|l| l.bound as u64).product()
    }
    /// Number of iterations that make one result.
    pub fn summed_cycles(&self) -> u64 {
        self.loops[..self.summed].iter().map(|l| l.bound as u64).product()
    }
}

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instr {
    /// Its loop nest.
    pub desc: usize,
    /// What it is.
    pub kind: Kind,
    /// Slab it works on.
    pub slab: usize,
    /// First operand, in words.
    pub act_base: usize,
    /// First result, in groups of P words.
    pub out_base: usize,
    /// How many results of earlier instructions may still be in flight when this one starts.
    pub lag: usize,
    /// Waits for a slab of x.
    pub wait_input: bool,
    /// Hands a slab of x back to the loader when done.
    pub release_input: bool,
    /// Waits until h of the previous time step is written.
    pub wait_hidden: bool,
}

/// How the stream is written into the input buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loader {
    /// Elements written at once, a power of two that divides the number of elements per beat.
    pub elements: usize,
    /// Loops over the writes of a time step, innermost first; strides in words.
    pub loops: Vec<Loop>,
    /// Slabs that hold x.
    pub slabs: usize,
    /// Columns of a slab.
    pub slab_columns: usize,
    /// Frames that the input buffer holds: 2 if the input of a time step cannot be refilled after
    /// it has been read.
    pub frames: usize,
}

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
    pub(super) quant: QuantPlan,
    pub(super) hw: HwConfig,
    pub(super) drains: usize,
    pub(super) banks: usize,
    pub(super) input_banks: usize,
    pub(super) cells: usize,
    pub(super) descs: Vec<Desc>,
    pub(super) instrs: Vec<Instr>,
    pub(super) rom: Rom,
    pub(super) tables: Vec<CellTable>,
    pub(super) loader: Loader,
    pub(super) input_words: usize,
    pub(super) buffer_groups: usize,
    pub(super) gate_groups: usize,
    pub(super) hidden: HiddenBuffer,
    pub(super) timing: Timing,
}

impl Program {
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
        self.drains
    }
    /// Banks of the result buffer.
    pub fn banks(&self) -> usize {
        self.banks
    }
    /// Banks of the input buffer, apart from the elements of a write.
    pub fn input_banks(&self) -> usize {
        self.input_banks
    }
    /// Element-wise units side by side.
    pub fn cells(&self) -> usize {
        self.cells
    }
    /// Multiplications per clock if every one has its own block: one per lane, two per element-wise
    /// unit.
    pub fn multipliers(&self) -> usize {
        self.lanes() + 2 * self.cells
    }
    /// Loop nests.
    pub fn descs(&self) -> &[Desc] {
        &self.descs
    }
    /// Instructions of a time step; the head last, if there is one.
    pub fn instrs(&self) -> &[Instr] {
        &self.instrs
    }
    /// Whether instruction `k` produces the output vector: the head, or without one the last step
    /// of the top layer.
    pub fn answers(&self, k: usize) -> bool {
        let kind = if self.quant.head().is_some() { Kind::Head } else { Kind::Last };
        self.instrs.iter().rposition(|i| i.kind == kind) == Some(k)
    }
    /// The weight ROM.
    pub fn rom(&self) -> &Rom {
        &self.rom
    }
    /// Tables of the element-wise units, one per unit.
    pub fn tables(&self) -> &[CellTable] {
        &self.tables
    }
    /// How the input is written.
    pub fn loader(&self) -> &Loader {
        &self.loader
    }
    /// Words of the input buffer for one frame.
    pub fn input_words(&self) -> usize {
        self.input_words
    }
    /// Groups of P words of the result buffer.
    pub fn buffer_groups(&self) -> usize {
        self.buffer_groups
    }
    /// Groups of P gate pre-activations.
    pub fn gate_groups(&self) -> usize {
        self.gate_groups
    }
    /// The memory of the hidden vectors.
    pub fn hidden(&self) -> &HiddenBuffer {
        &self.hidden
    }
    /// Whether contraction steps read hidden vectors from their own memory, besides the head.
    pub fn reads_hidden(&self) -> bool {
        self.descs.iter().any(|d| {
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
    /// Loops of the longest nest.
    pub fn max_loops(&self) -> usize {
        self.descs.iter().map(|d| d.loops.len()).max().unwrap_or(0).max(1)
    }
    /// Cycles per time step in which the lanes work, without the head.
    pub fn busy_cycles(&self) -> u64 {
        let own = self.instrs.iter().filter(|i| i.kind != Kind::Head);
        own.map(|i| self.descs[i.desc].cycles()).sum()
    }
    /// Bits of the gate buffer's, input buffer's and result buffer's contents.
    pub fn buffer_bits(&self) -> u64 {
        let word = u64::from(self.quant.activation_bits());
        let input = (self.input_words * self.loader.frames) as u64 * (word + 1);
        let results = (self.buffer_groups * self.lanes()) as u64 * word;
        let gates = (self.gate_groups * self.gate_parts() * self.lanes()) as u64 * 16;
        let hidden = (self.hidden.words * self.hidden.halves) as u64 * word;
        // What only the element-wise units read does not count.
        let operands = self.descs.iter().any(|d| d.source == Source::HiddenBefore);
        input + results + gates + if operands { hidden } else { 0 }
    }
}
