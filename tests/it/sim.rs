//! Emitted designs in Verilog against the fixed-point reference: random networks under every
//! disturbance of the streams, planted faults, waves, and a netlist.
// SPDX-License-Identifier: MIT OR Apache-2.0

use htgen::model::Widths;
use std::fs;

use htgen::config::{CellMultiplier, HwConfig, OutputRate};
use htgen::files::Output;
use htgen::sim::{Build, Event, EventKind, Gaps, Netlist, SimOptions, Stimulus};
use htgen::synth::{self, Board, DesignFiles, Family};
use htgen::tool::Tool;

use crate::exact;
use crate::simulated::{Design, options};
use crate::support::{needs, whole};

/// Pauses on both streams, with an occasional long one.
const RAGGED: Gaps =
    Gaps { source_percent: 60, sink_percent: 35, stall_every: 7, stall_clocks: 3000 };

/// Hardware that differs from seed to seed in everything that can be chosen.
pub fn hardware(seed: u64) -> (Widths, HwConfig) {
    let pick = |from: &[usize], salt: u64| from[((seed + salt) % from.len() as u64) as usize];
    let bits = [(8, 12), (6, 6), (16, 16), (4, 9)][(seed % 4) as usize];
    let hw = HwConfig {
        cell_multiplier: match seed % 3 {
            0 => CellMultiplier::Serial,
            _ => CellMultiplier::Dsp,
        },
        output: if seed % 5 == 1 { OutputRate::Step } else { OutputRate::Sequence },
        ..exact::hardware(pick(&[4, 1, 8, 2, 16, 32, 64], 0), pick(&[1, 2, 4, 8], seed / 4))
    };
    (Widths::new(bits.0, bits.1).unwrap(), hw)
}

/// One random network under everything the bench can do to it.
#[track_caller]
fn check_random(seed: u64) {
    let (widths, hw) = hardware(seed);
    if let Some(design) = Design::random(seed, widths, &hw) {
        check_design(&design, seed);
    }
}

/// A design under everything the bench can do to it.
#[track_caller]
pub fn check_design(design: &Design, seed: u64) {
    let lengths = [3, 1, 2, 5, 1, 4, 2, 3, 1];
    let stimulus = design.stimulus(&lengths, seed);
    let plain = options(seed);

    // Undisturbed: exact, and every time step starts in the predicted clock.
    let result = design.passes(&stimulus, &plain);
    assert_eq!(result.starts, design.program.start_cycles(&lengths), "seed {seed}: cycles");
    assert_eq!(result.cycles_per_step, result.predicted_cycles_per_step, "seed {seed}");
    assert_eq!(result.cycles_as_predicted, Some(true), "seed {seed}");

    design.passes(&stimulus, &SimOptions { gaps: RAGGED, ..plain.clone() });
    let every = result.outputs_compared;
    let resets = [(1, 1, 0), (3, 3, 40), (6, 2, 1 + seed)];
    let beats = design.beats_per_step();
    let events = resets.map(|(sequence, steps, clocks)| Event {
        sequence,
        kind: EventKind::Reset {
            beats: (steps * beats).min(lengths[sequence] as u64 * beats),
            clocks,
        },
    });
    let result = design
        .passes(&stimulus, &SimOptions { events: events.into(), gaps: RAGGED, ..plain.clone() });
    assert!(result.outputs_compared < every, "seed {seed}: the resets lost nothing");

    if beats > 1 {
        check_misplaced(design, &stimulus, &plain);
    }
}

/// A wrong `tlast` in several places, one of them between resets.
#[track_caller]
fn check_misplaced(design: &Design, stimulus: &Stimulus, plain: &SimOptions) {
    let beats = design.beats_per_step();
    let early = |sequence, beat| Event { sequence, kind: EventKind::EarlyLast { beat } };
    let once = vec![early(3, 2 * beats + beats / 2 - 1)];
    let often = vec![
        early(0, 0),
        early(2, 2 * beats - 2),
        Event { sequence: 5, kind: EventKind::Reset { beats, clocks: 9 } },
        early(6, beats),
        early(8, 0),
    ];
    let result = design.passes(stimulus, &SimOptions { events: once, ..plain.clone() });
    let lost = result.sequences as u64 * design.program.quant().outputs() as u64;
    if design.program.hw().output == OutputRate::Sequence {
        assert_eq!(result.outputs_compared, lost / 9 * 8, "one sequence of nine is lost");
    }
    design.passes(stimulus, &SimOptions { events: often.clone(), ..plain.clone() });
    design.passes(stimulus, &SimOptions { events: often, gaps: RAGGED, ..plain.clone() });
}

#[test]
fn random_networks_even() {
    (0..22).step_by(2).for_each(check_random);
}

#[test]
fn random_networks_odd() {
    (1..22).step_by(2).for_each(check_random);
}

