//! What is too large, too narrow or strangely named at the command line: refused before anything is
//! written, or handled correctly.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_refusals::refused;
use crate::cli_support::Folder;
use crate::support::needs;
use expect_test::expect;
use htgen::tool::{Run, Tool};
use serde_json::{Value, json};
use std::fs;

/// 64 slabs and, with so little ROM that no cores are merged, eight steps for each.
#[test]
fn a_program_too_long_for_the_sequencer() {
    let dir = Folder::new();
    let shape = "--inputs 15424 --hidden 128 --out-modes 16,2,2,2,2,2 --in-modes 64,3,3,3,3,3";
    dir.done(&format!("new {shape} --rank 3 -o long.json"));
    let quiet = "inspect long.json --max-rom-words 3279";
    assert!(dir.done(quiet).contains("slabs        64 over 1 column modes, 8 steps long"));
    refused(
        &dir,
        &["emit long.json --pe 4 --max-rom-words 3279"],
        expect![[r#"
            $ htgen emit long.json --pe 4 --max-rom-words 3279
            note: long.json: no formats in the model, so they come from interval analysis (8-bit weights, 12-bit activations); htgen quantize chooses better ones from data
            error: long.json: schedule: program too large for the sequencer: found 513 instructions per time step, expected at most 256; raise max_rom_words or max_buffer_words, which makes fewer steps or slabs
        "#]],
    );
}

#[test]
fn lanes_that_are_no_power_of_two_or_too_many() {
    let dir = Folder::new();
    dir.tiny();
    fs::write(dir.path("none.toml"), "lanes = 0\n").unwrap();
    fs::write(dir.path("many.toml"), "lanes = 18446744073709551615\n").unwrap();
    refused(
        &dir,
        &[
            "emit tiny.json --pe 0",
            "emit tiny.json --pe 3",
            "emit tiny.json --pe 512",
            "emit tiny.json --hw none.toml",
            "emit tiny.json --hw many.toml",
        ],
        expect![[r#"
            $ htgen emit tiny.json --pe 0
            error: lanes: not usable: found 0, expected a power of two from 1 to 256; try 1
            $ htgen emit tiny.json --pe 3
            error: lanes: not usable: found 3, expected a power of two from 1 to 256; try 2
            $ htgen emit tiny.json --pe 512
            error: lanes: not usable: found 512, expected a power of two from 1 to 256; try 256
            $ htgen emit tiny.json --hw none.toml
            error: none.toml: lanes: not usable: found 0, expected a power of two from 1 to 256; try 1
            $ htgen emit tiny.json --hw many.toml
            error: many.toml: lanes: not usable: found 18446744073709551615, expected a power of two from 1 to 256; try 256
        "#]],
    );
}

/// Changes one value of a JSON file.
fn edit(dir: &Folder, from: &str, to: &str, pointer: &str, value: Value) {
    let mut model: Value = serde_json::from_slice(&fs::read(dir.path(from)).unwrap()).unwrap();
    *model.pointer_mut(pointer).expect("the key is there") = value;
    fs::write(dir.path(to), model.to_string()).unwrap();
}

#[test]
fn numbers_that_nothing_can_hold() {
    let dir = Folder::new();
    dir.tiny();
    dir.data();
    dir.done("quantize tiny.json --calibrate data.npz -o q.json");
    let core = "/layers/0/matrices/0/factors/tree/core/data/0";
    edit(&dir, "tiny.json", "core.json", core, json!(1e300));
    let layer = "/formats/layers/0";
    edit(&dir, "q.json", "cell.json", &format!("{layer}/cell_frac"), json!(16));
    edit(&dir, "q.json", "step.json", &format!("{layer}/steps/0/out_frac"), json!(-64));
    edit(&dir, "q.json", "bits.json", "/formats/activation_bits", json!(17));
    edit(&dir, "q.json", "shift.json", "/input/shift", json!(-32));
    refused(
        &dir,
        &[
            "inspect core.json",
            "emit cell.json",
            "emit step.json",
            "run bits.json --inputs data.npz",
            "run shift.json --inputs data.npz",
        ],
        expect![[r#"
            $ htgen inspect core.json
            error: core.json: layers[0].matrices[0].factors.tree.core: too large: found 1e300 at element 0, expected at most 1e15 in magnitude; did the training diverge?
            $ htgen emit cell.json
            error: cell.json: formats.layers[0].cell_frac: not usable: found 16, expected 8 to 15; quantize the model again
            $ htgen emit step.json
            error: step.json: formats.layers[0].steps: not usable: found last out_frac -64, expected -4 to 11; quantize the model again
            $ htgen run bits.json --inputs data.npz
            error: bits.json: formats.activation_bits (line 1, column 55): width of an activation out of range: found 17, expected 4 to 16 bits; docs/model-format.md lists every key
            $ htgen run shift.json --inputs data.npz
            error: shift.json: formats.layers[0].input_frac: not usable: found 11 with an input shift of -32, expected a difference of -32 to 32; quantize the model again
        "#]],
    );
}

/// In words of four bits, which bytes share with h, h has two fraction bits.
#[test]
fn the_narrowest_words_are_simulated() {
    if [Tool::Verilator, Tool::Make, Tool::Cxx].into_iter().any(|tool| needs(tool).is_none()) {
        return;
    }
    let dir = Folder::new();
    dir.tiny();
    dir.done("emit tiny.json --pe 2 --activation-bits 4 -o rtl");
    let top = fs::read_to_string(dir.path("rtl/tiny_top.v")).unwrap();
    let line = top.lines().find(|line| line.contains(".H_FRAC ")).expect("the parameter is set");
    assert!(line.contains("(2)"), "{line}");
    assert!(dir.done("sim rtl --random 4").starts_with("bit exact: "));
}

/// Names of files and folders reach tools unchanged, and no shell.
#[test]
fn folders_with_the_characters_of_a_shell() {
    if [Tool::Verilator, Tool::Make, Tool::Cxx].into_iter().any(|tool| needs(tool).is_none()) {
        return;
    }
    let dir = Folder::new();
    dir.tiny();
    let htgen = |words: &[&str]| dir.run(Run::new(env!("CARGO_BIN_EXE_htgen")).args(words));
    let strange = "a;$(touch${IFS}hacked)'b\"&";
    let emitted = htgen(&["emit", "tiny.json", "--pe", "2", "-o", strange]);
    assert_eq!(emitted.code, Some(0), "{}", emitted.stderr);
    let simulated = htgen(&["sim", strange, "--random", "2"]);
    assert_eq!(simulated.code, Some(0), "{}", simulated.stderr);
    fs::rename(dir.path(strange), dir.path("a b")).unwrap();
    let before = dir.files();
    let refused = htgen(&["sim", "a b", "--random", "2"]);
    let place = dir.0.path().canonicalize().unwrap().display().to_string();
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
    expect![[r#"
        error: a b: make cannot build in a folder with a space in its path: found DIR/a b; move the design to a folder without spaces
    "#]].assert_eq(&refused.messages().replace(&place, "DIR"));
    assert!(dir.files() == before);
    assert_eq!(dir.names(), ["a b", "tiny.json"]);
}
