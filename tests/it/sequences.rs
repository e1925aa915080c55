//! Data sets: what is written is read, NumPy's files are read, random stimulus is what it says.

use crate::shared;
use htgen::data::{Array, ArrayData, Sequences, Step, write_npz};
use htgen::model::Element;
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
    let data = Sequences::load(&path, 3, Element::Real).unwrap();
    assert_eq!((data.count(), data.inputs(), data.element()), (2, 3, Element::Real));
    assert_eq!((data.steps(0), data.steps(1)), (2, 1));
    assert_eq!(data.step(1, 0), Step::F32(&[0.75, 0.875, 1.0]));
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
        let data = Sequences::load(&path, 1, Element::U8).unwrap();
        assert_eq!((data.label(0), data.label(1)), (Some(3), Some(9)));
    }
}

#[test]
fn the_demo_data_is_read() {
    let data =
        Sequences::load(Path::new("examples/digits/voices_demo.npz"), 1024, Element::U8).unwrap();
    assert_eq!((data.count(), data.steps(47)), (48, 8));
    assert!((0..48).all(|k| data.label(k).is_some_and(|label| (0..10).contains(&label))));
}

#[test]
fn real_recordings_are_read() {
    let Some(path) = shared::find("data/fsdd.npz") else { return };
    let data = Sequences::load(&path, 1024, Element::U8).unwrap();
    assert_eq!(data.count(), 2700);
}

#[test]
fn pixels_are_flattened() {
    let Some(path) = shared::find("data/sprites.npz") else { return };
    let data = Sequences::load(&path, 3072, Element::U8).unwrap();
    assert_eq!((data.count(), data.steps(0)), (1494, 8));
}

#[test]
fn random_bytes_have_all_lengths_and_extremes() {
    let data = Sequences::random(5, Element::U8, 200, 3).unwrap();
    let lengths: Vec<usize> = (0..200).map(|k| data.steps(k)).collect();
    assert_eq!((lengths[0], lengths[1]), (1, 40));
    assert!(lengths.iter().all(|length| (1..=40).contains(length)));
    let mut distinct = lengths.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert!(distinct.len() > 30, "{} lengths", distinct.len());
    assert_eq!(data.step(2, 0), Step::U8(&[0; 5]));
    assert_eq!(data.step(3, 0), Step::U8(&[255; 5]));
    assert_eq!(data, Sequences::random(5, Element::U8, 200, 3).unwrap());
    assert_ne!(data, Sequences::random(5, Element::U8, 200, 4).unwrap());
}

#[test]
fn random_reals_stay_in_range() {
    let data = Sequences::random(4, Element::Real, 16, 1).unwrap();
    assert_eq!(data.step(2, 0), Step::F32(&[-1.0; 4]));
    assert_eq!(data.step(3, 0), Step::F32(&[1.0; 4]));
    for k in 0..16 {
        for t in 0..data.steps(k) {
            let Step::F32(values) = data.step(k, t) else { panic!("not real") };
            assert!(values.iter().all(|value| value.abs() <= 1.0));
        }
    }
}
