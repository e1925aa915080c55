//! The inputs and their common format: what it clips, and channels whose range is far from that of
//! the others.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod words;

use crate::arith::requant::round_shift;
use crate::data::{Sequences, StepValues};
use crate::model::Element;
use crate::quant::{QuantInput, QuantPlan};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Factor at which a range counts as different.
const FAR: f64 = 16.0;
/// Up to this many varying channels, each is taken as a quantity of its own; more of them are
/// pixels or bands, many of which may be near zero.
const FEW: usize = 64;
/// For pixels or bands, at most one in this many can be too large, and as many too small; more than
/// that is normal for them.
const LARGE_SHARE: usize = 8;
const MOST_SMALL: usize = 3;

/// Real numbers as words of the stream.
pub(super) struct RealStream {
    scale: f64,
    top: f64,
}

impl RealStream {
    pub(super) fn of(input: &QuantInput) -> RealStream {
        RealStream {
            scale: f64::from(input.frac - input.prep_shift).exp2(),
            top: f64::from((1i32 << (input.stream_bits - 1)) - 1),
        }
    }

    fn rounded(&self, value: f32) -> f64 {
        (f64::from(value) * self.scale + 0.5).floor()
    }

    pub(super) fn word(&self, value: f32) -> i32 {
        self.rounded(value).clamp(-self.top - 1.0, self.top) as i32
    }

    fn clips(&self, value: f32) -> bool {
        !(-self.top - 1.0..=self.top).contains(&self.rounded(value))
    }
}

/// Elements of a data set that do not fit the format of the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
pub struct InputClips {
    /// Elements of the steps in use.
    pub elements: u64,
    /// Elements that are clipped.
    pub clipped: u64,
    /// Fraction of all elements that are clipped.
    pub share: f64,
    /// Smallest and largest number that the format holds, in units of the data set.
    pub format: [f64; 2],
    /// Smallest and largest element.
    pub seen: [f64; 2],
}

/// Counts the elements that the format of the inputs clips.
pub fn input_clips(quant: &QuantPlan, data: &Sequences) -> InputClips {
    let one = |sequence: usize| {
        let steps = (0..data.steps(sequence)).map(|step| data.step(sequence, step));
        steps.fold((0, f64::INFINITY, f64::NEG_INFINITY), |(clipped, low, high), step| {
            let (least, largest) = limits(step);
            (clipped + clips(quant, step) as u64, low.min(least), high.max(largest))
        })
    };
    let none = || (0, f64::INFINITY, f64::NEG_INFINITY);
    let join = |a: (u64, f64, f64), b: (u64, f64, f64)| (a.0 + b.0, a.1.min(b.1), a.2.max(b.2));
    let (clipped, low, high) = (0..data.count()).into_par_iter().map(one).reduce(none, join);
    let steps: u64 = (0..data.count()).map(|k| data.steps(k) as u64).sum();
    let elements = steps * data.inputs() as u64;
    let share = clipped as f64 / elements.max(1) as f64;
    InputClips { elements, clipped, share, format: held(quant), seen: [low, high] }
}

/// Elements of one step that are clipped.
pub(super) fn clips(quant: &QuantPlan, step: StepValues<'_>) -> usize {
    match step {
        StepValues::U8(bytes) => {
            let clips = |&byte: &u8| {
                let (byte, shift) = (i32::from(byte), quant.input().shift_left);
                let wide = match shift {
                    left @ 0.. => i64::from(byte) << left.min(32),
                    right => round_shift(i64::from(byte), right.unsigned_abs()),
                };
                i64::from(quant.input_word(byte)) != wide
            };
            bytes.iter().filter(|byte| clips(byte)).count()
        }
        StepValues::F32(values) => {
            let stream = RealStream::of(quant.input());
            values.iter().filter(|&&value| stream.clips(value)).count()
        }
    }
}

/// Smallest and largest element that are not clipped.
fn held(quant: &QuantPlan) -> [f64; 2] {
    let input = quant.input();
    match input.element {
        Element::U8 => {
            let fits = |&byte: &u8| clips(quant, StepValues::U8(&[byte])) == 0;
            [0.0, (0..=u8::MAX).rev().find(fits).map_or(0.0, f64::from)]
        }
        Element::Real => {
            let stream = RealStream::of(input);
            [(-stream.top - 1.0) / stream.scale, stream.top / stream.scale]
        }
    }
}

