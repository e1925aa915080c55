//! Choosing the formats: from the ranges that data shows, or from bounds that no data can break.

use super::{GATE_FRAC, WIDE_BITS};
use crate::float::{Edge, Ranges};
use crate::model::{Element, Formats, HeadFormats, LayerFormats, Model, StepFormats};
use crate::plan::{Plan, PlanConfig, walk};

/// Widths asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// Width of a weight, 2 to 16 bits.
    pub weight_bits: u32,
    /// Width of an activation, 4 to 16 bits.
    pub activation_bits: u32,
}

/// Most fraction bits with which `largest` still fits a signed word of `bits` bits.
fn frac_for(largest: f64, bits: u32) -> i32 {
    if largest <= 0.0 {
        return bits as i32 - 1;
    }
    let top = f64::from((1u32 << (bits - 1)) - 1);
    let mut frac = bits as i32 - 1 - largest.log2().floor() as i32;
    while (largest * f64::from(frac).exp2()).round() > top {
        frac -= 1;
    }
    frac
}

/// Fraction bits of a weight tensor with the least squared error; a few values may be clipped.
fn weight_frac(values: &[f64], bits: u32) -> i32 {
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    if largest == 0.0 {
        return 0;
    }
    let exact = frac_for(largest, bits);
    let error = |frac: i32| -> f64 {
        let scale = f64::from(frac).exp2();
        values
            .iter()
            .map(|&v| v - f64::from(super::build::to_fixed(v, frac, bits)) / scale)
            .map(|e| e * e)
            .sum()
    };
    if error(exact + 1) < error(exact) { exact + 1 } else { exact }
}

/// Formats from ranges that were seen.
pub fn choose(
    model: &Model,
    plan: &Plan,
    config: &PlanConfig,
    widths: Widths,
    ranges: &Ranges,
) -> Formats {
    let bits = widths.activation_bits;
    let largest_input = match model.input.element {
        Element::U8 => 255.0 * (-f64::from(model.input.shift)).exp2(),
        Element::Real => ranges.largest(Edge::Input),
    };
    // A fed-back h lies in (-1, 1) and shares the input's words.
    let feedback = model.layers[0].feedback().is_some();
    let input_frac = match feedback {
        true => frac_for(largest_input, bits).min(bits as i32 - 1),
        false => frac_for(largest_input, bits),
    };
    let mut frac = input_frac;
    let mut steps = Vec::new();
    for k in 0..plan.steps().len() {
        let weight_frac = weight_frac(&walk::weights(plan, k), widths.weight_bits);
        let finest = frac + weight_frac - 1;
        let out_frac = match k + 1 == plan.steps().len() {
            true => GATE_FRAC.min(finest),
            false => frac_for(ranges.largest(Edge::Step(k)), bits).min(finest),
        };
        steps.push(StepFormats { weight_frac, out_frac });
        frac = out_frac;
    }
    let cell_frac = frac_for(ranges.largest(Edge::Cell), WIDE_BITS).clamp(8, 14);
    let hidden_frac = if feedback { input_frac } else { bits as i32 - 1 };
    let head = model.head.as_ref().map(|head| {
        let weight_frac = weight_frac(&head.weight, widths.weight_bits);
        let largest = ranges.largest(Edge::Output);
        HeadFormats {
            weight_frac,
            out_frac: frac_for(2.0 * largest, WIDE_BITS).min(hidden_frac + weight_frac - 1),
        }
    });
    Formats {
        weight_bits: widths.weight_bits,
        activation_bits: bits,
        max_rom_words: config.max_rom_words,
        max_buffer_words: config.max_buffer_words,
        layers: vec![LayerFormats { input_frac, cell_frac, steps }],
        head,
    }
}

/// Formats from interval analysis: |x| at most 1 (bytes: 255 scaled), |h| at most 1, and through
/// each step the sum of the weights' magnitudes. Nothing but c can saturate.
pub fn safe(model: &Model, plan: &Plan, config: &PlanConfig, widths: Widths) -> Formats {
    let mut ranges = Ranges::default();
    let input = match model.input.element {
        Element::U8 => 255.0 * (-f64::from(model.input.shift)).exp2(),
        Element::Real => 1.0,
    };
    ranges.see(Edge::Input, &[input]);
    let mut bound = if model.layers[0].feedback().is_some() { input.max(1.0) } else { input };
    for (k, step) in plan.steps().iter().enumerate() {
        let weights = walk::weights(plan, k);
        let new = step.new.iter().map(|&i| plan.network().size(i)).product();
        // Rounding of weights and of earlier results may add a little: one part in 64.
        bound *= largest_column_sum(&weights, new) * (1.0 + 1.0 / 64.0);
        ranges.see(Edge::Step(k), &[bound]);
    }
    ranges.see(Edge::Cell, &[15.0]);
    if let Some(head) = &model.head {
        let row = |w: &[f64], b: &f64| w.iter().map(|v| v.abs()).sum::<f64>() + b.abs();
        let rows = head.weight.chunks(model.layers[0].hidden).zip(&head.bias);
        ranges.see(Edge::Output, &[rows.map(|(w, b)| row(w, b)).fold(0.0, f64::max)]);
    }
    choose(model, plan, config, widths, &ranges)
}

/// Largest sum of magnitudes down one column of a \[contracted\]\[new\] matrix.
fn largest_column_sum(weights: &[f64], new: usize) -> f64 {
    let mut sums = vec![0.0; new];
    for row in weights.chunks(new) {
        sums.iter_mut().zip(row).for_each(|(s, w)| *s += w.abs());
    }
    sums.into_iter().fold(0.0, f64::max)
}
