//! `htgen data wav`: the features against a plain computation of the definition in docs/data.md,
//! and every accepted kind of wav file.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::{Folder, keys};
use crate::data_support::{Wav, arrays, bytes, integers, strings};
use serde_json::json;
use std::f64::consts::PI;
use std::fs;

/// Speech-like: three gliding tones under an envelope, with noise; 16 bits.
fn utterance(length: usize, seed: u32) -> Vec<i16> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 23) - 1.0
    };
    let mut phases = [0.0f64; 3];
    let sample = |k: usize| {
        let t = k as f64 / length as f64;
        let tones = [180.0 + 60.0 * t, 900.0 - 500.0 * t, 2400.0 + 700.0 * (7.0 * t).sin()];
        let mut sum = 0.0;
        for (phase, (tone, level)) in phases.iter_mut().zip(tones.into_iter().zip([1.0, 0.4, 0.1]))
        {
            *phase += 2.0 * PI * tone / 8000.0;
            sum += level * phase.sin();
        }
        (9000.0 * (PI * t).sin().powi(2) * sum + 40.0 * noise()).round() as i16
    };
    (0..length).map(sample).collect()
}

/// The features as defined in docs/data.md: a sum over samples for every bin, in doubles, sharing
/// nothing with the code under test.
fn plainly(samples: &[f64]) -> Vec<u8> {
    let emphasized: Vec<f64> = (0..samples.len())
        .map(|k| samples[k] - if k > 0 { 0.95 * samples[k - 1] } else { 0.0 })
        .collect();
    let frames = if samples.len() < 200 { 1 } else { (samples.len() - 200) / 40 + 1 };
    let mel = |f: f64| 2595.0 * (1.0 + f / 700.0).log10();
    let corners: Vec<f64> = (0..66)
        .map(|k| mel(50.0) + (mel(3800.0) - mel(50.0)) * f64::from(k) / 65.0)
        .map(|m| 700.0 * (10f64.powf(m / 2595.0) - 1.0))
        .collect();
    let mut levels = Vec::new();
    for frame in 0..frames {
        let windowed: Vec<f64> = (0..200)
            .map(|k| {
                let hann = 0.5 * (1.0 - (2.0 * PI * f64::from(k as u32) / 199.0).cos());
                hann * emphasized.get(frame * 40 + k).copied().unwrap_or(0.0)
            })
            .collect();
        let power: Vec<f64> = (0..129)
            .map(|bin| {
                let angle = |k: usize| 2.0 * PI * (bin * k % 256) as f64 / 256.0;
                let part = |f: fn(f64) -> f64| -> f64 {
                    windowed.iter().enumerate().map(|(k, x)| x * f(angle(k))).sum()
                };
                part(f64::cos).powi(2) + part(f64::sin).powi(2)
            })
            .collect();
        for band in corners.windows(3) {
            let weight = |bin: usize| {
                let f = bin as f64 * 31.25;
                if f <= band[0] || f >= band[2] {
                    0.0
                } else if f < band[1] {
                    (f - band[0]) / (band[1] - band[0])
                } else {
                    (band[2] - f) / (band[2] - band[1])
                }
            };
            let total: f64 = (0..129).map(weight).sum();
            let value = if total == 0.0 {
                power[(band[1] / 31.25).round() as usize]
            } else {
                (0..129).map(|bin| weight(bin) * power[bin]).sum::<f64>() / total
            };
            levels.push(10.0 * (value + 1e-3).log10());
        }
    }
    let loudest = levels.iter().copied().fold(f64::MIN, f64::max);
    let mut out = vec![0; 128 * 64];
    for frame in 0..128usize {
        let source = if frames <= 128 {
            frame.checked_sub((128 - frames) / 2).filter(|&at| at < frames)
        } else {
            Some(frame + (frames - 128) / 2)
        };
        for band in 0..64 {
            let Some(source) = source else { continue };
            let down = (levels[source * 64 + band] - loudest).max(-60.0);
            out[frame * 64 + band] = ((down + 60.0) * 255.0 / 60.0).round() as u8;
        }
    }
    out
}

fn doubles(samples: &[i16]) -> Vec<f64> {
    samples.iter().map(|&s| f64::from(s)).collect()
}

/// Elements that differ by more than `steps`.
fn apart(a: &[u8], b: &[u8], steps: u8) -> usize {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).filter(|(a, b)| a.abs_diff(**b) > steps).count()
}

