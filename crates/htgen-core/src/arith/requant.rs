//! Rounding and saturation: twin of `ht_requant` and `ht_round`.
//!
//! Generic over the integer, so that a reference may run on `i32` where its sums fit and on `i64`
//! elsewhere; nothing here can overflow, whatever the value.
// SPDX-License-Identifier: MIT OR Apache-2.0

use num_traits::PrimInt;

/// Least and greatest value of a signed number of `bits` bits, 1 to the width of `T`.
#[inline]
pub fn limits<T: PrimInt>(bits: u32) -> (T, T) {
    let excess = T::zero().count_zeros() - bits;
    (T::min_value() >> excess as usize, T::max_value() >> excess as usize)
}

/// Clips `value` to signed `bits` bits, 1 to the width of `T`.
#[inline]
pub fn saturate<T: PrimInt>(value: T, bits: u32) -> T {
    let (min, max) = limits(bits);
    value.clamp(min, max)
}

/// `floor((value + 2^(shift-1)) / 2^shift)`: round half up; `shift` 0 changes nothing.
///
/// Computed as the shifted value plus the highest bit dropped, so the sum cannot overflow.
#[inline]
pub fn round_shift<T: PrimInt>(value: T, shift: u32) -> T {
    if shift == 0 {
        return value;
    }
    let half = (value >> (shift - 1) as usize) & T::one();
    (value >> shift as usize) + half
}

/// Accumulator to activation: `saturate(round_shift(acc, shift), bits)`.
#[inline]
pub fn requant<T: PrimInt>(acc: T, shift: u32, bits: u32) -> T {
    saturate(round_shift(acc, shift), bits)
}

/// Whether [`requant`] leaves its range: the sum is below the least value, or rounds above the
/// greatest.
///
/// A sum less than half a step below the least value counts, although rounding by itself would
/// bring it back: `o_saturated` of `ht_requant` looks at the sum before rounding.
#[inline]
pub fn requant_saturates<T: PrimInt>(acc: T, shift: u32, bits: u32) -> bool {
    let (min, max) = limits(bits);
    (acc >> shift as usize) < min || round_shift(acc, shift) > max
}

/// From an accumulator to a result: round half up at `shift`, saturate to `bits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requantize {
    /// Right shift, at least 1.
    pub shift: u32,
    /// Width of the result, sign included.
    pub bits: u32,
}

impl Requantize {
    /// The result; see [`requant`].
    #[inline]
    pub fn apply(self, acc: i64) -> i32 {
        requant(acc, self.shift, self.bits) as i32
    }
    /// Whether `acc` is clipped.
    #[inline]
    pub fn clips(self, acc: i64) -> bool {
        requant_saturates(acc, self.shift, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule of the module's documentation, in a width that cannot overflow.
    fn by_division(acc: i64, shift: u32, bits: u32) -> i64 {
        let step = 1i128 << shift;
        let rounded = (2 * i128::from(acc) + step).div_euclid(2 * step);
        let top = 1i128 << (bits - 1);
        i64::try_from(rounded.clamp(-top, top - 1)).expect("at most 64 bits")
    }

    #[test]
    fn requant_is_division_rounded_half_up() {
        for shift in 1..12 {
            for bits in [2, 5, 8] {
                for acc in -5000..5000 {
                    assert_eq!(requant(acc, shift, bits), by_division(acc, shift, bits));
                    assert_eq!(
                        i64::from(requant(acc as i32, shift, bits)),
                        requant(acc, shift, bits)
                    );
                }
            }
        }
    }

    #[test]
    fn halves_round_up_on_both_sides_of_zero() {
        let rounded: Vec<i64> = [-6, -5, -3, -2, -1, 1, 2, 3].map(|v| requant(v, 2, 8)).into();
        assert_eq!(rounded, [-1, -1, -1, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn extremes_do_not_overflow() {
        assert_eq!(requant(i64::MAX, 1, 16), 32767);
        assert_eq!(requant(i64::MIN, 1, 16), -32768);
        assert_eq!(requant(i64::MAX, 63, 16), 1);
        assert_eq!(requant(i32::MAX, 1, 32), 1 << 30);
        assert_eq!(saturate(i64::MIN, 64), i64::MIN);
    }

    #[test]
    fn saturation_is_told_apart() {
        // 3 bits hold -4..=3; two fraction bits are dropped.
        assert!(!requant_saturates(13, 2, 3)); // 3.25
        assert!(requant_saturates(14, 2, 3)); // 3.5 rounds to 4
        assert!(!requant_saturates(-16, 2, 3)); // -4
        assert!(requant_saturates(-17, 2, 3)); // -4.25, below the range before rounding
    }
}
