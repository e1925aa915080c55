//! Wav files as other programs write them: accepted files give the same recording, and refusals say
//! how to convert the others.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::data_refusals::{put, refused};
use crate::data_support::{Wav, arrays, bytes};
use expect_test::expect;
use htgen::sound;
use std::f64::consts::PI;

/// The tail of the identifier of an extensible format.
const FAMILY: [u8; 14] = [0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];

/// Half a second that rises from 300 Hz under an envelope.
fn chirp() -> Vec<i16> {
    let sample = |k: u32| {
        let t = f64::from(k) / 8000.0;
        9000.0 * (2.0 * PI * (300.0 + 900.0 * t) * t).sin() * (2.0 * PI * t).sin().powi(2)
    };
    (0..4000).map(|k| sample(k).round() as i16).collect()
}

fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    let pad = vec![0; content.len() % 2];
    [name, &(content.len() as u32).to_le_bytes(), content, &pad].concat()
}

fn riff(kind: &[u8], size: Option<u32>, chunks: &[Vec<u8>]) -> Vec<u8> {
    let content = [b"WAVE".to_vec(), chunks.concat()].concat();
    let size = size.unwrap_or(content.len() as u32);
    [kind, &size.to_le_bytes(), &content].concat()
}

/// A chunk of format: tag, channels, bits, bytes of a frame, what follows.
fn format(tag: u16, channels: u16, bits: u16, frame: u16, more: &[u8]) -> Vec<u8> {
    let rate = 8000u32;
    let mut content = [tag.to_le_bytes(), channels.to_le_bytes()].concat();
    content.extend(rate.to_le_bytes());
    content.extend((rate * u32::from(frame)).to_le_bytes());
    content.extend([frame.to_le_bytes(), bits.to_le_bytes()].concat());
    content.extend(more);
    chunk(b"fmt ", &content)
}

fn extension(tag: u16, valid: u16) -> Vec<u8> {
    [&22u16.to_le_bytes()[..], &valid.to_le_bytes(), &[4, 0, 0, 0], &tag.to_le_bytes(), &FAMILY]
        .concat()
}

fn samples<const N: usize>(of: impl Fn(i64) -> [u8; N]) -> Vec<u8> {
    chirp().iter().flat_map(|&sample| of(i64::from(sample))).collect()
}

fn low<const N: usize>(value: i64) -> [u8; N] {
    value.to_le_bytes()[..N].try_into().unwrap()
}

fn data(content: &[u8]) -> Vec<u8> {
    chunk(b"data", content)
}

/// `data` with another size.
fn open_data(size: u32) -> Vec<u8> {
    [b"data", &size.to_le_bytes()[..], &samples(low::<2>)].concat()
}

