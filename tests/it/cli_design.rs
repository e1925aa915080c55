//! The folder of a design: what `sim` and `synth` report when it is not as `emit` wrote it, and
//! what `emit` does not replace.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::{Folder, content, keys};
use expect_test::{Expect, expect};
use htgen::tool::Run;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;

pub fn design() -> Folder {
    let dir = Folder::new();
    dir.tiny();
    dir.done("emit tiny.json --pe 2 -o rtl");
    dir
}

pub fn replace(dir: &Folder, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(dir.path(file)).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(dir.path(file), text.replacen(from, to, 1)).unwrap();
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Flips a bit of word 0 of an image.
pub fn flip_word_0(dir: &Folder, file: &str, bit: u32) {
    let text = fs::read_to_string(dir.path(file)).unwrap();
    let line = text.lines().nth(1).unwrap();
    let word = line.split(' ').next().unwrap();
    let flipped = u64::from_str_radix(word, 16).unwrap() ^ (1 << bit);
    let width = word.len();
    replace(dir, file, &format!("\n{word} "), &format!("\n{flipped:0width$x} "));
}

/// Both commands refuse the design with the same words, before any tool is searched for.
#[track_caller]
fn refused(dir: &Folder, options: &str, message: Expect) {
    let lines =
        [format!("sim rtl --random 2{options}"), format!("synth rtl --target hx8k{options}")];
    let [sim, synth] = lines.map(|line| {
        let run = Run::new(env!("CARGO_BIN_EXE_htgen")).args(line.split_whitespace());
        let ended = dir.run(run.env("PATH", "none").env("HTGEN_TOOLS", "."));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{line}");
        ended.messages()
    });
    assert_eq!(sim, synth);
    message.assert_eq(&sim);
}

#[test]
fn the_manifest_names_every_file_by_its_hash() {
    let dir = design();
    let files = content(&dir.path("rtl"));
    let manifest: Value = serde_json::from_slice(&files["design.json"]).unwrap();
    let facts = ["command", "files", "format", "htgen", "lanes", "macs_per_step", "name"];
    assert_eq!(keys(&manifest), [&facts[..], &["predicted_cycles_per_step", "top"]].concat());
    assert_eq!(manifest["command"], "htgen emit tiny.json --pe 2");
    assert_eq!((&manifest["lanes"], &manifest["top"]), (&json!(2), &json!("tiny_top")));
    let hashes: Vec<(String, Value)> = files
        .iter()
        .filter(|(name, _)| *name != "design.json")
        .map(|(name, bytes)| (name.clone(), json!(hash(bytes))))
        .collect();
    assert!(hashes.len() > 30, "{} files", hashes.len());
    assert_eq!(manifest["files"], Value::Object(hashes.into_iter().collect()));
}

#[test]
fn a_damaged_image_is_an_error_that_names_it() {
    let dir = design();
    flip_word_0(&dir, "rtl/weights.hex", 0);
    refused(
        &dir,
        "",
        expect![[r#"
            error: rtl: weights.hex: not as htgen emit wrote it; emit the design to a new folder, or use --edited if it was on purpose
        "#]],
    );
}

#[test]
fn other_lanes_in_the_folder_are_an_error() {
    let dir = design();
    replace(&dir, "rtl/hw.toml", "lanes = 2", "lanes = 4");
    let message = |options: &str| {
        refused(
            &dir,
            options,
            expect![[r#"
                error: rtl: hw.toml: not as htgen emit wrote it; emit the design to a new folder
            "#]],
        );
    };
    message("");
    // They describe the Verilog, so they are not to be edited.
    message(" --edited");
    // A matching manifest does not help: it is not that of the program.
    let (old, new) = (fs::read(dir.path("rtl/design.json")).unwrap(), dir.path("rtl/hw.toml"));
    let mut manifest: Value = serde_json::from_slice(&old).unwrap();
    manifest["files"]["hw.toml"] = hash(&fs::read(new).unwrap()).into();
    fs::write(dir.path("rtl/design.json"), manifest.to_string()).unwrap();
    let ended = dir.htgen("sim rtl --random 2 --edited");
    let start =
        "error: rtl: design.json: not what model.json and hw.toml give: found other hashes of ";
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.starts_with(start), "{}", ended.stderr);
    assert!(ended.stderr.contains("tiny_top.v"), "{}", ended.stderr);
    assert!(ended.stderr.contains("weights.hex"), "{}", ended.stderr);
}

#[test]
fn files_that_are_missing_or_too_many_are_named() {
    let dir = design();
    fs::remove_file(dir.path("rtl/ht_round.v")).unwrap();
    fs::remove_file(dir.path("rtl/nests.hex")).unwrap();
    fs::write(dir.path("rtl/more.v"), "module more; endmodule\n").unwrap();
    fs::write(dir.path("rtl/more.hex"), "0\n").unwrap();
    fs::write(dir.path("rtl/notes.txt"), "sim and synth read no notes").unwrap();
    fs::write(dir.path("rtl/README.md"), "my own").unwrap();
    refused(
        &dir,
        "",
        expect![[r#"
            error: rtl: README.md: not as htgen emit wrote it; emit the design to a new folder, or use --edited if it was on purpose
            error: rtl: ht_round.v: missing; emit the design to a new folder, or use --edited if it was on purpose
            error: rtl: nests.hex: missing; emit the design to a new folder, or use --edited if it was on purpose
            error: rtl: more.hex: not a file of this design, but sim and synth would read it; move it away, or use --edited if it belongs to the design
            error: rtl: more.v: not a file of this design, but sim and synth would read it; move it away, or use --edited if it belongs to the design
        "#]],
    );
    fs::remove_file(dir.path("rtl/model.json")).unwrap();
    refused(
        &dir,
        " --edited",
        expect![[r#"
            error: rtl/model.json: cannot be read (No such file or directory (os error 2)); check the path
        "#]],
    );
}

#[test]
fn a_hash_changed_with_its_file_is_found() {
    let dir = design();
    let before = hash(&fs::read(dir.path("rtl/weights.hex")).unwrap());
    flip_word_0(&dir, "rtl/weights.hex", 0);
    let after = hash(&fs::read(dir.path("rtl/weights.hex")).unwrap());
    replace(&dir, "rtl/design.json", &before, &after);
    let message = || {
        expect![[r#"
            error: rtl: design.json: not what model.json and hw.toml give: found other hashes of weights.hex; emit the design again
        "#]]
    };
    refused(&dir, "", message());
    refused(&dir, " --edited", message());
    replace(&dir, "rtl/design.json", &after, &before);
    replace(&dir, "rtl/design.json", "\"lanes\": 2", "\"lanes\": 8");
    refused(
        &dir,
        "",
        expect![[r#"
            error: rtl: design.json: not what model.json and hw.toml give: found other facts about the design; emit the design again
        "#]],
    );
}

#[test]
fn manifests_of_other_versions_are_told_from_those_of_others() {
    let dir = design();
    let manifest = fs::read_to_string(dir.path("rtl/design.json")).unwrap();
    let version = format!("\"htgen\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let mut messages = String::new();
    let older = "{\"format\": \"htgen-design\", \"htgen\": \"0.0.1\", \"lanes\": 4}".to_owned();
    let bare = older.replace("0.0.1", env!("CARGO_PKG_VERSION"));
    for text in [
        manifest.replace(&version, "\"htgen\": \"9.9.9\""),
        older,
        bare,
        manifest.replace("htgen-design", "another-design"),
        "{}".into(),
    ] {
        fs::write(dir.path("rtl/design.json"), text).unwrap();
        let ended = dir.htgen("sim rtl --random 2 --edited");
        assert_eq!(ended.code, Some(2));
        messages += &ended.stderr.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    }
    expect![[r#"
        error: rtl: design.json: written by another version of htgen: found 9.9.9, expected VERSION; emit the design again
        error: rtl: design.json: written by another version of htgen: found 0.0.1, expected VERSION; emit the design again
        error: rtl: design.json: not the manifest that this htgen writes (missing field "name" at line 1 column 56); emit the design again
        error: rtl: not a design: found a design.json that htgen did not write; give a folder written by htgen emit
        error: rtl: not a design: found a design.json that htgen did not write; give a folder written by htgen emit
    "#]]
    .assert_eq(&messages);
}

/// Files that the user has added to a design, or changed in it, are not lost with it.
#[test]
fn emit_replaces_no_work_of_the_users() {
    let dir = design();
    fs::write(dir.path("rtl/notes.txt"), "mine").unwrap();
    fs::create_dir(dir.path("rtl/simulations")).unwrap();
    replace(&dir, "rtl/tiny_top.v", "module tiny_top", "module  tiny_top");
    crate::cli_refusals::refused(
        &dir,
        &["emit tiny.json --pe 4 -o rtl"],
        expect![[r#"
            $ htgen emit tiny.json --pe 4 -o rtl
            error: rtl: a design with files that htgen did not write is not replaced: found notes.txt, simulations, tiny_top.v, edited; move that away, or choose another place with -o
        "#]],
    );
    fs::remove_file(dir.path("rtl/notes.txt")).unwrap();
    fs::remove_dir(dir.path("rtl/simulations")).unwrap();
    fs::remove_file(dir.path("rtl/tiny_top.v")).unwrap();
    dir.done("emit tiny.json --pe 4 -o rtl");
    // A manifest without a list: nobody knows whose the files are.
    let older = "{\"format\": \"htgen-design\", \"htgen\": \"0.0.1\"}";
    fs::write(dir.path("rtl/design.json"), older).unwrap();
    let ended = dir.htgen("emit tiny.json --pe 4 -o rtl");
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("found README.md, deltas.hex, "), "{}", ended.stderr);
    assert!(ended.stderr.contains(" more; move that away"), "{}", ended.stderr);
}
