//! Another sample rate to 8 kHz.

use crate::error::{Diagnostic, Result};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};
use std::ops::RangeInclusive;

/// Sample rate of the features, Hz.
pub const RATE: u32 = 8000;
/// Sample rates that are taken, Hz.
pub const RATES: RangeInclusive<u32> = 4000..=384_000;
/// Samples that the transform of the resampler takes at once, at least.
const CHUNK: usize = 1024;

/// The samples at 8 kHz, as long in time as before; those of a recording at 8 kHz are unchanged.
///
/// What lies above half the lower of both rates is filtered out.
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
    Ok(output.take_data())
}

/// Samples of a block that is an even number of samples at either rate: the filter is centred on half
/// a block, and with an odd one all would move by half a sample.
fn block(from: usize, to: usize) -> usize {
    let (mut common, mut rest) = (from, to);
    while rest > 0 {
        (common, rest) = (rest, common % rest);
    }
    CHUNK.next_multiple_of(2 * from / common)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// A second of a tone, samples of 16 bits in size.
    fn tone(hertz: f64, rate: u32) -> Vec<f64> {
        (0..rate).map(|k| 1e4 * (TAU * hertz * f64::from(k) / f64::from(rate)).sin()).collect()
    }

    #[test]
    fn a_tone_stays_in_place() {
        for rate in [11_025, 16_000, 44_100, 48_000] {
            let resampled = resample(tone(1000.0, rate), rate).expect("a rate in range");
            assert_eq!(resampled.len(), 8000, "{rate}");
            let wanted = tone(1000.0, RATE);
            let far = (400..7600).map(|k| (resampled[k] - wanted[k]).abs()).fold(0.0, f64::max);
            assert!(far < 20.0, "{rate}: {far} of 10000");
        }
    }

    #[test]
    fn a_tone_above_half_the_rate_goes() {
        let resampled = resample(tone(6000.0, 44_100), 44_100).expect("a rate in range");
        let left = resampled[400..7600].iter().map(|x| x.abs()).fold(0.0, f64::max);
        assert!(left < 10.0, "{left} of 10000");
    }
}