/// Files that all hold the chirp.
fn readable() -> Vec<(&'static str, Vec<u8>)> {
    let pcm = || format(1, 1, 16, 2, &[]);
    let plain = || data(&samples(low::<2>));
    let whole = |chunks: &[Vec<u8>]| riff(b"RIFF", None, chunks);
    let long = |value: u64| value.to_le_bytes();
    let ds64 = |size: u64| chunk(b"ds64", &[long(0), long(size), long(0), [0; 8]].concat()[..28]);
    let large = |kind: &[u8]| riff(kind, Some(u32::MAX), &[ds64(8000), pcm(), open_data(u32::MAX)]);
    let odd = [b"junk", &3u32.to_le_bytes()[..], b"abc"].concat();
    let deep = |shift: u32| samples(move |v| low::<4>(v << shift));
    vec![
        ("24in32_top", whole(&[format(0xfffe, 1, 32, 4, &extension(1, 24)), data(&deep(16))])),
        (
            "20in24_top",
            whole(&[
                format(0xfffe, 1, 24, 3, &extension(1, 20)),
                data(&samples(|v| low::<3>(v << 8))),
            ]),
        ),
        ("16_ext", whole(&[format(0xfffe, 1, 16, 2, &extension(1, 16)), plain()])),
        (
            "float_ext",
            whole(&[
                format(0xfffe, 1, 32, 4, &extension(3, 32)),
                data(&samples(|v| (v as f32 / 32768.0).to_le_bytes())),
            ]),
        ),
        ("24in32_low", whole(&[format(1, 1, 24, 4, &[]), data(&deep(8))])),
        ("32", whole(&[format(1, 1, 32, 4, &[]), data(&deep(16))])),
        (
            "float64",
            whole(&[
                format(3, 1, 64, 8, &[0, 0]),
                data(&samples(|v| (v as f64 / 32768.0).to_le_bytes())),
            ]),
        ),
        ("odd_chunk", whole(&[pcm(), chunk(b"junk", b"abc"), plain()])),
        ("odd_chunk_first", whole(&[chunk(b"LIST", b"INFOx"), pcm(), plain()])),
        ("odd_chunk_unpadded", whole(&[pcm(), odd, plain()])),
        ("chunks_after", whole(&[pcm(), plain(), chunk(b"id3 ", b"abc")])),
        ("pipe", riff(b"RIFF", Some(u32::MAX), &[pcm(), open_data(u32::MAX)])),
        ("pipe_zero", riff(b"RIFF", Some(0), &[pcm(), open_data(0)])),
        ("pipe_header_alone", riff(b"RIFF", Some(36), &[pcm(), open_data(0)])),
        ("pipe_sox", riff(b"RIFF", Some(0x7fff_f024), &[pcm(), open_data(0x7fff_f000)])),
        ("pipe_arecord", riff(b"RIFF", Some(0x8000_0024), &[pcm(), open_data(0x8000_0000)])),
        ("rf64", large(b"RF64")),
        ("bw64", large(b"BW64")),
        ("rf64_small", riff(b"RF64", Some(u32::MAX), &[ds64(8000), pcm(), plain()])),
    ]
}

#[test]
fn every_kind_is_the_same_recording() {
    let dir = Folder::new();
    put(&dir, "in/plain/x_1.wav", &Wav::new(8000, 1, 16).bytes(&chirp()));
    let kinds = readable();
    for (name, file) in &kinds {
        put(&dir, &format!("in/{name}/x_1.wav"), file);
    }
    let classes: Vec<&str> =
        std::iter::once("plain").chain(kinds.iter().map(|(name, _)| *name)).collect();
    dir.done(&format!("data wav in --classes {} -o out.npz", classes.join(",")));
    let x = bytes(&arrays(&dir.path("out.npz")), "x", &[classes.len(), 8, 1024]);
    assert!(x[..8192].iter().any(|&level| level > 200), "the recording is heard");
    for (class, patch) in classes.iter().zip(x.chunks(8192)) {
        assert!(patch == &x[..8192], "{class} is another recording");
    }
}

/// Every value of a sample, by kinds of 8 to 32 bits.
#[test]
fn samples_keep_their_value() {
    let one = |tag: u16, bits: u16, more: &[u8], sample: &[u8]| {
        let format = format(tag, 1, bits, sample.len() as u16, more);
        sound::decode(&riff(b"RIFF", None, &[format, data(sample)])).unwrap().samples[0]
    };
    assert_eq!(one(1, 8, &[], &[0]), -32768.0);
    assert_eq!(one(1, 8, &[], &[129]), 256.0);
    assert_eq!(one(1, 12, &[], &[0x10, 0x80]), -32752.0);
    assert_eq!(one(1, 24, &[], &[1, 0, 0x80]), -32768.0 + 1.0 / 256.0);
    assert_eq!(one(1, 24, &[], &[1, 0, 0x80, 0]), -32768.0 + 1.0 / 256.0);
    assert_eq!(one(1, 32, &[], &[1, 0, 0, 0x80]), -32768.0 + 1.0 / 65536.0);
    assert_eq!(one(0xfffe, 32, &extension(1, 24), &[0, 1, 0, 0x80]), -32768.0 + 1.0 / 256.0);
    assert_eq!(one(3, 64, &[], &(-0.25f64).to_le_bytes()), -8192.0);
    let stereo = [format(1, 2, 16, 4, &[]), data(&[100, 0, 44, 1])];
    assert_eq!(sound::decode(&riff(b"RIFF", None, &stereo)).unwrap().samples, [200.0]);
}

