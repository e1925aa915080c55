//! `htgen data sliding`: videos with one class per frame to windows in time, from arrays, folders
//! of frames and video files.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::data_support::{arrays, bytes, integers, strings};
use crate::shared;
use crate::support::needs;
use htgen::data::{Array, ArrayData, write_npz};
use htgen::tool::Tool;
use image::{Rgb, RgbImage};
use serde_json::json;
use std::fs;

pub fn u8s(shape: &[usize], data: Vec<u8>) -> Array {
    Array { shape: shape.to_vec(), data: ArrayData::U8(data) }
}

pub fn ints(values: &[i64]) -> Array {
    Array { shape: vec![values.len()], data: ArrayData::I64(values.to_vec()) }
}

/// Frames of 2 x 1 pixels: for frame k, red k and k + 1, green and blue 100 and 200 more.
fn pixels(frames: std::ops::Range<u8>) -> Vec<u8> {
    frames.flat_map(|k| [k, 100 + k, 200 + k, k + 1, 101 + k, 201 + k]).collect()
}

/// The same channel by channel.
fn planes(frames: impl IntoIterator<Item = u8>) -> Vec<u8> {
    frames.into_iter().flat_map(|k| [k, k + 1, 100 + k, 101 + k, 200 + k, 201 + k]).collect()
}

/// Videos of 4, 1 and 3 frames.
pub const VIDEO: [i64; 8] = [9, 9, 9, 9, 2, 5, 5, 5];
pub const STATE: [i64; 8] = [0, 0, 1, 2, 0, 2, 1, 0];

pub fn falls() -> Vec<(&'static str, Array)> {
    let frames = u8s(&[8, 1, 2, 3], pixels(0..8));
    vec![("frames", frames), ("video", ints(&VIDEO)), ("state", ints(&STATE))]
}

#[test]
fn windows_stay_inside_a_video() {
    let dir = Folder::new();
    write_npz(&dir.path("in.npz"), &falls()).unwrap();
    let report = dir.json("data sliding in.npz --axes hwc --steps 2 -o out.npz");
    assert_eq!((&report["shape"], &report["source"]), (&json!([5, 2, 3, 1, 2]), &json!("videos")));
    let of = |key: &str| report[key].as_u64().unwrap();
    assert_eq!((of("videos"), of("frames"), of("short"), of("unlabelled")), (3, 8, 1, 0));
    let out = arrays(&dir.path("out.npz"));
    let wanted = planes([0, 1, 1, 2, 2, 3, 5, 6, 6, 7]);
    assert_eq!(bytes(&out, "x", &[5, 2, 3, 1, 2]), wanted);
    assert_eq!(integers(&out, "y"), [0, 1, 2, 1, 0]);
    assert_eq!(integers(&out, "length"), [2; 5]);
    assert_eq!(
        (integers(&out, "group"), strings(&out, "groups")),
        (vec![1, 1, 1, 0, 0], vec!["5".into(), "9".into()])
    );
    assert_eq!(strings(&out, "classes"), ["0", "1", "2"]);

    dir.done(
        "data sliding in.npz --axes hwc --steps 1 --every 3 --classes up,falling,down -o out.npz",
    );
    let out = arrays(&dir.path("out.npz"));
    assert_eq!(bytes(&out, "x", &[4, 1, 3, 1, 2]), planes([0, 3, 4, 5]));
    assert_eq!(
        (integers(&out, "y"), strings(&out, "classes")),
        (vec![0, 2, 0, 2], ["up", "falling", "down"].map(String::from).into())
    );

    // Other names, and frames without an axis of channels.
    let grey = u8s(&[8, 1, 2], (0..16).collect());
    let named = [("f", grey), ("v", ints(&VIDEO)), ("s", ints(&STATE))];
    write_npz(&dir.path("in.npz"), &named).unwrap();
    dir.done("data sliding in.npz --axes hwc --frames f --video v --state s --steps 3 -o out.npz");
    let out = arrays(&dir.path("out.npz"));
    let wanted = [0, 1, 2, 3, 4, 5, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15];
    assert_eq!(bytes(&out, "x", &[3, 3, 1, 1, 2]), wanted);
    assert_eq!(integers(&out, "y"), [1, 2, 0]);
}

