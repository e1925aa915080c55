//! The files that the bench reads: vectors and scenario; testbenches/common/scenario.h reads them.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt::Write;

use super::expect::beats_per_step;
use super::measure::window;
use super::{EventKind, SimOptions, Stimulus};
use crate::config::OutputRate;
use crate::sched::Program;

/// First bytes of a file of vectors.
const MAGIC: &[u8; 8] = b"htgenvec";
/// Its version.
const VERSION: usize = 1;
/// Clocks for filling, draining and element-wise units, more than any design needs.
const SLACK: u64 = 20_000;

/// Place of an element in a beat, bits.
fn slot_bits(program: &Program) -> usize {
    if program.quant().input().stream_bits <= 8 { 8 } else { 16 }
}

/// The vectors: little-endian words of 32 bits, elements and values of 16.
pub(super) fn vectors(program: &Program, stimulus: &Stimulus, expected: &[Vec<i32>]) -> Vec<u8> {
    let values = program.quant().outputs();
    let header = [
        VERSION,
        slot_bits(program),
        program.hw().elements_per_beat.get(),
        program.quant().input().count,
        values,
        usize::from(program.hw().output == OutputRate::Step),
        stimulus.count(),
    ];
    let word = |value: usize| (value as u32).to_le_bytes();
    let mut bytes = MAGIC.to_vec();
    bytes.extend(header.into_iter().flat_map(word));
    for (k, outputs) in expected.iter().enumerate() {
        bytes.extend([stimulus.steps(k), outputs.len() / values].into_iter().flat_map(word));
        let halves = stimulus.elements(k).iter().chain(outputs);
        bytes.extend(halves.flat_map(|&value| (value as i16).to_le_bytes()));
    }
    bytes
}

/// Maximum number of clocks of a time step when the sink is ready.
fn step_clocks(program: &Program, options: &SimOptions) -> u64 {
    let beats = beats_per_step(program) * 100 / u64::from(options.gaps.source_percent);
    // A value takes a few clocks even when the sink is ready.
    let values = 4 * program.quant().outputs() as u64 * 100 / u64::from(options.gaps.sink_percent);
    program.timing().cycles_per_step + beats + values
}

/// Maximum number of clocks of the whole run, roughly.
pub(super) fn run_clocks(program: &Program, stimulus: &Stimulus, options: &SimOptions) -> u64 {
    let steps: u64 = stimulus.lengths().iter().map(|&n| n as u64).sum();
    let values = steps * program.quant().outputs() as u64;
    let stalls = values.checked_div(options.gaps.stall_every).unwrap_or(0);
    steps * step_clocks(program, options) + stalls * options.gaps.stall_clocks + SLACK
}

/// The scenario: one number or event per line.
pub(super) fn scenario(program: &Program, stimulus: &Stimulus, options: &SimOptions) -> String {
    let gaps = &options.gaps;
    let step = step_clocks(program, options);
    let (first, last) = window(&stimulus.lengths()).unwrap_or((0, 0));
    let mut text = String::new();
    for (key, value) in [
        ("seed", options.seed),
        ("source_percent", u64::from(gaps.source_percent)),
        ("sink_percent", u64::from(gaps.sink_percent)),
        ("stall_every", gaps.stall_every),
        ("stall_clocks", gaps.stall_clocks),
        ("idle_limit", 4 * step + gaps.stall_clocks + SLACK),
        ("tail_clocks", step + 1000),
        ("window_first", first as u64),
        ("window_last", last as u64),
    ] {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{key} {value}");
    }
    for event in &options.events {
        let sequence = event.sequence;
        let _ = match event.kind {
            EventKind::Reset { beats, clocks } => {
                writeln!(text, "reset {sequence} {beats} {clocks}")
            }
            EventKind::EarlyLast { beat } => writeln!(text, "early_tlast {sequence} {beat}"),
        };
    }
    text
}
