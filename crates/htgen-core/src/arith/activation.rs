//! Sigmoid, hard sigmoid and tanh by tables: twin of `ht_act`.
//!
//! The table is the file the hardware reads, `templates/lib/ht_sigmoid.hex`: 256 segments of 1/16
//! on [0, 16), each with its value at the left end and its rise. Over all 65,536 arguments the
//! worst error against the real functions is 1.473 LSB of 2^-15 (4.49e-5) for the sigmoid and 2.891
//! LSB (8.82e-5) for tanh; a test measures both, and refits the table. The hard sigmoid is made of
//! straight lines that end with segments, so its table deviates only by rounding.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::requant::{round_shift, saturate};

/// Fraction bits of an argument: 16 bits cover [-16, 16).
pub const Z_FRAC: u32 = 11;
/// Fraction bits of a value.
pub const Y_FRAC: u32 = 15;
/// Text of the table's image, as the hardware reads it.
pub const TABLE_TEXT: &str = include_str!("ht_sigmoid.hex");
/// Text of the hard sigmoid's image.
pub const HARD_TABLE_TEXT: &str = include_str!("ht_hard_sigmoid.hex");

/// Segments of the table.
const SEGMENTS: usize = 256;
/// Bits of an argument's magnitude below the segment number.
const SEGMENT_BITS: u32 = 7;
/// One half, which the table's words leave out of the base.
const HALF: i32 = 1 << (Y_FRAC - 1);

/// Words of the table: rise of the segment (10 bits), value at its left end minus one half (14).
static TABLE: [u32; SEGMENTS] = parse_image(TABLE_TEXT.as_bytes());
static HARD_TABLE: [u32; SEGMENTS] = parse_image(HARD_TABLE_TEXT.as_bytes());

/// The sigmoid of `z` (11 fraction bits), with 15 fraction bits, in 1..=32767.
///
/// On a = min(|z|, 32767), segment i = a >> 7 and r = a & 127:
/// y = base\[i\] + ((slope\[i\] * r + 64) >> 7), and 32768 - y for negative z. The table keeps y
/// at most 32767.
#[inline]
pub fn sigmoid(z: i16) -> i16 {
    look_up(&TABLE, z)
}

/// clip(0.2 z + 0.5, 0, 1) of `z` (11 fraction bits) by the same rule, in 1..=32767.
#[inline]
pub fn hard_sigmoid(z: i16) -> i16 {
    look_up(&HARD_TABLE, z)
}

#[inline]
fn look_up(table: &[u32; SEGMENTS], z: i16) -> i16 {
    let magnitude = i32::from(z).abs().min(i32::from(i16::MAX));
    let (base, slope) = segment(table, (magnitude >> SEGMENT_BITS) as usize);
    let rest = magnitude & ((1 << SEGMENT_BITS) - 1);
    let y = (base + round_shift(slope * rest, SEGMENT_BITS)).min(i32::from(i16::MAX));
    (if z < 0 { 2 * HALF - y } else { y }) as i16
}

/// tanh of `z` (11 fraction bits), with 15 fraction bits, in -32766..=32766.
///
/// 2 sigmoid(2z) - 1, where 2z saturates at 16 bits.
#[inline]
pub fn tanh(z: i16) -> i16 {
    let doubled = saturate(2 * i32::from(z), 16) as i16;
    (2 * i32::from(sigmoid(doubled)) - 2 * HALF) as i16
}

/// Value at the left end of segment `idx`, and the rise over it.
#[inline]
fn segment(table: &[u32; SEGMENTS], idx: usize) -> (i32, i32) {
    let word = table[idx] as i32;
    (HALF + (word & (HALF - 1)), word >> (Y_FRAC - 1))
}

