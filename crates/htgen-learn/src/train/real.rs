//! Numbers of single precision, used for training, and of double precision, used for checks; an
//! exponential for each.
// SPDX-License-Identifier: MIT OR Apache-2.0

use faer::traits::RealField;
use num_traits::{Float, NumAssign};

/// A number of single or double precision.
pub trait Real: Float + NumAssign + RealField + Default + Send + Sync + 'static {
    /// The number, rounded.
    fn of(value: f64) -> Self;
    /// The number for a byte, written so that a loop of it becomes vector instructions.
    fn of_byte(value: u8) -> Self;
    /// The number in double precision.
    fn double(self) -> f64;
    /// e to the power of the number; beyond the range of the type, about its smallest or its
    /// largest value.
    fn power_of_e(self) -> Self;
}

impl Real for f64 {
    fn of(value: f64) -> f64 {
        value
    }
    fn of_byte(value: u8) -> f64 {
        f64::from(value)
    }
    fn double(self) -> f64 {
        self
    }
    fn power_of_e(self) -> f64 {
        self.exp()
    }
}

impl Real for f32 {
    fn of(value: f64) -> f32 {
        value as f32
    }
    fn of_byte(value: u8) -> f32 {
        f32::from(value)
    }
    fn double(self) -> f64 {
        f64::from(self)
    }
    /// Without branches and calls, so that a loop of it becomes vector instructions; libm's does
    /// not.
    #[inline(always)]
    fn power_of_e(self) -> f32 {
        // ln 2 in two parts, the first with so few bits that its multiples here are exact.
        const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
        // Adding it leaves an integer in the low bits of the mantissa.
        const TO_INTEGER: f32 = 12_582_912.0;
        // Coefficients of (e^r - 1 - r) / r^2 for |r| below ln 2 / 2, of Cephes' expf.
        const SERIES: [f32; 6] =
            [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
        let x = self.clamp(-87.0, 88.0);
        let shifted = x * std::f32::consts::LOG2_E + TO_INTEGER;
        let whole = shifted - TO_INTEGER;
        let r = x - whole * LN_2[0] - whole * LN_2[1];
        let series = SERIES.into_iter().reduce(|sum, next| sum * r + next).unwrap_or(0.0);
        let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
        (series * r * r + r + 1.0) * power
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every number of a fine grid, to three units in the last place.
    #[test]
    fn the_power_of_e_is_that_of_double_precision() {
        let mut largest = 0.0f64;
        for k in -870_000..880_000 {
            let x = k as f32 * 1e-4;
            let exact = x.double().exp();
            largest = largest.max((x.power_of_e().double() / exact - 1.0).abs());
        }
        assert!(largest < 1.5 * f64::from(f32::EPSILON), "{largest:e}");
    }

    #[test]
    fn beyond_its_range_it_ends() {
        assert_eq!(0f32.power_of_e(), 1.0);
        assert!(f32::NEG_INFINITY.power_of_e() < 1e-37);
        assert!(1e30f32.power_of_e() > 1e38);
        assert!(f32::NAN.power_of_e().is_nan());
    }
}
