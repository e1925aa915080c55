//! Pictures as cameras and other programs store them: turned, channels first or last, and packed so
//! that a small file would take much memory.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::data_refusals::{put, refused};
use crate::data_sliding::{ints, u8s};
use crate::data_support::{arrays, bytes};
use expect_test::expect;
use htgen::data::write_npz;
use htgen::tool::Run;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, RgbImage, imageops};
use std::fs;

/// A picture of 5 x 3 pixels, each another colour.
fn seen() -> RgbImage {
    RgbImage::from_fn(5, 3, |x, y| image::Rgb([(40 * x) as u8, (60 * y) as u8, (9 * x + y) as u8]))
}

/// What a camera stores that records its orientation: rotated accordingly, it is the original
/// scene.
fn stored(orientation: u8) -> RgbImage {
    let seen = seen();
    match orientation {
        1 => seen,
        2 => imageops::flip_horizontal(&seen),
        3 => imageops::rotate180(&seen),
        4 => imageops::flip_vertical(&seen),
        // Mirrored along the diagonal that goes down, and along the other one.
        5 => imageops::flip_horizontal(&imageops::rotate90(&seen)),
        7 => imageops::flip_vertical(&imageops::rotate90(&seen)),
        6 => imageops::rotate270(&seen),
        8 => imageops::rotate90(&seen),
        _ => panic!("no such orientation"),
    }
}

fn exif(orientation: u8) -> Vec<u8> {
    [&b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"[..], &[orientation, 0, 0, 0, 0, 0, 0]]
        .concat()
}

fn png(picture: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = PngEncoder::new(&mut file);
    encoder.set_exif_metadata(exif(orientation)).unwrap();
    let (width, height) = picture.dimensions();
    encoder.write_image(picture, width, height, ExtendedColorType::Rgb8).unwrap();
    file
}

/// A JPEG of large pixels, which it keeps nearly as they are.
fn jpeg(picture: &RgbImage, orientation: u8) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let large = imageops::resize(picture, 16 * width, 16 * height, imageops::FilterType::Nearest);
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, 100);
    encoder.set_exif_metadata(exif(orientation)).unwrap();
    encoder.write_image(&large, 16 * width, 16 * height, ExtendedColorType::Rgb8).unwrap();
    file
}

#[test]
fn every_picture_is_turned_as_it_says() {
    let dir = Folder::new();
    let planes: Vec<u8> =
        (0..3).flat_map(|c| seen().pixels().map(move |p| p.0[c]).collect::<Vec<_>>()).collect();
    for orientation in 1..=8 {
        put(&dir, &format!("png/a/o_{orientation}.png"), &png(&stored(orientation), orientation));
        put(&dir, &format!("jpg/a/o_{orientation}.jpg"), &jpeg(&stored(orientation), orientation));
        let frame = format!("clips/a/c_{orientation}/0.png");
        put(&dir, &frame, &png(&stored(orientation), orientation));
    }
    let windows = "--size 5x3 --window 5x3 --stride 1 -o out.npz";
    dir.done(&format!("data windows png {windows}"));
    let x = bytes(&arrays(&dir.path("out.npz")), "x", &[8, 1, 3, 3, 5]);
    assert!(x.chunks(45).all(|picture| picture == planes));
    dir.done("data frames clips --size 5x3 -o out.npz");
    assert_eq!(bytes(&arrays(&dir.path("out.npz")), "x", &[8, 1, 3, 3, 5]), x);
    dir.done(&format!("data windows jpg {windows}"));
    let x = bytes(&arrays(&dir.path("out.npz")), "x", &[8, 1, 3, 3, 5]);
    let far = x.chunks(45).flat_map(|p| p.iter().zip(&planes)).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(far.unwrap() < 12, "off by {far:?} of 255");
}