/// The narrowest activations: h has 3 fraction bits at most.
#[test]
fn four_bit_activations() {
    let widths = Widths::new(5, 4).unwrap();
    for (seed, cell_multiplier) in [(0, CellMultiplier::Dsp), (5, CellMultiplier::Serial)] {
        exact::check(seed, widths);
        let hw = HwConfig { cell_multiplier, ..exact::hardware(4, 1) };
        let name = format!("four-bits-{seed}");
        let Some(design) = Design::random_named(&name, seed, widths, &hw) else { return };
        assert!(design.program.quant().cell_format().h_frac <= 3);
        design.passes(&design.stimulus(&[3, 1, 2, 4], seed), &options(seed));
    }
}

#[test]
fn many_random_networks() {
    // The step has no factor in common with the number of values of any choice.
    let step = if whole("3 of 98 networks") { 1 } else { 37 };
    (22..120).step_by(step).for_each(check_random);
}

/// A network whose plan has several steps, with hidden state fed back and a head.
fn several_steps(name: &str) -> Option<Design> {
    Design::random_named(name, SEVERAL_STEPS, Widths::default(), &exact::hardware(8, 1))
}

/// Seed of that network.
const SEVERAL_STEPS: u64 = 5;

#[test]
fn sequences_of_1_to_40_steps_back_to_back() {
    let Some(design) = several_steps("lengths") else { return };
    let lengths: Vec<usize> = (1..=40).rev().chain(1..=40).collect();
    let result = design.passes(&design.stimulus(&lengths, 7), &options(7));
    assert_eq!(result.sequences, 80);
    assert_eq!(result.starts, design.program.start_cycles(&lengths));
    let random = Stimulus::random(design.program.quant(), 20, 8).unwrap();
    design.passes(&random, &SimOptions { gaps: RAGGED, ..options(8) });
}

#[test]
fn a_changed_weight_is_found_in_its_contraction_step() {
    let Some(design) = several_steps("weight") else { return };
    let stimulus = design.stimulus(&[2, 3, 2], 3);
    let path = design.dir.join("weights.hex");
    for step in 0..design.program.quant().plan().step_count() {
        design.emit();
        let first = design.program.nests().iter().find(|d| d.step == step).unwrap().weights;
        flip_word(&path, first);
        let result = design.run(&stimulus, &options(3)).unwrap();
        assert!(!result.bit_exact);
        let mismatch = result.mismatch.expect("a weight has changed");
        assert_eq!(mismatch.contraction_step, Some(step), "{mismatch}");
        assert_eq!((mismatch.what.as_str(), mismatch.sequence, mismatch.step), ("result", 0, 0));
        assert_ne!(mismatch.expected, mismatch.got);
        assert!(mismatch.to_string().contains("(seen at output "), "{mismatch}");
    }
    design.emit();
    design.passes(&stimulus, &options(3));
}

/// Flips a high bit of lane 0's weight in word `number` of an image.
#[track_caller]
fn flip_word(path: &std::path::Path, number: usize) {
    let text = fs::read_to_string(path).unwrap();
    let mut seen = 0;
    let lines = text.lines().map(|line| {
        let word = line.split("//").next().unwrap().trim();
        if word.is_empty() {
            return line.to_owned();
        }
        seen += 1;
        if seen != number + 1 {
            return line.to_owned();
        }
        let (head, tail) = word.split_at(word.len() - 2);
        format!("{head}{:02x}", u8::from_str_radix(tail, 16).unwrap() ^ 0x40)
    });
    let text: Vec<String> = lines.collect();
    assert!(seen > number, "the image has the word");
    fs::write(path, text.join("\n") + "\n").unwrap();
}

#[test]
fn a_shifted_requantizer_is_found_in_the_first_step() {
    let Some(design) = several_steps("shift") else { return };
    let path = design.dir.join(format!("{}_top.v", design.program.quant().name()));
    let text = fs::read_to_string(&path).unwrap();
    let at = text.find(".SHIFT_MIN").expect("the parameter");
    let (from, to) = (at + text[at..].find('(').unwrap() + 1, at + text[at..].find(')').unwrap());
    let shift: u32 = text[from..to].trim().parse().expect("a number");
    fs::write(&path, format!("{}{}{}", &text[..from], shift + 1, &text[to..])).unwrap();
    let result = design.run(&design.stimulus(&[1, 2], 4), &options(4)).unwrap();
    let mismatch = result.mismatch.expect("every result is shifted");
    assert_eq!((mismatch.contraction_step, mismatch.step), (Some(0), 0), "{mismatch}");
}

#[test]
fn a_fault_behind_the_contraction_blames_no_step() {
    let Some(design) = several_steps("behind") else { return };
    let stimulus = design.stimulus(&[1, 1], 5);
    let path = design.dir.join("ht_sigmoid.hex");
    let text = fs::read_to_string(&path).unwrap();
    let words = text.lines().filter(|l| !l.trim_start().starts_with("//") && !l.is_empty()).count();
    (0..words).for_each(|k| flip_word(&path, k));
    let mismatch = design.run(&stimulus, &options(5)).unwrap().mismatch.expect("a wrong sigmoid");
    let head = design.program.quant().plan().step_count();
    let expect = design.program.quant().head().map(|_| head);
    assert_eq!(mismatch.contraction_step, expect, "{mismatch}");
}

