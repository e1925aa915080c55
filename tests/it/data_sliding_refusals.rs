//! Bad arrays, lines and options of `htgen data sliding`: messages, and nothing half written.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::data_refusals::refused;
use crate::data_sliding::{LINE, STATE, VIDEO, falls, ints, pictures, put, u8s};
use expect_test::expect;
use htgen::data::{Array, ArrayData, write_npz};
use std::fs;

#[test]
fn what_is_refused() {
    let dir = pictures();
    let with = |name: &'static str, array: Array| {
        let mut arrays = falls();
        arrays.retain(|(other, _)| *other != name);
        arrays.push((name, array));
        arrays
    };
    let files = [
        ("good", falls()),
        ("video", falls()[..1].to_vec()),
        ("state", falls()[..2].to_vec()),
        ("frames", with("frames", u8s(&[8, 6], vec![1; 48]))),
        ("short", with("video", ints(&VIDEO[..7]))),
        ("shorter", with("state", ints(&STATE[..6]))),
        ("twice", with("video", ints(&[1, 1, 2, 2, 1, 1, 3, 3]))),
        ("reals", with("state", Array { shape: vec![8], data: ArrayData::F64(vec![0.5; 8]) })),
        ("minus", with("state", ints(&[0, 0, 0, -3, 0, 0, 0, 0]))),
    ];
    for (name, arrays) in &files {
        write_npz(&dir.path(&format!("{name}.npz")), arrays).unwrap();
    }
    let head = "video,first_second,last_second,class\n";
    let texts = [
        ("l", format!("{head}walk,0,1,up\nann/fall 1,0,1,down\n")),
        ("empty", String::new()),
        ("header", "video,start,end,class\n".to_owned()),
        (
            "lines",
            format!("{head}walk,0,up\nwalk,0,x,up\nwalk,2,1,up\nwalk,0,1,a;b\nwalk,-1,nan,up\n"),
        ),
        ("part", "video,first_frame,last_frame,class\nwalk,0.5,1,up\n".to_owned()),
        ("other", format!("{head}run,0,1,up\n")),
        ("late", format!("{head}ann/fall 1,0,1,up\nwalk,7,8,up\n")),
        ("one", format!("{head}walk,0,1,up\n")),
    ];
    for (name, text) in &texts {
        fs::write(dir.path(&format!("{name}.csv")), text).unwrap();
    }
    fs::write(dir.path("bytes.csv"), [0xff, 0xfe]).unwrap();
    put(&dir, "same/walk/0.png", 0);
    fs::write(dir.path("same/walk.mp4"), "").unwrap();
    fs::create_dir(dir.path("hollow")).unwrap();
    let folder = |name: &str| LINE.replace("l.csv", &format!("{name}.csv")) + " -o out.npz";
    let mut lines: Vec<String> = files[1..]
        .iter()
        .map(|(name, _)| format!("data sliding {name}.npz --axes hwc --steps 2 -o out.npz"))
        .collect();
    lines.extend(texts[1..].iter().map(|(name, _)| folder(name)));
    lines.extend([folder("bytes"), folder("nowhere")]);
    lines.extend(
        [
            "good.npz --axes hwc --steps 2 --classes up,down",
            "good.npz --axes hwc --steps 5",
            "good.npz --axes hwc --steps 2 --every 0",
            "good.npz --axes hwc --steps 2 --fps 8 --labels l.csv",
            "in --steps 2",
            "in --steps 2 --labels l.csv --size 2x1",
            "in --steps 2 --labels l.csv --size 2x1 --fps 0",
            "in --steps 2 --labels l.csv --size 2x1 --fps 8 --frames f",
            "in --steps 2 --labels l.csv --size 2x1 --fps 8 --classes up",
            "in --steps 2 --labels l.csv --size 2x1 --fps 8 --classes up,down --otherwise lying",
            "in --steps 5000 --labels l.csv --size 2x1 --fps 8",
            "same --steps 2 --labels l.csv --size 2x1 --fps 8",
            "hollow --steps 2 --labels l.csv --size 2x1 --fps 8",
        ]
        .map(|line| format!("data sliding {line} -o out.npz")),
    );
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    refused(
        &dir,
        &lines,
        expect![[r#"
            $ htgen data sliding video.npz --axes hwc --steps 2 -o out.npz
            error: video.npz: video: array missing: found frames, expected video, the video of each frame
            $ htgen data sliding state.npz --axes hwc --steps 2 -o out.npz
            error: state.npz: state: array missing: found frames, video, expected state, the class of each frame
            $ htgen data sliding frames.npz --axes hwc --steps 2 -o out.npz
            error: frames.npz: frames: wrong shape: found 8 x 6, expected bytes of (frames, rows, columns), (frames, channels, rows, columns) or (frames, rows, columns, channels)
            $ htgen data sliding short.npz --axes hwc --steps 2 -o out.npz
            error: short.npz: video: wrong shape: found 7, expected 8, one per frame
            $ htgen data sliding shorter.npz --axes hwc --steps 2 -o out.npz
            error: shorter.npz: state: wrong shape: found 6, expected 8, one per frame
            $ htgen data sliding twice.npz --axes hwc --steps 2 -o out.npz
            error: twice.npz: video[4]: a video in two places: found 1, expected the frames of a video one after another, in order of time
            $ htgen data sliding reals.npz --axes hwc --steps 2 -o out.npz
            error: reals.npz: state: wrong type: found numbers with a fraction, expected integers
            $ htgen data sliding minus.npz --axes hwc --steps 2 -o out.npz
            error: minus.npz: state[3]: label outside the classes: found -3, expected classes counted from 0
            $ htgen data sliding in --labels empty.csv --size 2x1 --fps 4 --steps 2 -o out.npz
            error: empty.csv: line 1: not the header of such a file: found nothing, expected video,first_second,last_second,class or video,first_frame,last_frame,class
            $ htgen data sliding in --labels header.csv --size 2x1 --fps 4 --steps 2 -o out.npz
            error: header.csv: line 1: not the header of such a file: found video,start,end,class, expected video,first_second,last_second,class or video,first_frame,last_frame,class
            $ htgen data sliding in --labels lines.csv --size 2x1 --fps 4 --steps 2 -o out.npz
            error: lines.csv: line 2: too few fields: found walk,0,up, expected a video, two times and a class, separated by commas
            error: lines.csv: line 3: not a time: found x, expected seconds from the beginning
            error: lines.csv: line 4: ends before it begins: found 2 to 1
            error: lines.csv: line 5: a name that is not allowed: found "a;b", expected letters, digits and "_-+. ()", a letter, digit or _ first, at most 64 characters; rename the folder or file
            error: lines.csv: line 6: not a time: found -1, expected seconds from the beginning
            $ htgen data sliding in --labels part.csv --size 2x1 --fps 4 --steps 2 -o out.npz
            error: part.csv: line 2: not a time: found 0.5, expected a frame, counted from 0
            $ htgen data sliding in --labels other.csv --size 2x1 --fps 4 --steps 2 -o out.npz
            error: other.csv: line 2: no such video: found "run", expected one below in, like ann/fall 1
            $ htgen data sliding in --labels late.csv --size 2x1 --fps 4 --steps 2 -o out.npz
            error: late.csv: line 3: a span without a frame: found 7 to 8, expected a part of 3 frames at 4 per second
            $ htgen data sliding in --labels one.csv --size 2x1 --fps 4 --steps 2 -o out.npz
            error: one.csv: no line about a video: found "ann/fall 1" is not listed; --otherwise gives a class to frames that no line covers
            $ htgen data sliding in --labels bytes.csv --size 2x1 --fps 4 --steps 2 -o out.npz
            error: bytes.csv: not a text: expected lines in UTF-8
            $ htgen data sliding in --labels nowhere.csv --size 2x1 --fps 4 --steps 2 -o out.npz
            error: nowhere.csv: cannot be read (No such file or directory (os error 2)); check the path
            $ htgen data sliding good.npz --axes hwc --steps 2 --classes up,down -o out.npz
            error: good.npz: state[3]: label outside the classes: found 2, expected 0 to 1, the given classes
            $ htgen data sliding good.npz --axes hwc --steps 5 -o out.npz
            error: good.npz: --steps: no window: found 5 frames per window, 0 windows without a class, expected at most 4 frames, the length of the longest video
            $ htgen data sliding good.npz --axes hwc --steps 2 --every 0 -o out.npz
            error: invalid value '0' for '--every <N>': expected a whole number of at least 1
            $ htgen data sliding good.npz --axes hwc --steps 2 --fps 8 --labels l.csv -o out.npz
            error: --labels: an option for a folder of videos; leave it out with good.npz
            error: --fps: an option for a folder of videos; leave it out with good.npz
            $ htgen data sliding in --steps 2 -o out.npz
            error: --labels: needed to read in, which is a folder
            $ htgen data sliding in --steps 2 --labels l.csv --size 2x1 -o out.npz
            error: --fps: needed to read in, which is a folder
            $ htgen data sliding in --steps 2 --labels l.csv --size 2x1 --fps 0 -o out.npz
            error: invalid value '0' for '--fps <RATE>': expected frames per second, more than 0 and at most 1000
            $ htgen data sliding in --steps 2 --labels l.csv --size 2x1 --fps 8 --frames f -o out.npz
            error: --frames: an option for a file of arrays; leave it out with in
            $ htgen data sliding in --steps 2 --labels l.csv --size 2x1 --fps 8 --classes up -o out.npz
            error: l.csv: line 3: a label outside the classes: found "down", expected one of up; --classes can list others
            $ htgen data sliding in --steps 2 --labels l.csv --size 2x1 --fps 8 --classes up,down --otherwise lying -o out.npz
            error: --otherwise: a label outside the classes: found "lying", expected one of up, down; --classes can list others
            $ htgen data sliding in --steps 5000 --labels l.csv --size 2x1 --fps 8 -o out.npz
            error: --steps: too many steps per sequence: found 5000, expected at most 4096; take fewer
            $ htgen data sliding same --steps 2 --labels l.csv --size 2x1 --fps 8 -o out.npz
            error: same/walk: two videos with the same name: found "walk"; rename one of them
            $ htgen data sliding hollow --steps 2 --labels l.csv --size 2x1 --fps 8 -o out.npz
            error: hollow: no videos
        "#]],
    );
}
