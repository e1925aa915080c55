//! What `htgen train` refuses, each with one clear message and nothing written, and what it does
//! when the loss is no longer a number.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::changed::changed;
use crate::cli_support::Folder;
use crate::train::{CONFIG, easy};
use htgen::data::{Array, ArrayData, LabelledSequences, write_npz};
use htgen::model;
use htgen::train::config::FitConfig;
use htgen::train::{End, Split, Task, TrainConfig, TrainState, Watch, fit};
use std::fs;

const LINE: &str = "train bad.npz --config train.toml -o m.json";

fn array(shape: &[usize], values: impl Fn(usize) -> i64) -> Array {
    let count = shape.iter().product();
    Array { shape: shape.to_vec(), data: ArrayData::I64((0..count).map(values).collect()) }
}

fn bytes(shape: &[usize]) -> Array {
    let count = shape.iter().product();
    Array {
        shape: shape.to_vec(),
        data: ArrayData::U8((0..count).map(|k| (k * 31) as u8).collect()),
    }
}

/// Refused with the messages, exit code 2 and no additional file.
#[track_caller]
fn refused(config: &str, arrays: &[(&str, Array)], messages: &[&str]) {
    let dir = Folder::new();
    fs::write(dir.path("train.toml"), config).unwrap();
    write_npz(&dir.path("bad.npz"), arrays).unwrap();
    let before = dir.names();
    let ended = dir.htgen(LINE);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let expected: String = messages.iter().map(|m| format!("error: {m}\n")).collect();
    assert_eq!(ended.messages(), expected);
    assert_eq!(dir.names(), before);
}

fn good() -> Vec<(&'static str, Array)> {
    vec![("x", bytes(&[12, 4, 8])), ("y", array(&[12], |k| k as i64 % 3))]
}

fn with(name: &'static str, array: Array) -> Vec<(&'static str, Array)> {
    let mut arrays = good();
    arrays.retain(|(other, _)| *other != name);
    arrays.push((name, array));
    arrays
}

#[test]
fn labels() {
    refused(
        CONFIG,
        &with("y", array(&[12], |k| k as i64 - 1)),
        &["bad.npz: y[0]: label outside the classes: found -1, expected classes counted from 0"],
    );
    refused(
        CONFIG,
        &with("y", array(&[11], |k| k as i64 % 3)),
        &["bad.npz: y: wrong shape: found 11, expected 12, one per sequence"],
    );
    refused(
        CONFIG,
        &with("y", array(&[12], |k| k as i64 % 3 * 2)),
        &["bad.npz: y: a class without training sequences: found none of class 1, 3, expected \
           sequences of each of the 5 classes; count the classes from 0 without gaps, or hold out \
           less"],
    );
    refused(
        CONFIG,
        &with("y", array(&[12], |k| k as i64 * 1_000_000)),
        &["bad.npz: y: more classes than sequences: found 11000001 classes, expected at most 12; \
           count the classes from 0 without gaps"],
    );
    refused(
        CONFIG,
        &good()[..1],
        &["bad.npz: y: array missing: found x, expected y, the class of each sequence"],
    );
}

#[test]
fn numbers_that_are_none() {
    let mut values = vec![0.5f32; 12 * 4 * 8];
    values[40] = f32::NAN;
    let x = Array { shape: vec![12, 4, 8], data: ArrayData::F32(values) };
    refused(
        CONFIG,
        &with("x", x),
        &["bad.npz: x[1, 1]: not finite: found NaN at element 0, expected finite \
           single-precision numbers; if it pads a shorter sequence, give its number of steps in \
           `length`"],
    );
}

#[test]
fn parts() {
    let mut arrays = good();
    arrays.push(("group", array(&[12], |_| 4)));
    refused(
        CONFIG,
        &arrays,
        &["bad.npz: data.validation: no validation part is left: found 12 sequences; change \
           data.validation, or split the data by sequence"],
    );
    let mut arrays = good();
    arrays.push(("split", array(&[12], |k| k as i64)));
    refused(
        CONFIG,
        &arrays,
        &["bad.npz: split[3]: not a part: found 3, expected 0 or train, 1 or validation, 2 or \
             test"],
    );
    refused(
        &CONFIG.replace("validation = 0.25", "validation_groups = [7]"),
        &good(),
        &["bad.npz: data.by: the data have no groups: expected an array group, or one named by \
           data.group; split the data by sequence"],
    );
}