/// Reads the words of a `$readmemh` image at compile time: one word per line, `//` comments.
const fn parse_image(text: &[u8]) -> [u32; SEGMENTS] {
    let mut words = [0; SEGMENTS];
    let (mut n, mut at) = (0, 0);
    while at < text.len() {
        let mut digits = 0;
        while text[at] != b'\n' && text[at] != b' ' && text[at] != b'/' {
            words[n] = words[n] << 4 | hex_digit(text[at]);
            digits += 1;
            at += 1;
        }
        while text[at] != b'\n' {
            at += 1;
        }
        n += (digits > 0) as usize;
        at += 1;
    }
    assert!(n == SEGMENTS, "the sigmoid table must have 256 words");
    words
}

/// The value of one hexadecimal digit.
const fn hex_digit(digit: u8) -> u32 {
    match (digit as char).to_digit(16) {
        Some(value) => value,
        None => panic!("the sigmoid table holds a character that is not a hexadecimal digit"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worst error in LSBs of 2^-15 over every argument.
    fn worst_lsb(fixed: fn(i16) -> i16, real: fn(f64) -> f64) -> f64 {
        let error = |z: i16| {
            let exact = real(f64::from(z) / f64::from(1u32 << Z_FRAC)) * f64::from(2 * HALF);
            (f64::from(fixed(z)) - exact).abs()
        };
        (i16::MIN..=i16::MAX).map(error).fold(0.0, f64::max)
    }

    #[test]
    fn worst_errors_are_as_documented() {
        let sigmoid_lsb = worst_lsb(sigmoid, |x| 1.0 / (1.0 + (-x).exp()));
        let tanh_lsb = worst_lsb(tanh, f64::tanh);
        assert_eq!(format!("{sigmoid_lsb:.3} {:.2e}", sigmoid_lsb / 32768.0), "1.473 4.49e-5");
        assert_eq!(format!("{tanh_lsb:.3} {:.2e}", tanh_lsb / 32768.0), "2.891 8.82e-5");
        let hard_lsb = worst_lsb(hard_sigmoid, |x| (0.2 * x + 0.5).clamp(0.0, 1.0));
        assert_eq!(format!("{hard_lsb:.3} {:.2e}", hard_lsb / 32768.0), "1.400 4.27e-5");
    }

    /// Its ends are 0.2 / 16 apart, rounded, up to 2.5.
    #[test]
    fn the_hard_table_is_the_function_at_the_ends_of_its_segments() {
        for idx in 0..SEGMENTS {
            let exact = (f64::from(HALF) + 409.6 * idx as f64).round().min(32767.0);
            assert_eq!(f64::from(segment(&HARD_TABLE, idx).0), exact, "segment {idx}");
        }
    }

    #[test]
    fn both_rise_and_are_odd_about_their_middle() {
        for z in -32767..i16::MAX {
            assert!(sigmoid(z) <= sigmoid(z + 1) && tanh(z) <= tanh(z + 1), "at {z}");
            assert!(hard_sigmoid(z) <= hard_sigmoid(z + 1), "at {z}");
            assert_eq!(i32::from(sigmoid(-z)) + i32::from(sigmoid(z)), 32768, "at {z}");
            assert_eq!(tanh(-z), -tanh(z), "at {z}");
        }
        assert_eq!((sigmoid(0), tanh(0)), (16384, 0));
        assert_eq!((sigmoid(i16::MIN), sigmoid(i16::MAX)), (1, 32767));
        assert_eq!((tanh(i16::MIN), tanh(i16::MAX)), (-32766, 32766));
    }

    /// What `ht_act` relies on to leave out the two limits of the rule.
    #[test]
    fn the_last_segment_is_flat_and_no_segment_passes_one() {
        for table in [&TABLE, &HARD_TABLE] {
            assert_eq!(segment(table, SEGMENTS - 1), (32767, 0));
            for (idx, next) in (0..SEGMENTS).zip(1..SEGMENTS) {
                let (base, slope) = segment(table, idx);
                assert_eq!(base + slope, segment(table, next).0, "segment {idx}");
            }
        }
    }
}
