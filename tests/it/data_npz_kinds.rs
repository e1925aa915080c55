//! Arrays as other programs write them: names without ending, other orders of bytes and axes, short
//! floats, texts as bytes and as Python objects.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::data_refusals::refused;
use crate::data_support::{arrays, bytes, integers, strings};
use expect_test::expect;
use htgen::data::{Sequences, StepValues, Wanted};
use htgen::model::Element;
use std::fs;
use std::io::Write;
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// One npy file.
fn npy(kind: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': ({shape}), }}\n");
    [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
}

fn npz(path: &Path, entries: &[(&str, Vec<u8>)]) {
    let mut zip = ZipWriter::new(fs::File::create(path).unwrap());
    for (k, (name, content)) in entries.iter().enumerate() {
        let method = [CompressionMethod::Deflated, CompressionMethod::Stored][k % 2];
        let options = SimpleFileOptions::default().compression_method(method).large_file(k == 0);
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap();
}

/// The rows of a data set of one sequence of two steps of three reals.
fn rows(dir: &Folder, name: &str, x: Vec<u8>) -> Vec<f32> {
    let path = dir.path("d.npz");
    npz(&path, &[(name, x)]);
    let data = Sequences::load(&path, Wanted::all(3, Element::Real)).unwrap();
    assert_eq!((data.count(), data.steps(0)), (1, 2));
    let row = |step| match data.step(0, step) {
        StepValues::F32(values) => values.to_vec(),
        StepValues::U8(_) => panic!("reals were written"),
    };
    [row(0), row(1)].concat()
}

const VALUES: [f32; 6] = [0.0, 1.0, -2.0, 0.5, 3.0, 4.0];

#[test]
fn numbers_of_any_order_are_the_same_numbers() {
    let dir = Folder::new();
    let of = |bytes: fn(f32) -> Vec<u8>| VALUES.iter().flat_map(|&v| bytes(v)).collect::<Vec<u8>>();
    let shape = "1, 2, 3";
    let little = of(|v| v.to_le_bytes().to_vec());
    let halves = [0u16, 0x3c00, 0xc000, 0x3800, 0x4200, 0x4400];
    let half: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
    // With the first axis fastest: element (0, step, k) is at step + 2 k.
    let turned: Vec<u8> =
        [0, 3, 1, 4, 2, 5].iter().flat_map(|&k| VALUES[k].to_le_bytes()).collect();
    let cases = [
        ("x.npy", npy("<f4", false, shape, &little)),
        ("x", npy("<f4", false, shape, &little)),
        ("x.npy", npy(">f4", false, shape, &of(|v| v.to_be_bytes().to_vec()))),
        ("x.npy", npy(">f8", false, shape, &of(|v| f64::from(v).to_be_bytes().to_vec()))),
        ("x.npy", npy("<f2", false, shape, &half)),
        ("x.npy", npy("<f4", true, shape, &turned)),
    ];
    for (k, (name, x)) in cases.into_iter().enumerate() {
        assert_eq!(rows(&dir, name, x), VALUES, "case {k}");
    }
}

#[test]
fn labels_of_any_type_are_the_same_labels() {
    let dir = Folder::new();
    dir.tiny();
    let x = npy("|u1", false, "2, 1, 3", &[1, 2, 3, 4, 5, 6]);
    let wide = |of: fn(i64) -> Vec<u8>| [of(2), of(0)].concat();
    let cases = [
        npy("|u1", false, "2,", &[2, 0]),
        npy(">i2", false, "2,", &[0, 2, 0, 0]),
        npy("<i8", false, "2,", &wide(|v| v.to_le_bytes().to_vec())),
        npy("<f4", false, "2,", &wide(|v| (v as f32).to_le_bytes().to_vec())),
        npy("<f8", false, "2,", &wide(|v| (v as f64).to_le_bytes().to_vec())),
    ];
    for y in cases {
        npz(&dir.path("d.npz"), &[("x.npy", x.clone()), ("y.npy", y)]);
        let data = Sequences::load(&dir.path("d.npz"), Wanted::all(3, Element::U8)).unwrap();
        assert_eq!((data.label(0), data.label(1)), (Some(2), Some(0)));
    }
    let half = npy("<f4", false, "2,", &[0.5f32.to_le_bytes(), 1f32.to_le_bytes()].concat());
    npz(&dir.path("d.npz"), &[("x.npy", x), ("y.npy", half)]);
    refused(
        &dir,
        &["run tiny.json --inputs d.npz"],
        expect![[r#"
        $ htgen run tiny.json --inputs d.npz
        error: d.npz: y: wrong type: found numbers with a fraction, expected integers
    "#]],
    );
}

/// `numpy.save` of an array of two objects, as protocol 4 has it since NumPy 2.
fn objects(elements: &[u8]) -> Vec<u8> {
    let text = |text: &str| [&[0x8c, text.len() as u8], text.as_bytes(), &[0x94]].concat();
    [
        b"\x80\x04\x95\0\0\0\0\0\0\0\0".to_vec(),
        text("numpy._core.multiarray"),
        text("_reconstruct"),
        b"\x93\x94".to_vec(),
        text("numpy"),
        text("ndarray"),
        b"\x93\x94K\0\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\x02\x85\x94h\x03".to_vec(),
        text("dtype"),
        b"\x93\x94".to_vec(),
        text("O8"),
        b"\x89\x88\x87\x94R\x94(K\x03".to_vec(),
        text("|"),
        b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ft\x94b\x89]\x94(".to_vec(),
        elements.to_vec(),
        b"et\x94b.".to_vec(),
    ]
    .concat()
}

fn pictures(dir: &Folder, classes: Vec<u8>) {
    let x = npy("|u1", false, "2, 2, 2", &[1, 2, 3, 4, 5, 6, 7, 8]);
    let y = npy("|u1", false, "2,", &[1, 0]);
    npz(&dir.path("in.npz"), &[("x.npy", x), ("y.npy", y), ("classes.npy", classes)]);
}

const WINDOWS: &str = "data windows in.npz --window 2x2 --stride 1 -o out.npz";

#[test]
fn names_of_any_type_are_kept() {
    let dir = Folder::new();
    let unicode = |turn: fn(u32) -> [u8; 4]| -> Vec<u8> {
        "apecat".chars().flat_map(|c| turn(c.into())).collect()
    };
    let texts = b"\x8c\x03ape\x94C\x03cat\x94";
    let named = [
        npy("<U3", false, "2,", &unicode(u32::to_le_bytes)),
        npy(">U3", false, "2,", &unicode(u32::to_be_bytes)),
        npy("|S3", false, "2,", b"apecat"),
        npy("|S5", false, "2,", b"ape\0\0cat\0\0"),
        npy("|O", false, "2,", &objects(texts)),
    ];
    for classes in named {
        pictures(&dir, classes);
        dir.done(WINDOWS);
        assert_eq!(strings(&arrays(&dir.path("out.npz")), "classes"), ["ape", "cat"]);
    }
    let numbered = [
        npy("<i4", false, "2,", &[10, 0, 0, 0, 44, 1, 0, 0]),
        npy("<f8", false, "2,", &[10f64.to_le_bytes(), 300f64.to_le_bytes()].concat()),
        npy("|O", false, "2,", &objects(b"K\x0aM\x2c\x01")),
    ];
    for classes in numbered {
        pictures(&dir, classes);
        dir.done(WINDOWS);
        assert_eq!(strings(&arrays(&dir.path("out.npz")), "classes"), ["10", "300"]);
    }
}

/// Nothing that a pickle names is called, and anything that is not a list of texts is reported.
#[test]
fn other_objects_are_refused() {
    let dir = Folder::new();
    let text = |text: &str| [&[0x8c, text.len() as u8], text.as_bytes()].concat();
    let call = [&text("os")[..], &text("system"), b"\x93", &text("touch owned"), b"\x85R"].concat();
    let cases = [
        call,
        b"NN".to_vec(),
        b"\x8c\x03ape".to_vec(),
        b"G\x3f\xf8\0\0\0\0\0\0G\x3f\xf8\0\0\0\0\0\0".to_vec(),
        b"\x8c\xffshort".to_vec(),
        b"\x97".to_vec(),
    ];
    let mut lines = Vec::new();
    for (k, elements) in cases.iter().enumerate() {
        pictures(&dir, npy("|O", false, "2,", &objects(elements)));
        fs::rename(dir.path("in.npz"), dir.path(&format!("in{k}.npz"))).unwrap();
        lines.push(WINDOWS.replace("in.npz", &format!("in{k}.npz")));
    }
    pictures(&dir, npy("|S3", false, "2,", b"a\xffe\0at"));
    lines.push(WINDOWS.to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    refused(
        &dir,
        &lines,
        expect![[r#"
        $ htgen data windows in0.npz --window 2x2 --stride 1 -o out.npz
        error: in0.npz: classes: Python objects that cannot be read (objects made by os.system, which is not called): expected texts or whole numbers; save numpy.array(..., dtype=str) of them
        $ htgen data windows in1.npz --window 2x2 --stride 1 -o out.npz
        error: in1.npz: classes: Python objects that cannot be read (objects that are neither texts nor whole numbers): expected texts or whole numbers; save numpy.array(..., dtype=str) of them
        $ htgen data windows in2.npz --window 2x2 --stride 1 -o out.npz
        error: in2.npz: classes: wrong number of objects: found 1, expected 2
        $ htgen data windows in3.npz --window 2x2 --stride 1 -o out.npz
        error: in3.npz: classes: Python objects that cannot be read (objects that are neither texts nor whole numbers): expected texts or whole numbers; save numpy.array(..., dtype=str) of them
        $ htgen data windows in4.npz --window 2x2 --stride 1 -o out.npz
        error: in4.npz: classes: Python objects that cannot be read (it ends too early): expected texts or whole numbers; save numpy.array(..., dtype=str) of them
        $ htgen data windows in5.npz --window 2x2 --stride 1 -o out.npz
        error: in5.npz: classes: Python objects that cannot be read (a pickle with the operation 0x97): expected texts or whole numbers; save numpy.array(..., dtype=str) of them
        $ htgen data windows in.npz --window 2x2 --stride 1 -o out.npz
        error: in.npz: classes[0]: a byte string that is not UTF-8: found a\xffe; decode it, as with numpy.char.decode(..., 'latin-1')
    "#]],
    );
    assert!(!dir.path("owned").exists());
}

/// Labels that count from 1 leave class 0 empty, unless the classes are named.
#[test]
fn a_class_without_pictures_is_told() {
    let dir = Folder::new();
    let x = npy("|u1", false, "2, 2, 2", &[1, 2, 3, 4, 5, 6, 7, 8]);
    let y = npy("|u1", false, "2,", &[1, 1]);
    npz(&dir.path("in.npz"), &[("x.npy", x), ("y.npy", y)]);
    refused(
        &dir,
        &[WINDOWS],
        expect![[r#"
        $ htgen data windows in.npz --window 2x2 --stride 1 -o out.npz
        error: in.npz: y: a class without pictures: found none of class 0, expected some of each of the classes 0 to 1; count the classes from 0 without gaps, or name them all with --classes
    "#]],
    );
    dir.done(&format!("{WINDOWS} --classes none,some"));
    let out = arrays(&dir.path("out.npz"));
    assert_eq!((integers(&out, "y"), bytes(&out, "x", &[2, 1, 1, 2, 2])[4]), (vec![1, 1], 5));
}
