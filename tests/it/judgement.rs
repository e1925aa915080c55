//! What `run` and `quantize` report about outputs: agreement with float, decisions, classes, every
//! step.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use expect_test::expect;
use htgen::data::{Array, ArrayData, write_npz};
use serde_json::{Value, json};

/// Sequences of the set, and steps of the longest.
const COUNT: usize = 120;
const STEPS: usize = 5;

/// A model of 4 real inputs and 3 units, in `m.json`.
fn model(dir: &Folder, head: &str) {
    let shape = "--inputs 4 --hidden 3 --format dense --recurrent dense --real --seed 3";
    dir.done(&format!("new {shape} {head} --name m -o m.json"));
}

fn length(sequence: usize) -> usize {
    1 + sequence % STEPS
}

/// Sequences of different lengths with the given labels in `d.npz`.
fn data(dir: &Folder, more: Vec<(&'static str, Array)>) {
    let value = |k: usize| ((k * 7919 % 1999) as f32 - 999.0) / 1000.0;
    let x = ArrayData::F32((0..COUNT * STEPS * 4).map(value).collect());
    let lengths = ArrayData::I64((0..COUNT).map(|k| length(k) as i64).collect());
    let mut arrays = vec![
        ("x", Array { shape: vec![COUNT, STEPS, 4], data: x }),
        ("length", Array { shape: vec![COUNT], data: lengths }),
    ];
    arrays.extend(more);
    write_npz(&dir.path("d.npz"), &arrays).unwrap();
}

fn labels(of: impl Fn(usize) -> i64) -> (&'static str, Array) {
    ("y", Array { shape: vec![COUNT], data: ArrayData::I64((0..COUNT).map(of).collect()) })
}

fn step_labels(of: impl Fn(usize, usize) -> i64) -> (&'static str, Array) {
    let all = (0..COUNT * STEPS).map(|k| of(k / STEPS, k % STEPS));
    ("y", Array { shape: vec![COUNT, STEPS], data: ArrayData::I64(all.collect()) })
}

/// An array of `out.npz`.
fn output<T: npyz::Deserialize>(dir: &Folder, name: &str) -> (Vec<u64>, Vec<T>) {
    let mut npz = npyz::npz::NpzArchive::open(dir.path("out.npz")).unwrap();
    let array = npz.by_name(name).unwrap().unwrap();
    (array.shape().to_vec(), array.into_vec().unwrap())
}

/// The fixed-point outputs as numbers: those of float and their difference are small.
fn real(dir: &Folder, report: &Value) -> Vec<f64> {
    let frac = report["formats"]["head"]["out_frac"].as_i64().unwrap_or(11) as i32;
    let (_, fixed) = output::<i32>(dir, "fixed");
    fixed.into_iter().map(|q| f64::from(q) * (-f64::from(frac)).exp2()).collect()
}

#[track_caller]
fn near(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{found} instead of {expected}"));
    assert!((found - expected).abs() < 1e-12 * expected.abs().max(1.0), "{found} {expected}");
}

#[test]
fn without_a_head_the_outputs_are_compared_as_vectors() {
    let dir = Folder::new();
    model(&dir, "");
    data(&dir, vec![labels(|k| (k % 3) as i64)]);
    let quantized = dir.json("quantize m.json --calibrate d.npz -o q.json");
    let report = dir.json("run q.json --inputs d.npz --outputs out.npz");
    for key in ["decisions_equal", "decided_by", "accuracy", "balanced_accuracy", "confusion"] {
        assert_eq!(report[key], Value::Null, "{key}");
    }
    let mut npz = npyz::npz::NpzArchive::open(dir.path("out.npz")).unwrap();
    assert!(npz.by_name("decision").unwrap().is_none(), "h is no decision");
    let (shape, float) = output::<f64>(&dir, "float");
    assert_eq!(shape, [COUNT as u64, 3]);
    let real = real(&dir, &quantized);
    let (mut cosines, mut relative, mut largest) = (Vec::new(), Vec::new(), [0.0f64; 3]);
    for (f, q) in float.chunks(3).zip(real.chunks(3)) {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let difference: Vec<f64> = f.iter().zip(q).map(|(f, q)| f - q).collect();
        cosines.push(dot(f, q) / (dot(f, f) * dot(q, q)).sqrt());
        relative.push((dot(&difference, &difference) / dot(f, f)).sqrt());
        for (largest, d) in largest.iter_mut().zip(difference) {
            *largest = largest.max(d.abs());
        }
    }
    let outputs = &report["outputs"];
    near(&outputs["cosine"]["mean"], cosines.iter().sum::<f64>() / COUNT as f64);
    near(&outputs["cosine"]["worst"], cosines.iter().copied().fold(1.0, f64::min));
    near(&outputs["relative_error"]["mean"], relative.iter().sum::<f64>() / COUNT as f64);
    near(&outputs["relative_error"]["worst"], relative.iter().copied().fold(0.0, f64::max));
    for (k, expected) in largest.into_iter().enumerate() {
        near(&outputs["largest_error"][k], expected);
    }
    assert!(cosines.iter().all(|cosine| *cosine > 0.99), "{cosines:?}");
    let text = dir.done("run q.json --inputs d.npz");
    let decisions =
        "decisions    none: a model without a head has no classes, so the labels are ignored";
    assert!(text.contains(decisions), "{text}");
    assert_eq!(quantized["outputs"], *outputs, "quantize says the same");
}

#[test]
fn one_output_is_decided_by_a_threshold() {
    let dir = Folder::new();
    model(&dir, "--head 1");
    data(&dir, vec![labels(|k| (k % 2) as i64)]);
    dir.done("quantize m.json --calibrate d.npz -o q.json");
    for (option, threshold) in [("", 0.0), (" --threshold -0.125", -0.125)] {
        let report = dir.json(&format!("run q.json --inputs d.npz --outputs out.npz{option}"));
        let (_, float) = output::<f64>(&dir, "float");
        let (_, decision) = output::<i64>(&dir, "decision");
        assert_eq!(
            (&report["decided_by"], &report["threshold"]),
            (&json!("threshold"), &json!(threshold))
        );
        let right = |k: &usize| (float[*k] > threshold) == (k % 2 == 1);
        near(&report["accuracy_float"], (0..COUNT).filter(right).count() as f64 / COUNT as f64);
        let right = |k: &usize| decision[*k] == (k % 2) as i64;
        near(&report["accuracy"], (0..COUNT).filter(right).count() as f64 / COUNT as f64);
        let ones = decision.iter().filter(|&&decision| decision == 1).count();
        assert!((1..COUNT).contains(&ones), "{option}: {ones} above the threshold");
        assert_eq!(report["outputs"]["cosine"], Value::Null);
    }
    data(&dir, vec![labels(|k| (k % 3) as i64)]);
    let refused = |line: &str| dir.htgen(line).messages();
    expect![[r#"
        error: d.npz: y[2]: label outside the classes: found 2, expected 0 to 1, the classes of the model's only output; count the classes from 0; does the data set belong to this model?
    "#]]
    .assert_eq(&refused("run q.json --inputs d.npz"));
    model(&dir, "--head 3");
    expect![[r#"
        error: m.json: head: a threshold needs a model with one output: found 3 outputs, of which the largest decides; leave --threshold out
    "#]]
    .assert_eq(&refused("run m.json --inputs d.npz --threshold 0.5"));
}

/// 119 of one class against 1 of another: always deciding the first is right in 99 %.
#[test]
fn a_class_that_is_never_found_shows() {
    let dir = Folder::new();
    model(&dir, "--head 1");
    data(&dir, vec![labels(|k| i64::from(k == 77))]);
    dir.done("quantize m.json --calibrate d.npz -o q.json");
    let line = "run q.json --inputs d.npz --threshold 100";
    let report = dir.json(line);
    near(&report["accuracy"], 119.0 / 120.0);
    near(&report["balanced_accuracy"], 0.5);
    assert_eq!(report["confusion"], json!([[119, 0], [1, 0]]));
    assert_eq!(report["confusion_float"], report["confusion"]);
    assert_eq!(report["confused"], json!([[1, 0, 1]]));
    let rare = json!({"class": 1, "name": "1", "labelled": 1, "recall": 0.0, "recall_float": 0.0});
    assert_eq!(report["classes"][1], rare);
    let text = dir.done(line);
    let shown: Vec<&str> = text
        .lines()
        .filter(|line| !["speed", "cosine", "relative", "error"].iter().any(|k| line.contains(k)))
        .collect();
    expect![[r#"
        m: 120 sequences
          inputs       0 of 1,440 elements clipped (0.00 %)
          decisions    120 of 120 as in float, by whether the output is above 100
          accuracy     99.17 % (float 99.17 %)
          balanced     50.00 % (float 50.00 %), each class with equal weight
          formats      from model

          class  labelled   correct  in float   decided as    0    1
          0           119  100.00 %  100.00 %               119    0
          1             1    0.00 %    0.00 %                 1    0"#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn every_step_is_judged_by_its_own_label() {
    let dir = Folder::new();
    model(&dir, "--head 3");
    let label = |k: usize, t: usize| ((k + 2 * t) % 3) as i64;
    // After the end of a sequence there is the padding that many tools use.
    let padded = |k: usize, t: usize| if t < length(k) { label(k, t) } else { -100 };
    data(&dir, vec![step_labels(padded)]);
    let quantized = dir.json("quantize m.json --calibrate d.npz --every-step -o q.json");
    let last = dir.json("run q.json --inputs d.npz --outputs out.npz");
    let (_, ends) = output::<i32>(&dir, "fixed");
    let report = dir.json("run q.json --inputs d.npz --outputs out.npz --every-step");
    let (shape, fixed) = output::<i32>(&dir, "fixed");
    assert_eq!(shape, [COUNT as u64, STEPS as u64, 3]);
    let (shape, decision) = output::<i64>(&dir, "decision");
    assert_eq!(shape, [COUNT as u64, STEPS as u64]);
    let places = || (0..COUNT).flat_map(|k| (0..length(k)).map(move |t| (k, t)));
    for k in 0..COUNT {
        let at = (k * STEPS + length(k) - 1) * 3;
        assert_eq!(fixed[at..at + 3], ends[3 * k..3 * k + 3], "the last step of sequence {k}");
        let behind = &fixed[(k * STEPS + length(k)) * 3..(k + 1) * STEPS * 3];
        assert!(behind.iter().all(|&value| value == 0), "sequence {k} has ended");
    }
    let vectors = places().count();
    assert_eq!((&report["vectors"], &report["sequences"]), (&json!(vectors), &json!(COUNT)));
    assert_eq!((&report["every_step"], &last["every_step"]), (&json!(true), &json!(false)));
    let right = places().filter(|&(k, t)| decision[k * STEPS + t] == label(k, t)).count();
    near(&report["accuracy"], right as f64 / vectors as f64);
    let right = (0..COUNT).filter(|&k| {
        let t = length(k) - 1;
        decision[k * STEPS + t] == label(k, t)
    });
    near(&last["accuracy"], right.count() as f64 / COUNT as f64);
    for key in ["accuracy", "outputs", "confusion", "vectors"] {
        assert_eq!(quantized[key], report[key], "{key}");
    }
    let values = |edges: &Value| edges.as_array().unwrap().last().unwrap()["values"].clone();
    assert_eq!(values(&quantized["edges"]), json!(3 * vectors), "the output edge at every step");

    // The label of a sequence is that of all its steps.
    data(&dir, vec![labels(|k| (k % 3) as i64)]);
    let report = dir.json("run q.json --inputs d.npz --every-step");
    let right = places().filter(|&(k, t)| decision[k * STEPS + t] == (k % 3) as i64).count();
    near(&report["accuracy"], right as f64 / vectors as f64);

    data(&dir, vec![step_labels(|k, t| if (k, t) == (7, 1) { 3 } else { 0 })]);
    for line in ["run q.json --inputs d.npz", "quantize m.json --calibrate d.npz -o r.json"] {
        let messages = dir.htgen(line).messages();
        assert!(
            messages.contains("d.npz: y[7, 1]: label outside the classes: found 3"),
            "{messages}"
        );
    }
}

/// Outputs at every step can be larger than those of the last steps, and are calibrated.
#[test]
fn formats_hold_the_outputs_of_every_step() {
    let dir = Folder::new();
    model(&dir, "--head 3");
    data(&dir, Vec::new());
    let report = dir.json("quantize m.json --calibrate d.npz --every-step -o q.json");
    let output = report["edges"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&output["edge"], &output["clipped"]), (&json!("output"), &json!(0)));
    assert_eq!(report["accuracy"], Value::Null);
}

#[test]
fn of_many_classes_the_worst_are_printed() {
    let dir = Folder::new();
    model(&dir, "--head 20");
    data(&dir, vec![labels(|k| (k % 20) as i64)]);
    dir.done("quantize m.json --calibrate d.npz -o q.json");
    let report = dir.json("run q.json --inputs d.npz");
    let text = dir.done("run q.json --inputs d.npz");
    let matrix: Vec<Vec<u64>> = serde_json::from_value(report["confusion"].clone()).unwrap();
    assert_eq!((matrix.len(), matrix.iter().flatten().sum::<u64>()), (20, COUNT as u64));
    let pairs: Vec<(usize, usize, u64)> =
        serde_json::from_value(report["confused"].clone()).unwrap();
    assert!(pairs.windows(2).all(|pair| pair[0].2 >= pair[1].2), "most often first");
    let wrong: u64 = pairs.iter().map(|pair| pair.2).sum();
    let right: u64 = (0..20).map(|class| matrix[class][class]).sum();
    assert_eq!(right + wrong, COUNT as u64);
    let lines = |title: &str| text.lines().filter(|line| line.starts_with(title)).count();
    assert_eq!((lines("  worst "), lines("  confused ")), (1, 1), "{text}");
    let (label, decision, count) = pairs[0];
    assert!(
        text.contains(&format!("confused     {label} as {decision} {count} times, ")),
        "{text}"
    );
}
