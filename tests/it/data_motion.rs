//! `htgen data motion`: the same bytes everywhere, balanced, and a task of motion: a linear
//! classifier sees little in the mean of a clip and much in the differences of its frames.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::data_support::{arrays, bytes, integers, strings};
use htgen::video::FrameSize;
use htgen::video::motion::{Motion, MotionKind, MotionSpec};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs;

const SIZE: FrameSize = FrameSize { width: 40, height: 30, channels: 1 };
const STEPS: usize = 8;

fn spec(count: usize) -> MotionSpec {
    MotionSpec { size: SIZE, steps: STEPS, count, groups: 16, seed: 1 }
}

#[test]
fn the_bytes_are_those_of_the_seed() {
    let dir = Folder::new();
    let line = "data motion --size 20x16x3 --steps 4 --count 30 --groups 2";
    let report = dir.json(&format!("{line} --seed 7 -o a.npz"));
    assert_eq!(report["shape"], json!([30, 4, 3, 16, 20]));
    assert_eq!((&report["groups"], &report["seed"]), (&json!(2), &json!(7)));
    dir.done(&format!("{line} --seed 7 -o b.npz"));
    dir.done(&format!("{line} --seed 8 -o c.npz"));
    let read = |name| fs::read(dir.path(name)).unwrap();
    assert_eq!(read("a.npz"), read("b.npz"));
    assert_ne!(read("a.npz"), read("c.npz"));
    let arrays = arrays(&dir.path("a.npz"));
    let x = bytes(&arrays, "x", &[30, 4, 3, 16, 20]);
    let hash: String = Sha256::digest(&x)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hash, "dda6f463b524e70a", "another byte on some machine is another data set");
    assert_eq!(integers(&arrays, "y"), (0..30).map(|k| k % 10).collect::<Vec<_>>());
    assert_eq!(integers(&arrays, "group"), (0..30).map(|k| k / 10 % 2).collect::<Vec<_>>());
    assert_eq!(integers(&arrays, "length"), [4; 30]);
    assert_eq!(strings(&arrays, "classes"), MotionKind::ALL.map(MotionKind::name));
    assert_eq!(strings(&arrays, "groups"), ["scene0", "scene1"]);
}

#[test]
fn a_clip_is_the_same_in_a_larger_set() {
    let (few, many) = (Motion::new(spec(20)).unwrap(), Motion::new(spec(400)).unwrap());
    for clip in 0..20 {
        assert_eq!(few.group(clip), many.group(clip));
        assert_eq!(few.clip(clip), many.clip(clip), "clip {clip}");
    }
}

#[test]
fn every_size_is_drawn() {
    for (width, height, channels) in [(16, 16, 1), (16, 120, 3), (160, 16, 1), (160, 120, 3)] {
        let size = FrameSize { width, height, channels };
        let motion = Motion::new(MotionSpec { size, steps: 4, count: 10, ..spec(10) }).unwrap();
        for clip in 0..10 {
            let bytes = motion.clip(clip);
            assert_eq!(bytes.len(), 4 * size.bytes());
            let mean = bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>() / bytes.len() as u64;
            assert!((50..150).contains(&mean), "{size}: clip {clip} has a mean of {mean}");
        }
    }
}

#[test]
fn a_figure_brighter_than_its_scene_moves() {
    let motion = Motion::new(spec(200)).unwrap();
    for kind in [MotionKind::Right, MotionKind::Left, MotionKind::Down, MotionKind::Up] {
        let class = MotionKind::ALL.iter().position(|&k| k == kind).unwrap();
        let mut agree = 0;
        for clip in (0..200).filter(|&clip| motion.class(clip) == class) {
            let bytes = motion.clip(clip);
            let (first, last) = (&bytes[..1200], &bytes[7 * 1200..]);
            // Where brightness has moved to, minus where it came from.
            let moved = |place: fn(usize) -> i64| -> i64 {
                let change = |k: usize| i64::from(last[k]) - i64::from(first[k]);
                (0..1200).map(|k| change(k) * place(k)).sum()
            };
            let (right, down) = (moved(|k| (k % 40) as i64 - 20), moved(|k| (k / 40) as i64 - 15));
            agree += usize::from(match kind {
                MotionKind::Right => right > 0,
                MotionKind::Left => right < 0,
                MotionKind::Down => down > 0,
                _ => down < 0,
            });
        }
        assert!(agree >= 19, "{kind:?}: {agree} of 20");
    }
}

