//! Choosing the formats: from the ranges found in data, or from bounds that no data can exceed.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::scale::{frac_for, largest_byte, largest_column_sum, rounded, to_fixed, weight_frac};
use crate::arith::{GATE_FRAC, LEAST_GATE_FRAC, MOST_SHIFT, WIDE_BITS};
use crate::float::{Edge, Ranges, Reference};
use crate::model::{Cell, Element, Formats, HeadFormats, LayerFormats, Model, StepFormats, Widths};
use crate::network::{IndexId, Operand};
use crate::plan::{ModelPlan, PlanPart, Planned};

/// Formats from observed ranges.
pub fn choose(planned: &Planned, widths: Widths, ranges: &Ranges) -> Formats {
    let model = planned.model();
    let cells = (0..model.layers.len()).map(|k| ranges.largest(Edge::Cell(k)));
    let limits = Limits {
        input: match model.input.element {
            Element::U8 => largest_byte(model),
            Element::Real => ranges.largest(Edge::Input),
        },
        cell: cells.fold(0.0, f64::max),
        output: ranges.largest(Edge::Output),
    };
    formats(planned, widths, limits, |step| ranges.largest(Edge::Step(step.number)))
}

/// Formats from interval analysis: |x| at most 1 (bytes: 255 scaled), |h| at most 1, and through
/// each step the sum of the magnitudes of the rounded weights.
///
/// No result of a step before the last of its part and no output can then saturate. Results of the
/// last step can, at +-16 or at the format's end where biases are larger; so can gate sums and c,
/// at +-16.
pub fn safe(planned: &Planned, widths: Widths) -> Formats {
    let model = planned.model();
    let row = |w: &[f64], b: &f64| w.iter().map(|v| v.abs()).sum::<f64>() + b.abs();
    let hidden = model.layers.last().map_or(1, |layer| layer.hidden);
    let rows = model.head.iter().flat_map(|h| h.weight.chunks(hidden).zip(&h.bias));
    let input = match model.input.element {
        Element::U8 => largest_byte(model),
        Element::Real => 1.0,
    };
    let limits = Limits {
        input,
        cell: if model.layers.iter().any(|l| l.cell == Cell::Lstm) { 15.0 } else { 1.0 },
        output: rows.map(|(w, b)| row(w, b)).fold(0.0, f64::max),
    };
    let shared = planned.plan().shared_offset().is_some();
    let mut bound = 0.0;
    formats(planned, widths, limits, |step| {
        if step.local == 0 {
            let of_x = matches!(step.part.operand(), Operand::Input { .. }) && step.layer == 0;
            bound = match of_x {
                true if shared => f64::max(input, 1.0),
                true => input,
                false => 1.0,
            };
        }
        // Operands are rounded when they are written, weights when the ROM is.
        let scale = f64::from(step.in_frac).exp2();
        let operand = (bound * scale).round() / scale;
        let network = step.part.plan().network();
        let size = |ids: &[IndexId]| ids.iter().map(|&i| network.size(i)).product();
        let own = &step.part.plan().steps()[step.local];
        let (new, batches): (usize, usize) = (size(&own.new), size(&own.batch));
        let round = |&w: &f64| to_fixed(w, step.weight_frac, widths.weight.get());
        let weights: Vec<i32> = step.weights.iter().map(round).collect();
        let batches = weights.chunks(weights.len() / batches);
        let sum = batches.map(|batch| largest_column_sum(batch, new)).max().unwrap_or(0) as f64;
        bound = operand * sum * (-f64::from(step.weight_frac)).exp2();
        // For gates, no more than what takes a sum to the end of its function, whatever the bias:
        // the bound is far from actual values.
        if step.ends_part() { bound.min(LARGEST_GATE + step.bias) } else { bound }
    })
}

/// Largest magnitudes outside the steps.
struct Limits {
    input: f64,
    cell: f64,
    output: f64,
}

/// The largest value of [`GATE_FRAC`] fraction bits in 16 bits.
const LARGEST_GATE: f64 = 32767.0 / (1 << GATE_FRAC) as f64;

/// The largest magnitude of a gate's bias, the mean of the inputs folded in.
fn largest_bias(model: &Model, reference: &Reference) -> f64 {
    let layers = model.layers.iter().enumerate();
    let biases = layers.flat_map(|(k, l)| reference.folded_bias(k).iter().chain(&l.candidate_bias));
    biases.fold(0.0, |largest, bias| largest.max(bias.abs()))
}

/// A step whose result needs a format.
struct Pending<'a> {
    /// Its layer and part.
    layer: usize,
    part: &'a PlanPart,
    /// Its number in the part and among all steps of the model.
    local: usize,
    number: usize,
    /// Fraction bits of the operand.
    in_frac: i32,
    weight_frac: i32,
    /// Weights before rounding.
    weights: &'a [f64],
    /// The largest bias of a gate, the mean of the inputs folded in.
    bias: f64,
}

