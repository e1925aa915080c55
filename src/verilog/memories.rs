//! The block memories and multipliers of a design, counted from the program: synthesis must find
//! the same numbers.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::images;
use super::pack::live_bits;
use super::sizes::Sizes;
use super::tables;
use crate::config::CellMultiplier;
use crate::model::GateActivation;
use crate::sched::Program;
use std::collections::BTreeMap;

/// The image of the sigmoid.
const SIGMOID: &str = include_str!("../../templates/lib/ht_sigmoid.hex");
/// The image of the hard sigmoid.
const HARD_SIGMOID: &str = include_str!("../../templates/lib/ht_hard_sigmoid.hex");

/// Identical block memories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// What they hold.
    pub name: &'static str,
    /// How many there are.
    pub count: usize,
    /// Words of one.
    pub words: usize,
    /// Bits of a word; for a ROM those that are not the same in every word, because no synthesizer
    /// stores the others.
    pub bits: usize,
    /// Whether it is written, i.e. not a ROM.
    pub written: bool,
}

/// All block memories of a program's design. Memories that nothing reads are not included, and
/// where not every synthesizer would notice that, the design does not have them.
pub fn memories(program: &Program, sizes: &Sizes) -> Vec<Memory> {
    let images: BTreeMap<String, String> = images::files(program, sizes).into_iter().collect();
    let live = |name: &str| images.get(name).map_or_else(Vec::new, |text| live_bits(text));
    let count = |bits: &[bool]| bits.iter().filter(|&&bit| bit).count();
    let quant = program.quant();
    let act = quant.activation_bits() as usize;
    let (lanes, drains, cells) = (program.lanes(), program.drains(), program.cells());
    let loader = program.loader();
    let memory = |name, count, words: usize, bits, written| {
        let words = words.max(2);
        Memory { name, count, words, bits, written }
    };
    let rom = |name, count, words, bits| memory(name, count, words, bits, false);
    let ram = |name, count, words, bits| memory(name, count, words, bits, true);
    let inputs = program.input_banks() * loader.elements;
    let mut all = vec![
        rom("weights", 1, program.rom().len(), count(&live("weights.hex"))),
        ram("input", inputs, loader.frames * program.input_words() / inputs, act + 1),
        ram("cell states", cells, sizes.rows, 16),
        rom("sigmoid", cells, 256, count(&live_bits(SIGMOID))),
    ];
    let hidden_words = sizes.hidden_words * program.hidden().halves;
    if quant.head().is_some() || program.reads_hidden() {
        all.push(ram("hidden", 1, hidden_words, act));
    }
    if quant.head().is_none() {
        all.push(ram("hidden out", 1, hidden_words, act));
    }
    if quant.cell_unit(0).gates == GateActivation::HardSigmoid {
        all.push(rom("hard sigmoid", cells, 256, count(&live_bits(HARD_SIGMOID))));
    }
    if program.buffer_groups() > 0 {
        let banks = program.banks();
        all.push(ram("results", banks, program.buffer_groups() * lanes / banks, act));
    }
    let bank_bits = (drains / cells).trailing_zeros() as usize;
    for cell in 0..cells {
        let table = live(&format!("gates{cell}.hex"));
        for part in 0..program.gate_parts() {
            let place = tables::place_bit(sizes, part);
            let read = 1 << count(&table[place..place + bank_bits]);
            all.push(ram("gates", read, program.gate_groups() * lanes / drains, 16));
        }
        all.push(rom("gate table", 1, 4 * sizes.rows, count(&table)));
        let hidden = live(&format!("hidden{cell}.hex"));
        all.push(rom("hidden table", 1, sizes.rows, count(&hidden)));
    }
    if quant.head().is_some() {
        let read = drains.min(quant.outputs());
        all.push(ram("outputs", read, sizes.out_groups * lanes / drains, 16));
        if quant.outputs() > 64 {
            all.push(rom("head bias", 1, quant.outputs(), count(&live("head_bias.hex"))));
        }
    }
    all
}

/// Identical multipliers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multiplier {
    /// What they compute.
    pub name: &'static str,
    /// How many there are.
    pub count: usize,
    /// Bits of the factors, both signed.
    pub bits: (usize, usize),
}

/// All multipliers that are written as such: one per lane that has weights, and two per
/// element-wise unit unless it multiplies serially.
pub fn multipliers(program: &Program) -> Vec<Multiplier> {
    let quant = program.quant();
    let lane = (quant.activation_bits() as usize, quant.weight_bits() as usize);
    let of = |name, count, bits| Multiplier { name, count, bits };
    let used = program.rom().lanes_used().into_iter().filter(|&used| used).count();
    let mut all = vec![of("lanes", used, lane)];
    if program.hw().cell_multiplier == CellMultiplier::Dsp {
        all.push(of("cell products", program.cells(), (16, 16)));
        all.push(of("activation slopes", program.cells(), (11, 8)));
    }
    all
}
