//! How close the output vectors of a run are to those in float.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::decision;
use serde::Serialize;

/// A mean and the worst value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanAndWorst {
    /// Mean over the vectors.
    pub mean: f64,
    /// The worst of them.
    pub worst: f64,
}

/// How close output vectors are to those in float.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    /// Cosine of the angle between both vectors; null for a single output, which has no angle.
    pub cosine: Option<MeanAndWorst>,
    /// Length of the difference, relative to that of the vector in float.
    pub relative_error: Option<MeanAndWorst>,
    /// Vectors that are zero in float, which have neither cosine nor relative error.
    pub zero_vectors: usize,
    /// Root mean square of all outputs in float.
    pub rms: f64,
    /// Root mean square of all differences.
    pub rms_error: f64,
    /// Largest difference of each output.
    pub largest_error: Vec<f64>,
}

impl Agreement {
    /// Compares vectors of equal length, pair by pair.
    pub fn of(float: &[Vec<f64>], run: &[Vec<f64>]) -> Agreement {
        let outputs = float.first().map_or(0, Vec::len);
        let (mut cosines, mut relative) = (Extent::LEAST, Extent::LARGEST);
        let (mut squares, mut errors) = (0.0, 0.0);
        let mut largest_error = vec![0.0f64; outputs];
        let mut zero_vectors = 0;
        for (float, run) in float.iter().zip(run) {
            let difference = || float.iter().zip(run).map(|(f, q)| q - f);
            for (largest, error) in largest_error.iter_mut().zip(difference()) {
                *largest = largest.max(error.abs());
            }
            let square: f64 = float.iter().map(|f| f * f).sum();
            let error: f64 = difference().map(|d| d * d).sum();
            squares += square;
            errors += error;
            if square == 0.0 {
                zero_vectors += 1;
                continue;
            }
            relative.add((error / square).sqrt());
            let other: f64 = run.iter().map(|q| q * q).sum();
            let product: f64 = float.iter().zip(run).map(|(f, q)| f * q).sum();
            // A vector that has become zero has no direction.
            let lengths = (square * other).sqrt();
            cosines.add(if lengths == 0.0 { 0.0 } else { (product / lengths).clamp(-1.0, 1.0) });
        }
        let values = (outputs * float.len()).max(1) as f64;
        Agreement {
            cosine: cosines.finish().filter(|_| outputs > 1),
            relative_error: relative.finish(),
            zero_vectors,
            rms: (squares / values).sqrt(),
            rms_error: (errors / values).sqrt(),
            largest_error,
        }
    }

    /// The output with the largest difference, and that difference; none without outputs.
    pub fn worst_output(&self) -> Option<(usize, f64)> {
        decision(&self.largest_error).map(|output| (output, self.largest_error[output]))
    }
}

/// Sum, number and worst of some values.
struct Extent {
    sum: f64,
    count: usize,
    worst: f64,
    worse: fn(f64, f64) -> f64,
}

impl Extent {
    const LEAST: Extent = Extent { sum: 0.0, count: 0, worst: f64::INFINITY, worse: f64::min };
    const LARGEST: Extent = Extent { sum: 0.0, count: 0, worst: 0.0, worse: f64::max };

    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
        self.worst = (self.worse)(self.worst, value);
    }

    fn finish(self) -> Option<MeanAndWorst> {
        let mean = self.sum / self.count.max(1) as f64;
        (self.count > 0).then_some(MeanAndWorst { mean, worst: self.worst })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_vector_by_vector() {
        let float = [vec![3.0, 4.0], vec![0.0, 0.0], vec![1.0, 0.0], vec![0.0, 2.0]];
        let run = [vec![3.0, 4.0], vec![0.5, 0.0], vec![0.0, 1.0], vec![0.0, 0.0]];
        let found = Agreement::of(&float, &run);
        let third = |worst: f64| MeanAndWorst { mean: 1.0 / 3.0, worst };
        assert_eq!(found.cosine, Some(third(0.0)));
        let relative = found.relative_error.expect("three vectors are not zero");
        assert!((relative.mean - (2f64.sqrt() + 1.0) / 3.0).abs() < 1e-15);
        assert!((relative.worst - 2f64.sqrt()).abs() < 1e-15);
        assert_eq!((found.zero_vectors, &found.largest_error[..]), (1, &[1.0, 2.0][..]));
        assert_eq!(found.worst_output(), Some((1, 2.0)));
        assert!((found.rms - (30f64 / 8.0).sqrt()).abs() < 1e-15);
        assert!((found.rms_error - (6.25f64 / 8.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn one_output_has_no_angle() {
        let found = Agreement::of(&[vec![2.0], vec![-4.0]], &[vec![1.0], vec![-4.5]]);
        assert_eq!(found.cosine, None);
        assert_eq!(found.relative_error, Some(MeanAndWorst { mean: 0.3125, worst: 0.5 }));
    }

    #[test]
    fn nothing_but_zeros_has_neither() {
        let zeros = [vec![0.0, 0.0]];
        let found = Agreement::of(&zeros, &zeros);
        assert_eq!((found.cosine, found.relative_error, found.zero_vectors), (None, None, 1));
    }
}
