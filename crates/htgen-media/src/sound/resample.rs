//! Converts another sample rate to 8 kHz.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, Result};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};
use std::ops::RangeInclusive;

/// Sample rate of the features, Hz.
pub const RATE: u32 = 8000;
/// Accepted sample rates, Hz.
pub const RATES: RangeInclusive<u32> = 4000..=384_000;
/// Minimum number of samples, at either rate, that the transform of the resampler takes at once.
/// The filter is as long as a block, so a short one at the lower rate would let frequencies above
/// the limit through.
const CHUNK: usize = 1024;

/// The samples at 8 kHz, with unchanged duration; those of a recording at 8 kHz are unchanged.
///
/// Everything above half the lower of both rates is filtered out.
pub fn resample(samples: Vec<f64>, rate: u32) -> Result<Vec<f64>> {
    if rate == RATE || samples.is_empty() {
        return Ok(samples);
    }
    if !RATES.contains(&rate) {
        return Err(Diagnostic::new("", "sample rate out of range")
            .found(format!("{rate} Hz"))
            .expected(format!("{} to {} Hz", RATES.start(), RATES.end()))
            .into());
    }
    let failed = |reason: String| Diagnostic::new("", format!("cannot be resampled ({reason})"));
    let (from, to) = (rate as usize, RATE as usize);
    let mut resampler = Fft::<f64>::new(from, to, block(from, to), 1, FixedSync::Both)
        .map_err(|error| failed(error.to_string()))?;
    let input = InterleavedSlice::new(&samples, 1, samples.len())
        .map_err(|error| failed(error.to_string()))?;
    let output = resampler
        .process_all(&input, samples.len(), None)
        .map_err(|error| failed(error.to_string()))?;
    let mut resampled = output.take_data();
    // Keeps the duration, whatever the ratio of the rates is in floating point.
    resampled.truncate((samples.len() * to).div_ceil(from));
    Ok(resampled)
}

/// Number of samples of a block that is long enough, with an even number of samples at either rate:
/// the filter is centred on half a block, and with an odd number everything would move by half a
/// sample.
fn block(from: usize, to: usize) -> usize {
    let (mut common, mut rest) = (from, to);
    while rest > 0 {
        (common, rest) = (rest, common % rest);
    }
    let long_enough = CHUNK.max((CHUNK * from).div_ceil(to));
    long_enough.next_multiple_of(2 * from / common)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// One second of a tone, in the range of 16-bit samples.
    fn tone(hertz: f64, rate: u32) -> Vec<f64> {
        (0..rate).map(|k| 1e4 * (TAU * hertz * f64::from(k) / f64::from(rate)).sin()).collect()
    }

    #[test]
    fn a_tone_stays_in_place() {
        let usual = [4_000, 5_512, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000];
        let high = [192_000, 200_000, 240_000, 250_000, 256_000, 300_000, 352_800, 384_000];
        for rate in [&usual[..], &high, &[7_999, 8_001, 44_099, 383_999]].concat() {
            let resampled = resample(tone(1000.0, rate), rate).expect("a rate in range");
            assert_eq!(resampled.len(), 8000, "{rate}");
            let wanted = tone(1000.0, RATE);
            let far = (400..7600).map(|k| (resampled[k] - wanted[k]).abs()).fold(0.0, f64::max);
            assert!(far < 20.0, "{rate}: {far} of 10000");
        }
    }

    /// The edge of the filter is as steep at every rate.
    #[test]
    fn a_tone_above_half_the_rate_goes() {
        for rate in [11_025, 16_000, 44_100, 192_000, 256_000, 300_000, 384_000] {
            for tone_hertz in [4300.0, 5000.0] {
                let resampled = resample(tone(tone_hertz, rate), rate).expect("a rate in range");
                let left = resampled[400..7600].iter().map(|x| x.abs()).fold(0.0, f64::max);
                assert!(left < 10.0, "{rate} Hz, {tone_hertz} Hz: {left} of 10000");
            }
            let kept = resample(tone(3700.0, rate), rate).expect("a rate in range");
            let most = kept[400..7600].iter().map(|x| x.abs()).fold(0.0, f64::max);
            assert!(most > 9900.0, "{rate} Hz: {most} of 10000");
        }
    }
}
