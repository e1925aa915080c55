//! Refusals of data sets; all of them are binary and made here.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::errors::{damage, refused};
use expect_test::expect;
use htgen::data::{Array, ArrayData, Sequences, Wanted, write_npz};
use htgen::model::Element;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn bytes(shape: &[usize]) -> Array {
    let count = shape.iter().product();
    Array { shape: shape.to_vec(), data: ArrayData::U8(vec![1; count]) }
}

#[test]
fn inputs_files_of_the_wrong_shape_or_type() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("d.npz");
    let ints =
        |values: &[i64]| Array { shape: vec![values.len()], data: ArrayData::I64(values.to_vec()) };
    let reals = |value: f64| Array { shape: vec![1, 2, 3], data: ArrayData::F64(vec![value; 6]) };
    let x = bytes(&[2, 5, 3]);
    let cases: Vec<(Element, Vec<(&str, Array)>)> = vec![
        (Element::U8, vec![("frames", x.clone()), ("state", ints(&[1]))]),
        (Element::U8, vec![]),
        (Element::U8, vec![("x", bytes(&[2, 5]))]),
        (Element::U8, vec![("x", bytes(&[0, 5, 3]))]),
        (Element::U8, vec![("x", bytes(&[2, 5, 2, 2]))]),
        (Element::U8, vec![("x", reals(0.5))]),
        (Element::Real, vec![("x", x.clone())]),
        (Element::Real, vec![("x", reals(f64::NAN))]),
        (Element::Real, vec![("x", reals(1e300))]),
        (Element::U8, vec![("x", x.clone()), ("y", ints(&[1, 2, 3]))]),
        (Element::U8, vec![("x", x.clone()), ("y", reals(1.0))]),
        (Element::U8, vec![("x", x.clone()), ("length", ints(&[5, 6]))]),
        (Element::U8, vec![("x", x), ("length", ints(&[0, 1]))]),
    ];
    let mut messages = Vec::new();
    for (element, arrays) in cases {
        write_npz(&path, &arrays).unwrap();
        let problems = Sequences::load(&path, Wanted::all(3, element)).unwrap_err().to_string();
        messages.push(problems.replace(&dir.path().display().to_string(), "DIR"));
    }
    expect![[r#"
        DIR/d.npz: x: array missing: found frames, state, expected x of (sequences, steps, inputs)
        DIR/d.npz: x: array missing: found no array, expected x of (sequences, steps, inputs)
        DIR/d.npz: x: too few axes: found shape 2 x 5, expected sequences x steps x 3
        DIR/d.npz: x: no data: found shape 0 x 5 x 3, expected at least one sequence of one step
        DIR/d.npz: x: wrong width: found 2 x 2 = 4 elements per step, expected 3, the inputs of the model
        DIR/d.npz: x: wrong type: found float64, expected uint8, the stream element of the model
        DIR/d.npz: x: wrong type: found uint8, expected float32 or float64, as the stream element of the model is real
        DIR/d.npz: x[0, 0]: not finite: found NaN at element 0, expected finite single-precision numbers; if it pads a shorter sequence, give its number of steps in `length`
        DIR/d.npz: x[0, 0]: not finite: found inf at element 0, expected finite single-precision numbers; if it pads a shorter sequence, give its number of steps in `length`
        DIR/d.npz: y: wrong shape: found 3, expected 2, one per sequence
        DIR/d.npz: y: wrong shape: found 1 x 2 x 3, expected 2, one per sequence
        DIR/d.npz: length[1]: out of range: found 6, expected 1 to 5
        DIR/d.npz: length[0]: out of range: found 0, expected 1 to 5"#]].assert_eq(&messages.join("\n"));
}

#[test]
fn damaged_inputs_files() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("d.npz");
    write_npz(&path, &[("x", bytes(&[20, 5, 3]))]).unwrap();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    refused(
        &dir,
        Sequences::load(&path, Wanted::all(3, Element::U8)),
        expect![
            "DIR/d.npz: not a whole npz file (invalid Zip archive: Could not find EOCD): expected arrays written by numpy.savez or savez_compressed; was it copied whole?"
        ],
    );
    let mut flipped = whole.clone();
    flipped[40] ^= 0xff;
    fs::write(&path, flipped).unwrap();
    refused(
        &dir,
        Sequences::load(&path, Wanted::all(3, Element::U8)),
        expect!["DIR/d.npz: x: damaged in the npz file (Invalid checksum); was it copied whole?"],
    );
    refused(
        &dir,
        Sequences::load(&dir.path().join("none.npz"), Wanted::all(3, Element::U8)),
        expect![
            "DIR/none.npz: cannot be read (No such file or directory (os error 2)); check the path"
        ],
    );
}

/// An npz file whose `x` has the given npy header and no data.
fn npz_with_header(path: &Path, header: &str) {
    let file = fs::File::create(path).unwrap();
    let mut npz = npyz::npz::NpzWriter::new(file);
    let options = npyz::zip::write::FileOptions::default();
    npz.zip_writer().start_file("x.npy", options).unwrap();
    let mut npy = b"\x93NUMPY\x02\x00".to_vec();
    npy.extend((header.len() as u32).to_le_bytes());
    npy.extend(header.bytes());
    std::io::Write::write_all(npz.zip_writer(), &npy).unwrap();
    npz.zip_writer().finish().unwrap();
}

#[test]
fn hostile_npy_headers() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("d.npz");
    let shaped = |descr: &str, order: &str, shape: &str| {
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}")
    };
    let headers = [
        shaped("|u1", "False", "(4294967296, 4294967296, 16)"),
        shaped("|u1", "False", "(1000000, 1000, 3)"),
        shaped("|u1", "True", "(2, 5, 3)"),
        shaped("<f2", "False", "(2, 5, 3)"),
        shaped("|O", "False", "(2, 5, 3)"),
        shaped("|u1", "False", &"(".repeat(5000)),
        shaped("|u1", "False", &" ".repeat(20000)),
        "nonsense".to_string(),
    ];
    let mut messages = Vec::new();
    for header in headers {
        npz_with_header(&path, &header);
        let problems = Sequences::load(&path, Wanted::all(3, Element::U8)).unwrap_err().to_string();
        messages.push(problems.replace(&dir.path().display().to_string(), "DIR"));
    }
    expect![[r#"
        DIR/d.npz: x: sizes too large
        DIR/d.npz: x: array too large: found 3000000000 bytes, expected at most 1073741824; split the data set
        DIR/d.npz: x: wrong number of bytes: found 0, expected 30 elements of 1; was the file written whole?
        DIR/d.npz: x: wrong number of bytes: found 0, expected 30 elements of 2; was the file written whole?
        DIR/d.npz: x: element type that cannot be read: found Python objects, expected integers, bool, f2, f4 or f8; give the array a type of numbers, as with numpy.asarray(..., dtype=...)
        DIR/d.npz: x: header nested too deeply
        DIR/d.npz: x: header of 20053 bytes, at most 16384 can be read
        DIR/d.npz: x: not an npy array; save it with numpy.savez"#]].assert_eq(&messages.join("\n"));
}

#[test]
fn random_damage_never_panics() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("d.npz");
    write_npz(&path, &[("x", bytes(&[2, 5, 3])), ("y", bytes(&[2]))]).unwrap();
    let n_refused =
        damage(&path, 1000, || Sequences::load(&path, Wanted::all(3, Element::U8)).is_err());
    assert!(n_refused > 500, "only {n_refused} of 1000 damaged files were refused");
}
