//! Data sets: what is written can be read, and so can files from NumPy; random stimulus is as
//! specified.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::exact::quantized;
use crate::models::{self, Shape};
use crate::shared;
use htgen::data::{Array, ArrayData, Sequences, StepValues, Wanted, write_npz};
use htgen::model::{Element, Widths};
use htgen::quant::QuantPlan;
use htgen::sim::Stimulus;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

#[test]
fn arrays_come_back() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("d.npz");
    let x = Array {
        shape: vec![2, 2, 1, 3],
        data: ArrayData::F32((0..12).map(|k| k as f32 / 8.0).collect()),
    };
    let y = Array { shape: vec![2], data: ArrayData::I32(vec![-1, 7]) };
    let length = Array { shape: vec![2], data: ArrayData::U8(vec![2, 1]) };
    let arrays = [("x", x), ("y", y), ("length", length)];
    write_npz(&path, &arrays).unwrap();
    let data = Sequences::load(&path, Wanted::all(3, Element::Real)).unwrap();
    assert_eq!((data.count(), data.inputs(), data.element()), (2, 3, Element::Real));
    assert_eq!((data.steps(0), data.steps(1)), (2, 1));
    assert_eq!(data.step(1, 0), StepValues::F32(&[0.75, 0.875, 1.0]));
    assert_eq!((data.label(0), data.label(1)), (Some(-1), Some(7)));
    let first = fs::read(&path).unwrap();
    write_npz(&path, &arrays).unwrap();
    assert_eq!(first, fs::read(&path).unwrap(), "the same arrays give the same bytes");
}

#[test]
fn every_integer_type_will_do_for_labels() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("d.npz");
    let x = Array { shape: vec![2, 1, 1], data: ArrayData::U8(vec![0, 255]) };
    for data in [ArrayData::U8(vec![3, 9]), ArrayData::I32(vec![3, 9]), ArrayData::I64(vec![3, 9])]
    {
        write_npz(&path, &[("x", x.clone()), ("y", Array { shape: vec![2], data })]).unwrap();
        let data = Sequences::load(&path, Wanted::all(1, Element::U8)).unwrap();
        assert_eq!((data.label(0), data.label(1)), (Some(3), Some(9)));
    }
}

#[test]
fn the_demo_data_is_read() {
    let data = Sequences::load(
        Path::new("examples/digits/voices_demo.npz"),
        Wanted::all(1024, Element::U8),
    )
    .unwrap();
    assert_eq!((data.count(), data.steps(47)), (48, 8));
    assert!((0..48).all(|k| data.label(k).is_some_and(|label| (0..10).contains(&label))));
}

#[test]
fn real_recordings_are_read() {
    let Some(path) = shared::find("data/fsdd.npz") else { return };
    let data = Sequences::load(&path, Wanted::all(1024, Element::U8)).unwrap();
    assert_eq!(data.count(), 2700);
}

#[test]
fn pixels_are_flattened() {
    let Some(path) = shared::find("data/sprites.npz") else { return };
    let data = Sequences::load(&path, Wanted::all(3072, Element::U8)).unwrap();
    assert_eq!((data.count(), data.steps(0)), (1494, 8));
}

/// A quantized random network whose stream carries bytes, or words of 10 bits.
fn network(element: Element) -> QuantPlan {
    let shape = Shape { element, ..models::random_shape(3) };
    quantized(&models::model(&shape), Widths::new(8, 10).unwrap())
}

#[test]
fn random_stimulus_has_all_lengths_and_extremes() {
    for (element, low, high) in [(Element::U8, 0, 255), (Element::Real, -512, 511)] {
        let quant = network(element);
        let random = |seed| Stimulus::random(&quant, 400, seed).unwrap();
        let stimulus = &random(3);
        let lengths = stimulus.lengths();
        assert_eq!((lengths.len(), lengths[0], lengths[1]), (400, 1, 40));
        let distinct: BTreeSet<usize> = lengths.iter().copied().collect();
        assert_eq!(distinct, (1..=40).collect());
        let elements = |k: usize| (0..lengths[k]).flat_map(move |t| stimulus.step(k, t)).copied();
        for k in 0..400 {
            let (least, most) = (elements(k).min().unwrap(), elements(k).max().unwrap());
            match k % 8 {
                2 => assert_eq!((least, most), (low, low)),
                3 => assert_eq!((least, most), (high, high)),
                4 => assert!(elements(k).all(|e| e == low || e == high)),
                _ => assert!(low <= least && most <= high && least < most),
            }
        }
        assert_eq!(*stimulus, random(3));
        assert_ne!(*stimulus, random(4));
    }
}

#[test]
fn too_much_random_stimulus() {
    let quant = network(Element::U8);
    for sequences in [0, usize::MAX] {
        let refusal = Stimulus::random(&quant, sequences, 1).unwrap_err().to_string();
        let start = format!("random: number of sequences out of range: found {sequences}, ");
        assert!(refusal.starts_with(&start), "{refusal}");
    }
}