#[test]
fn channels_first_and_last_are_told_apart() {
    let dir = Folder::new();
    // Two pictures of 8 rows, 6 columns and 3 channels, and the same channel by channel.
    let last: Vec<u8> = (0..288).map(|k| (k * 7 % 251) as u8).collect();
    let first: Vec<u8> = last
        .chunks(144)
        .flat_map(|picture| {
            (0..3).flat_map(|c| picture.iter().skip(c).step_by(3).copied()).collect::<Vec<u8>>()
        })
        .collect();
    let write = |name: &str, shape: &[usize], data: &[u8]| {
        let (x, ids) = (u8s(shape, data.to_vec()), ints(&[0, 1]));
        let arrays = [("x", x.clone()), ("frames", x), ("y", ids.clone())];
        let more = [("state", ids.clone()), ("video", ids)];
        write_npz(&dir.path(name), &arrays.into_iter().chain(more).collect::<Vec<_>>()).unwrap();
    };
    write("last.npz", &[2, 8, 6, 3], &last);
    write("first.npz", &[2, 3, 8, 6], &first);
    let commands = ["data sliding FILE --steps 1", "data windows FILE --window 6x8 --stride 1"];
    for command in commands {
        for file in ["first.npz", "last.npz"] {
            dir.done(&format!("{} -o out.npz", command.replace("FILE", file)));
            let out = arrays(&dir.path("out.npz"));
            assert!(bytes(&out, "x", &[2, 1, 3, 8, 6]) == first, "{command} of {file}");
        }
    }
    // Both ends could be channels, or neither.
    write("both.npz", &[2, 3, 16, 3], &last);
    write("neither.npz", &[2, 6, 8, 6], &[&last[..], &last].concat());
    dir.done("data sliding both.npz --axes chw --steps 1 -o out.npz");
    assert!(bytes(&arrays(&dir.path("out.npz")), "x", &[2, 1, 3, 16, 3]) == last);
    dir.done("data windows neither.npz --axes hwc --window 8x6 --stride 1 -o out.npz");
    arrays(&dir.path("out.npz"));
    let lines = [
        "data sliding both.npz --steps 1 -o out.npz",
        "data windows neither.npz --window 2x2 --stride 1 -o out.npz",
        "data windows neither.npz --axes wh --window 2x2 --stride 1 -o out.npz",
        "data windows dir --axes chw --size 4x4 --window 2x2 --stride 1 -o out.npz",
    ];
    fs::create_dir_all(dir.path("dir/a")).unwrap();
    refused(
        &dir,
        &lines,
        expect![[r#"
        $ htgen data sliding both.npz --steps 1 -o out.npz
        error: both.npz: frames: ambiguous axes: found shape 2 x 3 x 16 x 3, expected 1 to 4 channels either first or last; --axes chw or --axes hwc says which they are
        $ htgen data windows neither.npz --window 2x2 --stride 1 -o out.npz
        error: neither.npz: x: ambiguous axes: found shape 2 x 6 x 8 x 6, expected 1 to 4 channels either first or last; --axes chw or --axes hwc says which they are
        $ htgen data windows neither.npz --axes wh --window 2x2 --stride 1 -o out.npz
        error: invalid value 'wh' for '--axes <AXES>'
          [possible values: chw, hwc]
        $ htgen data windows dir --axes chw --size 4x4 --window 2x2 --stride 1 -o out.npz
        error: --axes: an option for a file of arrays; leave it out with dir
    "#]],
    );
}

/// A PNG of one colour that unpacks to a thousand times its size.
fn bomb(side: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let picture = vec![0u8; side as usize * side as usize];
    let encoder = PngEncoder::new_with_quality(
        &mut file,
        image::codecs::png::CompressionType::Best,
        image::codecs::png::FilterType::NoFilter,
    );
    encoder.write_image(&picture, side, side, ExtendedColorType::L8).unwrap();
    file
}

#[test]
fn a_small_picture_does_not_take_much_memory() {
    let dir = Folder::new();
    put(&dir, "large/a/0.png", &bomb(12_000));
    put(&dir, "fair/a/0.png", &bomb(4_000));
    let windows = "--size 8x8 --channels 1 --window 8x8 --stride 1 -o out.npz";
    let limited = |line: &str| {
        let script = format!("ulimit -v 800000; exec {} {line}", env!("CARGO_BIN_EXE_htgen"));
        dir.run(Run::new("/bin/sh").args(["-c", &script]))
    };
    let ended = limited(&format!("data windows fair {windows}"));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ended = limited(&format!("data windows large {windows}"));
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("a picture that takes too much memory"), "{}", ended.stderr);
}

/// Hundreds of millions of sequences packed into a small file, of which only a few are requested.
#[test]
fn a_small_file_of_many_sequences_does_not_take_much_memory() {
    let dir = Folder::new();
    dir.done("new --inputs 1 --hidden 2 --format dense --recurrent dense --head 2 -o m.json");
    let count = 300_000_000usize;
    let header =
        format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({count}, 1, 1), }}\n");
    let mut zip = zip::ZipWriter::new(fs::File::create(dir.path("d.npz")).unwrap());
    zip.start_file("x.npy", zip::write::SimpleFileOptions::default()).unwrap();
    let head = [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes()];
    std::io::Write::write_all(&mut zip, &head.concat()).unwrap();
    for _ in 0..count / 1_000_000 {
        std::io::Write::write_all(&mut zip, &[0; 1_000_000]).unwrap();
    }
    zip.finish().unwrap();
    assert!(fs::metadata(dir.path("d.npz")).unwrap().len() < 1 << 20);
    let line = "run m.json --inputs d.npz --limit 1";
    let script = format!("ulimit -v 500000; exec {} {line}", env!("CARGO_BIN_EXE_htgen"));
    let ended = dir.run(Run::new("/bin/sh").args(["-c", &script]));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}