#[test]
fn a_missing_image_is_an_error() {
    let Some(design) = several_steps("image") else { return };
    let stimulus = design.stimulus(&[1], 6);
    for image in ["weights.hex", "ht_sigmoid.hex", "program.hex"] {
        design.emit();
        fs::remove_file(design.dir.join(image)).unwrap();
        let refusal = design.run(&stimulus, &options(6)).expect_err("an image is missing");
        assert!(refusal.to_string().contains(image), "{refusal}");
    }
    design.emit();
    design.passes(&stimulus, &options(6));
}

#[test]
fn waves_are_written() {
    let Some(design) = several_steps("waves") else { return };
    let stimulus = design.stimulus(&[1, 1], 1);
    for (name, start) in [("wave.vcd", &b"$version"[..]), ("wave.fst", &[0][..])] {
        let path = design.dir.join(name);
        design.passes(
            &stimulus,
            &SimOptions { wave: Some(Output::claim(&path).unwrap()), ..options(1) },
        );
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.starts_with(start) && bytes.len() > 10_000, "{name}: {} bytes", bytes.len());
    }
}

#[test]
fn a_netlist_is_bit_exact() {
    if needs(Tool::Yosys).is_none() {
        return;
    }
    let hw = HwConfig { cell_multiplier: CellMultiplier::Serial, ..exact::hardware(2, 1) };
    let widths = Widths::new(6, 8).unwrap();
    let Some(design) = Design::random_named("netlist", 3, widths, &hw) else { return };
    let top = format!("{}_top", design.program.quant().name());
    let bits = design.slot_bits();
    let files = DesignFiles::axi_stream(top, &design.dir, bits, 16).unwrap();
    let files = files.with_output("m_axis_tuser", 1).with_output("error", 1);
    let folder = tempfile::tempdir().unwrap();
    let verilog = folder.path().join("netlist.v");
    synth::netlist(&files, &Board::load("icebreaker").unwrap(), &verilog).unwrap();
    let cells = synth::simulation_cells(Family::Ice40).unwrap();
    let options = SimOptions { netlist: Some(Netlist { verilog, cells }), ..options(2) };
    let stimulus = design.stimulus(&[2, 1, 3], 2);
    let result = design.passes(&stimulus, &options);
    assert_eq!(result.cycles_per_step, None, "a netlist shows no instructions");
    design.passes(&stimulus, &SimOptions { gaps: RAGGED, ..options });
}

#[test]
fn events_that_cannot_happen_are_refused() {
    let Some(design) = several_steps("refusals") else { return };
    let (stimulus, beats) = (design.stimulus(&[1, 2], 1), design.beats_per_step());
    let early = |sequence, beat| Event { sequence, kind: EventKind::EarlyLast { beat } };
    let reset = |beats| Event { sequence: 0, kind: EventKind::Reset { beats, clocks: 0 } };
    for (events, words) in [
        (vec![early(2, 0)], "events[0]: no such sequence: found 2, expected 0 to 1"),
        (vec![early(1, 0), early(1, 1)], "events[1]: the sequence already has an event"),
        (vec![early(1, beats - 1)], "events[0]: beat: a tlast there is in its place"),
        (vec![early(0, beats)], "events[0]: beat: a tlast there is in its place"),
        (vec![reset(0)], "events[0]: beats: out of range: found 0"),
    ] {
        let refusal = design.run(&stimulus, &SimOptions { events, ..options(1) }).expect_err(words);
        assert!(refusal.to_string().contains(words), "{refusal}");
    }
    let gaps = Gaps { sink_percent: 0, ..Gaps::NONE };
    let refusal = design.run(&stimulus, &SimOptions { gaps, ..options(1) }).expect_err("no sink");
    assert_eq!(refusal.to_string(), "gaps.sink_percent: out of range: found 0, expected 1 to 100");
}

#[test]
fn real_recordings_are_bit_exact() {
    let whole = whole("20 of 500 recordings, 32 lanes");
    let (every, count, build) = match whole {
        true => (&[1, 8, 32][..], 500, Build::Fast),
        false => (&[32][..], 20, Build::Quick),
    };
    for &lanes in every {
        let Some((design, data)) = Design::recordings(lanes, count) else { return };
        let stimulus = Stimulus::from_data(design.program.quant(), &data).unwrap();
        let result = design.passes(&stimulus, &SimOptions { build, ..options(1) });
        assert_eq!((result.sequences, result.outputs_compared), (count, 10 * count as u64));
        assert_eq!(result.cycles_as_predicted, Some(true));
    }
}
