//! Fraction bits for a range of values, and the rounding of weights to them.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::float::Reference;
use crate::model::{Formats, Model};
use crate::plan::Planned;

/// Maximum number of fraction bits that a format may have.
const MOST_FRAC: i32 = 64;

/// The integer nearest to `value` x 2^`frac` (half away from zero), clipped to `bits` bits.
pub(super) fn to_fixed(value: f64, frac: i32, bits: u32) -> i32 {
    let top = f64::from((1i32 << (bits - 1)) - 1);
    (value * f64::from(frac).exp2()).round().clamp(-top - 1.0, top) as i32
}

/// Maximum number of fraction bits with which `largest` still fits a signed word of `bits` bits.
pub(super) fn frac_for(largest: f64, bits: u32) -> i32 {
    if largest <= 0.0 {
        return bits as i32 - 1;
    }
    if !largest.is_finite() {
        return i32::MIN / 8;
    }
    let top = f64::from((1u32 << (bits - 1)) - 1);
    let mut frac = bits as i32 - 1 - largest.log2().floor() as i32;
    while (largest * f64::from(frac).exp2()).round() > top {
        frac -= 1;
    }
    frac.min(MOST_FRAC)
}

/// Fraction bits of a weight tensor with the least squared error; a few values may be clipped.
pub(super) fn weight_frac(values: &[f64], bits: u32) -> i32 {
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    if largest == 0.0 {
        return 0;
    }
    let exact = frac_for(largest, bits);
    let error = |frac: i32| -> f64 {
        let scale = f64::from(frac).exp2();
        values.iter().map(|&v| v - f64::from(to_fixed(v, frac, bits)) / scale).map(|e| e * e).sum()
    };
    if error(exact + 1) < error(exact) { exact + 1 } else { exact }
}

/// Fraction bits of h: those of x where both share words, otherwise as many as fit, because |h| is
/// below 1.
pub(super) fn hidden_frac(planned: &Planned, formats: &Formats) -> i32 {
    match planned.plan().shared_offset() {
        Some(_) => formats.layers[0].input_frac,
        None => formats.activation_bits.get() as i32 - 1,
    }
}

/// The value of the byte 255.
pub(super) fn largest_byte(model: &Model) -> f64 {
    255.0 * (-f64::from(model.input.shift)).exp2()
}

/// Largest sum of magnitudes down one column of a \[contracted\]\[new\] matrix.
pub(super) fn largest_column_sum(weights: &[i32], new: usize) -> u64 {
    let mut sums = vec![0u64; new];
    for row in weights.chunks(new) {
        sums.iter_mut().zip(row).for_each(|(s, w)| *s += u64::from(w.unsigned_abs()));
    }
    sums.into_iter().max().unwrap_or(0)
}

/// The model with the weights that the hardware has: their product with the mean of the inputs is
/// subtracted from the bias, so that their rounding errors only act on deviations from the mean.
/// `fracs` are the fraction bits of the weights of all steps.
pub(super) fn rounded(planned: &Planned, fracs: &[i32], bits: u32) -> Reference {
    Reference::with_weights(planned, |step, weights| {
        let scale = (-f64::from(fracs[step])).exp2();
        weights.iter().map(|&w| f64::from(to_fixed(w, fracs[step], bits)) * scale).collect()
    })
}
