//! The block memories and multipliers of a design, counted from the program: what synthesis must
//! find again.

use super::sizes::Sizes;
use crate::config::CellMultiplier;
use crate::sched::Program;

/// Identical block memories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// What they hold.
    pub name: &'static str,
    /// How many there are.
    pub count: usize,
    /// Words of one.
    pub words: usize,
    /// Bits of a word.
    pub bits: usize,
}

/// All block memories of a program's design.
pub fn memories(program: &Program, sizes: &Sizes) -> Vec<Memory> {
    let quant = program.quant();
    let act = quant.activation_bits() as usize;
    let (lanes, drains, cells) = (program.lanes(), program.drains(), program.cells());
    let loader = program.loader();
    let of = |name, count, words: usize, bits| Memory { name, count, words: words.max(2), bits };
    let inputs = program.input_banks() * loader.elements;
    let gate_entry = sizes.need_w + sizes.gate_word_w + 16;
    let mut all = vec![
        of("weights", 1, program.rom().len(), lanes * quant.weight_bits() as usize),
        of("input", inputs, loader.frames * program.input_words() / inputs, act + 1),
        of("results", program.banks(), program.buffer_groups() * lanes / program.banks(), act),
        of("gates", drains, program.gate_groups() * lanes / drains, 16),
        of("gate tables", cells, 4 * sizes.rows, gate_entry),
        of("hidden tables", cells, sizes.rows, 1 + sizes.act_aw + sizes.hidden_slot_w),
        of("hidden", 1, sizes.hidden_words, act),
        of("cell states", cells, sizes.rows, 16),
        of("sigmoid", cells, 256, 24),
    ];
    if quant.head().is_some() {
        all.push(of("outputs", drains, sizes.out_groups * lanes / drains, 16));
        if quant.outputs() > 64 {
            all.push(of("head bias", 1, quant.outputs(), 16));
        }
    }
    all
}

/// Multipliers: one a lane, and two an element-wise unit unless they are serial.
pub fn multipliers(program: &Program) -> usize {
    let cells = match program.hw().cell_multiplier {
        CellMultiplier::Dsp => 2 * program.cells(),
        CellMultiplier::Serial => 0,
    };
    program.lanes() + cells
}
