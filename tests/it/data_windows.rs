//! `htgen data windows`: pictures to sequences of windows, from folders and from arrays.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::data_refusals::refused;
use crate::data_support::{arrays, bytes, integers, strings};
use crate::shared;
use expect_test::expect;
use htgen::data::{Array, ArrayData, write_npz};
use image::{Rgb, RgbImage};
use serde_json::json;
use std::fs;

/// Three channels of a picture of 6 x 4 pixels, with all bytes different.
fn planes(picture: u8) -> Vec<u8> {
    (0..72).map(|k| picture.wrapping_mul(80).wrapping_add(3 * k)).collect()
}

/// The same as a picture.
fn picture(picture: u8) -> RgbImage {
    let planes = planes(picture);
    RgbImage::from_fn(6, 4, |x, y| Rgb([0, 1, 2].map(|c| planes[24 * c + (6 * y + x) as usize])))
}

/// The windows of 2 x 3 pixels at every second pixel, index by index.
fn cut(planes: &[u8], channels: usize) -> Vec<u8> {
    let mut cut = Vec::new();
    for left in [0, 2, 4] {
        for channel in 0..channels {
            for row in 0..3 {
                cut.extend((0..2).map(|column| planes[24 * channel + 6 * row + left + column]));
            }
        }
    }
    cut
}

fn put(dir: &Folder, name: &str, picture: &RgbImage) {
    let path = dir.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.save(path).unwrap();
}

fn u8s(shape: &[usize], data: Vec<u8>) -> Array {
    Array { shape: shape.to_vec(), data: ArrayData::U8(data) }
}

fn ints(values: &[i64]) -> Array {
    Array { shape: vec![values.len()], data: ArrayData::I64(values.to_vec()) }
}

/// Three pictures, two of class `yes`, by two people.
fn folder() -> Folder {
    let dir = Folder::new();
    put(&dir, "in/no/bob/1.png", &picture(0));
    put(&dir, "in/yes/ann_1.png", &picture(1));
    put(&dir, "in/yes/bob_1.png", &picture(2));
    fs::write(dir.path("in/notes.txt"), "text").unwrap();
    dir
}

#[test]
fn windows_pass_over_pictures_row_by_row() {
    let dir = folder();
    let report = dir.json("data windows in --size 6x4 --window 2x3 --stride 2 -o out.npz");
    assert_eq!((&report["shape"], &report["inputs"]), (&json!([3, 3, 3, 3, 2]), &json!(18)));
    let of = |key: &str| report[key].as_u64().unwrap();
    assert_eq!((of("unseen_rows"), of("unseen_columns")), (1, 0));
    assert_eq!((of("resized"), of("ignored")), (0, 1));
    let out = arrays(&dir.path("out.npz"));
    let wanted: Vec<u8> = (0..3).flat_map(|k| cut(&planes(k), 3)).collect();
    assert_eq!(bytes(&out, "x", &[3, 3, 3, 3, 2]), wanted);
    assert_eq!((integers(&out, "y"), integers(&out, "length")), (vec![0, 1, 1], vec![3; 3]));
    assert_eq!(
        (integers(&out, "group"), strings(&out, "groups")),
        (vec![1, 0, 1], vec!["ann".into(), "bob".into()])
    );
    assert_eq!(strings(&out, "classes"), ["no", "yes"]);

    let text = dir.done("data windows in --size 3x2 --window 2x2 --stride 9 -o one.npz");
    assert!(text.contains("pictures     3 scaled\n  unseen       0 rows, 1 columns\n"), "{text}");
    assert_eq!(bytes(&arrays(&dir.path("one.npz")), "x", &[3, 1, 3, 2, 2]).len(), 36);
}

