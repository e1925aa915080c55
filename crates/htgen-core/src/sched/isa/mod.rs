//! The instruction set: instructions, loop nests, where operands come from and where results go.
//!
//! The scheduler writes it; the interpreter, the timing model, the check, the listings and the
//! emitter read it. [`words`] says how it lies in the images, item by item.
// SPDX-License-Identifier: MIT OR Apache-2.0

pub mod words;

/// Bits of [`Instr::lag`].
pub const LAG_BITS: usize = 3;

/// Largest value of [`Instr::lag`]; there are never more results in flight.
pub const MAX_LAG: usize = (1 << LAG_BITS) - 1;

/// Where a nest's operands come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
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
    /// All of them, in the order of their codes.
    pub const ALL: [Source; 4] =
        [Source::Input, Source::Buffer, Source::Hidden, Source::HiddenBefore];

    /// Its number in the word of a nest: the lower bit selects the result buffer or h of the
    /// previous step, the upper one h.
    pub fn code(self) -> u8 {
        match self {
            Source::Input => 0,
            Source::Buffer => 1,
            Source::Hidden => 2,
            Source::HiddenBefore => 3,
        }
    }
    /// What it is, in the words of the documents.
    pub fn meaning(self) -> &'static str {
        match self {
            Source::Input => "input buffer",
            Source::Buffer => "result buffer",
            Source::Hidden => "hidden buffer, h of this time step",
            Source::HiddenBefore => "hidden buffer, h of the previous time step",
        }
    }
}

/// Where a nest's results go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
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
    /// All of them, in the order of their codes.
    pub const ALL: [Dest; 4] = [Dest::Buffer, Dest::Gates, Dest::Output, Dest::EarlierGates];

    /// How the hardware distinguishes destinations.
    pub fn code(self) -> u8 {
        match self {
            Dest::Buffer => 0,
            Dest::Gates => 1,
            Dest::Output => 2,
            Dest::EarlierGates => 3,
        }
    }
    /// What it is, in the words of the documents.
    pub fn meaning(self) -> &'static str {
        match self {
            Dest::Buffer => "result buffer",
            Dest::Gates => "gate buffer of the part that completes the gates",
            Dest::Output => "output buffer",
            Dest::EarlierGates => "gate buffer of the part before it",
        }
    }
}

/// What an instruction does besides its loop nest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A contraction step.
    Contract,
    /// The last contraction step of a layer, which starts the element-wise unit.
    Last,
    /// The linear head; skipped if no output is due.
    Head,
}

/// One loop of the hardware.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loop {
    /// Number of iterations.
    pub bound: usize,
    /// Stride of the operand, in words.
    pub act: i64,
    /// Stride in the weight ROM, in ROM words.
    pub wgt: i64,
    /// Stride of the result, in groups of P words.
    pub out: i64,
}

impl Loop {
    /// What stands where a nest has no loop: a single iteration.
    pub const UNUSED: Loop = Loop { bound: 1, act: 0, wgt: 0, out: 0 };
}

/// What is added to the addresses when loop `level` advances and all inner ones start again.
pub fn deltas(loops: &[Loop], level: usize) -> Loop {
    let back = |stride: fn(&Loop) -> i64| -> i64 {
        loops[..level].iter().map(|l| (l.bound as i64 - 1) * stride(l)).sum()
    };
    let own = &loops[level];
    Loop {
        bound: own.bound,
        act: own.act - back(|l| l.act),
        wgt: own.wgt - back(|l| l.wgt),
        out: own.out - back(|l| l.out),
    }
}

/// A loop nest with its streams: what the instructions of one step share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nest {
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
}

impl Nest {
    /// Number of iterations, one per cycle.
    pub fn cycles(&self) -> u64 {
        self.loops.iter().map(|l| l.bound as u64).product()
    }
    /// Number of iterations that make one result.
    pub fn summed_cycles(&self) -> u64 {
        self.loops[..self.summed].iter().map(|l| l.bound as u64).product()
    }
    /// Kept bits of the bank number: only the result buffer is read through the network.
    pub fn kept_banks(&self) -> u32 {
        if self.source == Source::Buffer { self.keep } else { 0 }
    }
}

/// One instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instr {
    /// Number of its loop nest.
    pub nest: usize,
    /// What it is.
    pub kind: Kind,
    /// That of its nest: the sequencer selects the half of a buffer before the nest is read.
    pub source: Source,
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
    /// The slab that it waits for is the last of the time step.
    pub takes_frame: bool,
    /// Waits until h of the previous time step is written.
    pub wait_hidden: bool,
    /// Gives the output vector: the head, or without one the last step of the top layer.
    pub answers: bool,
    /// Is the first of the time step.
    pub opens_step: bool,
}

impl Instr {
    /// Runs a nest over the first operands, into the first group, and waits for nothing.
    pub fn plain(number: usize, nest: &Nest) -> Instr {
        Instr {
            nest: number,
            kind: Kind::Contract,
            source: nest.source,
            slab: 0,
            act_base: 0,
            out_base: 0,
            lag: MAX_LAG,
            wait_input: false,
            release_input: false,
            takes_frame: false,
            wait_hidden: false,
            answers: false,
            opens_step: false,
        }
    }
}
