//! Widths and depths of the hardware, computed once from a program.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::limits;
use super::pack::{Word, index_bits};
use crate::config::{CellMultiplier, OutputRate};
use crate::error::Result;
use crate::model::Element;
use crate::sched::isa::words::{Item, Width};
use crate::sched::{Loop, Program, Source};

/// Parameters of `ht_engine` that the program does not contain directly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizes {
    /// Loop nests, at least 2.
    pub nests: usize,
    /// Loops of the longest nest.
    pub loops: usize,
    /// Loop counter, bits.
    pub count_w: usize,
    /// Operand address, bits.
    pub act_aw: usize,
    /// Weight address, bits.
    pub wgt_aw: usize,
    /// Result group address, bits.
    pub out_aw: usize,
    /// Bank select bits of a nest's word.
    pub bank_w: usize,
    /// Bank bits that every nest keeps.
    pub bank_always: u32,
    /// Bank bits that no nest keeps.
    pub bank_never: u32,
    /// Accumulator, bits.
    pub acc_w: usize,
    /// Least shift.
    pub shift_min: u32,
    /// Greatest shift minus the least.
    pub shift_span: u32,
    /// Bits of a shift in a nest's word.
    pub shift_w: usize,
    /// Units that each element-wise unit processes.
    pub rows: usize,
    /// Bits of a count of gate groups.
    pub need_w: usize,
    /// Gate word of one element-wise unit, bits.
    pub gate_word_w: usize,
    /// Whether a part may not contribute to one of a unit's sums.
    pub masked: bool,
    /// Words of one half of the hidden buffer.
    pub hidden_words: usize,
    /// Word of the hidden buffer, bits.
    pub hidden_word_w: usize,
    /// Groups of outputs of the head.
    pub out_groups: usize,
    /// Bits of an element's place in a beat.
    pub slot_w: usize,
    /// Loader loops; 1 for consecutive words.
    pub loader_loops: usize,
    /// Loader's loop counters, bits.
    pub loader_cw: usize,
    /// Clocks of a beat of the element-wise units.
    pub serial_cells: bool,
    /// Whether there is an output vector after each time step.
    pub every_step: bool,
}

impl Sizes {
    /// Computes the sizes.
    ///
    /// # Errors
    /// When the program exceeds a limit of the library.
    pub fn of(program: &Program) -> Result<Sizes> {
        let quant = program.quant();
        let banks = program.banks();
        let keeps: Vec<u32> =
            program.nests().iter().filter(|d| d.source == Source::Buffer).map(|d| d.keep).collect();
        let mask = banks as u32 - 1;
        let shifts: Vec<u32> = program.nests().iter().map(|d| d.shift).collect();
        let shift_min = shifts.iter().copied().min().unwrap_or(1);
        let shift_span = shifts.iter().copied().max().unwrap_or(1) - shift_min;
        let act_bits = quant.activation_bits() as usize;
        let longest = acc_floor(shift_min + shift_span);
        let loader = program.loader();
        let banked = program.input_banks() > 1;
        let hidden_words = program.hidden().words;
        let gate_depth = (program.gate_groups() * program.lanes() / program.drains()).max(2);
        let spread = program.drains() / program.cells();
        let slot_w = if quant.input().stream_bits <= 8 { 8 } else { 16 };
        let counts = |loops: &[Loop]| loops.iter().map(|l| l.bound).max().unwrap_or(1);
        let sizes = Sizes {
            nests: program.nests().len().max(2),
            loops: program.max_loops(),
            count_w: program
                .nests()
                .iter()
                .map(|d| index_bits(counts(&d.loops)))
                .max()
                .unwrap_or(1),
            act_aw: act_bits_needed(program, hidden_words * program.hidden().halves),
            wgt_aw: index_bits(program.rom().len()),
            out_aw: index_bits(groups(program)),
            bank_w: index_bits(banks),
            bank_always: if keeps.is_empty() { 0 } else { keeps.iter().fold(mask, |m, k| m & k) },
            bank_never: mask & !keeps.iter().fold(0, |m, k| m | k),
            acc_w: (quant.acc_bits() as usize)
                .max(act_bits + quant.weight_bits() as usize)
                .max(longest),
            shift_min,
            shift_span,
            shift_w: index_bits(shift_span as usize + 1),
            rows: program.tables()[0].0.len(),
            need_w: index_bits(program.gate_groups() + 1),
            gate_word_w: index_bits(gate_depth) + spread.ilog2() as usize,
            masked: masked(program),
            hidden_words,
            hidden_word_w: index_bits(hidden_words),
            out_groups: quant.outputs().div_ceil(program.lanes()),
            slot_w,
            loader_loops: if banked { loader.loops.len().max(2) } else { 1 },
            loader_cw: index_bits(counts(&loader.loops)),
            serial_cells: program.hw().cell_multiplier == CellMultiplier::Serial,
            every_step: program.hw().output == OutputRate::Step,
        };
        limits::check(program, sizes.nests << sizes.level_w(), sizes.loops, sizes.acc_w)?;
        Ok(sizes)
    }

