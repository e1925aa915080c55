//! Block memories and multipliers of designs of every kind: yosys builds as many as counted from
//! the program. `HTGEN_SLOW=1` tries every combination.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::changed::changed;
use crate::emit::{bundle, variety};
use crate::exact::{hardware, quantized};
use crate::formats::{self, FORMATS, PLAIN, Split, Wanted};
use crate::support::{needs, whole};
use htgen::config::{CellMultiplier, HwConfig};
use htgen::model::{Cell, GateActivation, Linear, Widths};
use htgen::sched::{self, Program};
use htgen::synth::{self, Board, DesignFiles};
use htgen::tool::Tool;
use htgen::verilog::{self, Sizes};
use rayon::prelude::*;
use std::fmt;

const BOARDS: [&str; 3] = ["icebreaker", "ulx3s-25f", "hx8k"];
const SPLITS: [Split; 3] = [Split::Together, Split::Apart, Split::InputOnly];
/// Outputs of the head, 0 for none; the lanes below have 2, 4 and 8 requantizers.
const HEADS: [usize; 4] = [0, 1, 3, 10];

/// A kind of design on a board.
#[derive(Debug, Clone, Copy)]
struct Kind {
    wanted: Wanted,
    outputs: usize,
    lanes: usize,
    activation_bits: u32,
    board: &'static str,
}

impl Kind {
    fn program(&self, seed: u64) -> Program {
        let model = formats::model(self.wanted, seed);
        let hidden = model.layers.last().unwrap().hidden;
        let ramp = |count: usize| (0..count).map(|k| (k % 7) as f64 * 0.1 - 0.3).collect();
        let head = (self.outputs > 0).then(|| Linear {
            outputs: self.outputs,
            weight: ramp(self.outputs * hidden),
            bias: ramp(self.outputs),
        });
        let model = changed(&model, |model| model.head = head);
        let widths = Widths::new(8, self.activation_bits).unwrap();
        let cell_multiplier = match self.board {
            "hx8k" => CellMultiplier::Serial,
            _ => CellMultiplier::Dsp,
        };
        let hw = HwConfig { cell_multiplier, ..hardware(self.lanes, 1) };
        sched::schedule(&quantized(&model, widths), &hw).expect("a random network schedules")
    }
}

/// Every combination of format, matrices, cell, layers, head and board.
fn every_kind() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for (n, &format) in FORMATS.iter().enumerate() {
        for split in SPLITS {
            for (cell, layers) in [(Cell::Lstm, 1), (Cell::Gru, 1), (Cell::Lstm, 2), (Cell::Gru, 2)]
            {
                for (k, outputs) in HEADS.into_iter().enumerate() {
                    for (b, board) in BOARDS.into_iter().enumerate() {
                        kinds.push(Kind {
                            wanted: Wanted { format, split, cell, layers, ..PLAIN },
                            outputs,
                            lanes: [4, 8, 32, 1][(n + k + b) % 4],
                            activation_bits: [12, 8, 16][(n + b) % 3],
                            board,
                        });
                    }
                }
            }
        }
    }
    kinds
}

/// A few of them, spread over all choices.
fn some_kinds() -> Vec<Kind> {
    // The step has no factor in common with the number of values of any choice.
    every_kind().into_iter().step_by(37).collect()
}

#[test]
fn those_of_designs_that_differ_in_every_choice_of_the_emitter() {
    let boards = ["icebreaker", "ulx3s-25f", "hx8k", "icebreaker"];
    counted(variety().iter().zip(boards).map(|(program, board)| (program.clone(), board)));
}

/// One layer whose h has a matrix of its own and no head: nothing is in the result buffer.
#[test]
fn those_of_a_recurrent_matrix_apart_without_a_head() {
    let kinds = BOARDS.into_iter().zip([4, 8, 16]).map(|(board, lanes)| Kind {
        wanted: Wanted { format: "dense", split: Split::Apart, ..PLAIN },
        outputs: 0,
        lanes,
        activation_bits: 12,
        board,
    });
    counted(kinds.map(|kind| {
        let program = kind.program(7);
        assert_eq!(program.buffer_groups(), 0, "{kind:?}");
        (program, kind.board)
    }));
}

