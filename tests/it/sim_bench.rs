//! The bench itself: a player stands in for the design and breaks one rule after another; each must
//! be noticed and reported by its name.
// SPDX-License-Identifier: MIT OR Apache-2.0

use htgen::model::Widths;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use htgen::config::HwConfig;
use htgen::fixed::Executor;
use htgen::sim::{Event, EventKind, Gaps, SimOptions, Stimulus};

use crate::simulated::{Design, options};

/// Turns a design into a player of the right answers.
fn play(design: &Design, stimulus: &Stimulus) {
    let quant = design.program.quant();
    let mut executor = Executor::new(quant);
    let (mut image, mut total) = (String::new(), 0);
    for k in 0..stimulus.count() {
        executor.reset();
        for t in 0..stimulus.steps(k) {
            executor.step(stimulus.step(k, t), &mut ());
        }
        for value in executor.output(&mut ()) {
            writeln!(image, "{:04x}", value as u16).unwrap();
            total += 1;
        }
    }
    let player = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sim/player.v");
    let text = fs::read_to_string(player).unwrap();
    let text = text
        .replace("PLAYER_IN_BITS", &design.slot_bits().to_string())
        .replace("PLAYER_VALUES", &quant.outputs().to_string())
        .replace("PLAYER_TOTAL", &total.to_string());
    fs::write(design.dir.join("random_top.v"), text).unwrap();
    fs::write(design.dir.join("player.hex"), image).unwrap();
}

#[test]
fn every_broken_rule_is_called_by_its_name() {
    let (widths, hw) = (Widths::default(), HwConfig::default());
    let Some(design) = Design::random_named("player", 5, widths, &hw) else { return };
    let stimulus = design.stimulus(&[1, 2, 1, 3], 9);
    play(&design, &stimulus);
    let ragged = Gaps { source_percent: 80, sink_percent: 40, stall_every: 0, stall_clocks: 0 };
    let options = SimOptions { gaps: ragged, ..options(1) };
    for (fault, what) in [
        (0, None),
        (1, Some("hang")),
        (2, Some("value")),
        (3, Some("data_changed")),
        (4, Some("tlast")),
        (5, Some("tlast_changed")),
        (6, Some("tuser")),
        (7, Some("extra")),
        (8, Some("valid_withdrawn")),
        (9, Some("valid_in_reset")),
        (10, Some("error")),
        (11, Some("error_in_reset")),
        (12, Some("tuser_changed")),
    ] {
        fs::write(design.dir.join("fault.hex"), format!("{fault:02x}\n00\n")).unwrap();
        let result = design.run(&stimulus, &options).unwrap();
        let found = result.mismatch.as_ref().map(|mismatch| mismatch.what.as_str());
        assert_eq!(found, what, "fault {fault}: {:?}", result.mismatch);
        assert_eq!(result.bit_exact, what.is_none());
    }
    // A wrong `tlast` that raises no error.
    fs::write(design.dir.join("fault.hex"), "00\n00\n").unwrap();
    let events = vec![Event { sequence: 3, kind: EventKind::EarlyLast { beat: 0 } }];
    let result = design.run(&stimulus, &SimOptions { events, ..options }).unwrap();
    let mismatch = result.mismatch.expect("no error was raised");
    assert!(["error", "extra"].contains(&mismatch.what.as_str()), "{mismatch}");
}
