//! Builds the tables of the element-wise units: in which order hidden units are processed, where
//! their gates are, where h goes.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::gates::GatePlaces;
use super::hidden::HiddenPlaces;
use super::layout::PartLayout;
use super::units::{Unit, UnitTable};
use crate::quant::QuantPlan;

/// Builds the tables for `cells` units side by side, and counts the words of the hidden buffer that
/// they write; none if the parts of a layer do not deliver the gates of every unit to the same
/// element-wise unit.
pub(super) fn tables(
    layouts: &[PartLayout<'_>],
    quant: &QuantPlan,
    places: &GatePlaces,
    hidden: &HiddenPlaces,
    cells: usize,
) -> Option<(Vec<UnitTable>, usize)> {
    let mut tables: Vec<Vec<Unit>> = vec![Vec::new(); cells];
    for layer in 0..quant.layers().len() {
        let units = units(layouts, quant, places, layer);
        let mut own: Vec<Vec<Unit>> = vec![Vec::new(); cells];
        for unit in units {
            let mut banks = unit.gates.iter().flatten().flatten().map(|place| place % cells);
            let bank = banks.next().expect("every unit has a gate");
            if banks.any(|other| other != bank) {
                return None;
            }
            own[bank].push(unit);
        }
        level(&mut own, layer);
        for (table, own) in tables.iter_mut().zip(own) {
            table.extend(own);
        }
    }
    let words = place_hidden(&mut tables, hidden);
    Some((tables.into_iter().map(UnitTable).collect(), words))
}

/// The units of a layer in processing order.
fn units(
    layouts: &[PartLayout<'_>],
    quant: &QuantPlan,
    places: &GatePlaces,
    layer: usize,
) -> Vec<Unit> {
    let cell = &quant.layers()[layer].cell;
    let mut parts: Vec<(&PartLayout<'_>, &Vec<usize>)> =
        layouts.iter().zip(&places.words).filter(|(layout, _)| layout.layer == layer).collect();
    parts.reverse();
    let place = |phase: usize, j: usize, k: usize| {
        let (layout, places) = parts.get(k)?;
        cell.row(phase, j, layout.part.operand()).map(|row| places[row])
    };
    let lane_bits = layouts[0].lane_bits;
    let input_words = if layer == 0 { input_words(&layouts[0], quant) } else { None };
    let unit = |j: usize| {
        let gates = [0, 1, 2, 3].map(|phase| [0, 1].map(|k| place(phase, j, k)));
        let completing = gates.iter().filter_map(|gate| gate[0]);
        Unit {
            unit: Some(j),
            layer,
            need: completing.map(|place| place >> lane_bits).max().unwrap_or(0) + 1,
            gates,
            bias: [0, 1, 2, 3].map(|phase| cell.bias[phase * cell.units + j]),
            input_word: input_words.as_ref().map(|words| words[j]),
            hidden_word: 0,
            last: false,
        }
    };
    let mut units: Vec<Unit> = (0..cell.units).map(unit).collect();
    units.sort_by_key(|unit| (unit.need, unit.gates[0][0], unit.gates[0][1]));
    units
}

/// Pads the tables of a layer to one length, at least the two rows of the hardware tables. The
/// units run in lock step: each row waits for the latest of its gates.
fn level(tables: &mut [Vec<Unit>], layer: usize) {
    let longest = tables.iter().map(Vec::len).max().unwrap_or(0).max(2);
    for (e, table) in tables.iter_mut().enumerate() {
        let filler = Unit {
            unit: None,
            layer,
            need: 0,
            gates: [[Some(e), None]; 4],
            bias: [0; 4],
            input_word: None,
            hidden_word: 0,
            last: false,
        };
        table.resize(longest, filler);
    }
    for row in 0..longest {
        let need = tables.iter().map(|t| t[row].need).max().unwrap_or(0);
        tables.iter_mut().for_each(|t| t[row].need = need);
    }
    tables.iter_mut().for_each(|t| t[longest - 1].last = true);
}

/// Gives every row its word of the hidden buffer, fillers after all units; returns the total number
/// of words.
fn place_hidden(tables: &mut [Vec<Unit>], hidden: &HiddenPlaces) -> usize {
    let cells = tables.len();
    let HiddenPlaces::ByUnit { first, words } = hidden else {
        for (e, table) in tables.iter_mut().enumerate() {
            for (row, unit) in table.iter_mut().enumerate() {
                unit.hidden_word = row * cells + e;
            }
        }
        return tables.iter().map(Vec::len).sum();
    };
    let mut next = *words;
    for unit in tables.iter_mut().flatten() {
        unit.hidden_word = match unit.unit {
            Some(j) => first[unit.layer] + j,
            None => {
                next += 1;
                next - 1
            }
        };
    }
    next
}

/// Word of the input buffer for every hidden unit of the bottom layer.
fn input_words(layout: &PartLayout<'_>, quant: &QuantPlan) -> Option<Vec<usize>> {
    let offset = quant.input().hidden_offset?;
    let units = quant.layers()[0].cell.units;
    Some((0..units).map(|j| layout.operand_word(offset + j)).collect())
}
