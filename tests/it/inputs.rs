//! The common format of the inputs: what it clips is counted, channels far from the others are
//! reported.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::support::needs;
use expect_test::{Expect, expect};
use htgen::data::{Array, ArrayData, Sequences, Wanted, write_npz};
use htgen::evaluate;
use htgen::model::Element;
use htgen::tool::Tool;
use serde_json::{Value, json};
use std::path::Path;

/// Real inputs of some channels in `d.npz`, of which sequences have three and two steps in turn.
fn write(path: &Path, channels: &[Box<dyn Fn(usize) -> f64>], count: usize) {
    let value = |k: usize| {
        let (row, channel) = (k / channels.len(), k % channels.len());
        // After the end of a sequence there are values that must be ignored.
        if row / 3 % 2 == 1 && row % 3 == 2 { 1e9 } else { channels[channel](row) as f32 }
    };
    let x = ArrayData::F32((0..count * 3 * channels.len()).map(value).collect());
    let lengths = ArrayData::I64((0..count).map(|k| 3 - (k % 2) as i64).collect());
    let arrays = [
        ("x", Array { shape: vec![count, 3, channels.len()], data: x }),
        ("length", Array { shape: vec![count], data: lengths }),
    ];
    write_npz(path, &arrays).unwrap();
}

/// Values between -size and size.
fn wave(size: f64) -> Box<dyn Fn(usize) -> f64> {
    Box::new(move |row| size * (((row * 37) % 201) as f64 - 100.0) / 100.0)
}

fn constant(value: f64) -> Box<dyn Fn(usize) -> f64> {
    Box::new(move |_| value)
}

fn around(mean: f64, size: f64) -> Box<dyn Fn(usize) -> f64> {
    Box::new(move |row| mean + wave(size)(row))
}

/// A model with this many real inputs in `m.json`.
fn model(dir: &Folder, inputs: usize) {
    let shape = format!("--inputs {inputs} --hidden 3 --format dense --recurrent dense --head 2");
    dir.done(&format!("new {shape} --real --seed 3 --name m -o m.json"));
}

#[test]
fn clipped_inputs_are_counted() {
    let dir = Folder::new();
    model(&dir, 2);
    write(&dir.path("d.npz"), &[wave(60.0), wave(0.5)], 40);
    let report = dir.json("run m.json --inputs d.npz");
    // Safe formats must hold 1 itself, and therefore hold -2 to 2047/1024; half a step more is
    // clipped.
    let rows = (0..120).filter(|row| !(row / 3 % 2 == 1 && row % 3 == 2));
    let clips = |row: &usize| {
        !(-2.0 - 0.5 / 1024.0..2.0 - 0.5 / 1024.0).contains(&f64::from(wave(60.0)(*row) as f32))
    };
    let (elements, clipped) = (2 * rows.clone().count(), rows.filter(clips).count());
    assert_eq!(elements, 200);
    let inputs = &report["inputs"];
    assert_eq!((&inputs["elements"], &inputs["clipped"]), (&json!(elements), &json!(clipped)));
    assert_eq!(inputs["share"], json!(clipped as f64 / 200.0));
    assert_eq!(inputs["seen"], json!([-60.0, 60.0]));
    let text = dir.done("run m.json --inputs d.npz");
    let line = format!("inputs       {clipped} of 200 elements clipped (");
    assert!(text.contains(&line) && text.contains("the data have -60 to 60"), "{text}");

    dir.done("quantize m.json --calibrate d.npz -o q.json");
    let report = dir.json("run q.json --inputs d.npz");
    assert_eq!(report["inputs"]["clipped"], 0, "formats from the data hold them");
    assert!(
        dir.done("run q.json --inputs d.npz")
            .contains("  inputs       0 of 200 elements clipped (0.00 %)\n")
    );
}

#[test]
fn sim_says_what_it_clips() {
    if needs(Tool::Verilator).is_none() {
        return;
    }
    let dir = Folder::new();
    model(&dir, 2);
    write(&dir.path("d.npz"), &[wave(60.0), wave(0.5)], 4);
    dir.done("emit m.json --pe 2 -o design");
    let run = dir.json("run m.json --inputs d.npz");
    let sim = dir.json("sim design --inputs d.npz");
    assert_eq!((&sim["bit_exact"], &sim["inputs"]), (&json!(true), &run["inputs"]));
    assert!(run["inputs"]["clipped"].as_u64().unwrap() > 0);
    assert_eq!(dir.json("sim design --random 2")["inputs"], Value::Null);
}

