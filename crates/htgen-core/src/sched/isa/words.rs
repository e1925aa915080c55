//! The words of the instruction set: the items of each, lowest first, with their widths and values.
//!
//! The emitter packs the images from these lists and heads them with the names; the tables in
//! docs/engine.md are made of them. The modules of the library take the same items apart.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Instr, Kind, LAG_BITS, Loop, Nest, Source};

/// The width of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// The same in every design.
    Bits(usize),
    /// An address of an operand.
    Operand,
    /// An address in the weight ROM.
    Weight,
    /// The number of a group of results.
    Result,
    /// The number of a nest.
    Nest,
    /// A counter of a loop.
    Count,
    /// A counter of a loop of the loader.
    LoaderCount,
    /// The number of a bank.
    Bank,
    /// A shift above the least one of the design, which is subtracted from the value.
    Shift,
}

impl Width {
    /// How the documents spell it: bits, or what the library calls the width.
    pub fn name(self) -> String {
        let name = match self {
            Width::Bits(bits) => return bits.to_string(),
            Width::Operand => "ACT_AW",
            Width::Weight => "WGT_AW",
            Width::Result => "OUT_AW",
            Width::Nest => "NEST_IW",
            Width::Count => "COUNT_W",
            Width::LoaderCount => "LOADER_CW",
            Width::Bank => "BANK_W",
            Width::Shift => "SHIFT_W",
        };
        format!("`{name}`")
    }
}

/// One item of a word that describes a `T`.
pub struct Item<T> {
    /// What an image calls it.
    pub name: &'static str,
    /// How wide it is.
    pub width: Width,
    /// Whether it is stored modulo 2^width, as an adder of that width wants it.
    pub modulo: bool,
    /// What it means.
    pub meaning: &'static str,
    /// What is stored.
    pub value: fn(&T) -> i64,
}

const fn item<T>(
    name: &'static str,
    width: Width,
    meaning: &'static str,
    value: fn(&T) -> i64,
) -> Item<T> {
    Item { name, width, modulo: false, meaning, value }
}

/// What the hardware adds to an address.
const fn delta(name: &'static str, width: Width, value: fn(&Loop) -> i64) -> Item<Loop> {
    let meaning = "added when the loop advances and those inside it start again";
    Item { name, width, modulo: true, meaning, value }
}

/// A bit that is one where an instruction does this.
const fn flag(name: &'static str, meaning: &'static str, value: fn(&Instr) -> i64) -> Item<Instr> {
    item(name, Width::Bits(1), meaning, value)
}

/// An instruction: `program.hex`.
pub const INSTRUCTION: [Item<Instr>; 14] = [
    item("operand word", Width::Operand, "where it reads first", |i| i.act_base as i64),
    item("result group", Width::Result, "where it writes first", |i| i.out_base as i64),
    item("nest", Width::Nest, "number of its loop nest", |i| i.nest as i64),
    item(
        "lag",
        Width::Bits(LAG_BITS),
        "how many earlier instructions may still have results under way",
        |i| i.lag as i64,
    ),
    flag("waits-x", "takes a filled slab of the input", |i| i.wait_input.into()),
    flag("releases-x", "hands its slab back", |i| i.release_input.into()),
    flag("takes-frame", "its slab is the last of the time step", |i| i.takes_frame.into()),
    flag("waits-h", "the element-wise units must be done with the previous time step", |i| {
        i.wait_hidden.into()
    }),
    flag("reads-x", "operands from the input buffer", |i| (i.source == Source::Input).into()),
    flag("last", "starts the element-wise units of a layer", |i| (i.kind == Kind::Last).into()),
    flag(
        "answers",
        "yields the output vector: the linear head, skipped when no output is due, or the top \
         layer's last step without one",
        |i| i.answers.into(),
    ),
    flag("opens-step", "is the first of the time step", |i| i.opens_step.into()),
    flag("reads-h", "operands from the hidden buffer, of this time step", |i| {
        (i.source == Source::Hidden).into()
    }),
    flag("reads-h-before", "operands from the hidden buffer, of the previous time step", |i| {
        (i.source == Source::HiddenBefore).into()
    }),
];

/// A loop with whether it is summed over: what the word of a nest begins with, once for each loop
/// of the longest nest, innermost first.
pub const LOOP: [Item<(Loop, bool)>; 2] = [
    item("iterations - 1", Width::Count, "0 where the nest has no such loop", |l| {
        l.0.bound as i64 - 1
    }),
    item("summed", Width::Bits(1), "the loop is summed over", |l| l.1.into()),
];

/// A nest, after its loops: `nests.hex`.
pub const NEST: [Item<Nest>; 5] = [
    item("first weight", Width::Weight, "ROM word of its first iteration", |n| n.weights as i64),
    item("source", Width::Bits(2), "where operands come from", |n| n.source.code().into()),
    item(
        "kept bank bits",
        Width::Bank,
        "bits of the bank that a lane takes from its number",
        |n| n.kept_banks().into(),
    ),
    item("shift", Width::Shift, "right shift of the requantizer, less `SHIFT_MIN`", |n| {
        n.shift.into()
    }),
    item("destination", Width::Bits(2), "where results go", |n| n.dest.code().into()),
];

/// The address deltas of a loop: `deltas.hex`, by nest and loop.
pub const DELTAS: [Item<Loop>; 3] = [
    delta("operand", Width::Operand, |l| l.act),
    delta("weight", Width::Weight, |l| l.wgt),
    delta("result", Width::Result, |l| l.out),
];

/// A loop of the loader: `loader.hex`, where the input buffer has banks. The strides are deltas.
pub const LOADER: [Item<Loop>; 2] = [
    delta("address delta", Width::Operand, |l| l.act),
    item("iterations - 1", Width::LoaderCount, "of this loop", |l| l.bound as i64 - 1),
];
