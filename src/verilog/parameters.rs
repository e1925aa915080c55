//! The engine's parameters: name, value, meaning.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::library;
use super::pack::Word;
use super::sizes::Sizes;
use crate::model::{Cell, GateActivation};
use crate::sched::Program;
use std::collections::BTreeMap;

/// The parameters of a program's engine as lines of its instance.
pub(super) fn lines(program: &Program, sizes: &Sizes) -> Vec<String> {
    assignments(&parameters(program, sizes))
}

/// A constant of Verilog with these bits, lowest first.
fn bits(bits: &[bool]) -> String {
    let word = bits.iter().fold(Word::default(), |word, &bit| word.push(i64::from(bit), 1));
    format!("{}'h{}", bits.len(), word.hex())
}

/// The same as lines of the instance, with what the engine says of each.
fn assignments(parameters: &[(&'static str, String)]) -> Vec<String> {
    let meanings: BTreeMap<&str, &str> = library::engine_parameters().collect();
    let last = parameters.len() - 1;
    let line = |(k, (name, value)): (usize, &(&'static str, String))| {
        let comma = if k == last { "" } else { "," };
        let set = format!(".{name:<13} ({value}){comma}");
        format!("{set:<40} // {}", meanings[name])
    };
    parameters.iter().enumerate().map(line).collect()
}

/// The engine's parameters for a program: name and value, in the engine's order.
fn parameters(program: &Program, sizes: &Sizes) -> Vec<(&'static str, String)> {
    let quant = program.quant();
    let (input, loader, cell) = (quant.input(), program.loader(), &quant.top().cell);
    let unit = quant.cell_unit(0);
    let text = |name, value: &str| (name, format!("\"{value}\""));
    let number = |name, value: usize| (name, value.to_string());
    let mut out = vec![
        text("PROGRAM_FILE", "program.hex"),
        text("NEST_FILE", "nests.hex"),
        text("DELTA_FILE", "deltas.hex"),
        text("WEIGHT_FILE", "weights.hex"),
        text("LOADER_FILE", "loader.hex"),
        text("GATE_FILE", "gates"),
        text("HIDDEN_FILE", "hidden"),
        text("BIAS_FILE", if quant.head().is_some() { "head_bias.hex" } else { "" }),
        text("SIGMOID_FILE", "ht_sigmoid.hex"),
        text("HARD_FILE", "ht_hard_sigmoid.hex"),
    ];
    out.extend([
        number("LANES", program.lanes()),
        ("LANES_USED", bits(&program.rom().lanes_used())),
        number("DRAINS", program.drains()),
        number("BANKS", program.banks()),
        number("BANK_ALWAYS", sizes.bank_always as usize),
        number("BANK_NEVER", sizes.bank_never as usize),
        number("INPUT_BANKS", program.input_banks()),
        number("CELLS", program.cells()),
        number("ROWS", sizes.rows),
        number("PROGRAM_LEN", program.instrs().len()),
        number("NESTS", sizes.nests),
        number("LOOPS", sizes.loops),
        number("COUNT_W", sizes.count_w),
        number("WEIGHT_WORDS", program.rom().len()),
        number("FRAME_WORDS", program.input_words()),
        number("FRAMES", loader.frames),
        number("GROUPS", program.buffer_groups()),
        number("GATE_GROUPS", program.gate_groups()),
        number("HIDDEN_WORDS", sizes.hidden_words),
        number("HIDDEN_HALVES", program.hidden().halves),
        number("HIDDEN_FIRST", program.hidden().output),
        number("HIDDEN_READ", usize::from(program.reads_hidden())),
        number("OUTPUTS", quant.outputs()),
        number("OUT_GROUPS", sizes.out_groups),
        number("NEED_W", sizes.need_w),
        number("ACT_W", quant.activation_bits() as usize),
        number("WGT_W", quant.weight_bits() as usize),
        number("ACC_W", sizes.acc_w),
        number("ACT_AW", sizes.act_aw),
        number("OUT_AW", sizes.out_aw),
        number("SHIFT_MIN", sizes.shift_min as usize),
        number("SHIFT_SPAN", sizes.shift_span as usize),
        number("C_FRAC", cell.cell_frac as usize),
        number("H_FRAC", cell.hidden_frac as usize),
        number("GATE_SHIFT", cell.gate_shift as usize),
        number("SERIAL_CELLS", usize::from(sizes.serial_cells)),
        number("PARTS", program.gate_parts()),
        number("MASKED", usize::from(sizes.masked)),
        number("LAYERED", usize::from(quant.layers().len() > 1)),
        number("GRU", usize::from(unit.cell == Cell::Gru)),
        number("HARD", usize::from(unit.gates == GateActivation::HardSigmoid)),
        number("INPUTS", input.count),
        number("BEAT", program.hw().elements_per_beat.get()),
        number("ELEMENTS", loader.elements),
        number("SLOT_W", sizes.slot_w),
        number("IN_W", input.stream_bits as usize),
        number("IN_SIGNED", usize::from(Sizes::in_signed(program))),
        ("IN_SHIFT", input.shift_left.to_string()),
        number("LOADER_LOOPS", sizes.loader_loops),
        number("LOADER_CW", sizes.loader_cw),
        number("SLAB_COLUMNS", loader.slab_columns),
        number("SLABS", loader.slabs),
        number("HEAD", usize::from(quant.head().is_some())),
        number("EVERY_STEP", usize::from(sizes.every_step)),
    ]);
    out
}

#[cfg(test)]
mod tests {
    use super::{assignments, library};

    /// A value for each parameter of the engine, in its order, and a meaning beside each.
    #[test]
    fn every_parameter_has_its_meaning() {
        let meanings: Vec<(&str, &str)> = library::engine_parameters().collect();
        assert!(meanings.len() > 50, "{meanings:?}");
        assert!(meanings.iter().all(|(_, meaning)| !meaning.is_empty()), "{meanings:?}");
        let lines = assignments(&[("LANES", "4".into()), ("EVERY_STEP", "1".into())]);
        assert_eq!(
            lines[0],
            ".LANES         (4),                      // multiply-accumulate lanes"
        );
        assert_eq!(lines[1].split("//").next().unwrap().trim_end(), ".EVERY_STEP    (1)");
    }
}
