//! AdamW with a warm-up, a cosine decay and a limit on the gradient, on flat groups in doubles.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::config::FitConfig;
use super::parameters::Group;

/// Decay of the mean of the gradient and of its square.
const BETA: [f64; 2] = [0.9, 0.999];
/// Keeps the step finite where the gradient is zero.
const EPSILON: f64 = 1e-8;

/// Moments of every group and the number of steps done.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Steps done.
    pub step: usize,
    /// Running mean of the gradient of each group.
    pub first: Vec<Vec<f64>>,
    /// Running mean of its square.
    pub second: Vec<Vec<f64>>,
}

impl Moments {
    /// All zero.
    pub fn of(groups: &[Group]) -> Moments {
        let zeros = || groups.iter().map(|group| vec![0.0; group.values.len()]).collect();
        Moments { step: 0, first: zeros(), second: zeros() }
    }
}

/// Learning rate of a step, counted from 0, out of `steps`: a linear rise, then half a cosine to 0.
pub fn rate(config: &FitConfig, step: usize, steps: usize) -> f64 {
    let warmup = config.warmup.min(steps / 2);
    if step < warmup {
        return config.learning_rate * (step + 1) as f64 / warmup as f64;
    }
    let part = (step - warmup) as f64 / (steps - warmup).max(1) as f64;
    config.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * part).cos())
}

/// One step along the gradients of all groups. Values keep single precision.
pub fn step(
    groups: &mut [Group],
    gradients: &mut [Vec<f64>],
    moments: &mut Moments,
    rate: f64,
    config: &FitConfig,
) {
    let norm = gradients.iter().flatten().map(|g| g * g).sum::<f64>().sqrt();
    if config.clip > 0.0 && norm > config.clip {
        gradients.iter_mut().flatten().for_each(|g| *g *= config.clip / norm);
    }
    moments.step += 1;
    let power = i32::try_from(moments.step).unwrap_or(i32::MAX);
    let corrections = BETA.map(|beta| 1.0 - beta.powi(power));
    for (k, group) in groups.iter_mut().enumerate() {
        let decay = if group.decays { 1.0 - rate * config.weight_decay } else { 1.0 };
        let states = moments.first[k].iter_mut().zip(&mut moments.second[k]);
        for ((value, gradient), (m, v)) in group.values.iter_mut().zip(&gradients[k]).zip(states) {
            *m = BETA[0] * *m + (1.0 - BETA[0]) * gradient;
            *v = BETA[1] * *v + (1.0 - BETA[1]) * gradient * gradient;
            let change = (*m / corrections[0]) / ((*v / corrections[1]).sqrt() + EPSILON);
            *value = f64::from((*value * decay - rate * change) as f32);
        }
    }
}

/// Includes the values after step `step`, counted from 1, in their running mean, which keeps
/// `average` of its previous value; less at the beginning, when it is a mean of few.
pub fn average(mean: &mut [Vec<f64>], groups: &[Group], average: f64, step: usize) {
    let kept = average.min(step as f64 / (10.0 + step as f64));
    for (mean, group) in mean.iter_mut().zip(groups) {
        for (mean, value) in mean.iter_mut().zip(&group.values) {
            *mean = f64::from((kept * *mean + (1.0 - kept) * value) as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_and_falls() {
        let config = FitConfig { learning_rate: 1.0, warmup: 4, ..FitConfig::default() };
        let rates: Vec<f64> = [0, 3, 4, 12, 19].map(|step| rate(&config, step, 20)).into();
        let expected = [0.25, 1.0, 1.0, 0.5, 0.009_607_359_798_384_785];
        for (found, expected) in rates.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{rates:?}");
        }
    }

    /// The first step of Adam is the rate in the direction of the sign, whatever the gradient.
    #[test]
    fn the_first_step_has_the_length_of_the_rate() {
        let values = vec![1.0, -1.0];
        let mut groups = vec![Group { name: "w".into(), decays: true, values }];
        let mut moments = Moments::of(&groups);
        let config = FitConfig { weight_decay: 0.5, clip: 0.0, ..FitConfig::default() };
        step(&mut groups, &mut [vec![1e-3, -7.0]], &mut moments, 0.01, &config);
        // Decay takes 0.01 * 0.5 of the value, the gradient 0.01.
        for (found, expected) in groups[0].values.iter().zip([0.985, -0.985]) {
            assert!((found - expected).abs() < 1e-6, "{:?}", groups[0].values);
        }
    }

    #[test]
    fn a_long_gradient_is_cut() {
        let config = FitConfig { clip: 1.0, ..FitConfig::default() };
        let group = Group { name: "w".into(), decays: false, values: vec![0.0; 2] };
        let mut moments = Moments::of(std::slice::from_ref(&group));
        let mut gradients = vec![vec![30.0, 40.0]];
        step(&mut [group], &mut gradients, &mut moments, 0.01, &config);
        assert_eq!(gradients, [[0.6, 0.8]]);
    }

    #[test]
    fn the_mean_follows_the_values() {
        let group = |value: f64| Group { name: "w".into(), decays: true, values: vec![value] };
        let mut mean = vec![vec![8.0]];
        average(&mut mean, &[group(3.0)], 0.0, 1);
        assert_eq!(mean, [[3.0]], "without a mean the values themselves");
        average(&mut mean, &[group(14.0)], 0.9, 1);
        assert_eq!(mean, [[13.0]], "in the beginning 1 / 11 of what it was");
        average(&mut mean, &[group(21.0)], 0.75, 1000);
        assert_eq!(mean, [[15.0]]);
    }
}