#[test]
fn arrays_give_what_folders_give() {
    let dir = folder();
    dir.done("data windows in --size 6x4 --window 2x3 --stride 2 -o folder.npz");
    let x: Vec<u8> = (0..3).flat_map(planes).collect();
    let x = u8s(&[3, 3, 4, 6], x);
    let with =
        |x: &Array| vec![("x", x.clone()), ("y", ints(&[0, 1, 1])), ("group", ints(&[7, 5, 7]))];
    write_npz(&dir.path("in.npz"), &with(&x)).unwrap();
    let line = "data windows in.npz --classes no,yes --window 2x3 --stride 2 -o array.npz";
    let report = dir.json(line);
    assert_eq!((&report["source"], &report["groups"]), (&json!("pictures"), &json!(2)));
    let (folder, array) = (arrays(&dir.path("folder.npz")), arrays(&dir.path("array.npz")));
    for name in ["x", "y", "group", "length", "classes"] {
        assert_eq!(folder[name], array[name], "{name}");
    }
    assert_eq!(strings(&array, "groups"), ["5", "7"]);

    // Only brightness, as one plane or none; parts and a group array of another name are kept.
    dir.done("data windows in --size 6x4 --channels 1 --window 2x3 --stride 2 -o folder.npz");
    let ArrayData::U8(x) = x.data else { unreachable!() };
    let grey = |k: usize| -> Vec<u8> {
        let of = |c: usize, p: usize| u32::from(x[72 * k + 24 * c + p]);
        (0..24)
            .map(|p| ((299 * of(0, p) + 587 * of(1, p) + 114 * of(2, p) + 500) / 1000) as u8)
            .collect()
    };
    let grey: Vec<u8> = (0..3).flat_map(grey).collect();
    for shape in [vec![3, 4, 6], vec![3, 1, 4, 6]] {
        let mut all = with(&u8s(&shape, grey.clone()));
        all.truncate(2);
        all.extend([("who", ints(&[-4, 3, 9])), ("split", ints(&[0, 2, 1]))]);
        write_npz(&dir.path("in.npz"), &all).unwrap();
        dir.done("data windows in.npz --group who --window 2x3 --stride 2 -o array.npz");
        let (folder, array) = (arrays(&dir.path("folder.npz")), arrays(&dir.path("array.npz")));
        assert_eq!(folder["x"], array["x"]);
        assert_eq!(strings(&array, "classes"), ["0", "1"]);
        assert_eq!(strings(&array, "groups"), ["-4", "3", "9"]);
        assert_eq!(integers(&array, "split"), [0, 2, 1]);
        dir.done("data windows in.npz --window 2x3 --stride 2 -o array.npz");
        let array = arrays(&dir.path("array.npz"));
        assert!(!array.contains_key("group") && !array.contains_key("groups"));
    }

    // The output of data windows can be read again, names included: its steps are planes.
    write_npz(&dir.path("in.npz"), &with(&u8s(&[3, 4, 6], grey))).unwrap();
    dir.done("data windows in --size 6x4 --channels 1 --window 6x4 --stride 1 -o folder.npz");
    let again = htgen::data::LabelledSequences::load(&dir.path("folder.npz"), None).unwrap();
    assert_eq!((again.classes, again.groups.map(|groups| groups.of)), (2, Some(vec![0, 1, 0])));
}

#[test]
fn real_signs_are_cut() {
    let Some(path) = shared::find("data/signdigits.npz") else { return };
    let dir = Folder::new();
    let given = arrays(&path);
    let line = format!("data windows {} --window 32x32 --stride 16 -o signs.npz", path.display());
    dir.done(&line);
    let made = arrays(&dir.path("signs.npz"));
    let x = bytes(&given, "x", &[1653, 64, 64]);
    let mut wanted = Vec::new();
    for picture in x.chunks_exact(64 * 64) {
        for (top, left) in [0, 16, 32].iter().flat_map(|&r| [0, 16, 32].map(|c| (r, c))) {
            for row in top..top + 32 {
                wanted.extend_from_slice(&picture[64 * row + left..][..32]);
            }
        }
    }
    assert!(bytes(&made, "x", &[1653, 9, 1, 32, 32]) == wanted);
    assert_eq!(integers(&made, "y"), integers(&given, "y"));
}