#[test]
fn features_are_those_of_the_text() {
    let dir = Folder::new();
    fs::create_dir_all(dir.path("in/a")).unwrap();
    // Shorter than a frame, padded, just right, cut.
    let lengths = [120, 200, 1999, 3333, 5280, 5319, 7001];
    let spoken: Vec<Vec<i16>> =
        lengths.iter().enumerate().map(|(k, &n)| utterance(n, k as u32)).collect();
    for (k, samples) in spoken.iter().enumerate() {
        Wav::new(8000, 1, 16).write(&dir.path(&format!("in/a/s_{k}.wav")), samples);
    }
    let report = dir.json("data wav in -o out.npz");
    assert_eq!((&report["padded"], &report["cut"]), (&json!(4), &json!(1)));
    let x = bytes(&arrays(&dir.path("out.npz")), "x", &[7, 8, 1024]);
    let wanted: Vec<u8> = spoken.iter().flat_map(|samples| plainly(&doubles(samples))).collect();
    assert!(wanted.iter().filter(|&&byte| byte > 0).count() > 20_000, "a test of silence");
    assert_eq!(apart(&x, &wanted, 1), 0);
    let unequal = apart(&x, &wanted, 0);
    assert!(unequal * 1000 < x.len(), "{unequal} of {} elements differ", x.len());
}

#[test]
fn every_way_of_writing_samples_gives_the_same_features() {
    let dir = Folder::new();
    fs::create_dir_all(dir.path("in/a")).unwrap();
    let samples = utterance(3000, 5);
    let put = |wav: Wav, name: &str, samples: &[i16]| {
        wav.write(&dir.path(&format!("in/a/{name}_1.wav")), samples);
    };
    put(Wav::new(8000, 1, 16), "p16", &samples);
    put(Wav::new(8000, 1, 24), "p24", &samples);
    put(Wav::new(8000, 1, 32), "p32", &samples);
    put(Wav::float(8000), "float", &samples);
    put(Wav::new(8000, 2, 16), "stereo", &samples);
    let report = dir.json("data wav in -o out.npz");
    assert_eq!((&report["sequences"], &report["groups"]), (&json!(5), &json!(5)));
    let arrays = arrays(&dir.path("out.npz"));
    let x = bytes(&arrays, "x", &[5, 8, 1024]);
    let wanted = plainly(&doubles(&samples));
    for (k, patch) in x.chunks(8192).enumerate() {
        assert_eq!(apart(patch, &wanted, 1), 0, "recording {k}");
    }
    assert_eq!(strings(&arrays, "groups"), ["float", "p16", "p24", "p32", "stereo"]);
    // Eight bits: steps of 256, so quiet parts vanish and loud ones stay.
    put(Wav::new(8000, 1, 8), "p8", &samples);
    dir.done("data wav in -o out.npz");
    let x = bytes(&crate::data_support::arrays(&dir.path("out.npz")), "x", &[6, 8, 1024]);
    let coarse: Vec<f64> = samples.iter().map(|&s| f64::from(s >> 8) * 256.0).collect();
    assert_eq!(apart(&x[8192..2 * 8192], &plainly(&coarse), 1), 0);
}

#[test]
fn another_sample_rate_is_resampled() {
    let dir = Folder::new();
    fs::create_dir_all(dir.path("in/a")).unwrap();
    let tone = |rate: u32| -> Vec<i16> {
        let sweep = |t: f64| (2.0 * PI * (300.0 * t + 1200.0 * t * t)).sin();
        let sample = |k: u32| {
            let t = f64::from(k) / f64::from(rate);
            (12_000.0 * (PI * t / 0.6).sin() * sweep(t)).round() as i16
        };
        (0..rate * 6 / 10).map(sample).collect()
    };
    for (k, rate) in [8000, 16_000, 22_050, 44_100, 48_000].into_iter().enumerate() {
        Wav::new(rate, 1, 16).write(&dir.path(&format!("in/a/{k}_{rate}.wav")), &tone(rate));
    }
    let report = dir.json("data wav in -o out.npz");
    assert_eq!(report["resampled"], 4);
    let x = bytes(&arrays(&dir.path("out.npz")), "x", &[5, 8, 1024]);
    let patches: Vec<&[u8]> = x.chunks(8192).collect();
    for patch in &patches[1..] {
        // Only within 40 dB of the loudest; far below, rounding to 16 bits is visible.
        let loud: Vec<(u8, u8)> =
            patches[0].iter().zip(*patch).map(|(a, b)| (*a, *b)).filter(|(a, _)| *a > 85).collect();
        let near = loud.iter().filter(|(a, b)| a.abs_diff(*b) <= 3).count();
        assert!(loud.len() > 500 && near * 100 >= loud.len() * 98, "{near} of {}", loud.len());
    }
}

