//! `htgen train` from data to a model that runs: what it writes, that it is repeatable, and that an
//! interrupted run ends like an uninterrupted one.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::{Folder, object};
use crate::interrupted::{Moment, interrupt};
use htgen::data::{Array, ArrayData, write_npz};
use htgen::tool::Run;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustix::process::Signal;
use std::fs;

/// Sequences of the easy set.
const COUNT: usize = 90;

/// A configuration for the easy set.
pub const CONFIG: &str = "\
[model]
hidden = 4
out_modes = [4, 4]
in_modes = [4, 3]
rank = 3

[data]
validation = 0.25

[train]
epochs = 12
batch = 8
learning_rate = 0.03
dropout = 0.1
label_smoothing = 0.05
";

/// Sequences of eight noisy bytes per step with a bright spot that stays in one of three parts:
/// three classes; ten groups.
pub fn easy(dir: &Folder) {
    write_npz(&dir.path("easy.npz"), &easy_arrays()).unwrap();
}

fn easy_arrays() -> Vec<(&'static str, Array)> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut bytes = Vec::new();
    for k in 0..COUNT {
        for _ in 0..4 {
            let at = 2 * (k % 3) + rng.random_range(0..2usize);
            let noise =
                |spot: usize| -> u8 { rng.random_range(0..60) + if spot == at { 150 } else { 0 } };
            bytes.extend((0..8).map(noise));
        }
    }
    let ints = |values: Vec<i64>| Array { shape: vec![COUNT], data: ArrayData::I64(values) };
    vec![
        ("x", Array { shape: vec![COUNT, 4, 8], data: ArrayData::U8(bytes) }),
        ("y", ints((0..COUNT).map(|k| (k % 3) as i64).collect())),
        ("group", ints((0..COUNT).map(|k| (k / 9) as i64).collect())),
    ]
}

fn folder(config: &str) -> Folder {
    let dir = Folder::new();
    easy(&dir);
    fs::write(dir.path("train.toml"), config).unwrap();
    dir
}

const LINE: &str = "train easy.npz --config train.toml -o m.json";

#[test]
fn a_model_is_learned_and_runs_as_reported() {
    let dir = folder(CONFIG);
    let report = dir.json(LINE);
    assert_eq!(dir.names(), ["easy.npz", "m.json", "m.train.json", "m.train.svg", "train.toml"]);
    let (training, validation) = (&report["training"], &report["validation"]);
    let n = |part: &serde_json::Value| part["sequences"].as_f64().unwrap();
    let right = |part: &serde_json::Value| part["accuracy"].as_f64().unwrap() * n(part);
    // Whole groups of nine: three of ten are more than a quarter.
    assert_eq!((n(training), n(validation)), (63.0, 27.0));
    assert!(right(validation) > 0.8 * 27.0, "{report}");

    // What training reports is what the float reference decides, sequence by sequence.
    let run = dir.json("run m.json --inputs easy.npz");
    let float = run["accuracy_float"].as_f64().unwrap() * COUNT as f64;
    assert!((float - right(training) - right(validation)).abs() < 1e-6, "{run}");

    let record = object(&fs::read_to_string(dir.path("m.train.json")).unwrap());
    assert_eq!(record["history"].as_array().unwrap().len(), 12);
    assert_eq!(record["config"]["train"]["warmup"], 20);
    let best = record["best_epoch"].as_u64().unwrap();
    let kept = &record["history"][best as usize - 1]["validation_accuracy"];
    let most = record["history"].as_array().unwrap().iter();
    assert!(most.map(|e| &e["validation_accuracy"]).all(|a| a.as_f64() <= kept.as_f64()));
    let curve = fs::read_to_string(dir.path("m.train.svg")).unwrap();
    assert_eq!(curve.matches("<polyline").count(), 4);
}

