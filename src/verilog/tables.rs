//! Images of the element-wise units: where gates are, where h goes.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::pack::{Word, image};
use super::sizes::Sizes;
use crate::arith::GATE_FRAC;
use crate::model::Cell;
use crate::sched::{Program, Unit, UnitTable};

/// Bits of a bias.
const BIAS_BITS: usize = 16;

/// First bit of a part's place in the word of a gate; its lowest bits select a memory.
pub(super) fn place_bit(sizes: &Sizes, part: usize) -> usize {
    BIAS_BITS + part * (sizes.gate_word_w + usize::from(sizes.masked))
}

/// Four rows for each unit.
pub(super) fn gates(program: &Program, sizes: &Sizes, table: &UnitTable) -> String {
    let names = match program.quant().cell_unit(0).cell {
        Cell::Lstm => ["gate i", "gate f", "gate g", "gate o"],
        Cell::Gru => ["gate r", "gate z", "candidate of h", "candidate of x"],
    };
    let several = program.quant().layers().len() > 1;
    let mut rows = Vec::new();
    for unit in &table.0 {
        for (phase, name) in names.iter().enumerate() {
            let mut word = Word::default().push(i64::from(unit.bias[phase]), BIAS_BITS);
            for place in &unit.gates[phase][..program.gate_parts()] {
                let own = place.unwrap_or(0) / program.cells();
                word = word.push(own as i64, sizes.gate_word_w);
                if sizes.masked {
                    word = word.push(i64::from(place.is_some()), 1);
                }
            }
            word = word.push(unit.need as i64, sizes.need_w);
            if several {
                word = word.push(i64::from(unit.last), 1);
            }
            rows.push((
                word,
                format!("{}, {name}, bias {}", unit_name(unit, several), unit.bias[phase]),
            ));
        }
    }
    let frac = GATE_FRAC - program.quant().gate_shift() as i32;
    let format = format!(
        "last of its layer (of several), gate groups needed, by part from the last: in use (if not \
         always), word of the gate buffer; bias ({frac} fraction bits)"
    );
    image("gates", &format, rows, 8)
}

/// A row for each unit.
pub(super) fn hidden(program: &Program, sizes: &Sizes, table: &UnitTable) -> String {
    let several = program.quant().layers().len() > 1;
    let rows = table.0.iter().map(|unit| {
        let mut word = Word::default()
            .push(unit.hidden_word as i64, sizes.hidden_word_w)
            .push(unit.input_word.unwrap_or(0) as i64, sizes.act_aw)
            .push(i64::from(unit.input_word.is_some()), 1);
        if several {
            word = word.push(i64::from(unit.last), 1);
        }
        (word, unit_name(unit, several))
    });
    let format = "last of its layer (of several), to the input buffer, word of the input buffer, \
                  word of the hidden buffer";
    image("hidden", format, rows, 2)
}

fn unit_name(unit: &Unit, several: bool) -> String {
    match unit.unit {
        None => "filler".to_string(),
        Some(j) if several => format!("layer {}, unit {j}", unit.layer),
        Some(j) => format!("unit {j}"),
    }
}
