//! Sequences in safetensors files give the same results as in npz files, and bad ones are refused.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use htgen::data::{
    Array, ArrayData, LabelledSequences, Sequences, SplitPart, StepValues, Wanted, write_npz,
};
use htgen::model::Element;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// A tensor: its name, type, shape and bytes.
type Tensor<'a> = (&'a str, Dtype, Vec<usize>, Vec<u8>);

fn bytes<'a>(name: &'a str, shape: &[usize]) -> Tensor<'a> {
    let count: usize = shape.iter().product();
    (name, Dtype::U8, shape.to_vec(), (0..count).map(|k| (k * 37 % 251) as u8).collect())
}

fn ints<'a>(name: &'a str, values: &[i64]) -> Tensor<'a> {
    let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    (name, Dtype::I64, vec![values.len()], data)
}

fn packed(tensors: &[Tensor<'_>], notes: &[(&str, &str)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (*name, TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    let notes: HashMap<String, String> =
        notes.iter().map(|&(key, text)| (key.into(), text.into())).collect();
    safetensors::serialize(views, Some(notes)).unwrap()
}

fn write(path: &Path, tensors: &[Tensor<'_>], notes: &[(&str, &str)]) {
    fs::write(path, packed(tensors, notes)).unwrap();
}

/// A tensor as an array.
fn array((name, dtype, shape, data): &Tensor<'static>) -> (&'static str, Array) {
    let data = match dtype {
        Dtype::U8 => ArrayData::U8(data.clone()),
        _ => ArrayData::I64(
            data.as_chunks().0.iter().map(|&word| i64::from_le_bytes(word)).collect(),
        ),
    };
    (name, Array { shape: shape.clone(), data })
}

fn set() -> Vec<Tensor<'static>> {
    vec![
        bytes("x", &[6, 4, 3]),
        ints("y", &[0, 1, 2, 0, 1, 2]),
        ints("length", &[4, 1, 2, 3, 4, 4]),
    ]
}

#[test]
fn every_command_reads_both() {
    let dir = Folder::new();
    dir.tiny();
    write(&dir.path("a.safetensors"), &set(), &[]);
    // The content decides, not the name.
    write(&dir.path("a"), &set(), &[]);
    write_npz(&dir.path("a.npz"), &set().iter().map(array).collect::<Vec<_>>()).unwrap();
    let made = ["a.npz", "a.safetensors", "a"].map(|name| {
        dir.done(&format!("quantize tiny.json --calibrate {name} -o q.json"));
        let run = dir.json(&format!("run q.json --inputs {name} --outputs o.npz"));
        let run = (run["accuracy"].clone(), run["decisions_equal"].clone());
        (run, fs::read(dir.path("q.json")).unwrap(), fs::read(dir.path("o.npz")).unwrap())
    });
    assert!(made[0] == made[1] && made[0] == made[2]);
}

#[cfg(feature = "train")]
#[test]
fn training_learns_the_same_from_both() {
    let dir = Folder::new();
    crate::train::easy(&dir);
    fs::write(dir.path("train.toml"), crate::train::CONFIG.replace("= 12", "= 2")).unwrap();
    let labelled = LabelledSequences::load(&dir.path("easy.npz"), None).unwrap();
    let all: Vec<usize> = (0..labelled.sequences.count()).collect();
    let mut tensors: Vec<Tensor<'_>> = Vec::new();
    for (name, Array { shape, data }) in labelled.arrays(&all) {
        tensors.push(match data {
            ArrayData::U8(data) => (name, Dtype::U8, shape, data),
            ArrayData::I64(data) => ints(name, &data),
            other => panic!("{other:?}"),
        });
    }
    let groups: Vec<i64> = labelled.groups.unwrap().of.iter().map(|&group| group as i64).collect();
    tensors.push(ints("group", &groups));
    write(&dir.path("easy.safetensors"), &tensors, &[("classes", "left, middle,right")]);
    let models = ["easy.npz", "easy.safetensors"].map(|name| {
        dir.done(&format!("train {name} --config train.toml -o m.json"));
        dir.done(&format!("data split {name} --config train.toml -o parts"));
        let read = |name: &str| fs::read(dir.path(name)).unwrap();
        (read("m.json"), read("parts/training.npz"), read("parts/validation.npz"))
    });
    assert!(models[0] == models[1]);
}

#[test]
fn numbers_of_every_kind_are_read() {
    let dir = Folder::new();
    let path = dir.path("d.safetensors");
    let reals: [(Dtype, Vec<u8>); 4] = [
        (Dtype::F16, vec![0x00, 0xc1]),
        (Dtype::BF16, vec![0x20, 0xc0]),
        (Dtype::F32, (-2.5f32).to_le_bytes().to_vec()),
        (Dtype::F64, (-2.5f64).to_le_bytes().to_vec()),
    ];
    for (dtype, value) in reals {
        write(&path, &[("x", dtype, vec![2, 1, 1], value.repeat(2))], &[]);
        let data = Sequences::load(&path, Wanted::all(1, Element::Real)).unwrap();
        assert_eq!(data.step(1, 0), StepValues::F32(&[-2.5]), "{dtype}");
    }
    for (dtype, y) in [(Dtype::U8, vec![1, 0]), (Dtype::I32, vec![1, 0, 0, 0, 0, 0, 0, 0])] {
        write(
            &path,
            &[bytes("x", &[2, 1, 1]), ("y", dtype, vec![2], y), ints("split", &[0, 2])],
            &[],
        );
        let data = LabelledSequences::load(&path, None).unwrap();
        assert_eq!((data.sequences.label(0), data.classes), (Some(1), 2));
        assert_eq!(data.parts, Some(vec![SplitPart::Training, SplitPart::Other]));
        assert_eq!(data.groups, None);
    }
    // Three names are three classes, whatever the labels.
    write(&path, &[bytes("x", &[3, 1, 1]), ints("y", &[0, 1, 0])], &[("classes", "a,b,c")]);
    assert_eq!(LabelledSequences::load(&path, None).unwrap().classes, 3);
}

#[test]
fn bad_files_are_refused() {
    let dir = Folder::new();
    let x = || bytes("x", &[6, 4, 3]);
    let whole = packed(&set(), &[]);
    let mut ends_late = whole.clone();
    let at = whole.windows(3).position(|w| w == b"168").expect("where x ends");
    ends_late[at..at + 3].copy_from_slice(b"999");
    let files = [
        ("cut", whole[..whole.len() - 9].to_vec()),
        ("head", whole[..30].to_vec()),
        ("nothing", Vec::new()),
        ("text", b"no tensors at all, but a text".to_vec()),
        ("offsets", ends_late),
        ("bare", packed(&[bytes("frames", &[2, 2])], &[])),
        ("flat", packed(&[bytes("x", &[6, 12])], &[])),
        ("unlabelled", packed(&[x()], &[])),
        ("short", packed(&[x(), ints("y", &[0, 1])], &[])),
        ("type", packed(&[x(), ("y", Dtype::F8_E5M2, vec![6], vec![1; 6])], &[])),
        ("classes", packed(&[x(), ints("y", &[0, 1, 2, 0, 1, 2])], &[("classes", "a,b")])),
    ];
    let mut messages = String::new();
    for (name, content) in files {
        let path = dir.path(&format!("{name}.safetensors"));
        fs::write(&path, content).unwrap();
        let refusal = LabelledSequences::load(&path, None).unwrap_err().to_string();
        messages += &refusal.replace(&format!("{}/", dir.0.path().display()), "");
        messages += "\n";
    }
    expect_test::expect![[r#"
        cut.safetensors: not a whole safetensors file ("x" ends after the end of the file): expected tensors written by safetensors.numpy.save_file, or an npz file; was it copied whole?
        head.safetensors: not a whole safetensors file (the header ends too early): expected tensors written by safetensors.numpy.save_file, or an npz file; was it copied whole?
        nothing.safetensors: not a whole safetensors file (shorter than its header length): expected tensors written by safetensors.numpy.save_file, or an npz file; was it copied whole?
        text.safetensors: not a whole safetensors file (the header ends too early): expected tensors written by safetensors.numpy.save_file, or an npz file; was it copied whole?
        offsets.safetensors: not a whole safetensors file ("x" ends after the end of the file): expected tensors written by safetensors.numpy.save_file, or an npz file; was it copied whole?
        bare.safetensors: x: array missing: found frames, expected x of (sequences, steps, inputs)
        flat.safetensors: x: wrong shape: found 6 x 12, expected sequences x steps x inputs, none of them 0
        unlabelled.safetensors: y: array missing: found x, expected y, the class of each sequence
        short.safetensors: y: wrong shape: found 2, expected 6, one per sequence
        type.safetensors: y: element type that cannot be read: found F8_E5M2, expected BOOL, U8, I8, I16, U16, I32, U32, I64, F16, BF16, F32 or F64
        classes.safetensors: y[2]: label outside the classes: found 2, expected 0 to 1, the given classes
    "#]].assert_eq(&messages);
}

#[test]
fn random_damage_never_panics() {
    let dir = Folder::new();
    let path = dir.path("d.safetensors");
    write(&path, &set(), &[("classes", "a,b,c")]);
    let n_refused =
        crate::errors::damage(&path, 1000, || LabelledSequences::load(&path, None).is_err());
    assert!(n_refused > 300, "only {n_refused} of 1000 damaged files were refused");
}
