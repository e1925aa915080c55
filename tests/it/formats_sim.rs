//! Random models of every tensor format, cell and number of layers as hardware: exact, in the
//! predicted clocks, with pauses, resets and misplaced ends.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::formats::{FORMATS, PLAIN, Split, Wanted, model};
use crate::simulated::Design;
use crate::{exact, sim};
use htgen::model::{Cell, GateActivation};

/// The random model `seed` of a kind in Verilator.
#[track_caller]
fn simulated(name: &str, wanted: Wanted, seed: u64) {
    let (widths, hw) = sim::hardware(seed);
    let quant = exact::quantized(&model(wanted, seed), widths);
    if let Some(design) = Design::of(&format!("format-{name}-{seed}"), &quant, &hw) {
        sim::check_design(&design, seed);
    }
}

#[test]
fn every_format_is_simulated() {
    for (seed, format) in (1..).zip(["tt", "tr", "bt", "dense"]) {
        simulated(format, Wanted { format, ..PLAIN }, seed);
    }
}

#[test]
fn matrices_apart_are_simulated() {
    for (seed, format) in (11..).zip(FORMATS) {
        simulated(format, Wanted { format, split: Split::Apart, ..PLAIN }, seed);
    }
}

#[test]
fn gru_and_hard_sigmoid_are_simulated() {
    let gru = Wanted { cell: Cell::Gru, ..PLAIN };
    let hard = GateActivation::HardSigmoid;
    simulated("gru", gru, 21);
    simulated("gru", Wanted { split: Split::Apart, format: "tt", ..gru }, 22);
    simulated("gru", Wanted { split: Split::InputOnly, activation: hard, ..gru }, 23);
    simulated("hard", Wanted { activation: hard, ..PLAIN }, 24);
    simulated("hard", Wanted { activation: hard, split: Split::Apart, format: "bt", ..PLAIN }, 25);
}

#[test]
fn layers_are_simulated() {
    let two = Wanted { layers: 2, ..PLAIN };
    simulated("two", two, 31);
    simulated("two", Wanted { split: Split::Apart, format: "tt", ..two }, 32);
    simulated("two", Wanted { cell: Cell::Gru, format: "tr", ..two }, 33);
    simulated("two", Wanted { split: Split::InputOnly, format: "dense", ..two }, 34);
    simulated("three", Wanted { layers: 3, format: "bt", ..PLAIN }, 35);
}
