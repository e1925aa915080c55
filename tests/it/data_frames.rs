//! `htgen data frames`: pictures and videos to frames of one size, channel by channel.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::data_support::{arrays, bytes, integers, strings};
use crate::support::needs;
use htgen::tool::{Run, Tool};
use image::{GrayImage, ImageFormat, Rgb, RgbImage};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A picture whose every byte is known: red is the frame, green the column, blue the row.
fn picture(width: u32, height: u32, frame: u8) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([frame, 10 * x as u8, 20 * y as u8]))
}

fn put(dir: &Folder, name: &str, picture: &RgbImage) {
    let path = dir.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.save(path).unwrap();
}

/// What a frame of [`picture`] in its own size is in the file.
fn planes(width: usize, height: usize, frame: u8) -> Vec<u8> {
    let mut planes = vec![frame; width * height];
    planes.extend((0..height).flat_map(|_| (0..width).map(|x| 10 * x as u8)));
    planes.extend((0..height).flat_map(|y| vec![20 * y as u8; width]));
    planes
}

#[test]
fn clips_become_planes_in_the_order_of_their_frames() {
    let dir = Folder::new();
    // Twelve frames whose names would be sorted differently as texts, and two.
    for frame in 0..12 {
        put(&dir, &format!("in/walk/walk_01_1/f{frame}.png"), &picture(4, 3, frame));
    }
    for frame in 0..2 {
        put(&dir, &format!("in/run/scene b/run_2/{frame:03}.PNG"), &picture(4, 3, 50 + frame));
    }
    fs::write(dir.path("in/walk/notes.txt"), "text").unwrap();
    let report = dir.json("data frames in --size 4x3 -o all.npz");
    assert_eq!(report["shape"], json!([2, 12, 3, 3, 4]));
    assert_eq!((&report["inputs"], &report["resized"]), (&json!(36), &json!(0)));
    assert_eq!((&report["short"], &report["ignored"]), (&json!(1), &json!(1)));
    let all = arrays(&dir.path("all.npz"));
    let x = bytes(&all, "x", &[2, 12, 3, 3, 4]);
    let mut wanted: Vec<u8> = [50, 51].iter().flat_map(|&f| planes(4, 3, f)).collect();
    wanted.resize(12 * 36, 0);
    wanted.extend((0..12).flat_map(|f| planes(4, 3, f)));
    assert_eq!(x, wanted);
    assert_eq!((integers(&all, "y"), integers(&all, "length")), (vec![0, 1], vec![2, 12]));
    assert_eq!(strings(&all, "classes"), ["run", "walk"]);
    assert_eq!(strings(&all, "groups"), ["scene b", "walk_01"]);
    assert_eq!(integers(&all, "group"), [0, 1]);

    let report = dir.json("data frames in --size 4x3 --steps 3 --classes walk,run -o some.npz");
    assert_eq!(report["classes"][0], json!({"name": "walk", "sequences": 1}));
    let x = bytes(&arrays(&dir.path("some.npz")), "x", &[2, 3, 3, 3, 4]);
    let mut wanted: Vec<u8> = [2, 6, 10, 50, 51].iter().flat_map(|&f| planes(4, 3, f)).collect();
    wanted.resize(6 * 36, 0);
    assert_eq!(x, wanted, "the middle of each third; a black frame after the short clip");
}

#[test]
fn pictures_are_scaled_to_the_size() {
    let dir = Folder::new();
    // Quarters of one colour each, in three sizes.
    let quarters = |side: u32| {
        RgbImage::from_fn(side, side, |x, y| match (x < side / 2, y < side / 2) {
            (true, true) => Rgb([200, 0, 0]),
            (false, true) => Rgb([0, 100, 0]),
            (true, false) => Rgb([0, 0, 50]),
            (false, false) => Rgb([255, 255, 255]),
        })
    };
    put(&dir, "in/a/clip_1/1.png", &quarters(2));
    put(&dir, "in/a/clip_1/2.png", &quarters(6));
    put(&dir, "in/a/clip_1/3.png", &quarters(10));
    let report = dir.json("data frames in --size 2x2 -o out.npz");
    assert_eq!(report["resized"], 2);
    let x = bytes(&arrays(&dir.path("out.npz")), "x", &[1, 3, 3, 2, 2]);
    let wanted = [[200, 0, 0, 255], [0, 100, 0, 255], [0, 0, 50, 255]].concat();
    assert_eq!(x, [wanted.clone(), wanted.clone(), wanted].concat());
    dir.done("data frames in --size 1x2 --channels 1 -o grey.npz");
    let x = bytes(&arrays(&dir.path("grey.npz")), "x", &[1, 3, 1, 2, 1]);
    // (100, 50, 0) and (128, 128, 153), as 299, 587 and 114 of 1000.
    assert_eq!(x, [59, 131].repeat(3));
}

