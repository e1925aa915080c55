//! Designs that were edited on purpose, and models that came with a folder: what `sim --edited`
//! finds, and what `synth` keeps when it fails.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_design::{design, flip_word_0, replace};
use crate::cli_support::{Ended, Folder, object};
use crate::cli_tools::fake;
use crate::support::needs;
use expect_test::expect;
use htgen::tool::{Run, Tool};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A run of `sim` with its own records of built models.
fn simulate(dir: &Folder, options: &str) -> Ended {
    let words = format!("sim rtl --random 3 --json {options}");
    let run = Run::new(env!("CARGO_BIN_EXE_htgen")).args(words.split_whitespace());
    dir.run_bare(run.env("XDG_CACHE_HOME", dir.path("cache")))
}

#[test]
fn an_edited_design_is_simulated_when_asked_for() {
    if [Tool::Verilator, Tool::Make, Tool::Cxx].into_iter().any(|tool| needs(tool).is_none()) {
        return;
    }
    let dir = design();
    let ended = simulate(&dir, "");
    let report = object(&ended.stdout);
    assert_eq!((ended.code, &report["edited"]), (Some(0), &json!([])), "{}", ended.stderr);
    assert_eq!(report["cycles_as_predicted"], true);
    assert_eq!(report["other_cycles"], Value::Null);

    // A binary that came with the folder is not run, whatever is beside it.
    let planted = dir.path("rtl/sim/model/obj/Vtop");
    let script = format!("#!/bin/sh\n: > {}\n", dir.path("was_run").display());
    fs::write(&planted, script).unwrap();
    fs::set_permissions(&planted, fs::Permissions::from_mode(0o755)).unwrap();
    let ended = simulate(&dir, "");
    assert_eq!(object(&ended.stdout)["bit_exact"], true, "{}", ended.stderr);
    assert!(!dir.path("was_run").exists(), "a planted model was run");
    assert!(fs::metadata(&planted).unwrap().len() > 10_000, "the model was not built again");

    // A link leads a new model to a folder of the user's, where it replaces nothing.
    fs::create_dir_all(dir.path("home/model")).unwrap();
    fs::write(dir.path("home/model/letters"), "mine").unwrap();
    fs::rename(dir.path("rtl/sim"), dir.path("kept")).unwrap();
    std::os::unix::fs::symlink(dir.path("home"), dir.path("rtl/sim")).unwrap();
    let ended = simulate(&dir, "");
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("rtl/sim: a link, which leads out"), "{}", ended.stderr);
    assert_eq!(fs::read_to_string(dir.path("home/model/letters")).unwrap(), "mine");
    fs::remove_file(dir.path("rtl/sim")).unwrap();
    fs::rename(dir.path("kept"), dir.path("rtl/sim")).unwrap();

    // Another sign of a weight, only in the hardware: the outputs differ.
    flip_word_0(&dir, "rtl/weights.hex", 15);
    let ended = simulate(&dir, "--edited");
    let report = object(&ended.stdout);
    assert_eq!((ended.code, &report["bit_exact"]), (Some(1), &json!(false)));
    assert_eq!(report["edited"], json!(["weights.hex"]));
    assert_eq!(report["cycles_as_predicted"], Value::Null, "nothing is measured after a mismatch");
    let note = "note: rtl/weights.hex: not as htgen emit wrote it\n";
    assert!(ended.stderr.contains(note), "{}", ended.stderr);
    assert!(ended.stderr.contains("mismatch: sequence "), "{}", ended.stderr);
    flip_word_0(&dir, "rtl/weights.hex", 15);

    // Element-wise units that take seventeen clocks instead of one: the same outputs, later.
    replace(&dir, "rtl/tiny_top.v", ".SERIAL_CELLS  (0)", ".SERIAL_CELLS  (1)");
    let ended = simulate(&dir, "--edited");
    let report = object(&ended.stdout);
    assert_eq!((ended.code, &report["bit_exact"]), (Some(1), &json!(true)), "{}", ended.stderr);
    assert_eq!(report["cycles_as_predicted"], false);
    assert!(report["other_cycles"]["got"].as_u64() > report["other_cycles"]["predicted"].as_u64());
    assert!(ended.stderr.contains("cycles: sequence "), "{}", ended.stderr);
    // With pauses nothing is predicted, and nothing compared.
    let ended = simulate(&dir, "--edited --gaps");
    let report = object(&ended.stdout);
    assert_eq!((ended.code, &report["cycles_as_predicted"]), (Some(0), &Value::Null));
}

#[test]
fn a_failed_synthesis_names_its_log() {
    let dir = design();
    fs::write(dir.path("rtl/more.hex"), "0\n").unwrap();
    let yosys = fake(&dir, "yosys", "Yosys 0.70", "echo broken >&2; exit 1");
    let nextpnr = fake(&dir, "nextpnr", "nextpnr 0.7", "exit 1");
    let line = "synth rtl --target hx8k --edited";
    let run = Run::new(env!("CARGO_BIN_EXE_htgen")).args(line.split_whitespace());
    let run = run.env("HTGEN_YOSYS", yosys).env("HTGEN_NEXTPNR_ICE40", nextpnr);
    let ended = dir.run(run);
    assert_eq!(ended.code, Some(2));
    expect![[r#"
        note: rtl/more.hex: not a file of this design, but sim and synth would read it
        error: yosys: failed (exit status: 1):
          | broken
          the log is rtl/synth_hx8k.failed/synthesize.log
    "#]]
    .assert_eq(&ended.messages());
    let log = fs::read_to_string(dir.path("rtl/synth_hx8k.failed/synthesize.log")).unwrap();
    assert_eq!(log, "broken\n");
    assert!(dir.path("rtl/synth_hx8k.failed/rtl/more.hex").exists());
    assert!(!dir.path("rtl/synth_hx8k").exists());
}
