//! The advice in a refusal helps in the case at hand: each piece of advice is followed here.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_refusals::refused;
use crate::cli_support::Folder;
use expect_test::expect;
use htgen::data::{Array, ArrayData, write_npz};
use serde_json::{Value, json};
use std::fs;

/// Two sequences of two steps: bytes, or real numbers up to `largest`.
fn data(dir: &Folder, inputs: usize, largest: Option<f32>) {
    let count = 2 * 2 * inputs;
    let data = match largest {
        None => ArrayData::U8((0..count).map(|k| (k * 37 % 256) as u8).collect()),
        Some(largest) => ArrayData::F32((0..count).map(|k| largest / (k + 1) as f32).collect()),
    };
    let x = Array { shape: vec![2, 2, inputs], data };
    write_npz(&dir.path("data.npz"), &[("x", x)]).unwrap();
}

/// Bytes up to 255 in 8 bits leave no fraction bit for h; each of the three ways out works.
#[test]
fn bytes_that_leave_no_bit_to_h() {
    let dir = Folder::new();
    let shape = "--inputs 8 --hidden 4 --modes 2 --rank 2";
    dir.done(&format!("new {shape} --shift 0 -o m.json"));
    data(&dir, 8, None);
    let quantize = "quantize m.json --calibrate data.npz -o q.json";
    refused(
        &dir,
        &[&format!("{quantize} --activation-bits 8"), "emit m.json --activation-bits 6"],
        expect![[r#"
            $ htgen quantize m.json --calibrate data.npz -o q.json --activation-bits 8
            error: m.json: layers[0]: x leaves no fraction bit for h, which shares its matrix and words: found inputs up to 255, -2 fraction bits of 8, expected at least 0; one of these would do: 9 activation bits; a model made for inputs divided by 2^2 (shift); a model with a matrix of its own for h (--recurrent dense of htgen new)
            $ htgen emit m.json --activation-bits 6
            note: m.json: no formats in the model, so they come from interval analysis (8-bit weights, 6-bit activations); htgen quantize chooses better ones from data
            error: m.json: layers[0]: x leaves no fraction bit for h, which shares its matrix and words: found inputs up to 255, -4 fraction bits of 6, expected at least 0; one of these would do: 9 activation bits; a model made for inputs divided by 2^4 (shift); a model with a matrix of its own for h (--recurrent dense of htgen new)
        "#]],
    );
    dir.done(&format!("{quantize} --activation-bits 9"));
    dir.done("emit m.json --activation-bits 9 -o rtl");
    dir.done(&format!("new {shape} --shift 2 -o m.json"));
    dir.done(&format!("{quantize} --activation-bits 8"));
    dir.done(&format!("new {shape} --shift 0 --recurrent dense -o m.json"));
    dir.done(&format!("{quantize} --activation-bits 8"));
    dir.done(&format!("new {shape} --shift 4 -o m.json"));
    dir.done("emit m.json --activation-bits 6 -o rtl");
    // One less of either is not enough.
    dir.done(&format!("new {shape} --shift 1 -o m.json"));
    assert_eq!(dir.htgen(&format!("{quantize} --activation-bits 8")).code, Some(2));
}

#[test]
fn real_numbers_that_leave_no_bit_to_h() {
    let dir = Folder::new();
    let shape = "--inputs 8 --hidden 4 --modes 2 --rank 2 --real";
    dir.done(&format!("new {shape} -o m.json"));
    data(&dir, 8, Some(500.0));
    let quantize = "quantize m.json --calibrate data.npz -o q.json";
    refused(
        &dir,
        &[&format!("{quantize} --activation-bits 8")],
        expect![[r#"
        $ htgen quantize m.json --calibrate data.npz -o q.json --activation-bits 8
        error: m.json: layers[0]: x leaves no fraction bit for h, which shares its matrix and words: found -2 fraction bits of 8, expected at least 0; one of these would do: 10 activation bits; a model made for inputs divided by 2^2 (shift); a model with a matrix of its own for h (--recurrent dense of htgen new)
    "#]],
    );
    dir.done(&format!("{quantize} --activation-bits 10"));
    dir.done(&format!("new {shape} --shift 2 -o m.json"));
    dir.done(&format!("{quantize} --activation-bits 8"));
    data(&dir, 8, Some(1e30));
    refused(
        &dir,
        &[&format!("{quantize} --activation-bits 8")],
        expect![[r#"
        $ htgen quantize m.json --calibrate data.npz -o q.json --activation-bits 8
        error: m.json: layers[0]: x leaves no fraction bit for h, which shares its matrix and words: found -91 fraction bits of 8, expected at least 0; inputs this large need a mean or a larger shift in training
    "#]],
    );
}

/// Multiplies every value of the cores.
fn scale(dir: &Folder, name: &str, factor: f64) {
    let mut model: Value = serde_json::from_slice(&fs::read(dir.path("m.json")).unwrap()).unwrap();
    for core in model["layers"][0]["matrices"][0]["factors"]["cores"].as_array_mut().unwrap() {
        for value in core["data"].as_array_mut().unwrap() {
            *value = json!(value.as_f64().unwrap() * factor);
        }
    }
    fs::write(dir.path(name), model.to_string()).unwrap();
}

/// Weights so large that gates have no bits, and so small that no shift would reach them.
#[test]
fn weights_far_from_one() {
    let dir = Folder::new();
    dir.done("new --inputs 8 --hidden 4 --format tt --modes 2 --rank 2 --real -o m.json");
    data(&dir, 8, Some(1.0));
    for (name, factor) in [("some.json", 48.0), ("large.json", 1e12), ("small.json", 1e-12)] {
        scale(&dir, name, factor);
    }
    refused(
        &dir,
        &[
            "quantize some.json --calibrate data.npz -o q.json --weight-bits 4 --activation-bits 4",
            "emit some.json --weight-bits 4 --activation-bits 4",
            "quantize large.json --calibrate data.npz -o q.json",
        ],
        expect![[r#"
            $ htgen quantize some.json --calibrate data.npz -o q.json --weight-bits 4 --activation-bits 4
            error: some.json: step s1: weights too large for the results: found -8 fraction bits of the result, expected at least -4; 8 weight bits or 8 activation bits would do
            $ htgen emit some.json --weight-bits 4 --activation-bits 4
            note: some.json: no formats in the model, so they come from interval analysis (4-bit weights, 4-bit activations); htgen quantize chooses better ones from data
            error: some.json: step s1: weights too large for the results: found -9 fraction bits of the result, expected at least -4; 9 weight bits or 9 activation bits would do
            $ htgen quantize large.json --calibrate data.npz -o q.json
            error: large.json: step s1: weights too large for the results: found -64 fraction bits of the result, expected at least -4; smaller weights; with these every gate is saturated: did the training diverge?
        "#]],
    );
    for bits in ["--weight-bits 8 --activation-bits 4", "--weight-bits 4 --activation-bits 8"] {
        dir.done(&format!("quantize some.json --calibrate data.npz -o q.json {bits}"));
    }
    dir.done("emit some.json --weight-bits 9 --activation-bits 4 -o rtl");
    dir.done("emit some.json --weight-bits 4 --activation-bits 9 -o rtl");
    // Weights without effect are no reason to refuse a model; what is written can be read again.
    dir.done("quantize small.json --calibrate data.npz -o q.json");
    dir.done("run q.json --inputs data.npz");
    dir.done("emit small.json -o rtl");
}

/// A limit that the quantized model exceeds, with a plan within it and without one.
#[test]
fn limits_of_a_quantized_model() {
    let dir = Folder::new();
    dir.done("new --inputs 64 --hidden 16 --modes 3 --rank 3 -o m.json");
    data(&dir, 64, None);
    dir.done("quantize m.json --calibrate data.npz -o q.json");
    refused(
        &dir,
        &[
            "run q.json --inputs data.npz --max-rom-words 200",
            "run q.json --inputs data.npz --max-rom-words 4",
        ],
        expect![[r#"
            $ htgen run q.json --inputs data.npz --max-rom-words 200
            error: q.json: --max-rom-words: the model was quantized for a larger plan: found 252 ROM words, expected at most 200; quantize the model again with --max-rom-words 200
            $ htgen run q.json --inputs data.npz --max-rom-words 4
            error: q.json: plan: no contraction order is within the limits: found at least 183 ROM words, at least 0 buffer words, expected at most 4 ROM words and any number of buffer words; raise max_rom_words
        "#]],
    );
    dir.done("quantize m.json --calibrate data.npz -o q.json --max-rom-words 200");
    dir.done("run q.json --inputs data.npz --max-rom-words 200");
}

/// A file may have any name; the model in it has an identifier.
#[test]
fn any_name_of_a_file_will_do() {
    let dir = Folder::new();
    let named = |file: &str, name: &str| {
        let shape = "new --inputs 3 --hidden 2 --format dense --real";
        let made = dir.json(&format!("{shape} -o {file}"));
        assert_eq!((made["name"].as_str(), made["file"].as_str()), (Some(name), Some(file)));
        assert_eq!(dir.json(&format!("inspect {file}"))["name"], name);
    };
    named("my-model.json", "my_model");
    named("3d.v2.json", "m3d");
    named("größe.json", "gr_e");
    named("module.json", "module");
    named(".hidden.json", "hidden");
    named("日本.json", "model");
    named(&format!("{}.json", "x".repeat(200)), &"x".repeat(48));
    data(&dir, 3, Some(1.0));
    dir.done("quantize my-model.json --calibrate data.npz -o other-name.json");
    assert_eq!(dir.json("inspect other-name.json")["name"], "my_model");
    assert_eq!(dir.json("emit other-name.json --pe 2")["dir"], "rtl_out/my_model");
    assert!(dir.path("rtl_out/my_model/my_model_top.v").is_file());
    refused(
        &dir,
        &["new --inputs 3 --hidden 2 --format dense --name my-model -o m.json"],
        expect![[r#"
            $ htgen new --inputs 3 --hidden 2 --format dense --name my-model -o m.json
            error: name: not an identifier: found "my-model", expected a letter, then letters, digits and _, at most 48; my_model would do
        "#]],
    );
}