/// What `quantize` reports about such channels.
#[track_caller]
fn check(channels: &[Box<dyn Fn(usize) -> f64>], expected: Expect) {
    let dir = Folder::new();
    let path = dir.path("d.npz");
    write(&path, channels, 100);
    let data = Sequences::load(&path, Wanted::all(channels.len(), Element::Real)).unwrap();
    let found = evaluate::outliers(&data).map_or(String::new(), |outliers| outliers.to_string());
    let lines = found.lines().take_while(|line| !line.contains("share one format"));
    let lines: Vec<&str> = lines.map(str::trim).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn a_channel_of_another_range_is_named() {
    check(
        &[around(1000.0, 15.0), wave(3.0), wave(3.5), wave(2.5)],
        expect![[r#"
              input 0 needs 10 integer bits (985 to 1015), the others 2: standardize it"#]],
    );
    check(
        &[wave(3.0), wave(0.1), wave(3.5), wave(2.5)],
        expect![[r#"
              input 1 stays between -0.1 and 0.1, the others need 2 integer bits: multiply it by 2^5 and divide its weights by that"#]],
    );
    check(
        &[wave(1000.0), wave(3.0)],
        expect![[r#"
              input 0 needs 10 integer bits (-1000 to 1000), the others 2: standardize it"#]],
    );
    check(
        &[wave(1000.0), wave(3.0), wave(1000.0), wave(4.0)],
        expect![[r#"
              input 0 needs 10 integer bits (-1000 to 1000), the others 3: standardize it
              input 2 needs 10 integer bits (-1000 to 1000), the others 3: standardize it"#]],
    );
    check(
        &[wave(3.0), constant(500.0), wave(2.0)],
        expect![[r#"
              input 1 is 500 throughout and needs 9 integer bits, the others 2: add it to the bias and leave it out"#]],
    );
}

#[test]
fn channels_that_do_no_harm_are_not_named() {
    // At most 16 times, in both directions.
    check(&[wave(3.0), wave(48.0), wave(3.0 / 16.0)], expect![""]);
    // Zeros, a small constant, a single one, nothing but constants.
    check(&[wave(3.0), constant(0.0), constant(0.01), wave(2.0)], expect![""]);
    check(&[wave(1000.0)], expect![""]);
    check(&[constant(1000.0), constant(1.0)], expect![""]);
    // Pixels of which many are near zero; bands that fall off.
    let pixels = |k: usize| wave(if k.is_multiple_of(3) { 0.004 } else { 1.0 });
    check(&(0..1024).map(pixels).collect::<Vec<_>>(), expect![""]);
    let pixels = |k: usize| wave(if k.is_multiple_of(3) { 1.0 } else { 0.004 });
    check(&(0..1024).map(pixels).collect::<Vec<_>>(), expect![""]);
}

#[test]
fn of_many_channels_a_few_are_named() {
    let channels = |k: usize| wave(if k % 128 == 5 { 200.0 } else { 1.0 });
    check(
        &(0..1024).map(channels).collect::<Vec<_>>(),
        expect![[r#"
              input 5 needs 8 integer bits (-200 to 200), the others 1: standardize it
              input 133 needs 8 integer bits (-200 to 200), the others 1: standardize it
              input 261 needs 8 integer bits (-200 to 200), the others 1: standardize it
              and 5 more inputs with a range that much larger"#]],
    );
    let channels = |k: usize| wave(if k == 700 { 0.01 } else { 1.0 });
    check(
        &(0..1024).map(channels).collect::<Vec<_>>(),
        expect![
            "input 700 stays between -0.01 and 0.01, the others need 1 integer bit: multiply it by 2^7 and divide its weights by that"
        ],
    );
}

#[test]
fn quantize_names_it() {
    let dir = Folder::new();
    model(&dir, 4);
    write(&dir.path("d.npz"), &[around(1000.0, 15.0), wave(3.0), wave(3.5), wave(2.5)], 100);
    let line = "quantize m.json --calibrate d.npz -o q.json";
    let report = dir.json(line);
    let channel =
        json!({"input": 0, "lowest": 985.0, "highest": 1015.0, "bits": 10, "larger": true});
    assert_eq!(report["outliers"], json!({"others_bits": 2, "channels": [channel]}));
    let text = dir.done(line);
    assert!(
        text.contains(
            "  input 0 needs 10 integer bits (985 to 1015), the others 2: standardize it"
        ),
        "{text}"
    );
    write(&dir.path("d.npz"), &[wave(1.0), wave(3.0), wave(3.5), wave(2.5)], 100);
    assert_eq!(dir.json(line)["outliers"], Value::Null);
    assert!(!dir.done(line).contains("share one format"));
}

/// Bytes have a format of their own, whatever they hold.
#[test]
fn bytes_are_not_named() {
    let dir = Folder::new();
    dir.tiny();
    dir.data();
    let report = dir.json("quantize tiny.json --calibrate data.npz -o q.json");
    assert_eq!(report["outliers"], Value::Null);
    let report = dir.json("run q.json --inputs data.npz");
    assert_eq!(
        (&report["inputs"]["clipped"], &report["inputs"]["format"]),
        (&json!(0), &json!([0.0, 255.0]))
    );
}