/// The running mean of the values is measured and kept, not the values.
#[test]
fn the_mean_of_the_values_is_kept() {
    let dir = folder(&format!("{CONFIG}average = 0.97\n"));
    let report = dir.json(LINE);
    let mean = fs::read(dir.path("m.json")).unwrap();
    let run = dir.json("run m.json --inputs easy.npz")["accuracy_float"].as_f64().unwrap();
    let right = |part: &str| {
        let n = report[part]["sequences"].as_f64().unwrap();
        report[part]["accuracy"].as_f64().unwrap() * n
    };
    let reported = right("training") + right("validation");
    assert!((run * COUNT as f64 - reported).abs() < 1e-6, "{report}");
    let record = object(&fs::read_to_string(dir.path("m.train.json")).unwrap());
    let best = record["best_epoch"].as_u64().unwrap() as usize;
    let measured = record["history"][best - 1]["validation_loss"].as_f64().unwrap();
    let kept = report["validation"]["loss"].as_f64().unwrap();
    assert!((measured - kept).abs() < 1e-4 * kept, "{measured} {kept}");
    // The steps are those of training without a mean: what is learned from does not change.
    let losses = |record: &serde_json::Value| -> Vec<serde_json::Value> {
        record["history"].as_array().unwrap().iter().map(|epoch| epoch["loss"].clone()).collect()
    };
    let with_mean = losses(&record);
    fs::write(dir.path("train.toml"), CONFIG).unwrap();
    dir.done(LINE);
    let record = object(&fs::read_to_string(dir.path("m.train.json")).unwrap());
    assert_eq!(losses(&record), with_mean);
    assert!(fs::read(dir.path("m.json")).unwrap() != mean);
}

/// Held-out data may be files of its own; any other way to split the data then conflicts with them.
#[test]
fn validation_files() {
    let dir = folder(CONFIG);
    dir.done("data split easy.npz --config train.toml -o parts");
    let whole = dir.json(LINE);
    let kept = fs::read(dir.path("m.json")).unwrap();
    let parts = "train parts/training.npz --config train.toml -o m.json --validation \
                 parts/validation.npz";
    let parted = dir.json(parts);
    for part in ["training", "validation"] {
        assert_eq!(parted[part]["sequences"], whole[part]["sequences"]);
    }
    assert!(fs::read(dir.path("m.json")).unwrap() == kept, "the same sequences, the same model");
    for copy in ["one.npz", "two.npz"] {
        fs::copy(dir.path("easy.npz"), dir.path(copy)).unwrap();
    }
    let all =
        dir.json("train easy.npz --config train.toml -o all.json --validation one.npz two.npz");
    assert_eq!(all["training"]["sequences"], COUNT);
    assert_eq!(all["validation"]["sequences"], 2 * COUNT);
    let record = object(&fs::read_to_string(dir.path("all.train.json")).unwrap());
    assert_eq!(record["validation_data"].as_array().unwrap().len(), 2);
    let split = Array { shape: vec![COUNT], data: ArrayData::I64(vec![2; COUNT]) };
    let mut arrays = easy_arrays();
    arrays.push(("split", split));
    write_npz(&dir.path("split.npz"), &arrays).unwrap();
    let ended = dir.htgen("train easy.npz --config train.toml -o no.json --validation split.npz");
    let expected = "error: split.npz: split: conflicts with --validation, which already splits \
                    the data; leave one out\n";
    assert_eq!((ended.code, ended.messages().as_str()), (Some(2), expected));
    let by = CONFIG.replace("[data]", "[data]\nby = \"sequence\"\nvalidation_groups = [1]");
    fs::write(dir.path("train.toml"), by).unwrap();
    let ended = dir.htgen(parts);
    assert_eq!(ended.code, Some(2));
    let expected = "error: train.toml: data.by: conflicts with --validation, which already splits \
                    the data; leave one out\n\
                    error: train.toml: data.validation_groups: conflicts with --validation, which \
                    already splits the data; leave one out\n";
    assert_eq!(ended.messages(), expected);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let dir = folder(CONFIG);
    let mut models = Vec::new();
    for seed in [1, 1, 2] {
        fs::write(dir.path("train.toml"), format!("{CONFIG}seed = {seed}\n")).unwrap();
        dir.done(LINE);
        models.push(fs::read(dir.path("m.json")).unwrap());
    }
    assert!(models[0] == models[1], "the same seed");
    assert!(models[0] != models[2], "another seed");
}

