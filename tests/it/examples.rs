//! The models that ship: their sizes, and their decisions on data that is made here or available
//! locally.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::shared;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Maximum size of all examples together, bytes.
const MOST_BYTES: u64 = 15 << 20;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn run(dir: &Folder, model: &str, inputs: &Path) -> Value {
    dir.json(&format!("run {} --inputs {}", example(model).display(), inputs.display()))
}

#[test]
fn shipped_models_are_as_small_as_told() {
    let dir = Folder::new();
    let most = [
        ("digits/model.json", 1_200),
        ("motion/model.json", 2_000),
        ("motion/large.json", 2_000),
        ("signs/model.json", 2_000),
        ("falls/model.json", 1_600),
    ];
    for (name, most) in most {
        let report = dir.json(&format!("inspect {}", example(name).display()));
        let parameters = report["parameters"].as_u64().unwrap();
        assert!(parameters <= most, "{name}: {parameters} parameters, at most {most}");
        let page = fs::read_to_string(example(name).with_file_name("README.md")).unwrap();
        let told = htgen::report::grouped(parameters);
        assert!(page.contains(&told), "{name}: its README does not tell {told} parameters");
    }
}

#[test]
fn the_examples_stay_small() {
    fn size(folder: &Path) -> u64 {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|p| if p.is_dir() { size(&p) } else { p.metadata().unwrap().len() }).sum()
    }
    let bytes = size(&example(""));
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}

/// Scenes of another seed than those of the training.
#[test]
fn motion_is_understood_in_scenes_never_seen() {
    let dir = Folder::new();
    dir.done("data motion --size 64x48x3 --steps 8 --count 200 --groups 20 --seed 77 -o m.npz");
    let report = run(&dir, "motion/model.json", &dir.path("m.npz"));
    let accuracy = report["accuracy_float"].as_f64().unwrap();
    println!("{accuracy}");
    assert!(accuracy >= 0.85, "{accuracy} of 200 clips");
    dir.done("data motion --size 160x120x3 --steps 6 --count 100 --groups 10 --seed 77 -o l.npz");
    let report = run(&dir, "motion/large.json", &dir.path("l.npz"));
    let accuracy = report["accuracy_float"].as_f64().unwrap();
    println!("{accuracy}");
    assert!(accuracy >= 0.75, "{accuracy} of 100 clips");
}

/// Whole data sets, most of which were used for training: the arrays mean what the models assume.
#[test]
fn photographs_and_falls_are_understood() {
    let dir = Folder::new();
    if let Some(pictures) = shared::find("data/signdigits.npz") {
        let windows = "--window 32x32 --stride 16 -o signs.npz";
        dir.done(&format!("data windows {} {windows}", pictures.display()));
        let report = run(&dir, "signs/model.json", &dir.path("signs.npz"));
        let accuracy = report["accuracy_float"].as_f64().unwrap();
        assert!(accuracy >= 0.9, "{accuracy} of the photographs");
    }
    if let Some(frames) = shared::find("data/falls.npz") {
        dir.done(&format!("data sliding {} --steps 8 -o falls.npz", frames.display()));
        let report = run(&dir, "falls/model.json", &dir.path("falls.npz"));
        let accuracy = report["accuracy_float"].as_f64().unwrap();
        assert!(accuracy >= 0.8, "{accuracy} of the windows");
    }
}