#[test]
fn the_spoken_digits_of_one_folder() {
    let dir = Folder::new();
    fs::create_dir(dir.path("in")).unwrap();
    for digit in 0..10 {
        for (speaker, index) in [("jackson", 7), ("le_o", 12)] {
            let samples = utterance(1000 + 100 * digit, digit as u32);
            let name = format!("in/{digit}_{speaker}_{index}.wav");
            Wav::new(8000, 1, 16).write(&dir.path(&name), &samples);
        }
    }
    fs::write(dir.path("in/README.md"), "text").unwrap();
    fs::write(dir.path("in/.hidden.wav"), "no wav").unwrap();
    let report = dir.json("data wav in -o out.npz");
    let expected = [
        "file",
        "bytes",
        "sequences",
        "steps",
        "inputs",
        "shape",
        "classes",
        "groups",
        "readable",
        "source",
        "resampled",
        "padded",
        "cut",
        "ignored",
        "left_out",
    ];
    let mut found = keys(&report);
    found.sort_unstable();
    let mut sorted = expected;
    sorted.sort_unstable();
    assert_eq!(found, sorted);
    assert_eq!(report["shape"], json!([20, 8, 1024]));
    assert_eq!((&report["ignored"], &report["source"]), (&json!(1), &json!("recordings")));
    assert_eq!(report["bytes"], fs::metadata(dir.path("out.npz")).unwrap().len());
    assert_eq!(report["classes"][3], json!({"name": "3", "sequences": 2}));
    let arrays = arrays(&dir.path("out.npz"));
    let digits: Vec<i64> = (0..20).map(|k| k / 2).collect();
    assert_eq!(integers(&arrays, "y"), digits);
    assert_eq!(integers(&arrays, "group"), [0, 1].repeat(10));
    assert_eq!(integers(&arrays, "length"), [8; 20]);
    assert_eq!(strings(&arrays, "groups"), ["jackson", "le_o"]);
    assert_eq!(strings(&arrays, "classes").concat(), "0123456789");
    let part = dir.done("data wav in --classes 9,8,7,6,5,4,3,2,1,0 -o part.npz");
    assert!(part.starts_with("20 sequences of 8 steps of 1,024 bytes, in part.npz\n"), "{part}");
    let y = integers(&crate::data_support::arrays(&dir.path("part.npz")), "y");
    assert_eq!(y, digits, "still class by class, whatever their names");
}

#[test]
fn classes_are_folders_and_speakers_may_be() {
    let dir = Folder::new();
    for name in ["in/yes/ann/1", "in/yes/bob/1", "in/no/ann/x", "in/no/2_f", "in/10/ann_3"] {
        let path = dir.path(&format!("{name}.wav"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        Wav::new(8000, 1, 16).write(&path, &utterance(900, 1));
    }
    dir.done("data wav in -o out.npz");
    let first = fs::read(dir.path("out.npz")).unwrap();
    let arrays = arrays(&dir.path("out.npz"));
    assert_eq!(strings(&arrays, "classes"), ["10", "no", "yes"]);
    assert_eq!(strings(&arrays, "groups"), ["2", "ann", "bob"]);
    assert_eq!(integers(&arrays, "y"), [0, 1, 1, 2, 2]);
    assert_eq!(integers(&arrays, "group"), [1, 0, 1, 1, 2]);
    dir.done("data wav in --classes yes,10,no -o named.npz");
    let named = crate::data_support::arrays(&dir.path("named.npz"));
    assert_eq!(integers(&named, "y"), [0, 0, 1, 2, 2]);
    dir.done("data wav in -o out.npz");
    assert_eq!(fs::read(dir.path("out.npz")).unwrap(), first, "the same input, the same bytes");
    // The other commands accept the set.
    dir.done("new --preset digits -o digits.json");
    assert_eq!(dir.json("run digits.json --inputs out.npz")["sequences"], 5);
}
