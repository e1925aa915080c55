//! Labels outside the classes, data after the end of a sequence, and how data are split.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::data_refusals::refused;
use expect_test::expect;
use htgen::data::{Array, ArrayData, Sequences, Wanted, write_npz};
use htgen::model::Element;
use serde_json::json;
use std::fs;

const CONFIG: &str = "[model]\nhidden = 2\nformat = \"dense\"\n[train]\nepochs = 1\n";

fn reals(shape: &[usize], data: Vec<f32>) -> Array {
    Array { shape: shape.to_vec(), data: ArrayData::F32(data) }
}

fn ints(values: &[i64]) -> Array {
    Array { shape: vec![values.len()], data: ArrayData::I64(values.to_vec()) }
}

/// A model of 2 real inputs and 3 classes in `m.json`.
fn model(dir: &Folder) {
    let shape = "--inputs 2 --hidden 2 --format dense --recurrent dense --real --head 3";
    dir.done(&format!("new {shape} -o m.json"));
}

/// Nine sequences of two steps of two inputs.
fn x() -> Array {
    reals(&[9, 2, 2], (0..36).map(|k| (k % 7) as f32 / 8.0).collect())
}

#[test]
fn labels_outside_the_classes_are_refused_by_every_command() {
    let dir = Folder::new();
    model(&dir);
    fs::write(dir.path("c.toml"), CONFIG).unwrap();
    let y: Vec<i64> = (0..9).map(|k| k % 3).collect();
    for (name, shift) in [("good", 0), ("one", 1), ("less", -1), ("far", 1 << 40)] {
        let y: Vec<i64> = y.iter().map(|label| label + shift).collect();
        write_npz(&dir.path(&format!("{name}.npz")), &[("x", x()), ("y", ints(&y))]).unwrap();
    }
    for line in ["run m.json --inputs good.npz", "quantize m.json --calibrate good.npz -o q.json"] {
        dir.done(line);
    }
    let mut lines = Vec::new();
    for name in ["one", "less", "far"] {
        lines.push(format!("run m.json --inputs {name}.npz"));
        lines.push(format!("quantize m.json --calibrate {name}.npz -o q2.json"));
        lines.push(format!("train {name}.npz --config c.toml -o t.json"));
        lines.push(format!("data split {name}.npz --config c.toml -o parts"));
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    refused(
        &dir,
        &lines,
        expect![[r#"
            $ htgen run m.json --inputs one.npz
            error: one.npz: y[2]: label outside the classes: found 3, expected 0 to 2, the classes of the model's outputs; count the classes from 0; does the data set belong to this model?
            $ htgen quantize m.json --calibrate one.npz -o q2.json
            error: one.npz: y[2]: label outside the classes: found 3, expected 0 to 2, the classes of the model's outputs; count the classes from 0; does the data set belong to this model?
            $ htgen train one.npz --config c.toml -o t.json
            error: one.npz: y: a class without training sequences: found none of class 0, expected sequences of each of the 4 classes; count the classes from 0 without gaps, or hold out less
            $ htgen data split one.npz --config c.toml -o parts
            error: one.npz: y: a class without training sequences: found none of class 0, expected sequences of each of the 4 classes; count the classes from 0 without gaps, or hold out less
            $ htgen run m.json --inputs less.npz
            error: less.npz: y[0]: label outside the classes: found -1, expected 0 to 2, the classes of the model's outputs; count the classes from 0; does the data set belong to this model?
            $ htgen quantize m.json --calibrate less.npz -o q2.json
            error: less.npz: y[0]: label outside the classes: found -1, expected 0 to 2, the classes of the model's outputs; count the classes from 0; does the data set belong to this model?
            $ htgen train less.npz --config c.toml -o t.json
            error: less.npz: y[0]: label outside the classes: found -1, expected classes counted from 0
            $ htgen data split less.npz --config c.toml -o parts
            error: less.npz: y[0]: label outside the classes: found -1, expected classes counted from 0
            $ htgen run m.json --inputs far.npz
            error: far.npz: y[0]: label outside the classes: found 1099511627776, expected 0 to 2, the classes of the model's outputs; count the classes from 0; does the data set belong to this model?
            $ htgen quantize m.json --calibrate far.npz -o q2.json
            error: far.npz: y[0]: label outside the classes: found 1099511627776, expected 0 to 2, the classes of the model's outputs; count the classes from 0; does the data set belong to this model?
            $ htgen train far.npz --config c.toml -o t.json
            error: far.npz: y: more classes than sequences: found 1099511627779 classes, expected at most 9; count the classes from 0 without gaps
            $ htgen data split far.npz --config c.toml -o parts
            error: far.npz: y: more classes than sequences: found 1099511627779 classes, expected at most 9; count the classes from 0 without gaps
        "#]],
    );
}

#[test]
fn one_output_tells_two_classes_apart() {
    let dir = Folder::new();
    let shape = "--inputs 2 --hidden 2 --format dense --recurrent dense --real";
    dir.done(&format!("new {shape} --head 1 -o one.json"));
    dir.done(&format!("new {shape} -o none.json"));
    let binary: Vec<i64> = (0..9).map(|k| k % 2).collect();
    write_npz(&dir.path("d.npz"), &[("x", x()), ("y", ints(&binary))]).unwrap();
    dir.done("run one.json --inputs d.npz");
    let three: Vec<i64> = (0..9).map(|k| k % 3).collect();
    write_npz(&dir.path("d.npz"), &[("x", x()), ("y", ints(&three))]).unwrap();
    refused(
        &dir,
        &["run one.json --inputs d.npz"],
        expect![[r#"
            $ htgen run one.json --inputs d.npz
            error: d.npz: y[2]: label outside the classes: found 2, expected 0 to 1, the classes of the model's only output; count the classes from 0; does the data set belong to this model?
        "#]],
    );
    dir.done("run none.json --inputs d.npz");
}

#[test]
fn what_stands_after_the_end_does_not_matter() {
    let dir = Folder::new();
    model(&dir);
    fs::write(dir.path("c.toml"), CONFIG).unwrap();
    let (y, length) = (ints(&[0, 1, 2, 0, 1, 2, 0, 1, 2]), ints(&[2, 1, 2, 1, 1, 2, 2, 2, 2]));
    let file = |name: &str, at: usize, length: &Array| {
        let Array { shape, data: ArrayData::F32(mut data) } = x() else { unreachable!("reals") };
        for element in [at, at + 1] {
            data[element] = f32::NAN;
        }
        let x = Array { shape, data: ArrayData::F32(data) };
        let arrays = [("x", x), ("y", y.clone()), ("length", length.clone())];
        write_npz(&dir.path(name), &arrays).unwrap();
    };
    // The second step of sequence 1 is not in use, that of sequence 2 is.
    file("padded.npz", 6, &length);
    file("inside.npz", 10, &length);
    dir.done("run m.json --inputs padded.npz");
    dir.done("quantize m.json --calibrate padded.npz -o q.json");
    dir.done("train padded.npz --config c.toml -o t.json");
    let lines = ["run m.json --inputs inside.npz", "train inside.npz --config c.toml -o u.json"];
    refused(
        &dir,
        &lines,
        expect![[r#"
        $ htgen run m.json --inputs inside.npz
        error: inside.npz: x[2, 1]: not finite: found NaN at element 0, expected finite single-precision numbers; if it pads a shorter sequence, give its number of steps in `length`
        $ htgen train inside.npz --config c.toml -o u.json
        error: inside.npz: x[2, 1]: not finite: found NaN at element 0, expected finite single-precision numbers; if it pads a shorter sequence, give its number of steps in `length`
    "#]],
    );
}

/// As many sequences as requested, with their labels and steps.
#[test]
fn a_limit_reads_no_more() {
    let dir = Folder::new();
    let (y, length) = (ints(&[0, 1, 2, 0, 1, 2, 0, 1, 9]), ints(&[2, 1, 2, 1, 1, 2, 2, 2, 2]));
    write_npz(&dir.path("d.npz"), &[("x", x()), ("y", y), ("length", length)]).unwrap();
    let whole = Wanted::all(2, Element::Real);
    let all = Sequences::load(&dir.path("d.npz"), whole).unwrap();
    let first = Wanted { limit: Some(4), ..whole };
    let first = Sequences::load(&dir.path("d.npz"), first).unwrap();
    assert_eq!((all.count(), first.count()), (9, 4));
    for k in 0..4 {
        assert_eq!((first.steps(k), first.label(k)), (all.steps(k), all.label(k)));
        for step in 0..first.steps(k) {
            assert_eq!(first.step(k, step), all.step(k, step));
        }
    }
}

/// Sixty sequences whose first element says which group they belong to.
fn of_people(dir: &Folder, name: &str, people: std::ops::Range<usize>, array: &str) {
    let who: Vec<usize> = people.clone().cycle().take(60).collect();
    let x = who.iter().flat_map(|&person| [person as f32, 0.0]).collect();
    let y: Vec<i64> = (0..60).map(|k| k / 6 % 3).collect();
    let keys: Vec<i64> = who.iter().map(|&person| person as i64).collect();
    let spare = ints(&[7; 60]);
    let arrays =
        [("x", reals(&[60, 1, 2], x)), ("y", ints(&y)), (array, ints(&keys)), ("day", spare)];
    write_npz(&dir.path(name), &arrays).unwrap();
}

fn people_of(dir: &Folder, part: &str) -> Vec<i64> {
    let data = Sequences::load(&dir.path(part), Wanted::all(2, Element::Real)).unwrap();
    let first = |k| match data.step(k, 0) {
        htgen::data::StepValues::F32(values) => values[0] as i64,
        htgen::data::StepValues::U8(_) => unreachable!("reals were written"),
    };
    let mut people: Vec<i64> = (0..data.count()).map(first).collect();
    people.sort_unstable();
    people.dedup();
    people
}

#[test]
fn a_group_of_two_files_is_one_group() {
    let dir = Folder::new();
    fs::write(dir.path("c.toml"), CONFIG).unwrap();
    for array in ["group", "subject", "speaker", "voice", "video"] {
        of_people(&dir, "monday.npz", 0..6, array);
        of_people(&dir, "friday.npz", 2..8, array);
        let report = dir.json("data split monday.npz friday.npz --config c.toml -o parts");
        let division = &report["division"];
        assert_eq!((&division["by"], &division["arrays"]), (&json!("group"), &json!([array])));
        assert_eq!(division["arrays_not_used"], json!(["day"]));
        let parts = ["parts/training.npz", "parts/validation.npz"].map(|p| people_of(&dir, p));
        assert!(parts.iter().all(|part| !part.is_empty()));
        assert!(parts[0].iter().all(|person| !parts[1].contains(person)), "{array}: {parts:?}");
        assert_eq!([&parts[0][..], &parts[1]].concat().len(), 8);
        fs::remove_dir_all(dir.path("parts")).unwrap();
    }
    let text = dir.done("data split monday.npz friday.npz --config c.toml -o parts");
    expect![[r#"
        80 sequences for training, 40 held out, in parts
          split by     group (array video): 6 for training, 2 held out: 3, 4
          not used     day
    "#]]
    .assert_eq(&text);
    let text = dir.done("train monday.npz --config c.toml -o t.json");
    assert!(text.contains("split by     group (array video): "), "{text}");
    of_people(&dir, "others.npz", 0..6, "speaker");
    let report = dir.json("data split monday.npz others.npz --config c.toml -o apart");
    let groups = |part: &str| report["division"][part].as_array().unwrap().len();
    assert_eq!(groups("training_groups") + groups("validation_groups"), 12);
    assert_eq!(report["division"]["arrays"], json!(["video", "speaker"]));
    of_people(&dir, "plain.npz", 0..6, "weekday");
    let text = dir.done("train plain.npz --config c.toml -o u.json");
    assert!(text.contains("split by     sequence, each class alike\n"), "{text}");
    assert!(text.contains("not used     day, weekday\n"), "{text}");
    std::os::unix::fs::symlink("monday.npz", dir.path("again.npz")).unwrap();
    let lines = [
        "data split monday.npz again.npz --config c.toml -o other",
        "train monday.npz --validation ./monday.npz --config c.toml -o v.json",
    ];
    refused(
        &dir,
        &lines,
        expect![[r#"
        $ htgen data split monday.npz again.npz --config c.toml -o other
        error: again.npz: a data set that is given twice; its sequences would be in both parts; leave it out once
        $ htgen train monday.npz --validation ./monday.npz --config c.toml -o v.json
        error: ./monday.npz: a data set that is given twice; its sequences would be in both parts; leave it out once
    "#]],
    );
}