fn limits(step: StepValues<'_>) -> (f64, f64) {
    let widen = |(low, high): (f64, f64), v: f64| (low.min(v), high.max(v));
    let none = (f64::INFINITY, f64::NEG_INFINITY);
    match step {
        StepValues::U8(bytes) => bytes.iter().map(|&b| f64::from(b)).fold(none, widen),
        StepValues::F32(values) => values.iter().map(|&v| f64::from(v)).fold(none, widen),
    }
}

/// Smallest and largest value of one input over a data set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ChannelRange {
    /// Number of the input, from 0.
    pub input: usize,
    /// Smallest value.
    pub lowest: f64,
    /// Largest value.
    pub highest: f64,
}

impl ChannelRange {
    fn magnitude(&self) -> f64 {
        self.lowest.abs().max(self.highest.abs())
    }
    /// Whether it always has the same value.
    pub fn is_constant(&self) -> bool {
        self.lowest >= self.highest
    }
    /// Integer bits that its values need, without the sign; below 0 where even fraction bits stay
    /// empty. Undefined for a channel of zeros.
    pub fn bits(&self) -> i32 {
        bits(self.magnitude())
    }
}

fn bits(magnitude: f64) -> i32 {
    magnitude.log2().floor() as i32 + 1
}

/// A channel whose range is far from that of the others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Outlier {
    /// The channel.
    #[serde(flatten)]
    pub range: ChannelRange,
    /// Integer bits that its values need, without the sign.
    pub bits: i32,
    /// Whether its values are larger than those of the others, not smaller.
    pub larger: bool,
}

/// The channels of a data set whose range differs by a factor of more than 16 from that of the
/// others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outliers {
    /// Integer bits that hold all the other varying channels, without the sign.
    pub others_bits: i32,
    /// The channels, by their number.
    pub channels: Vec<Outlier>,
}

/// Looks for channels whose largest magnitude is far from the median of all that vary; none where
/// the stream carries bytes, whose format is fixed.
///
/// Zeros are not a range. A constant can be too large for the others, never too small.
pub fn outliers(data: &Sequences) -> Option<Outliers> {
    let ranges = match data.element() {
        Element::U8 => return None,
        Element::Real => channel_ranges(data),
    };
    let varying = ranges.iter().filter(|range| !range.is_constant());
    let mut magnitudes: Vec<f64> = varying.map(ChannelRange::magnitude).collect();
    magnitudes.sort_by(f64::total_cmp);
    let n_varying = magnitudes.len();
    let middle = *magnitudes.get(n_varying.saturating_sub(1) / 2)?;
    let of = |larger: bool| {
        let is_far = |range: &&ChannelRange| match larger {
            true => range.magnitude() > FAR * middle,
            false => !range.is_constant() && range.magnitude() * FAR < middle,
        };
        let far = ranges.iter().filter(is_far);
        far.map(|&range| Outlier { range, bits: range.bits(), larger }).collect::<Vec<_>>()
    };
    let (mut large, mut small) = (of(true), of(false));
    if n_varying > FEW {
        large.truncate(if large.len() * LARGE_SHARE <= n_varying { large.len() } else { 0 });
        small.truncate(if small.len() <= MOST_SMALL { small.len() } else { 0 });
    }
    let mut channels = large;
    channels.append(&mut small);
    channels.sort_by_key(|outlier| outlier.range.input);
    if channels.is_empty() {
        return None;
    }
    let is_named = |range: &ChannelRange| channels.iter().any(|c| c.range.input == range.input);
    let others = ranges.iter().filter(|range| !range.is_constant() && !is_named(range));
    let others_bits = others.map(ChannelRange::bits).max().unwrap_or_else(|| bits(middle));
    Some(Outliers { others_bits, channels })
}

/// The range of every channel over the steps in use.
fn channel_ranges(data: &Sequences) -> Vec<ChannelRange> {
    let none = || vec![(f64::INFINITY, f64::NEG_INFINITY); data.inputs()];
    let see = |mut ranges: Vec<(f64, f64)>, sequence: usize| {
        for step in 0..data.steps(sequence) {
            if let StepValues::F32(values) = data.step(sequence, step) {
                for ((low, high), &value) in ranges.iter_mut().zip(values) {
                    *low = low.min(f64::from(value));
                    *high = high.max(f64::from(value));
                }
            }
        }
        ranges
    };
    let join = |mut a: Vec<(f64, f64)>, b: Vec<(f64, f64)>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a = (a.0.min(b.0), a.1.max(b.1)));
        a
    };
    let ranges = (0..data.count()).into_par_iter().fold(none, see).reduce(none, join);
    let range = |(input, (lowest, highest))| ChannelRange { input, lowest, highest };
    ranges.into_iter().enumerate().map(range).collect()
}