#[test]
fn real_falls_are_cut() {
    let Some(path) = shared::find("data/falls.npz") else { return };
    let dir = Folder::new();
    let given = arrays(&path);
    dir.done(&format!("data sliding {} --steps 8 -o falls.npz", path.display()));
    let made = arrays(&dir.path("falls.npz"));
    let frames = bytes(&given, "frames", &[788, 48, 64, 3]);
    let planes: Vec<Vec<u8>> = frames
        .chunks_exact(9216)
        .map(|f| (0..9216).map(|k| f[3 * (k % 3072) + k / 3072]).collect())
        .collect();
    let (video, state) = (integers(&given, "video"), integers(&given, "state"));
    let starts: Vec<usize> =
        (0..781).filter(|&k| video[k..k + 8].iter().all(|v| *v == video[k])).collect();
    assert_eq!(starts.len(), 683);
    let wanted: Vec<u8> = starts.iter().flat_map(|&k| planes[k..k + 8].concat()).collect();
    assert!(bytes(&made, "x", &[683, 8, 3, 48, 64]) == wanted);
    assert_eq!(integers(&made, "y"), starts.iter().map(|&k| state[k + 7]).collect::<Vec<_>>());
    let names = strings(&made, "groups");
    let groups = integers(&made, "group");
    let groups: Vec<i64> = groups.iter().map(|&g| names[g as usize].parse().unwrap()).collect();
    assert_eq!(groups, starts.iter().map(|&k| video[k]).collect::<Vec<_>>());
}

pub fn put(dir: &Folder, name: &str, frame: u8) {
    let path = dir.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let picture = RgbImage::from_fn(2, 1, |x, _| {
        let k = frame + x as u8;
        Rgb([k, 100 + k, 200 + k])
    });
    picture.save(path).unwrap();
}

/// A video of six frames and one of three, as pictures.
pub fn pictures() -> Folder {
    let dir = Folder::new();
    for frame in 0..6 {
        put(&dir, &format!("in/ann/fall 1/{frame}.png"), frame);
    }
    for frame in 0..3 {
        put(&dir, &format!("in/walk/{frame}.png"), 20 + frame);
    }
    dir
}

pub const LINE: &str = "data sliding in --labels l.csv --size 2x1 --fps 4 --steps 2";

#[test]
fn lines_say_what_happens_when() {
    let dir = pictures();
    // Seconds, with an exclusive end; a later line takes precedence.
    let lines = "\u{feff}video,first_second,last_second,class\r\nann/fall 1, 0, 9, up\r\n\r\n\
                 ann/fall 1,0.5,1,falling\nann/fall 1,1.0,1.25,\"lying\"\n";
    fs::write(dir.path("l.csv"), lines).unwrap();
    let report = dir.json(&format!("{LINE} --otherwise up --classes up,falling,lying -o out.npz"));
    assert_eq!(report["shape"], json!([7, 2, 3, 1, 2]));
    let out = arrays(&dir.path("out.npz"));
    assert_eq!(integers(&out, "y"), [0, 1, 1, 2, 0, 0, 0]);
    let wanted = planes([0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 20, 21, 21, 22]);
    assert_eq!(bytes(&out, "x", &[7, 2, 3, 1, 2]), wanted);
    assert_eq!(strings(&out, "groups"), ["ann/fall 1", "walk"]);
    assert_eq!(strings(&out, "classes"), ["up", "falling", "lying"]);

    // Frames, with an inclusive end; windows that end elsewhere are left out.
    let lines = "video,first_frame,last_frame,class\nann/fall 1,2,3,falling\nwalk,2,2,up\n";
    fs::write(dir.path("l.csv"), lines).unwrap();
    let report = dir.json(&format!("{LINE} -o out.npz"));
    assert_eq!((&report["unlabelled"], &report["sequences"]), (&json!(4), &json!(3)));
    let out = arrays(&dir.path("out.npz"));
    assert_eq!(bytes(&out, "x", &[3, 2, 3, 1, 2]), planes([1, 2, 2, 3, 21, 22]));
    assert_eq!(
        (integers(&out, "y"), strings(&out, "classes")),
        (vec![0, 0, 1], vec!["falling".into(), "up".into()])
    );
}

