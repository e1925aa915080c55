//! Logarithmic mel bands as bytes: a recording becomes 8 steps of 16 frames of 64 bands.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::mel::{BANDS, BINS, Bank, POINTS};
use realfft::{RealFftPlanner, RealToComplex};
use std::f64::consts::TAU;
use std::ops::Range;
use std::sync::Arc;

/// Weight of the previous sample in the pre-emphasis.
const EMPHASIS: f64 = 0.95;
/// Samples of a frame.
const WINDOW: usize = 200;
/// Samples from one frame to the next.
const HOP: usize = 40;
/// Number of frames to which a recording is padded or cut.
const FRAMES: usize = 128;
/// Steps of a recording.
const STEPS: usize = 8;
/// Added to a power before its logarithm; samples are 16-bit integers.
const FLOOR: f64 = 1e-3;
/// Range of a byte, in decibels below the loudest band.
const RANGE_DB: f64 = 60.0;

/// The features of one recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// 8 steps x 16 frames x 64 bands, row-major.
    pub bytes: Vec<u8>,
    /// Frames of the whole recording.
    pub frames: usize,
}

/// What recordings share: window, filters, transform.
pub struct LogMel {
    window: Vec<f64>,
    bank: Bank,
    transform: Arc<dyn RealToComplex<f64>>,
}

impl LogMel {
    /// Steps of a recording.
    pub const STEPS: usize = STEPS;
    /// Bytes of a step: frames of the step x bands.
    pub const INPUTS: usize = FRAMES / STEPS * BANDS;
    /// Frames of a recording; shorter ones are padded, longer ones cut.
    pub const FRAMES: usize = FRAMES;

    /// A symmetric Hann window, the mel filters, and a transform of 256 points.
    pub fn new() -> LogMel {
        let hann = |k: usize| 0.5 - 0.5 * (TAU * k as f64 / (WINDOW - 1) as f64).cos();
        LogMel {
            window: (0..WINDOW).map(hann).collect(),
            bank: Bank::new(),
            transform: RealFftPlanner::new().plan_fft_forward(POINTS),
        }
    }

    /// The features of samples at 8 kHz on the scale of 16-bit integers.
    ///
    /// Decibels are counted from the loudest band of the whole recording, even if it is cut. A
    /// recording shorter than one frame counts as one frame, padded with zeros.
    pub fn patch(&self, samples: &[f64]) -> Patch {
        let frames = 1 + samples.len().saturating_sub(WINDOW) / HOP;
        let (kept, at) = middle(frames);
        let emphasized = emphasize(samples);
        let mut loudest = f64::NEG_INFINITY;
        let mut decibels = Vec::with_capacity(kept.len() * BANDS);
        let mut spectrum = Spectrum::new(self.transform.as_ref());
        for frame in 0..frames {
            let power = spectrum.power(self, emphasized.get(frame * HOP..).unwrap_or_default());
            for band in 0..BANDS {
                let value = 10.0 * (self.bank.power(band, power) + FLOOR).log10();
                loudest = loudest.max(value);
                if kept.contains(&frame) {
                    decibels.push(value);
                }
            }
        }
        let mut bytes = vec![0; FRAMES * BANDS];
        for (byte, value) in bytes[at * BANDS..].iter_mut().zip(decibels) {
            *byte = level(value - loudest);
        }
        Patch { bytes, frames }
    }
}

impl Default for LogMel {
    fn default() -> LogMel {
        LogMel::new()
    }
}

/// Which of this many frames are kept, and the first place they take.
fn middle(frames: usize) -> (Range<usize>, usize) {
    let first = frames.saturating_sub(FRAMES) / 2;
    (first..frames.min(first + FRAMES), FRAMES.saturating_sub(frames) / 2)
}

/// Each sample minus 0.95 times the previous one.
fn emphasize(samples: &[f64]) -> Vec<f64> {
    let before = [0.0].into_iter().chain(samples.iter().copied());
    samples.iter().zip(before).map(|(sample, before)| sample - EMPHASIS * before).collect()
}

/// -60 to 0 dB as 0 to 255, rounded.
fn level(decibels: f64) -> u8 {
    (255.0 * (decibels + RANGE_DB).max(0.0) / RANGE_DB).round() as u8
}

/// Space for the spectrum of a frame.
struct Spectrum {
    frame: Vec<f64>,
    bins: Vec<realfft::num_complex::Complex<f64>>,
    scratch: Vec<realfft::num_complex::Complex<f64>>,
    power: Vec<f64>,
}

impl Spectrum {
    fn new(transform: &dyn RealToComplex<f64>) -> Spectrum {
        Spectrum {
            frame: transform.make_input_vec(),
            bins: transform.make_output_vec(),
            scratch: transform.make_scratch_vec(),
            power: vec![0.0; BINS],
        }
    }

    /// Squared magnitudes of the frame at the beginning of `samples`, not scaled.
    fn power(&mut self, shared: &LogMel, samples: &[f64]) -> &[f64] {
        self.frame.fill(0.0);
        for ((slot, sample), weight) in self.frame.iter_mut().zip(samples).zip(&shared.window) {
            *slot = sample * weight;
        }
        shared
            .transform
            .process_with_scratch(&mut self.frame, &mut self.bins, &mut self.scratch)
            .expect("the buffers are those of this transform");
        for (power, bin) in self.power.iter_mut().zip(&self.bins) {
            *power = bin.norm_sqr();
        }
        &self.power
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ones_are_padded_and_long_ones_cut_at_both_ends() {
        assert_eq!(middle(1), (0..1, 63));
        assert_eq!(middle(127), (0..127, 0));
        assert_eq!(middle(128), (0..128, 0));
        assert_eq!(middle(131), (1..129, 0));
    }

    #[test]
    fn levels_span_sixty_decibels() {
        let levels: Vec<u8> = [0.0, -0.1, -0.2, -30.0, -59.9, -60.0, -99.0].map(level).into();
        assert_eq!(levels, [255, 255, 254, 128, 0, 0, 0]);
    }
}