#[test]
fn jpeg_and_grey_pictures_are_read() {
    let dir = Folder::new();
    fs::create_dir_all(dir.path("in/a/c_1")).unwrap();
    let flat = RgbImage::from_pixel(16, 16, Rgb([40, 120, 200]));
    flat.save_with_format(dir.path("in/a/c_1/1.jpg"), ImageFormat::Jpeg).unwrap();
    GrayImage::from_pixel(16, 16, image::Luma([77])).save(dir.path("in/a/c_1/2.png")).unwrap();
    // The content determines what a picture is.
    flat.save_with_format(dir.path("in/a/c_1/3.jpeg"), ImageFormat::Png).unwrap();
    dir.done("data frames in --size 2x1 -o out.npz");
    let x = bytes(&arrays(&dir.path("out.npz")), "x", &[1, 3, 3, 1, 2]);
    let close = |a: &[u8], b: &[u8]| a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= 3);
    assert!(close(&x[..6], &[40, 40, 120, 120, 200, 200]), "{:?}", &x[..6]);
    assert_eq!(x[6..], [77, 77, 77, 77, 77, 77, 40, 40, 120, 120, 200, 200]);
}

#[test]
fn videos_are_read_by_ffmpeg() {
    let Some(ffmpeg) = needs(Tool::Ffmpeg) else { return };
    let dir = Folder::new();
    for frame in 0..9 {
        put(&dir, &format!("source/{frame}.png"), &picture(8, 6, 20 * frame));
    }
    fs::create_dir_all(dir.path("in/walk")).unwrap();
    // A name that a shell or a protocol would misinterpret.
    let video = dir.path("in/walk/concat:x $(touch gone)_01.mkv");
    let made = ffmpeg.run().args(["-v", "error", "-i", "source/%d.png", "-c:v", "ffv1"]);
    let made = dir.run(made.args(["-pix_fmt", "bgr0"]).arg(format!("file:{}", video.display())));
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    // The group would have a name with a colon, so the clip is refused; in a group of its own it is
    // accepted.
    let ended = dir.htgen("data frames in --size 8x6 -o out.npz");
    assert!(ended.messages().contains("a name that is not allowed"), "{}", ended.stderr);
    fs::create_dir(dir.path("in/walk/one")).unwrap();
    fs::rename(&video, dir.path("in/walk/one").join(video.file_name().unwrap())).unwrap();
    let report = dir.json("data frames in --size 8x6 --steps 3 -o out.npz");
    assert_eq!((&report["sequences"], &report["resized"]), (&json!(1), &json!(0)));
    let x = bytes(&arrays(&dir.path("out.npz")), "x", &[1, 3, 3, 6, 8]);
    assert_eq!(x, [20, 80, 140].map(|f| planes(8, 6, f)).concat());
    assert_eq!(dir.json("data frames in --size 8x6 -o all.npz")["steps"], 9);
    assert!(!dir.path("gone").exists());
    fs::write(dir.path("in/walk/one/cut_2.avi"), "RIFF").unwrap();
    let ended = dir.htgen("data frames in --size 8x6 -o cut.npz");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    let message = ended.messages();
    assert!(message.starts_with("error: in/walk/one/cut_2.avi: ffmpeg: failed"), "{message}");
    assert!(!dir.path("cut.npz").exists());
}

#[test]
fn ffmpeg_is_called_with_the_frames_that_are_wanted() {
    let dir = Folder::new();
    fs::create_dir_all(dir.path("in/a")).unwrap();
    fs::write(dir.path("in/a/clip_1.mp4"), "").unwrap();
    put(&dir, "frame.png", &picture(2, 2, 9));
    // Reports 100 frames, and writes one file for each that is requested.
    let script = "#!/bin/sh\n\
        [ \"$1\" = -version ] && { echo 'ffmpeg version 6.1'; exit; }\n\
        printf '%s\\n' \"$@\" >>\"$HTGEN_LOG\"\n\
        case \"$*\" in\n\
          *pipe:1*) printf 'frame=40\\nfps=9\\nframe=100\\nprogress=end\\n' ;;\n\
          *) for n in 1 2 3 4; do cp \"$HTGEN_FRAME\" 00000$n.png; done ;;\n\
        esac\n";
    let tool = dir.path("ffmpeg");
    fs::write(&tool, script).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let line = "data frames in --size 2x2 --steps 4 -o out.npz";
    let run = Run::new(env!("CARGO_BIN_EXE_htgen"))
        .args(line.split_whitespace())
        .env("HTGEN_FFMPEG", &tool)
        .env("HTGEN_LOG", dir.path("log"))
        .env("HTGEN_FRAME", dir.path("frame.png"));
    let ended = dir.run(run.clone());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let x = bytes(&arrays(&dir.path("out.npz")), "x", &[1, 4, 3, 2, 2]);
    assert_eq!(x, planes(2, 2, 9).repeat(4));
    let log = fs::read_to_string(dir.path("log")).unwrap();
    let select = "select='eq(n,12)+eq(n,37)+eq(n,62)+eq(n,87)'";
    assert!(log.lines().any(|word| word == select), "{log}");
    let input = format!("file:{}", dir.path("in/a/clip_1.mp4").canonicalize().unwrap().display());
    assert_eq!(log.lines().filter(|&word| word == input).count(), 2, "{log}");
    // A tool that writes fewer than it promised.
    fs::write(&tool, script.replace("1 2 3 4", "1 2")).unwrap();
    let ended = dir.run(run);
    assert_eq!(
        ended.messages(),
        "error: in/a/clip_1.mp4: a video that cannot be read to its end: found 2 frames, \
         expected 4; was it copied whole?\n"
    );
}