#[test]
fn videos_are_read_at_the_rate() {
    let Some(ffmpeg) = needs(Tool::Ffmpeg) else { return };
    let dir = Folder::new();
    for frame in 0..12 {
        put(&dir, &format!("source/{frame}.png"), 2 * frame);
    }
    fs::create_dir_all(dir.path("in/ann")).unwrap();
    let made = ffmpeg.run().args(["-v", "error", "-framerate", "8", "-i", "source/%d.png"]);
    let made = dir.run(made.args(["-c:v", "ffv1", "-pix_fmt", "bgr0", "in/ann/1,5.mkv"]));
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let lines =
        "video,first_second,last_second,class\n\"ann/1,5.mkv\",0,0.75,up\nann/1,5,0.75,1.5,down\n";
    fs::write(dir.path("l.csv"), lines).unwrap();
    // All twelve at their own rate.
    let line = LINE.replace("--fps 4", "--fps 8");
    dir.done(&format!("{line} -o out.npz"));
    let out = arrays(&dir.path("out.npz"));
    let wanted = planes((0..11).flat_map(|k| [2 * k, 2 * k + 2]));
    assert_eq!(bytes(&out, "x", &[11, 2, 3, 1, 2]), wanted);
    assert_eq!(integers(&out, "y"), [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(strings(&out, "groups"), ["ann/1,5"]);
    // Half of them.
    let report = dir.json(&format!("{LINE} -o out.npz"));
    assert_eq!((&report["frames"], &report["sequences"]), (&json!(6), &json!(5)));
    let x = bytes(&arrays(&dir.path("out.npz")), "x", &[5, 2, 3, 1, 2]);
    let reds: Vec<u8> = x.chunks_exact(12).map(|window| window[0]).collect();
    assert!(reds.windows(2).all(|w| w[1] - w[0] == 4), "{reds:?}");
}

/// Frame k is the one that is shown at k / fps: the last whose time has come, and the last frame of
/// all until its own time is over.
#[test]
fn every_rate_takes_the_frame_that_is_seen() {
    let Some(ffmpeg) = needs(Tool::Ffmpeg) else { return };
    let dir = Folder::new();
    for frame in 0..40 {
        put(&dir, &format!("source/{frame}.png"), frame);
    }
    fs::create_dir_all(dir.path("in")).unwrap();
    fs::write(dir.path("l.csv"), "video,first_second,last_second,class\nv,0,99,all\n").unwrap();
    // Numerator and denominator of the rate of the video.
    for (rate, per) in [(24u64, 1u64), (25, 1), (30_000, 1001), (30, 1), (60, 1)] {
        let made = ffmpeg.run().args(["-y", "-v", "error", "-framerate", &format!("{rate}/{per}")]);
        let made =
            made.args(["-i", "source/%d.png", "-c:v", "ffv1", "-pix_fmt", "bgr0", "in/v.mov"]);
        let made = dir.run(made);
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        for fps in [5u64, 8, 10, 30] {
            let seen = (0..).map(|k| k * rate / (per * fps)).take_while(|&frame| frame < 40);
            let wanted: Vec<u8> = seen.map(|frame| frame as u8).collect();
            let line = "data sliding in --labels l.csv --size 2x1 --steps 1";
            dir.done(&format!("{line} --fps {fps} -o out.npz"));
            let x = bytes(&arrays(&dir.path("out.npz")), "x", &[wanted.len(), 1, 3, 1, 2]);
            let reds: Vec<u8> = x.chunks_exact(6).map(|frame| frame[0]).collect();
            assert_eq!(reds, wanted, "{rate}/{per} frames per second read at {fps}");
        }
    }
}