impl Pending<'_> {
    /// Whether its results are gates.
    fn ends_part(&self) -> bool {
        self.local + 1 == self.part.plan().steps().len()
    }
}

/// Formats for the limits and for the largest magnitude of the results of each step, which
/// `largest` returns step by step.
fn formats(
    planned: &Planned,
    widths: Widths,
    limits: Limits,
    mut largest: impl FnMut(&Pending<'_>) -> f64,
) -> Formats {
    let (model, plan) = (planned.model(), planned.plan());
    let (weight_bits, bits) = (widths.weight.get(), widths.activation.get());
    // A fed-back h lies in (-1, 1); in the bottom layer it may share the input's words.
    let finest = bits as i32 - 1;
    let shared = plan.shared_offset().is_some();
    let own = frac_for(limits.input, bits);
    let input_frac = if shared { own.min(finest) } else { own };
    let hidden_frac = if shared { input_frac } else { finest };
    let cell_frac = frac_for(limits.cell, WIDE_BITS).clamp(8, 14);
    let weights = planned.merged();
    let fracs: Vec<i32> = weights.iter().map(|w| weight_frac(w, weight_bits)).collect();
    let bias = largest_bias(model, &rounded(planned, &fracs, weight_bits));
    let mut layers = Vec::new();
    for (layer, parts) in plan.layers().iter().enumerate() {
        let operand_frac = if layer == 0 { input_frac } else { hidden_frac };
        let mut steps = Vec::new();
        for part in parts {
            let mut frac = match part.operand() {
                Operand::Input { .. } => operand_frac,
                Operand::Hidden { .. } => hidden_frac,
            };
            for local in 0..part.plan().steps().len() {
                let number = part.first_step() + local;
                let (weights, weight_frac) = (&weights[number], fracs[number]);
                let finest = frac + weight_frac - 1;
                let in_frac = frac;
                let pending =
                    Pending { layer, part, local, number, in_frac, weight_frac, weights, bias };
                let largest = largest(&pending);
                frac = match pending.ends_part() {
                    true => {
                        let own = frac_for(largest.max(bias), WIDE_BITS);
                        own.clamp(LEAST_GATE_FRAC, GATE_FRAC).min(finest)
                    }
                    false => frac_for(largest, bits).min(finest),
                };
                steps.push(StepFormats { weight_frac, out_frac: frac });
            }
        }
        layers.push(LayerFormats { input_frac: operand_frac, cell_frac, steps });
    }
    align_gates(plan, &mut layers);
    limit_shifts(plan, &mut layers, hidden_frac);
    let head = model.head.as_ref().map(|head| {
        let weight_frac = weight_frac(&head.weight, weight_bits);
        let finest = hidden_frac + weight_frac - 1;
        let out_frac = frac_for(2.0 * limits.output, WIDE_BITS).min(finest);
        HeadFormats { weight_frac: weight_frac.min(MOST_SHIFT + out_frac - hidden_frac), out_frac }
    });
    Formats {
        plan: Some(plan.fingerprint()),
        weight_bits: widths.weight,
        activation_bits: widths.activation,
        max_rom_words: planned.limits().max_rom_words,
        max_buffer_words: planned.limits().max_buffer_words,
        layers,
        head,
    }
}

/// Gives the last results of all parts the fraction bits of the coarsest of them.
fn align_gates(plan: &ModelPlan, layers: &mut [LayerFormats]) {
    let mut ends = Vec::new();
    for (layer, parts) in plan.layers().iter().enumerate() {
        let mut end = 0;
        for part in parts {
            end += part.plan().steps().len();
            ends.push((layer, end - 1));
        }
    }
    let least = ends.iter().map(|&(layer, step)| layers[layer].steps[step].out_frac).min();
    for (layer, step) in ends {
        layers[layer].steps[step].out_frac = least.unwrap_or(GATE_FRAC);
    }
}

/// Removes fraction bits from weights where the hardware could not shift so far: their contribution
/// lies below any bit of the result.
fn limit_shifts(plan: &ModelPlan, layers: &mut [LayerFormats], hidden_frac: i32) {
    for (layer, parts) in layers.iter_mut().zip(plan.layers()) {
        let mut steps = layer.steps.iter_mut();
        for part in parts {
            let mut in_frac = match part.operand() {
                Operand::Input { .. } => layer.input_frac,
                Operand::Hidden { .. } => hidden_frac,
            };
            for step in steps.by_ref().take(part.plan().steps().len()) {
                step.weight_frac = step.weight_frac.min(MOST_SHIFT + step.out_frac - in_frac);
                in_frac = step.out_frac;
            }
        }
    }
}
