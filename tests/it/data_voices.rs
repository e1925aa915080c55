//! `examples/digits/make-voices.sh`: synthetic voices that the model of the example understands.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::data_support::{arrays, bytes, integers, strings};
use crate::shared;
use crate::support::{absent, skipped};
use htgen::data::{Sequences, StepValues, Wanted};
use htgen::model::Element;
use htgen::tool::Run;
use std::env;
use std::fs;
use std::path::Path;

/// Whether a program is on PATH.
fn present(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).any(|dir| dir.join(name).is_file());
    if !found {
        absent(&format!("{name} is missing; apt-get install {name}"));
    }
    found
}

#[test]
fn the_model_understands_voices_made_here() {
    if !present("espeak-ng") || !present("sox") {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = root.join("examples/digits/make-voices.sh");
    let dir = Folder::new();
    let make = |out: &str| {
        let run = Run::new(&script).args([out, "5"]).env("HTGEN", env!("CARGO_BIN_EXE_htgen"));
        let ended = dir.run(run);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stdout
    };
    let text = make("voices.npz");
    assert!(text.starts_with("100 sequences of 8 steps of 1,024 bytes"), "{text}");
    let made = arrays(&dir.path("voices.npz"));
    assert_eq!(strings(&made, "groups").len(), 5);
    assert_eq!(integers(&made, "y"), (0..100).map(|k| k / 10).collect::<Vec<_>>());
    make("again.npz");
    assert_eq!(made, arrays(&dir.path("again.npz")), "the same voices again");
    let model = root.join("examples/digits/model.json");
    let report = dir.json(&format!("run {} --inputs voices.npz", model.display()));
    let accuracy = report["accuracy_float"].as_f64().unwrap();
    assert!(accuracy >= 0.85, "features of another kind: {accuracy} decided as spoken");
}

/// The training voices were made by another program from the same wav files, with dither.
#[test]
fn a_voice_of_the_training_has_the_features_that_it_had() {
    let Some(voices) = shared::find("data/voices.npz") else { return };
    if !present("espeak-ng") || !present("sox") {
        return;
    }
    let dir = Folder::new();
    let done = |program: &str, words: &str| {
        let ended = dir.run(Run::new(program).args(words.split_whitespace()));
        assert_eq!(ended.code, Some(0), "{program} {words}: {}", ended.stderr);
        ended.stdout
    };
    if !done("espeak-ng", "--version").contains("1.51 ") {
        return skipped("an espeak-ng other than 1.51 speaks otherwise");
    }
    fs::create_dir_all(dir.path("in/8")).unwrap();
    done("espeak-ng", "-v en-029+Alicia -s 200 -p 42 -w raw.wav 8");
    let trim = "silence 1 0.01 0.5% reverse";
    done("sox", &format!("-D raw.wav -c 1 -b 16 in/8/a_1.wav {trim} {trim} gain -1 rate 8000"));
    dir.done("data wav in -o out.npz");
    let x = bytes(&arrays(&dir.path("out.npz")), "x", &[1, 8, 1024]);
    let training = Sequences::load(&voices, Wanted::all(1024, Element::U8)).unwrap();
    assert_eq!(training.label(17), Some(8));
    let mut equal = 0;
    for (step, row) in x.chunks(1024).enumerate() {
        let StepValues::U8(wanted) = training.step(17, step) else { panic!("bytes") };
        let apart = row.iter().zip(wanted).filter(|(a, b)| a.abs_diff(**b) > 1).count();
        assert_eq!(apart, 0, "step {step}");
        equal += row.iter().zip(wanted).filter(|(a, b)| a == b).count();
    }
    assert!(equal * 100 >= x.len() * 97, "{equal} of {}", x.len());
}