#[test]
fn pictures_that_are_refused() {
    let dir = folder();
    let x = || u8s(&[3, 4, 6], vec![1; 72]);
    let y = || ints(&[0, 1, 1]);
    let reals = Array { shape: vec![3, 2, 2], data: ArrayData::F32(vec![0.5; 12]) };
    let files: [(&str, Vec<(&str, Array)>); 8] = [
        ("good", vec![("x", x()), ("y", y())]),
        ("bare", vec![("frames", x()), ("y", y())]),
        ("flat", vec![("x", u8s(&[3, 24], vec![1; 72])), ("y", y())]),
        ("none", vec![("x", u8s(&[0, 4, 6], vec![])), ("y", ints(&[]))]),
        ("reals", vec![("x", reals), ("y", y())]),
        ("short", vec![("x", x()), ("y", ints(&[0, 1]))]),
        ("negative", vec![("x", x()), ("y", ints(&[0, -1, i64::MAX]))]),
        ("groups", vec![("x", x()), ("y", y()), ("group", ints(&[1, 2, 3, 4]))]),
    ];
    for (name, arrays) in &files {
        write_npz(&dir.path(&format!("{name}.npz")), arrays).unwrap();
    }
    let whole = fs::read(dir.path("good.npz")).unwrap();
    fs::write(dir.path("cut.npz"), &whole[..whole.len() / 2]).unwrap();
    put(&dir, "large/a/c_1.png", &RgbImage::new(8, 8));
    refused(
        &dir,
        &[
            "data windows good.npz --window 7x2 --stride 1 -o out.npz",
            "data windows good.npz --window 2x2 --stride 0 -o out.npz",
            "data windows good.npz --window 2x2 --stride 1 --size 6x4 --channels 1 -o out.npz",
            "data windows good.npz --window 2x2 --stride 1 --classes no -o out.npz",
            "data windows good.npz --window 2x2 --stride 1 --group who -o out.npz",
            "data windows bare.npz --window 2x2 --stride 1 -o out.npz",
            "data windows flat.npz --window 2x2 --stride 1 -o out.npz",
            "data windows none.npz --window 2x2 --stride 1 -o out.npz",
            "data windows reals.npz --window 2x2 --stride 1 -o out.npz",
            "data windows short.npz --window 2x2 --stride 1 -o out.npz",
            "data windows negative.npz --window 2x2 --stride 1 -o out.npz",
            "data windows groups.npz --window 2x2 --stride 1 -o out.npz",
            "data windows cut.npz --window 2x2 --stride 1 -o out.npz",
            "data windows nowhere --window 2x2 --stride 1 -o out.npz",
            "data windows in --window 2x2 --stride 1 -o out.npz",
            "data windows in --size 6x4 --window 2x2 --stride 1 --group who -o out.npz",
            "data windows large --size 70x70 --window 2x2 --stride 1 -o out.npz",
            "data windows large --size 4096x4096 --window 4000x4000 --stride 2 -o out.npz",
        ],
        expect![[r#"
            $ htgen data windows good.npz --window 7x2 --stride 1 -o out.npz
            error: --window: a window larger than the picture: found 7x2, expected at most 6x4
            $ htgen data windows good.npz --window 2x2 --stride 0 -o out.npz
            error: invalid value '0' for '--stride <PIXELS>': expected a whole number of at least 1
            $ htgen data windows good.npz --window 2x2 --stride 1 --size 6x4 --channels 1 -o out.npz
            error: --size: an option for a folder of pictures; leave it out with good.npz
            error: --channels: an option for a folder of pictures; leave it out with good.npz
            $ htgen data windows good.npz --window 2x2 --stride 1 --classes no -o out.npz
            error: good.npz: y[1]: label outside the classes: found 1, expected 0 to 0, the given classes
            $ htgen data windows good.npz --window 2x2 --stride 1 --group who -o out.npz
            error: good.npz: who: array missing: found x, y, expected the group of each picture
            $ htgen data windows bare.npz --window 2x2 --stride 1 -o out.npz
            error: bare.npz: x: array missing: found frames, y, expected x, bytes of (pictures, rows, columns), (pictures, channels, rows, columns) or (pictures, rows, columns, channels)
            $ htgen data windows flat.npz --window 2x2 --stride 1 -o out.npz
            error: flat.npz: x: wrong shape: found 3 x 24, expected bytes of (pictures, rows, columns), (pictures, channels, rows, columns) or (pictures, rows, columns, channels)
            $ htgen data windows none.npz --window 2x2 --stride 1 -o out.npz
            error: none.npz: x: wrong shape: found 0 x 4 x 6, expected bytes of (pictures, rows, columns), (pictures, channels, rows, columns) or (pictures, rows, columns, channels)
            $ htgen data windows reals.npz --window 2x2 --stride 1 -o out.npz
            error: reals.npz: x: wrong type: found elements that are not unsigned bytes, expected bytes of (pictures, rows, columns), (pictures, channels, rows, columns) or (pictures, rows, columns, channels)
            $ htgen data windows short.npz --window 2x2 --stride 1 -o out.npz
            error: short.npz: y: wrong shape: found 2, expected 3, one per picture
            $ htgen data windows negative.npz --window 2x2 --stride 1 -o out.npz
            error: negative.npz: y[1]: label outside the classes: found -1, expected classes counted from 0
            $ htgen data windows groups.npz --window 2x2 --stride 1 -o out.npz
            error: groups.npz: group: wrong shape: found 4, expected 3, one per picture
            $ htgen data windows cut.npz --window 2x2 --stride 1 -o out.npz
            error: cut.npz: not a whole npz file (invalid Zip archive: Could not find EOCD): expected arrays written by numpy.savez or savez_compressed; was it copied whole?
            $ htgen data windows nowhere --window 2x2 --stride 1 -o out.npz
            error: nowhere: cannot be read (No such file or directory (os error 2)); check the path
            $ htgen data windows in --window 2x2 --stride 1 -o out.npz
            error: --size: needed to read in, which is a folder
            $ htgen data windows in --size 6x4 --window 2x2 --stride 1 --group who -o out.npz
            error: --group: an option for a file of arrays; leave it out with in
            $ htgen data windows large --size 70x70 --window 2x2 --stride 1 -o out.npz
            error: --stride: too many steps per sequence: found 4761, expected at most 4096; a larger stride or window makes fewer
            $ htgen data windows large --size 4096x4096 --window 4000x4000 --stride 2 -o out.npz
            error: --stride: too many bytes per sequence: found 2401 windows of 4000x4000x3, expected at most 268435456 bytes; a larger stride or a smaller window makes fewer
        "#]],
    );
}
