//! Randomness of clips, using only integers: seeded numbers, smooth textures, a sine.
// SPDX-License-Identifier: MIT OR Apache-2.0

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// 1 in the unit of scales and of the sine.
pub(super) const UNIT: i32 = 4096;

/// Seeded numbers.
pub(super) struct Source(ChaCha8Rng);

impl Source {
    /// The numbers of one stream; streams of the same seed are independent of each other.
    pub fn new(seed: u64, stream: u64) -> Source {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream);
        Source(random)
    }

    /// A number from `low` to `high`, both included; their distance must be small compared with
    /// 2^32.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        let count = (high - low) as u64 + 1;
        low + ((u64::from(self.0.next_u32()) * count) >> 32) as i32
    }

    /// 32 random bits.
    pub fn bits(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// Random bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

/// The sine of an angle in 1/65536 turn, in 1/4096, by the rational approximation of Bhaskara I;
/// off by 0.002 at most.
pub(super) fn sine(angle: i32) -> i32 {
    let angle = i64::from(angle.rem_euclid(65_536));
    let (half, sign) = if angle < 32_768 { (angle, 1) } else { (angle - 32_768, -1) };
    let product = half * (32_768 - half);
    // 16 x (pi - x) / (5 pi^2 - 4 x (pi - x)) with pi = 32768.
    let whole = 5 * 32_768 * 32_768 - 4 * product;
    (sign * 16 * product * i64::from(UNIT) / whole) as i32
}

/// The cosine.
pub(super) fn cosine(angle: i32) -> i32 {
    sine(angle.wrapping_add(16_384))
}

/// A smooth texture at a place, 0 to 255: random values on a grid of cells of `cell` units,
/// interpolated in between.
pub(super) fn texture(seed: u32, x: i32, y: i32, cell: i32) -> i32 {
    let (column, row) = (x.div_euclid(cell), y.div_euclid(cell));
    let (right, down) = (smooth(x.rem_euclid(cell), cell), smooth(y.rem_euclid(cell), cell));
    let value = |dx: i32, dy: i32| (hash(seed, column + dx, row + dy) & 255) as i32;
    let across = |dy: i32| value(0, dy) * (256 - right) + value(1, dy) * right;
    (across(0) * (256 - down) + across(1) * down) >> 16
}

/// 3 t^2 - 2 t^3 of t = at / cell, in 1/256.
fn smooth(at: i32, cell: i32) -> i32 {
    let t = i64::from(at) * 256 / i64::from(cell);
    ((3 * 256 * t * t - 2 * t * t * t) >> 16) as i32
}

/// Mixes a seed and a place of the grid.
fn hash(seed: u32, x: i32, y: i32) -> u32 {
    let mut h = seed ^ (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca6b);
    for _ in 0..2 {
        h = (h ^ (h >> 15)).wrapping_mul(0x2c1b_3c6d);
        h = (h ^ (h >> 12)).wrapping_mul(0x297a_2d39);
    }
    h ^ (h >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn the_sine_is_one() {
        for angle in (-70_000..70_000).step_by(97) {
            let wanted = (f64::from(angle) / 65_536.0 * TAU).sin();
            let got = f64::from(sine(angle)) / f64::from(UNIT);
            assert!((got - wanted).abs() < 0.0022, "{angle}: {got} for {wanted}");
        }
        assert_eq!((sine(16_384), sine(0), cosine(0), cosine(32_768)), (4096, 0, 4096, -4096));
    }

    #[test]
    fn textures_are_smooth_and_full_of_contrast() {
        let row: Vec<i32> = (0..4000).map(|x| texture(9, x, 77, 64)).collect();
        assert!(row.iter().all(|v| (0..256).contains(v)));
        assert!(row.windows(2).all(|w| (w[0] - w[1]).abs() <= 8), "no step between cells");
        let (low, high) = (row.iter().min(), row.iter().max());
        assert!(low < Some(&60) && high > Some(&195), "{low:?} {high:?}");
        assert_ne!(row, (0..4000).map(|x| texture(10, x, 77, 64)).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_reach_both_ends() {
        let mut source = Source::new(1, 1);
        let drawn: Vec<i32> = (0..200).map(|_| source.between(-2, 2)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&-2), Some(&2)));
    }
}
