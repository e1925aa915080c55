//! Bad recordings, clips and numbers: one message, exit code 2, nothing on standard output, nothing
//! half written, and the file that was there before still whole.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::data_support::Wav;
use expect_test::{Expect, expect};
use htgen::sound;
use htgen::tool::Run;
use image::RgbImage;
use std::fs;

/// Runs each line, which must be refused and must change nothing, and compares the messages.
#[track_caller]
pub fn refused(dir: &Folder, lines: &[&str], messages: Expect) {
    fs::write(dir.path("out.npz"), "the previous one").unwrap();
    let before = dir.files();
    let mut all = String::new();
    for line in lines {
        let ended = dir.htgen(line);
        assert_eq!(ended.code, Some(2), "htgen {line}: {}", ended.stdout);
        assert_eq!(ended.stdout, "", "htgen {line}");
        let messages = ended.messages();
        let message = messages.split("\n\nFor more").next().unwrap();
        all += &format!("$ htgen {line}\n{}\n", message.trim_end());
    }
    assert!(dir.files() == before, "a refused command has changed files");
    messages.assert_eq(&all);
}

pub fn put(dir: &Folder, name: &str, bytes: &[u8]) {
    let path = dir.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn good() -> Vec<u8> {
    Wav::new(8000, 1, 16).bytes(&[500; 1000])
}

/// A good file with one field of its header replaced.
fn with(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut wav = good();
    wav[at..at + bytes.len()].copy_from_slice(bytes);
    wav
}

#[test]
fn recordings() {
    let dir = Folder::new();
    let mut not_finite = Wav::float(8000).bytes(&[9; 8]);
    not_finite[44 + 4 * 3..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    let files: [(&str, &[u8]); 9] = [
        ("cut", &good()[..700]),
        ("header", &good()[..30]),
        ("nothing", &[]),
        ("text", b"this is a text and no recording at all, however long it may be"),
        ("silent", &Wav::new(8000, 1, 16).bytes(&[])),
        ("alaw", &with(20, &[6, 0])),
        ("nan", &not_finite),
        ("slow", &Wav::new(1000, 1, 16).bytes(&[5; 900])),
        ("channels", &with(22, &[0, 0])),
    ];
    for (name, bytes) in files {
        put(&dir, &format!("{name}/a/1.wav"), &good());
        put(&dir, &format!("{name}/b/x_1.wav"), bytes);
    }
    let lines = files.map(|(name, _)| format!("data wav {name} -o out.npz"));
    refused(
        &dir,
        &lines.each_ref().map(String::as_str),
        expect![[r#"
            $ htgen data wav cut -o out.npz
            error: cut/b/x_1.wav: the wav file ends too early: found 656 bytes of samples, expected 2000, as its header says; was it copied whole? sox --ignore-length IN.wav OUT.wav keeps what is there
            $ htgen data wav header -o out.npz
            error: header/b/x_1.wav: the wav file ends too early: found 10 bytes of its chunk "fmt ", expected 16, as its header says; was it copied whole?
            $ htgen data wav nothing -o out.npz
            error: nothing/b/x_1.wav: the wav file ends too early: found no whole header; was it copied whole?
            $ htgen data wav text -o out.npz
            error: text/b/x_1.wav: not a wav file that can be read: found "this", expected RIFF, RF64 or BW64, and then WAVE; is it a wav file?
            $ htgen data wav silent -o out.npz
            error: silent/b/x_1.wav: a recording without samples: found zero length, expected at least one sample; remove the file
            $ htgen data wav alaw -o out.npz
            error: alaw/b/x_1.wav: a coding that cannot be read: found A-law, expected integers of 8 to 32 bits, or floats of 32 or 64 bits; convert it, for example with sox IN.wav -b 16 -e signed OUT.wav
            $ htgen data wav nan -o out.npz
            error: nan/b/x_1.wav: not finite: found NaN at sample 3, expected finite samples
            $ htgen data wav slow -o out.npz
            error: slow/b/x_1.wav: sample rate out of range: found 1000 Hz, expected 4000 to 384000 Hz
            $ htgen data wav channels -o out.npz
            error: channels/b/x_1.wav: a format that contradicts itself: found 0 channels of 16 bits in 2 bytes, expected as many bytes as the channels take; was it copied whole?
        "#]],
    );
}

#[test]
fn folders_of_recordings() {
    let dir = Folder::new();
    fs::create_dir(dir.path("empty")).unwrap();
    put(&dir, "one/a/1.wav", &good());
    fs::create_dir(dir.path("one/b")).unwrap();
    put(&dir, "group/a/1.wav", &good());
    put(&dir, "group/a/ann/notes.txt", b"text");
    put(&dir, "deep/a/ann/more/1.wav", &good());
    put(&dir, "both/a/1.wav", &good());
    put(&dir, "both/0_ann_1.wav", &good());
    put(&dir, "shell/a/1.wav", &good());
    put(&dir, "shell/$(touch gone)/1.wav", &good());
    put(&dir, "dash/-rf/1.wav", &good());
    put(&dir, "flat/0_ann_1.wav", &good());
    put(&dir, "flat/10_ann_1.wav", &good());
    put(&dir, "few/0_ann_1.wav", &good());
    put(&dir, "few/1_ann_1.wav", &good());
    put(&dir, "name/zero.wav", &good());
    put(&dir, "speaker/0_a;b_1.wav", &good());
    put(&dir, "fine/a/1.wav", &good());
    put(&dir, "fine/b/1.wav", &good());
    refused(
        &dir,
        &[
            "data wav nowhere -o out.npz",
            "data wav empty -o out.npz",
            "data wav one -o out.npz",
            "data wav group -o out.npz",
            "data wav deep -o out.npz",
            "data wav both -o out.npz",
            "data wav shell -o out.npz",
            "data wav dash -o out.npz",
            "data wav flat -o out.npz",
            "data wav few -o out.npz",
            "data wav name -o out.npz",
            "data wav speaker -o out.npz",
            "data wav fine --classes a,b,c -o out.npz",
            "data wav fine --classes a,b,a -o out.npz",
            "data wav fine --classes a,../b -o out.npz",
            "data wav fine -o nowhere/out.npz",
            "data wav fine -o fine",
        ],
        expect![[r#"
            $ htgen data wav nowhere -o out.npz
            error: nowhere: cannot be read (No such file or directory (os error 2)); check the path
            $ htgen data wav empty -o out.npz
            error: empty: no recordings: found no folder, expected one folder per class
            $ htgen data wav one -o out.npz
            error: one/b: a class without recordings; remove the folder, or name the classes with --classes
            $ htgen data wav group -o out.npz
            error: group/a/ann: a folder without recordings; remove the folder, or name the classes with --classes
            $ htgen data wav deep -o out.npz
            error: deep/a/ann/more: a folder without recordings: expected classes, containing at most groups
            $ htgen data wav both -o out.npz
            error: both: recordings beside folders: expected one folder per class, or all recordings in one folder
            $ htgen data wav shell -o out.npz
            error: shell/$(touch gone): a name that is not allowed: found "$(touch gone)", expected letters, digits and "_-+. ()", a letter, digit or _ first, at most 64 characters; rename the folder or file
            $ htgen data wav dash -o out.npz
            error: dash/-rf: a name that is not allowed: found "-rf", expected letters, digits and "_-+. ()", a letter, digit or _ first, at most 64 characters; rename the folder or file
            $ htgen data wav flat -o out.npz
            error: flat/10_ann_1.wav: a label outside the classes: found "10", expected one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9; --classes can list others
            $ htgen data wav few -o out.npz
            error: few: a class without recordings: found none of 2; list the existing classes with --classes
            $ htgen data wav name -o out.npz
            error: name/zero.wav: a name without a class: expected DIGIT_SPEAKER_INDEX.wav, or one folder per class
            $ htgen data wav speaker -o out.npz
            error: speaker/0_a;b_1.wav: a name that is not allowed: found "a;b", expected letters, digits and "_-+. ()", a letter, digit or _ first, at most 64 characters; rename the folder or file
            $ htgen data wav fine --classes a,b,c -o out.npz
            error: fine/c: a class without a folder: expected one of a, b; list the existing classes with --classes
            $ htgen data wav fine --classes a,b,a -o out.npz
            error: invalid value 'a,b,a' for '--classes <NAME,…>': a is listed twice
            $ htgen data wav fine --classes a,../b -o out.npz
            error: invalid value 'a,../b' for '--classes <NAME,…>': a name that is not allowed: found "../b", expected letters, digits and "_-+. ()", a letter, digit or _ first, at most 64 characters; rename the folder or file
            $ htgen data wav fine -o nowhere/out.npz
            error: nowhere/out.npz: cannot be written (entity not found); check that the folder exists and can be written to
            $ htgen data wav fine -o fine
            error: fine: a folder, so it is not replaced; give the name of a file
        "#]],
    );
    assert!(!dir.path("gone").exists());
}

/// The check sum of a PNG chunk.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        let shift = |sum: u32, _| (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
        (0..8).fold(sum ^ u32::from(byte), shift)
    })
}

#[test]
fn clips() {
    let dir = Folder::new();
    let mut png = std::io::Cursor::new(Vec::new());
    RgbImage::new(9, 9).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let png = png.into_inner();
    fs::create_dir(dir.path("empty")).unwrap();
    for name in ["cut", "text", "fine", "bare", "hollow", "nested"] {
        put(&dir, &format!("{name}/a/c_1/1.png"), &png);
    }
    put(&dir, "cut/a/c_1/2.png", &png[..png.len() - 20]);
    put(&dir, "text/a/c_1/2.jpg", b"no picture");
    put(&dir, "loose/1.png", &png);
    put(&dir, "class/a/1.png", &png);
    fs::create_dir(dir.path("bare/b")).unwrap();
    fs::create_dir_all(dir.path("hollow/a/c_2")).unwrap();
    put(&dir, "nested/a/c_1/more/1.png", &png);
    // A header that asks for 60000 x 60000 pixels.
    let mut huge = png.clone();
    huge[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let sum = crc32(&huge[12..29]);
    huge[29..33].copy_from_slice(&sum.to_be_bytes());
    put(&dir, "huge/a/c_1/1.png", &huge);
    refused(
        &dir,
        &[
            "data frames empty --size 4x4 -o out.npz",
            "data frames cut --size 4x4 -o out.npz",
            "data frames text --size 4x4 -o out.npz",
            "data frames huge --size 4x4 -o out.npz",
            "data frames loose --size 4x4 -o out.npz",
            "data frames class --size 4x4 -o out.npz",
            "data frames bare --size 4x4 -o out.npz",
            "data frames hollow --size 4x4 -o out.npz",
            "data frames nested --size 4x4 -o out.npz",
            "data frames fine --size 4x4 --steps 5000 -o out.npz",
            "data frames fine --size 4x0 -o out.npz",
            "data frames fine --size 4 -o out.npz",
            "data frames fine --size 4x4 --channels 2 -o out.npz",
            "data frames fine --size 4x4 --steps 0 -o out.npz",
        ],
        expect![[r#"
            $ htgen data frames empty --size 4x4 -o out.npz
            error: empty: no clips: found no folder, expected one folder per class
            $ htgen data frames cut --size 4x4 -o out.npz
            error: cut/a/c_1/2.png: a frame that cannot be read (unexpected end of file): expected a whole PNG or JPEG picture; was it copied whole?
            $ htgen data frames text --size 4x4 -o out.npz
            error: text/a/c_1/2.jpg: a frame that cannot be read (The image format could not be determined): expected a whole PNG or JPEG picture; was it copied whole?
            $ htgen data frames huge --size 4x4 -o out.npz
            error: huge/a/c_1/1.png: a frame that cannot be read (Image size exceeds limit): expected a whole PNG or JPEG picture; was it copied whole?
            $ htgen data frames loose --size 4x4 -o out.npz
            error: loose/1.png: a frame that is in no clip: expected CLASS/CLIP/FRAME.png or CLASS/GROUP/CLIP/FRAME.png
            $ htgen data frames class --size 4x4 -o out.npz
            error: class/a/1.png: a frame that is in no clip: expected CLASS/CLIP/FRAME.png or CLASS/GROUP/CLIP/FRAME.png
            $ htgen data frames bare --size 4x4 -o out.npz
            error: bare/b: a class without clips; remove the folder, or name the classes with --classes
            $ htgen data frames hollow --size 4x4 -o out.npz
            error: hollow/a/c_2: a folder without clips; remove the folder, or name the classes with --classes
            $ htgen data frames nested --size 4x4 -o out.npz
            error: nested/a/c_1: folders among frames: expected a folder containing only frames
            $ htgen data frames fine --size 4x4 --steps 5000 -o out.npz
            error: --steps: too many steps per sequence: found 5000, expected at most 4096; --steps takes that many, spread over the clip
            $ htgen data frames fine --size 4x0 -o out.npz
            error: invalid value '4x0' for '--size <WxH>': expected WIDTHxHEIGHT, 1 to 4096 pixels each
            $ htgen data frames fine --size 4 -o out.npz
            error: invalid value '4' for '--size <WxH>': expected WIDTHxHEIGHT, 1 to 4096 pixels each
            $ htgen data frames fine --size 4x4 --channels 2 -o out.npz
            error: invalid value '2' for '--channels <CHANNELS>': expected 1 or 3
            $ htgen data frames fine --size 4x4 --steps 0 -o out.npz
            error: invalid value '0' for '--steps <T>': expected a whole number of at least 1
        "#]],
    );
}

#[test]
fn motion() {
    let dir = Folder::new();
    refused(
        &dir,
        &[
            "data motion --size 15x16x1 --steps 3 --count 9 -o out.npz",
            "data motion --size 161x121x2 --steps 300 --count 10 --groups 20000 -o out.npz",
            "data motion --size 32x32 --steps 8 --count 10 -o out.npz",
            "data motion --size 32x32x1 --steps 8 --count 0 -o out.npz",
            "data motion --size 32x32x1 --steps 8 --count 10 -o nowhere/out.npz",
        ],
        expect![[r#"
            $ htgen data motion --size 15x16x1 --steps 3 --count 9 -o out.npz
            error: width: out of range: found 15, expected 16 to 160
            error: steps: out of range: found 3, expected 4 to 256
            error: count: out of range: found 9, expected 10 to 1000000
            $ htgen data motion --size 161x121x2 --steps 300 --count 10 --groups 20000 -o out.npz
            error: width: out of range: found 161, expected 16 to 160
            error: height: out of range: found 121, expected 16 to 120
            error: steps: out of range: found 300, expected 4 to 256
            error: groups: out of range: found 20000, expected 1 to 10000
            error: channels: out of range: found 2, expected 1 or 3
            $ htgen data motion --size 32x32 --steps 8 --count 10 -o out.npz
            error: invalid value '32x32' for '--size <WxHxC>': expected WIDTHxHEIGHTxCHANNELS, 1 to 4096 pixels each
            $ htgen data motion --size 32x32x1 --steps 8 --count 0 -o out.npz
            error: invalid value '0' for '--count <N>': expected a whole number of at least 1
            $ htgen data motion --size 32x32x1 --steps 8 --count 10 -o nowhere/out.npz
            error: nowhere/out.npz: cannot be written (entity not found); check that the folder exists and can be written to
        "#]],
    );
}

#[test]
fn an_interrupted_set_leaves_the_previous_one() {
    let dir = Folder::new();
    fs::write(dir.path("out.npz"), "the previous one").unwrap();
    let script = "\"$0\" data motion --size 160x120x3 --steps 8 --count 100000 -o out.npz & \
                  until ls -A | grep -q '^[.]htgen-'; do sleep 0.05; done; \
                  kill -TERM $!; wait $!";
    let ended = dir.run(Run::new("/bin/sh").args(["-c", script, env!("CARGO_BIN_EXE_htgen")]));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert_eq!(ended.messages(), "error: interrupted\n");
    assert_eq!(dir.names(), ["out.npz"]);
    assert_eq!(fs::read(dir.path("out.npz")).unwrap(), b"the previous one");
}

#[test]
fn no_cut_and_no_flipped_byte_of_a_wav_file_makes_it_panic() {
    for wav in [good(), Wav::float(8000).bytes(&[7; 40]), Wav::new(44_100, 2, 24).bytes(&[9; 40])] {
        let wav = &wav[..wav.len().min(200)];
        for end in 0..wav.len() {
            let answer = sound::decode(&wav[..end]);
            assert!(answer.is_err() || end == wav.len(), "{end} bytes are not the whole");
        }
        for at in 0..44 {
            for flip in [1, 0x80, 0xff] {
                let mut damaged = wav.to_vec();
                damaged[at] ^= flip;
                if let Ok(recording) = sound::decode(&damaged) {
                    assert!(!recording.samples.is_empty());
                    assert!(recording.samples.iter().all(|sample| sample.is_finite()));
                }
            }
        }
    }
}
