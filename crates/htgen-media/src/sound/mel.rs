//! The bank of triangular mel filters over the bins of the power spectrum.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::resample::RATE;

/// Number of bands.
pub const BANDS: usize = 64;
/// Points of the transform.
pub(super) const POINTS: usize = 256;
/// Bins of the spectrum, from 0 to half the sample rate.
pub(super) const BINS: usize = POINTS / 2 + 1;
/// Lower edge of the first band and upper edge of the last, Hz.
const EDGES: (f64, f64) = (50.0, 3800.0);

/// Weights of every band.
#[derive(Debug, Clone)]
pub struct Bank {
    /// The bins of each band that count, with weights that add up to 1.
    bands: Vec<Vec<(usize, f64)>>,
}

impl Bank {
    /// Triangles whose corners are equidistant in mel, 2595 log10(1 + f / 700), over bin
    /// frequencies; a band that falls between two bins takes the one nearest to its centre.
    pub fn new() -> Bank {
        let (low, high) = (mel(EDGES.0), mel(EDGES.1));
        let step = (high - low) / (BANDS + 1) as f64;
        let corner = |k: usize| hertz(low + step * k as f64);
        Bank { bands: (0..BANDS).map(|k| band(corner(k), corner(k + 1), corner(k + 2))).collect() }
    }

    /// The bins of a band with their weights.
    pub fn band(&self, band: usize) -> &[(usize, f64)] {
        &self.bands[band]
    }

    /// Power in a band.
    pub(super) fn power(&self, band: usize, spectrum: &[f64]) -> f64 {
        self.bands[band].iter().map(|&(bin, weight)| weight * spectrum[bin]).sum()
    }
}

impl Default for Bank {
    fn default() -> Bank {
        Bank::new()
    }
}

fn mel(hertz: f64) -> f64 {
    2595.0 * (1.0 + hertz / 700.0).log10()
}

fn hertz(mel: f64) -> f64 {
    700.0 * (10f64.powf(mel / 2595.0) - 1.0)
}

fn frequency(bin: usize) -> f64 {
    (bin * RATE as usize) as f64 / POINTS as f64
}

fn band(low: f64, centre: f64, high: f64) -> Vec<(usize, f64)> {
    let height = |f: f64| ((f - low) / (centre - low)).min((high - f) / (high - centre));
    let inside = (0..BINS).map(|bin| (bin, height(frequency(bin)))).filter(|&(_, h)| h > 0.0);
    let weights: Vec<(usize, f64)> = inside.collect();
    if weights.is_empty() {
        let nearest = (centre * POINTS as f64 / f64::from(RATE)).round() as usize;
        return vec![(nearest, 1.0)];
    }
    let sum: f64 = weights.iter().map(|&(_, weight)| weight).sum();
    weights.into_iter().map(|(bin, weight)| (bin, weight / sum)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_sum_to_one_and_rise() {
        let bank = Bank::new();
        for k in 0..BANDS {
            let sum: f64 = bank.band(k).iter().map(|&(_, weight)| weight).sum();
            assert!((sum - 1.0).abs() < 1e-12, "band {k}");
        }
        // 62.5 Hz, the only bin between 50 Hz and the third corner.
        assert_eq!(bank.band(0), [(2, 1.0)]);
        // 2595 log10(1 + f / 700) at both edges, cut into 65: the corners of band 3 are 115.9,
        // 139.8 and 164.5 Hz, and bins 4 and 5 lie at 125 and 156.25 Hz.
        let [(4, first), (5, second)] = bank.band(3) else { panic!("{:?}", bank.band(3)) };
        assert!((first - 0.69873).abs() < 1e-5 && (second - 0.30127).abs() < 1e-5);
        assert_eq!(bank.band(BANDS - 1).last().map(|&(bin, _)| bin), Some(121));
    }
}