/// A head with fewer outputs than requantizers omits memories of outputs.
#[test]
fn those_of_a_head_with_few_outputs() {
    let kinds = [1, 2, 3, 5].into_iter().zip(["icebreaker", "ulx3s-25f", "hx8k", "icebreaker"]);
    counted(kinds.map(|(outputs, board)| {
        let wanted = Wanted { format: "tt", ..PLAIN };
        let program = Kind { wanted, outputs, lanes: 32, activation_bits: 12, board }.program(3);
        assert!(program.drains() > 4, "{} requantizers", program.drains());
        (program, board)
    }));
}

/// Small networks with more lanes than rows: some lanes get no weight, others the weights of their
/// neighbours.
#[test]
fn those_of_more_lanes_than_rows() {
    let lanes = [8, 16, 32, 64, 16, 32, 64];
    let kinds = FORMATS.into_iter().cycle().zip(lanes.into_iter().zip(BOARDS.into_iter().cycle()));
    counted((40..).zip(kinds).map(|(seed, (format, (lanes, board)))| {
        let wanted = Wanted { format, ..PLAIN };
        let outputs = HEADS[lanes % 3];
        (Kind { wanted, outputs, lanes, activation_bits: 12, board }.program(seed), board)
    }));
}

#[test]
fn those_of_every_kind_of_model() {
    let kinds = if whole("every 37th kind") { every_kind() } else { some_kinds() };
    let hard = Wanted { activation: GateActivation::HardSigmoid, format: "bt", ..PLAIN };
    let hard = Kind { wanted: hard, outputs: 3, lanes: 4, activation_bits: 12, board: "hx8k" };
    let kinds = kinds.into_iter().chain([hard]);
    counted((0..).zip(kinds).map(|(seed, kind)| (kind.program(seed), kind.board)));
}

fn counted(designs: impl Iterator<Item = (Program, &'static str)>) {
    if needs(Tool::Yosys).is_none() {
        return;
    }
    let differ: Vec<String> =
        designs.collect::<Vec<_>>().par_iter().filter_map(|(p, board)| differs(p, board)).collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

/// What yosys builds that differs from the count.
fn differs(program: &Program, target: &str) -> Option<String> {
    let dir = tempfile::tempdir().unwrap();
    let design = bundle(program);
    for (name, text) in &design.files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let board = Board::load(target).unwrap();
    let sizes = Sizes::of(program).unwrap();
    let files = DesignFiles::emitted(&design.top, dir.path(), sizes.in_bits(program)).unwrap();
    let memories = verilog::memories(program, &sizes);
    let files = files.expecting(&board, &memories, &verilog::multipliers(program));
    let netlist = dir.path().join("netlist.v");
    synth::netlist(&files, &board, &netlist).unwrap();
    let netlist = std::fs::read_to_string(netlist).unwrap();
    let count = |cells: &[&str]| {
        let of = |cell: &&str| netlist.lines().filter(|l| l.trim().starts_with(*cell)).count();
        cells.iter().map(of).sum::<usize>()
    };
    let found = Blocks {
        bram: count(&["SB_RAM40_4K", "DP16KD", "PDPW16KD"]),
        dsp: count(&["SB_MAC16", "MULT18"]),
    };
    let expected = Blocks { bram: files.expected_bram.unwrap(), dsp: files.expected_dsp.unwrap() };
    let told = || format!("{target}: found {found}, counted {expected}: {memories:#?}\n{program}");
    (found != expected).then(told)
}

#[derive(PartialEq, Eq)]
struct Blocks {
    bram: usize,
    dsp: usize,
}

impl fmt::Display for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} block memories and {} multipliers", self.bram, self.dsp)
    }
}