#[test]
fn configurations() {
    let config = CONFIG.replace("0.25", "1.5").replace("batch = 8", "batch = 0");
    refused(
        &config,
        &good(),
        &[
            "train.toml: data.validation: out of range: found 1.5, expected more than 0 and less \
             than 1",
            "train.toml: train.batch: out of range: found 0, expected 1 to 65536",
        ],
    );
    refused(
        &format!("{CONFIG}average = 1.0\n\n[augment]\nshape = [2, 4]\nerase_rows = 5000\n"),
        &good(),
        &[
            "train.toml: augment.erase_rows: out of range: found 5000, expected 0 to 4096",
            "train.toml: train.average: out of range: found 1, expected 0 to 0.9999",
        ],
    );
    let config = CONFIG.replace("in_modes = [4, 3]", "in_modes = [4, 2]");
    let dir = Folder::new();
    fs::write(dir.path("train.toml"), config).unwrap();
    write_npz(&dir.path("bad.npz"), &good()).unwrap();
    let ended = dir.htgen(LINE);
    assert_eq!(ended.code, Some(2));
    assert!(ended.messages().starts_with("error: train.toml: model: "), "{}", ended.stderr);
    for (from, to, place) in [
        ("hidden = 4", "hidden = \"four\"", "train.toml: line 2: model.hidden: "),
        ("hidden = 4", "hiden = 4", "train.toml: line 2: model"),
        ("[train]", "[training]", "train.toml: line "),
        ("rank = 3", "rank = ", "train.toml: line 5: "),
    ] {
        fs::write(dir.path("train.toml"), CONFIG.replace(from, to)).unwrap();
        let ended = dir.htgen(LINE);
        assert_eq!(ended.code, Some(2), "{to}");
        let found = ended.messages();
        assert!(found.starts_with(&format!("error: {place}")), "{to}: {found}");
        assert!(found.contains("docs/train.md"), "{to}: {found}");
    }
    assert_eq!(dir.names(), ["bad.npz", "train.toml"]);
}

#[test]
fn a_loss_that_is_no_number() {
    let dir = Folder::new();
    easy(&dir);
    let (table, rest) = CONFIG.split_once("[data]").unwrap();
    fs::write(dir.path("train.toml"), format!("{table}[data]{rest}").replace("= 12", "= 2"))
        .unwrap();
    dir.done("train easy.npz --config train.toml -o m.json");
    // Products of three such values are not single-precision numbers.
    let large = changed(&model::load(&dir.path("m.json")).unwrap(), |model| {
        let values = model.layers[0].matrices[0].factors.values_mut();
        values.into_iter().flatten().for_each(|value| *value = 1e14);
    });
    model::save(&large, &dir.path("large.json"), model::Cores::Inline).unwrap();
    fs::write(dir.path("again.toml"), format!("[data]{rest}")).unwrap();
    let before = dir.names();
    let ended = dir.htgen("train easy.npz --config again.toml --init large.json -o n.json");
    assert_eq!(ended.code, Some(1), "{} {}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("the loss was not finite in epoch 1"), "{}", ended.stdout);
    assert_eq!(dir.names(), before, "no epoch was whole, so there is no model");
}

/// Values that diverged after the second epoch: the best of the first two are kept.
#[test]
fn a_loss_that_becomes_no_number() {
    struct Silent;
    impl Watch for Silent {
        fn step(&mut self, _: usize, _: usize) -> bool {
            true
        }
        fn epoch(&mut self, _: &TrainState) -> htgen::error::Result<()> {
            Ok(())
        }
    }
    let dir = Folder::new();
    easy(&dir);
    fs::write(dir.path("train.toml"), CONFIG.replace("= 12", "= 2")).unwrap();
    dir.done("train easy.npz --config train.toml -o m.json");
    let model = model::load(&dir.path("m.json")).unwrap();
    let data = LabelledSequences::load(&dir.path("easy.npz"), None).unwrap();
    let mut config = TrainConfig::parse(CONFIG).unwrap();
    let split = Split::of(&data, &config.data).unwrap();
    let mut state = TrainState::start(&model);
    config.train.epochs = 2;
    let task = Task {
        model: &model,
        data: &data,
        split: &split,
        config: &config.train,
        augment: None,
        quantization: None,
    };
    assert_eq!(fit(task, &mut state, &mut Silent).unwrap(), End::Done);
    let kept = state.best.clone();
    state.values.iter_mut().flatten().for_each(|value| *value *= 1e14);
    let config = FitConfig { epochs: 4, ..config.train.clone() };
    let task = Task { config: &config, ..task };
    assert_eq!(fit(task, &mut state, &mut Silent).unwrap(), End::NotFinite(3));
    assert_eq!(state.best, kept);
    assert_eq!(state.history.len(), 2);
}