    /// Bits of an item.
    pub(super) fn width(&self, width: Width) -> usize {
        match width {
            Width::Bits(bits) => bits,
            Width::Operand => self.act_aw,
            Width::Weight => self.wgt_aw,
            Width::Result => self.out_aw,
            Width::Nest => index_bits(self.nests),
            Width::Count => self.count_w,
            Width::LoaderCount => self.loader_cw,
            Width::Bank => self.bank_w,
            Width::Shift => self.shift_w,
        }
    }
    /// A word with the items of `of` behind what it has.
    pub(super) fn packed<T>(&self, word: Word, items: &[Item<T>], of: &T) -> Word {
        items.iter().fold(word, |word, item| {
            let (value, bits) = ((item.value)(of), self.width(item.width));
            match item.width {
                Width::Shift => word.push(value - i64::from(self.shift_min), bits),
                _ if item.modulo => word.push_modulo(value, bits),
                _ => word.push(value, bits),
            }
        })
    }
    /// The names of the items for the head of an image, highest first.
    pub(super) fn names<T>(&self, items: &[Item<T>]) -> String {
        let name = |item: &Item<T>| match item.width {
            Width::Shift => format!("{} - {}", item.name, self.shift_min),
            _ => item.name.to_owned(),
        };
        items.iter().rev().map(name).collect::<Vec<_>>().join(", ")
    }
    /// Bits of the loops in a nest's word.
    pub fn loops_w(&self) -> usize {
        self.loops * (self.count_w + 1)
    }
    /// log2 of the deltas stored for a nest.
    pub fn level_w(&self) -> usize {
        index_bits(self.loops)
    }
    /// Bits of a beat of the input stream.
    pub fn in_bits(&self, program: &Program) -> usize {
        program.hw().elements_per_beat.get() * self.slot_w
    }
    /// Whether the stream carries two's complement.
    pub fn in_signed(program: &Program) -> bool {
        program.quant().input().element == Element::Real
    }
}

/// Whether some part does not contribute to one of a unit's sums.
fn masked(program: &Program) -> bool {
    let parts = program.gate_parts();
    let units = program.tables().iter().flat_map(|table| &table.0);
    units.filter(|u| u.unit.is_some()).any(|u| u.gates.iter().any(|g| g[..parts].contains(&None)))
}

/// The requantizer shifts by less than the accumulator's width.
fn acc_floor(shift: u32) -> usize {
    shift as usize + 1
}

/// Number of groups that a result address can select.
fn groups(program: &Program) -> usize {
    let outputs = program.quant().outputs().div_ceil(program.lanes());
    program.buffer_groups().max(program.gate_groups()).max(outputs)
}

fn act_bits_needed(program: &Program, hidden_words: usize) -> usize {
    let input = program.input_words() * program.loader().frames;
    let buffer = program.buffer_groups() * program.lanes();
    index_bits(input.max(buffer).max(hidden_words).max(program.banks() * 2))
}