#[test]
fn what_is_not_read_says_how_to_convert_it() {
    let dir = Folder::new();
    let plain = || data(&samples(low::<2>));
    let whole = |format: Vec<u8>| riff(b"RIFF", None, &[format, plain()]);
    let odd = data(&[0; 7]);
    let files = [
        whole(format(6, 1, 8, 1, &[0, 0])),
        whole(format(0x11, 1, 4, 512, &[0, 0])),
        whole(format(3, 1, 16, 2, &[])),
        whole(format(0xfffe, 1, 8, 1, &extension(7, 8))),
        whole(format(1, 3, 16, 4, &[])),
        whole(format(1, 0, 16, 2, &[])),
        riff(b"RIFF", None, &[plain()]),
        riff(b"RIFF", None, &[format(1, 1, 16, 2, &[])]),
        riff(b"RIFF", None, &[format(1, 1, 16, 2, &[]), odd]),
        riff(b"RIFX", None, &[format(1, 1, 16, 2, &[]), plain()]),
        [&b"fLaC"[..], &[0; 60]].concat(),
        riff(b"RIFF", None, &[format(1, 1, 16, 2, &[]), open_data(9000)]),
        riff(b"RIFF", None, &[format(1, 1, 16, 2, &[]), data(&[])]),
    ];
    let lines: Vec<String> = (0..files.len()).map(|k| format!("data wav {k} -o out.npz")).collect();
    for (k, file) in files.iter().enumerate() {
        put(&dir, &format!("{k}/a/x_1.wav"), file);
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    refused(
        &dir,
        &lines,
        expect![[r#"
        $ htgen data wav 0 -o out.npz
        error: 0/a/x_1.wav: a coding that cannot be read: found A-law, expected integers of 8 to 32 bits, or floats of 32 or 64 bits; convert it, for example with sox IN.wav -b 16 -e signed OUT.wav
        $ htgen data wav 1 -o out.npz
        error: 1/a/x_1.wav: a coding that cannot be read: found IMA ADPCM, expected integers of 8 to 32 bits, or floats of 32 or 64 bits; convert it, for example with sox IN.wav -b 16 -e signed OUT.wav
        $ htgen data wav 2 -o out.npz
        error: 2/a/x_1.wav: a coding that cannot be read: found floats of 16 bits, expected integers of 8 to 32 bits, or floats of 32 or 64 bits; convert it, for example with sox IN.wav -b 16 -e signed OUT.wav
        $ htgen data wav 3 -o out.npz
        error: 3/a/x_1.wav: a coding that cannot be read: found mu-law, expected integers of 8 to 32 bits, or floats of 32 or 64 bits; convert it, for example with sox IN.wav -b 16 -e signed OUT.wav
        $ htgen data wav 4 -o out.npz
        error: 4/a/x_1.wav: a format that contradicts itself: found 3 channels of 16 bits in 4 bytes, expected as many bytes as the channels take; was it copied whole?
        $ htgen data wav 5 -o out.npz
        error: 5/a/x_1.wav: a format that contradicts itself: found 0 channels of 16 bits in 2 bytes, expected as many bytes as the channels take; was it copied whole?
        $ htgen data wav 6 -o out.npz
        error: 6/a/x_1.wav: a wav file that does not give its format: found the chunk "fmt " after the samples, expected this chunk before the samples; was it copied whole?
        $ htgen data wav 7 -o out.npz
        error: 7/a/x_1.wav: a wav file without samples: found no chunk "data"; was it copied whole?
        $ htgen data wav 8 -o out.npz
        error: 8/a/x_1.wav: the samples end within a frame: found 7 bytes, expected a multiple of 2, the bytes of all channels; was it copied whole? sox IN.wav OUT.wav keeps the whole frames
        $ htgen data wav 9 -o out.npz
        error: 9/a/x_1.wav: not a wav file that can be read: found RIFX, big-endian, expected RIFF, RF64 or BW64, and then WAVE; convert it, for example with sox IN OUT.wav
        $ htgen data wav 10 -o out.npz
        error: 10/a/x_1.wav: not a wav file that can be read: found FLAC, expected RIFF, RF64 or BW64, and then WAVE; convert it, for example with sox IN OUT.wav
        $ htgen data wav 11 -o out.npz
        error: 11/a/x_1.wav: the wav file ends too early: found 8000 bytes of samples, expected 9000, as its header says; was it copied whole? sox --ignore-length IN.wav OUT.wav keeps what is there
        $ htgen data wav 12 -o out.npz
        error: 12/a/x_1.wav: a recording without samples: found zero length, expected at least one sample; remove the file
    "#]],
    );
}

/// A chirp sampled at other rates has the same features where it is loud.
#[test]
fn the_rate_does_not_matter() {
    let dir = Folder::new();
    let rates = [8000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000, 240_000, 256_000];
    let rates = [&rates[..], &[300_000, 352_800, 384_000]].concat();
    for rate in &rates {
        let sample = |k: u32| {
            let t = f64::from(k) / f64::from(*rate);
            let envelope = (-((t - 0.3) / 0.12).powi(2)).exp();
            9000.0 * (2.0 * PI * (300.0 * t + 1500.0 * t * t)).sin() * envelope
        };
        let samples: Vec<i16> = (0..*rate * 6 / 10).map(|k| sample(k).round() as i16).collect();
        let file = Wav::new(*rate, 1, 16).bytes(&samples);
        put(&dir, &format!("in/r{rate:06}/x_1.wav"), &file);
    }
    dir.done("data wav in -o out.npz");
    let x = bytes(&arrays(&dir.path("out.npz")), "x", &[rates.len(), 8, 1024]);
    for (rate, patch) in rates.iter().zip(x.chunks(8192)) {
        let loud = patch.iter().zip(&x[..8192]).filter(|(_, plain)| **plain > 100);
        let far = loud.map(|(level, plain)| level.abs_diff(*plain)).max().unwrap();
        assert!(far <= 2, "{rate} Hz: off by {far} of 255");
    }
}

/// Folders of classes that are not requested are left out, and a name without a folder is reported.
#[test]
fn classes_choose_among_folders() {
    let dir = Folder::new();
    let file = Wav::new(8000, 1, 16).bytes(&chirp());
    for class in ["go", "no", "yes", "-odd name;", "_background_noise_"] {
        put(&dir, &format!("in/{class}/ann_1.wav"), &file);
    }
    let report = dir.json("data wav in --classes yes,no -o out.npz");
    assert_eq!(report["left_out"], 3);
    let out = arrays(&dir.path("out.npz"));
    assert_eq!(crate::data_support::strings(&out, "classes"), ["yes", "no"]);
    assert_eq!(crate::data_support::integers(&out, "y"), [0, 1]);
    for name in ["0_ann_1", "1_ann_1", "2_bob_1"] {
        put(&dir, &format!("flat/{name}.wav"), &file);
    }
    let report = dir.json("data wav flat --classes 2,0 -o out.npz");
    assert_eq!((&report["sequences"], &report["left_out"]), (&2.into(), &1.into()));
    refused(
        &dir,
        &["data wav in --classes yes,maybe -o out.npz"],
        expect![[r#"
        $ htgen data wav in --classes yes,maybe -o out.npz
        error: in/maybe: a class without a folder: expected one of -odd name;, _background_noise_, go, no, yes; list the existing classes with --classes
    "#]],
    );
}
