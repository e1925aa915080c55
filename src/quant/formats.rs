//! Choosing the formats: from the ranges that data shows, or from bounds that no data can break.

use super::build::{largest_column_sum, to_fixed};
use super::{GATE_FRAC, WIDE_BITS};
use crate::float::{Edge, Ranges};
use crate::model::{Element, Formats, HeadFormats, LayerFormats, Model, StepFormats};
use crate::network::IndexId;
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
        values.iter().map(|&v| v - f64::from(to_fixed(v, frac, bits)) / scale).map(|e| e * e).sum()
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
    let limits = Limits {
        input: match model.input.element {
            Element::U8 => largest_byte(model),
            Element::Real => ranges.largest(Edge::Input),
        },
        cell: ranges.largest(Edge::Cell),
        output: ranges.largest(Edge::Output),
    };
    formats(model, plan, config, widths, limits, |step| ranges.largest(Edge::Step(step.number)))
}

/// Formats from interval analysis: |x| at most 1 (bytes: 255 scaled), |h| at most 1, and through
/// each step the sum of the magnitudes of the weights as they are rounded.
///
/// No result of a step before the last and no output can then saturate. Gate sums can (the result
/// of the last step, and with the bias), and so can c: both are clipped at +-16.
pub fn safe(model: &Model, plan: &Plan, config: &PlanConfig, widths: Widths) -> Formats {
    let row = |w: &[f64], b: &f64| w.iter().map(|v| v.abs()).sum::<f64>() + b.abs();
    let rows = model.head.iter().flat_map(|h| h.weight.chunks(model.layers[0].hidden).zip(&h.bias));
    let limits = Limits {
        input: match model.input.element {
            Element::U8 => largest_byte(model),
            Element::Real => 1.0,
        },
        cell: 15.0,
        output: rows.map(|(w, b)| row(w, b)).fold(0.0, f64::max),
    };
    let feedback = model.layers[0].feedback().is_some();
    let mut bound = if feedback { limits.input.max(1.0) } else { limits.input };
    formats(model, plan, config, widths, limits, |step| {
        // Operands are rounded when they are written, weights when the ROM is.
        let scale = f64::from(step.in_frac).exp2();
        let operand = (bound * scale).round() / scale;
        let size = |ids: &[IndexId]| ids.iter().map(|&i| plan.network().size(i)).product();
        let own = &plan.steps()[step.number];
        let (new, batches): (usize, usize) = (size(&own.new), size(&own.batch));
        let round = |&w: &f64| to_fixed(w, step.weight_frac, widths.weight_bits);
        let weights: Vec<i32> = step.weights.iter().map(round).collect();
        let sums = weights
            .chunks(weights.len() / batches)
            .map(|batch| largest_column_sum(batch, new));
        let sum = sums.max().unwrap_or(0) as f64;
        bound = operand * sum * (-f64::from(step.weight_frac)).exp2();
        bound
    })
}

/// Largest magnitudes outside the steps.
struct Limits {
    input: f64,
    cell: f64,
    output: f64,
}

/// A step whose result needs a format.
struct Pending<'a> {
    number: usize,
    /// Fraction bits of the operand.
    in_frac: i32,
    weight_frac: i32,
    /// Weights before rounding.
    weights: &'a [f64],
}

/// The value of the byte 255.
fn largest_byte(model: &Model) -> f64 {
    255.0 * (-f64::from(model.input.shift)).exp2()
}

/// Formats for the limits and for the largest magnitude of each step's results, which `largest`
/// is asked for step by step.
fn formats(
    model: &Model,
    plan: &Plan,
    config: &PlanConfig,
    widths: Widths,
    limits: Limits,
    mut largest: impl FnMut(&Pending<'_>) -> f64,
) -> Formats {
    let bits = widths.activation_bits;
    // A fed-back h lies in (-1, 1) and shares the input's words.
    let feedback = model.layers[0].feedback().is_some();
    let input_frac = match feedback {
        true => frac_for(limits.input, bits).min(bits as i32 - 1),
        false => frac_for(limits.input, bits),
    };
    let mut frac = input_frac;
    let mut steps = Vec::new();
    for k in 0..plan.steps().len() {
        let weights = walk::weights(plan, k);
        let weight_frac = weight_frac(&weights, widths.weight_bits);
        let finest = frac + weight_frac - 1;
        let pending = Pending { number: k, in_frac: frac, weight_frac, weights: &weights };
        let largest = largest(&pending);
        let out_frac = match k + 1 == plan.steps().len() {
            true => GATE_FRAC.min(finest),
            false => frac_for(largest, bits).min(finest),
        };
        steps.push(StepFormats { weight_frac, out_frac });
        frac = out_frac;
    }
    let cell_frac = frac_for(limits.cell, WIDE_BITS).clamp(8, 14);
    let hidden_frac = if feedback { input_frac } else { bits as i32 - 1 };
    let head = model.head.as_ref().map(|head| {
        let weight_frac = weight_frac(&head.weight, widths.weight_bits);
        let finest = hidden_frac + weight_frac - 1;
        HeadFormats { weight_frac, out_frac: frac_for(2.0 * limits.output, WIDE_BITS).min(finest) }
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
