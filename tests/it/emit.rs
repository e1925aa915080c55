//! Emission: the same bytes each time, no warnings in three readers.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::exact::{hardware, quantized};
use crate::models;
use crate::support::{needs, said};
use htgen::config::{CellMultiplier, HwConfig, OutputRate};
use htgen::model::Widths;
use htgen::sched::{self, Program};
use htgen::tool::{self, Tool, YOSYS_FOR_GOWIN};
use htgen::verilog::{self, About, Bundle};

fn program(seed: u64, hw: &HwConfig) -> Program {
    let model = models::model(&models::random_shape(seed));
    let widths = Widths::default();
    sched::schedule(&quantized(&model, widths), hw).expect("a random network schedules")
}

pub fn bundle(program: &Program) -> Bundle {
    verilog::emit(program, &About { command: "htgen emit test.json".into() }).expect("emits")
}

/// Designs that differ in every choice of the emitter.
pub fn variety() -> Vec<Program> {
    let hw = |lanes, elements_per_beat, cell_multiplier, output| HwConfig {
        cell_multiplier,
        output,
        ..hardware(lanes, elements_per_beat)
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
        let hw = hardware(8, 1);
        assert_eq!(bundle(&program(seed, &hw)), bundle(&program(seed, &hw)));
    }
}

/// The top sets every parameter of the engine, in the engine's order, and says what it means.
#[test]
fn every_parameter_is_set_and_explained() {
    for program in variety() {
        let design = bundle(&program);
        let names = |text: &str, begin: &str, end: &str, mark: &str| -> Vec<String> {
            let lines = text.lines().skip_while(|line| !line.starts_with(begin));
            let lines = lines.take_while(|line| !line.starts_with(end));
            let names = lines.filter_map(|line| line.trim_start().strip_prefix(mark));
            names.map(|rest| rest.split_whitespace().next().unwrap().to_owned()).collect()
        };
        let top = &design.files[&format!("{}.v", design.top)];
        let declared = names(&design.files["ht_engine.v"], "module ht_engine", ") (", "parameter ");
        assert!(declared.len() > 50, "{declared:?}");
        assert_eq!(names(top, "  ht_engine #(", "  ) u_engine", "."), declared);
        let lines = top.lines().skip_while(|line| !line.starts_with("  ht_engine #("));
        let lines = lines.skip(1).take_while(|line| !line.starts_with("  ) u_engine"));
        assert!(lines.into_iter().all(|line| line.contains("// ")), "{top}");
    }
}

#[test]
fn three_readers_are_silent() {
    let (Some(verilator), Some(yosys), Some(icarus)) =
        (needs(Tool::Verilator), needs(Tool::Yosys), needs(Tool::Iverilog))
    else {
        return;
    };
    // In addition to the one that is found first, the newest one that htgen asks for, if there is
    // one.
    let newer = tool::find_at_least(Tool::Yosys, Some(YOSYS_FOR_GOWIN)).ok();
    for program in variety() {
        let dir = tempfile::tempdir().unwrap();
        let design = bundle(&program);
        for (name, text) in &design.files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let top = format!("{}.v", design.top);
        let lint = verilator.run().cwd(dir.path()).args(["--lint-only", "-Wall", &top]);
        let lint = lint.run_ok().unwrap();
        assert_eq!(said(Tool::Verilator, &lint), "", "{program}");
        let modules: Vec<&String> = design.files.keys().filter(|n| n.ends_with(".v")).collect();
        let run = icarus.run().cwd(dir.path()).args(["-g2005", "-Wall", "-o", "/dev/null", "-s"]);
        let compiled = run.arg(&design.top).args(&modules).run_ok().unwrap();
        assert_eq!(compiled.stderr.matches("warning").count(), 0, "{}", compiled.stderr);
        let readers = [Some(yosys.clone()), newer.clone()];
        for reader in readers.iter().flatten() {
            let read = format!("read_verilog *.v; hierarchy -top {}", design.top);
            let plain = reader.run().cwd(dir.path()).args(["-q", "-p", &read]).run_ok().unwrap();
            assert_eq!(plain.stdout + &plain.stderr, "", "{}: {program}", reader.path.display());
            let whole = read + " -check; proc; check -assert";
            reader.run().cwd(dir.path()).args(["-q", "-p", &whole]).run_ok().unwrap();
        }
    }
}