#[test]
fn the_mean_frame_tells_little_and_the_differences_tell_much() {
    let (train, count) = (480, 640);
    let motion = Motion::new(spec(count)).unwrap();
    let pixels = SIZE.bytes();
    let (mut means, mut changes) = (Vec::new(), Vec::new());
    for clip in 0..count {
        let bytes: Vec<f64> = motion.clip(clip).into_iter().map(|b| f64::from(b) / 64.0).collect();
        let at = |step: usize, pixel: usize| bytes[step * pixels + pixel];
        let mean = |p: usize| (0..STEPS).map(|t| at(t, p)).sum::<f64>() / STEPS as f64;
        means.push((0..pixels).map(mean).collect::<Vec<f64>>());
        let steps = (1..STEPS).flat_map(|t| (0..pixels).map(move |p| (t, p)));
        changes.push(steps.map(|(t, p)| at(t, p) - at(t - 1, p)).collect());
    }
    let labels: Vec<usize> = (0..count).map(|clip| motion.class(clip)).collect();
    // The scenes of the test part are not those of the training part.
    let test_groups: Vec<usize> = (12..16).collect();
    let order: Vec<usize> = (0..count)
        .filter(|&c| !test_groups.contains(&motion.group(c)))
        .chain((0..count).filter(|&c| test_groups.contains(&motion.group(c))))
        .collect();
    let pick = |rows: &[Vec<f64>]| order.iter().map(|&k| rows[k].clone()).collect::<Vec<_>>();
    let labels: Vec<usize> = order.iter().map(|&k| labels[k]).collect();
    let best = |rows: &[Vec<f64>]| {
        let rows = pick(rows);
        // The best of several strengths, chosen on the test part: an upper bound.
        let scores = [1e1, 1e2, 1e3, 1e4, 1e5].map(|ridge| accuracy(&rows, &labels, train, ridge));
        scores.into_iter().fold(0.0, f64::max)
    };
    let (mean, change) = (best(&means), best(&changes));
    let page = fs::read_to_string("docs/data.md").unwrap();
    for (features, fraction) in [
        ("the mean over the frames of a clip", mean),
        ("the differences of successive frames", change),
    ] {
        let row = format!("| {features} | {:.1} % |", 100.0 * fraction);
        assert!(page.contains(&row), "docs/data.md lacks {row}");
    }
    assert!(mean < 0.40, "the mean frame tells {mean}");
    assert!(change > 0.60, "the differences tell {change}");
}

/// Fraction of the rows from `train` on that ridge regression on the others classifies correctly:
/// one target per class, a constant among the features, solved in the dual.
fn accuracy(rows: &[Vec<f64>], labels: &[usize], train: usize, ridge: f64) -> f64 {
    let width = rows[0].len();
    let centre: Vec<f64> = (0..width)
        .map(|k| rows[..train].iter().map(|row| row[k]).sum::<f64>() / train as f64)
        .collect();
    let rows: Vec<Vec<f64>> =
        rows.iter().map(|row| row.iter().zip(&centre).map(|(x, c)| x - c).collect()).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() + 1.0;
    let mut gram: Vec<Vec<f64>> = (0..train)
        .map(|i| {
            (0..=i).map(|j| dot(&rows[i], &rows[j]) + if i == j { ridge } else { 0.0 }).collect()
        })
        .collect();
    cholesky(&mut gram);
    let weights: Vec<Vec<f64>> = (0..10)
        .map(|class| {
            let target = |k: &usize| if *k == class { 0.9 } else { -0.1 };
            solve(&gram, labels[..train].iter().map(target).collect())
        })
        .collect();
    let right = (train..rows.len()).filter(|&k| {
        let near: Vec<f64> = (0..train).map(|j| dot(&rows[k], &rows[j])).collect();
        let score =
            |class: usize| near.iter().zip(&weights[class]).map(|(n, w)| n * w).sum::<f64>();
        let best = (0..10).max_by(|&a, &b| score(a).total_cmp(&score(b)));
        best == Some(labels[k])
    });
    right.count() as f64 / (rows.len() - train) as f64
}

/// Lower triangle of a positive definite matrix to its Cholesky factor.
fn cholesky(rows: &mut [Vec<f64>]) {
    for i in 0..rows.len() {
        let (done, rest) = rows.split_at_mut(i);
        let row = &mut rest[0];
        for j in 0..=i {
            let other: &[f64] = if j < i { &done[j] } else { &row.clone() };
            let sum = row[j] - row[..j].iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
            row[j] = if j == i { sum.sqrt() } else { sum / other[j] };
        }
    }
}

/// Solves with a Cholesky factor.
fn solve(factor: &[Vec<f64>], mut b: Vec<f64>) -> Vec<f64> {
    for i in 0..b.len() {
        let sum: f64 = (0..i).map(|j| factor[i][j] * b[j]).sum();
        b[i] = (b[i] - sum) / factor[i][i];
    }
    for i in (0..b.len()).rev() {
        let sum: f64 = (i + 1..b.len()).map(|j| factor[j][i] * b[j]).sum();
        b[i] = (b[i] - sum) / factor[i][i];
    }
    b
}
