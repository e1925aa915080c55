//! Emission: the same bytes each time, silent in three readers, blocks as counted.

use crate::exact::quantized;
use crate::formats::{self, PLAIN, Split, Wanted};
use crate::models;
use crate::support::needs;
use htgen::config::{CellMultiplier, HwConfig, OutputRate};
use htgen::model::{Cell, GateActivation};
use htgen::quant::Widths;
use htgen::sched::{self, Program};
use htgen::synth::{self, Board, DesignFiles};
use htgen::tool::Tool;
use htgen::verilog::{self, About, Bundle, Sizes};

fn program(seed: u64, hw: &HwConfig) -> Program {
    let model = models::model(&models::random_shape(seed));
    let widths = Widths { weight_bits: 8, activation_bits: 12 };
    sched::schedule(&quantized(&model, widths), hw).expect("a random network schedules")
}

fn bundle(program: &Program) -> Bundle {
    verilog::emit(program, &About { command: "htgen emit test.json".into() }).expect("emits")
}

/// Designs that differ in every choice of the emitter.
fn variety() -> Vec<Program> {
    let hw = |lanes, elements_per_beat, cell_multiplier, output| HwConfig {
        lanes,
        elements_per_beat,
        cell_multiplier,
        output,
        ..HwConfig::default()
    };
    use {CellMultiplier::Dsp, CellMultiplier::Serial, OutputRate::Sequence, OutputRate::Step};
    [
        (0, hw(8, 1, Dsp, Sequence)),
        (5, hw(1, 1, Serial, Step)),
        (6, hw(16, 4, Dsp, Sequence)),
        (9, hw(8, 4, Serial, Sequence)),
        (13, hw(32, 2, Dsp, Step)),
        (12, hw(64, 8, Dsp, Sequence)),
    ]
    .iter()
    .map(|(seed, hw)| program(*seed, hw))
    .collect()
}

#[test]
fn the_same_program_gives_the_same_bytes() {
    for seed in [1, 4, 9] {
        let hw = HwConfig { lanes: 8, ..HwConfig::default() };
        assert_eq!(bundle(&program(seed, &hw)), bundle(&program(seed, &hw)));
    }
}

#[test]
fn three_readers_are_silent() {
    let (Some(verilator), Some(yosys), Some(icarus)) =
        (needs(Tool::Verilator), needs(Tool::Yosys), needs(Tool::Iverilog))
    else {
        return;
    };
    for program in variety() {
        let dir = tempfile::tempdir().unwrap();
        let design = bundle(&program);
        for (name, text) in &design.files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let top = format!("{}.v", design.top);
        let lint = verilator.run().cwd(dir.path()).args(["--lint-only", "-Wall", &top]);
        let lint = lint.run_ok().unwrap();
        assert!(!(lint.stdout + &lint.stderr).contains("%Warning"), "{program}");
        let modules: Vec<&String> = design.files.keys().filter(|n| n.ends_with(".v")).collect();
        let run = icarus.run().cwd(dir.path()).args(["-g2005", "-Wall", "-o", "/dev/null", "-s"]);
        let compiled = run.arg(&design.top).args(&modules).run_ok().unwrap();
        assert_eq!(compiled.stderr.matches("warning").count(), 0, "{}", compiled.stderr);
        let read = format!("read_verilog *.v; hierarchy -check -top {}; proc; check", design.top);
        let script = yosys.run().cwd(dir.path()).args(["-q", "-p", &read]);
        script.run_ok().unwrap();
    }
}

/// Programs of other formats, cells and numbers of layers.
fn kinds() -> Vec<Program> {
    let hw = HwConfig { lanes: 4, ..HwConfig::default() };
    let gru = Wanted { cell: Cell::Gru, ..PLAIN };
    let hard = Wanted { activation: GateActivation::HardSigmoid, ..PLAIN };
    let wanted = [
        Wanted { format: "dense", split: Split::Apart, ..PLAIN },
        Wanted { format: "dense", split: Split::InputOnly, ..PLAIN },
        gru,
        Wanted { format: "tr", split: Split::Apart, ..gru },
        Wanted { format: "bt", ..hard },
        Wanted { format: "tt", layers: 2, ..PLAIN },
    ];
    let widths = Widths { weight_bits: 8, activation_bits: 12 };
    (40..)
        .zip(wanted)
        .map(|(seed, wanted)| quantized(&formats::model(wanted, seed), widths))
        .map(|quant| sched::schedule(&quant, &hw).expect("a random network schedules"))
        .collect()
}

#[test]
fn block_memories_and_multipliers_are_as_counted() {
    counted(&variety(), &["icebreaker", "ulx3s-25f", "hx8k", "icebreaker"]);
}

#[test]
fn those_of_every_kind_of_model_are_as_counted() {
    let boards = ["icebreaker", "ulx3s-25f", "icebreaker", "hx8k", "ulx3s-25f", "icebreaker"];
    counted(&kinds(), &boards);
}

fn counted(programs: &[Program], boards: &[&str]) {
    if needs(Tool::Yosys).is_none() {
        return;
    }
    for (program, &target) in programs.iter().zip(boards) {
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
        let found = (count(&["SB_RAM40_4K", "DP16KD", "PDPW16KD"]), count(&["SB_MAC16", "MULT18"]));
        let expected = (files.expected_bram.unwrap(), files.expected_dsp.unwrap());
        assert_eq!(found, expected, "{target}\n{memories:#?}");
    }
}
