//! `emit --target`: whether a design can fit the board, reported at once and in the same way as by
//! `synth`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::{Folder, keys, object};
use expect_test::expect;
use htgen::tool::Run;
use serde_json::json;

#[test]
fn a_design_that_cannot_fit_is_written_and_the_answer_is_no() {
    let dir = Folder::new();
    dir.done("new --preset digits -o digits.json");
    let ended = dir.htgen("emit digits.json --pe 64 --target icebreaker -o rtl");
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    expect![[r#"
        digits: top module digits_top in rtl
          lanes        64
          cells        1 element-wise units (shift and add)
          speed        6,120 cycles per time step, predicted; efficiency 0.333
          memory       17,408 weights, 1,088 input words, 2,560 buffer words, 256 gate words
          formats      from interval analysis
          target       icebreaker, without lookup tables, which synth counts
          bram         111 of 30
          dsp          64 of 8
          does not fit: bram: 111 needed, 30 in the part
          does not fit: dsp: 64 needed, 8 in the part
    "#]]
    .assert_eq(&ended.stdout);
    assert!(dir.path("rtl/digits_top.v").exists(), "the design is there anyway");
    // The same counts from synthesis, which needs no tool to report them.
    let run = Run::new(env!("CARGO_BIN_EXE_htgen"));
    let run = run.args("synth rtl --target icebreaker --json".split_whitespace());
    let ended = dir.run(run.env("PATH", "none").env("HTGEN_TOOLS", "."));
    let (synth, code) = (object(&ended.stdout), ended.code);
    assert_eq!((code, &synth["foreseen"]), (Some(1), &json!(true)), "{}", ended.stderr);
    let ended = dir.htgen("emit digits.json --pe 64 --target icebreaker -o rtl --json");
    let target = object(&ended.stdout)["target"].clone();
    assert_eq!(keys(&target), ["bram", "dsp", "fits", "name", "shortage", "totals"]);
    for key in ["bram", "dsp", "fits", "shortage", "totals"] {
        assert_eq!(target[key], synth[key], "{key}");
    }
    assert_eq!((&target["name"], &target["fits"]), (&json!("icebreaker"), &json!(false)));
}

/// Multipliers are counted too: yosys takes blocks for all of them.
#[test]
fn too_many_multipliers_do_not_fit() {
    let dir = Folder::new();
    dir.tiny();
    // Nine of the lanes have weights.
    let ended = dir.htgen("emit tiny.json --pe 16 --target icebreaker --json");
    let target = object(&ended.stdout)["target"].clone();
    assert_eq!((ended.code, &target["dsp"]), (Some(1), &json!(9)), "{target}");
    let shortage = target["shortage"].as_array().unwrap();
    assert!(shortage.contains(&json!("dsp: 9 needed, 8 in the part")), "{target}");
    // A part without multiplier blocks makes them of lookup tables, which synthesis counts.
    let ended = dir.htgen("emit tiny.json --pe 2 --target hx8k --json");
    let target = object(&ended.stdout)["target"].clone();
    assert_eq!((ended.code, &target["dsp"]), (Some(0), &json!(0)), "{target}");
}

#[test]
fn a_design_that_may_fit_is_done() {
    let dir = Folder::new();
    dir.tiny();
    let text = dir.done("emit tiny.json --pe 2 --target icebreaker -o rtl");
    expect![[r#"
        tiny: top module tiny_top in rtl
          lanes        2
          cells        1 element-wise units (multiplier blocks)
          speed        60 cycles per time step, predicted; efficiency 0.333
          memory       48 weights, 10 input words, 0 buffer words, 8 gate words
          formats      from interval analysis
          target       icebreaker, without lookup tables, which synth counts
          bram         11 of 30
          dsp          4 of 8
    "#]]
    .assert_eq(&text);
    assert_eq!(dir.json("emit tiny.json --pe 2 -o rtl")["target"], json!(null));
    // The board is checked even if hw.toml leaves it nothing to decide.
    std::fs::write(dir.path("hw.toml"), "lanes = 16\ncell_multiplier = \"dsp\"\n").unwrap();
    let ended = dir.htgen("emit tiny.json --hw hw.toml --target icebreaker -o rtl --json");
    assert_eq!(ended.code, Some(1));
    assert_eq!(object(&ended.stdout)["target"]["fits"], false);
}