/// Batches of several groups of sequences, which are distributed over the cores.
#[test]
fn the_number_of_cores_does_not_matter() {
    let dir = folder(&CONFIG.replace("batch = 8", "batch = 50"));
    let models = ["1", "2", "5"].map(|threads| {
        let run = Run::new(env!("CARGO_BIN_EXE_htgen")).args(LINE.split_whitespace());
        let ended = dir.run(run.env("RAYON_NUM_THREADS", threads));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        fs::read(dir.path("m.json")).unwrap()
    });
    assert!(models[0] == models[1] && models[0] == models[2]);
}

#[test]
fn an_interrupted_run_ends_like_another() {
    let varied = "average = 0.9\n\n[augment]\nshape = [2, 4]\nrows = 1\nerase_columns = 1\n";
    let dir = folder(&(CONFIG.replace("epochs = 12", "epochs = 60") + varied));
    dir.done(LINE);
    let whole = dir.files();
    for signal in [Signal::INT, Signal::KILL] {
        for name in ["m.json", "m.train.json", "m.train.svg"] {
            fs::remove_file(dir.path(name)).unwrap();
        }
        let seen = || dir.path("m.checkpoint").is_file();
        let ended = interrupt(&dir, LINE, &[], Moment { signal, seen: &seen });
        if dir.path("m.checkpoint").is_file() {
            assert_ne!(ended.code, Some(0));
            if signal == Signal::INT {
                assert!(
                    ended.stderr.contains("--resume continues after epoch"),
                    "{}",
                    ended.stderr
                );
            }
            for left in dir.names().iter().filter(|name| name.starts_with(".htgen-")) {
                assert_eq!(signal, Signal::KILL, "{left}");
                fs::remove_file(dir.path(left)).unwrap();
            }
            let again = dir.htgen(LINE);
            assert_eq!(again.code, Some(2), "a checkpoint is not overwritten");
            assert!(again.stderr.contains("--resume"), "{}", again.stderr);
            dir.done(&format!("{LINE} --resume"));
        }
        assert!(dir.files() == whole, "{signal:?}: {:?}", dir.names());
    }
}

/// A limit on the size of a file stands in for a full disk: writes fail in the same places.
#[test]
fn a_disk_that_fills_up_loses_nothing() {
    let dir = folder(CONFIG);
    dir.done(LINE);
    let before = dir.files();
    let limited = format!("trap '' XFSZ; ulimit -f 1; \"$0\" {LINE}");
    let program = env!("CARGO_BIN_EXE_htgen");
    let ended = dir.run(Run::new("/bin/sh").args(["-c", limited.as_str(), program]));
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let message = ended.messages();
    let expected = "error: ./m.checkpoint: cannot be written (file too large); free some space; \
                    nothing was changed\n";
    assert_eq!(message, expected);
    assert!(dir.files() == before, "{:?}", dir.names());
}

#[test]
fn training_goes_on_from_a_model() {
    let dir = folder(CONFIG);
    dir.done(LINE);
    let (_, rest) = CONFIG.split_once("[data]").unwrap();
    fs::write(dir.path("again.toml"), format!("[data]{}", rest.replace("12", "2"))).unwrap();
    let again = "train easy.npz --config again.toml --init m.json -o n.json --safetensors";
    let report = dir.json(again);
    assert_eq!(report["epochs"], 2);
    assert!(dir.path("n.safetensors").is_file());
    assert!(report["validation"]["accuracy"].as_f64().unwrap() > 0.8, "{report}");
}
