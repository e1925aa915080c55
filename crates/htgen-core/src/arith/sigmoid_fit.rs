//! Fits the table of `ht_sigmoid.hex`, and checks that the file is that fit (tests only).
//!
//! The sigmoid bends down on [0, 16), so a chord lies below it: the ends of the segments are moved
//! up to share the error between the middle and the ends. Dynamic programming along the segments,
//! with the integer arithmetic of the hardware, chooses every end within a few units so that the
//! worst error is least, and among those choices the squared error.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::activation::TABLE_TEXT;
use super::requant::round_shift;

const SEGMENTS: usize = 256;
const SEGMENT_LEN: i32 = 128;
/// How far an end may lie from the rounded function value.
const REACH: i32 = 4;
const FIRST_LINE: &str = "// ht_sigmoid.hex: sigmoid on [0, 16) in 256 segments of 1/16; \
                          word = {slope[9:0], base[13:0]}, 15 fraction bits, base over one half\n";

/// The best path to an end: worst and squared error so far, and the end before it.
#[derive(Clone, Copy)]
struct Path {
    worst: f64,
    squares: f64,
    from: usize,
}

impl Path {
    const NONE: Path = Path { worst: f64::INFINITY, squares: f64::INFINITY, from: 0 };

    fn is_better_than(&self, other: &Path) -> bool {
        (self.worst, self.squares) < (other.worst, other.squares)
    }
}

/// The sigmoid at `a` / 2048, in units of 2^-15.
fn exact(a: i32) -> f64 {
    32768.0 / (1.0 + (-f64::from(a) / 2048.0).exp())
}

/// The values that end `idx` may take; the first is one half, the last two are flat.
fn candidates(idx: usize) -> Vec<i32> {
    let rounded = exact(idx as i32 * SEGMENT_LEN).round() as i32;
    match idx {
        0 => vec![16384],
        _ if idx >= SEGMENTS - 1 => vec![32767],
        _ => ((rounded - REACH).max(16384)..=(rounded + REACH).min(32767)).collect(),
    }
}

/// The path extended by one segment: segment `idx` from `base` to `end`.
fn extend(path: &Path, from: usize, idx: usize, base: i32, end: i32) -> Path {
    let mut longer = Path { from, ..*path };
    for r in 0..SEGMENT_LEN {
        let y = base + round_shift((end - base) * r, 7);
        let error = (f64::from(y) - exact(idx as i32 * SEGMENT_LEN + r)).abs();
        longer.worst = longer.worst.max(error);
        longer.squares += error * error;
    }
    longer
}

/// The 257 ends of the best fit.
fn fit() -> Vec<i32> {
    let choices: Vec<Vec<i32>> = (0..=SEGMENTS).map(candidates).collect();
    let mut paths = vec![vec![Path { worst: 0.0, squares: 0.0, from: 0 }]];
    for idx in 0..SEGMENTS {
        let mut best = vec![Path::NONE; choices[idx + 1].len()];
        for (from, (path, &base)) in paths[idx].iter().zip(&choices[idx]).enumerate() {
            for (place, &end) in best.iter_mut().zip(&choices[idx + 1]).filter(|c| *c.1 >= base) {
                let longer = extend(path, from, idx, base, end);
                if longer.is_better_than(place) {
                    *place = longer;
                }
            }
        }
        paths.push(best);
    }
    let mut choice = 0;
    let mut ends: Vec<i32> = (0..=SEGMENTS)
        .rev()
        .map(|idx| {
            let end = choices[idx][choice];
            choice = paths[idx][choice].from;
            end
        })
        .collect();
    ends.reverse();
    ends
}

/// The image: one word per segment, with the segment number and the two fields in a comment.
fn image(ends: &[i32]) -> String {
    let mut text = FIRST_LINE.to_owned();
    for (idx, pair) in ends.windows(2).enumerate() {
        let (base, slope) = (pair[0], pair[1] - pair[0]);
        let word = slope << 14 | (base - 16384);
        text += &format!("{word:06x} // [{idx}] base {base} slope {slope}\n");
    }
    text
}

#[test]
fn the_table_is_the_best_fit() {
    expect_test::expect_file!["ht_sigmoid.hex"].assert_eq(&image(&fit()));
    assert_eq!(TABLE_TEXT.lines().count(), SEGMENTS + 1);
}
