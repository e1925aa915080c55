//! Integer weights, biases and widths from a model, a plan and formats.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::advice;
use super::check::check;
use super::scale::{hidden_frac, largest_column_sum, rounded, to_fixed};
use super::{QuantCell, QuantHead, QuantInput, QuantLayer, QuantPart, QuantPlan, QuantStep};
use crate::arith::{GATE_FRAC, MOST_SHIFT, Requantize, WIDE_BITS};
use crate::error::{Diagnostic, Result};
use crate::model::{Cell, Element, Formats, HeadFormats, Layer, Linear, StepFormats};
use crate::network::Operand;
use crate::plan::walk::Walk;
use crate::plan::{Plan, PlanPart, Planned};
use std::sync::Arc;

/// Turns the model's floats into integers.
///
/// # Errors
/// When the formats do not belong to this plan or no shift of the hardware can realize
/// them.
pub fn quantize(planned: &Planned, formats: Formats) -> Result<QuantPlan> {
    let (model, plan) = (planned.model(), planned.plan());
    if model.formats.as_ref() != Some(&formats) {
        advice::check(planned, &formats)?;
    }
    check(planned, &formats)?;
    let formats = Formats { plan: Some(plan.fingerprint()), ..formats };
    let hidden_frac = hidden_frac(planned, &formats);
    let fracs: Vec<i32> =
        formats.layers.iter().flat_map(|l| &l.steps).map(|step| step.weight_frac).collect();
    let rounded = rounded(planned, &fracs, formats.weight_bits.get());
    let layers = model.layers.iter().zip(plan.layers()).enumerate();
    let layers = layers
        .map(|(k, (layer, parts))| {
            let mut before = 0;
            let parts = parts.iter().map(|own| {
                let quant = part(planned, own, k, before, hidden_frac, &formats);
                before += own.plan().steps().len();
                quant
            });
            let parts = parts.collect::<Result<Vec<QuantPart>>>()?;
            let cell = cell(layer, rounded.folded_bias(k), &formats, hidden_frac);
            Ok(QuantLayer { parts, cell })
        })
        .collect::<Result<Vec<QuantLayer>>>()?;
    let byte = model.input.element == Element::U8;
    let input_frac = formats.layers[0].input_frac;
    let input = QuantInput {
        element: model.input.element,
        count: model.layers[0].inputs,
        stream_bits: if byte { 8 } else { formats.activation_bits.get() },
        shift_left: if byte { input_frac - model.input.shift } else { 0 },
        frac: input_frac,
        prep_shift: model.input.shift,
        hidden_offset: plan.shared_offset(),
    };
    let head = match (&model.head, &formats.head) {
        (Some(linear), Some(own)) => {
            let hidden = model.layers.last().map_or(0, |layer| layer.hidden);
            Some(Arc::new(head(linear, own, hidden, &formats, hidden_frac)?))
        }
        _ => None,
    };
    // The merged weights have become integers, and nothing asks for them again but a comparison.
    Ok(QuantPlan { planned: planned.unmerged(), formats, input, layers: layers.into(), head })
}

/// A part of layer `k` whose steps follow `before` other steps of that layer.
fn part(
    planned: &Planned,
    own: &PlanPart,
    k: usize,
    before: usize,
    hidden_frac: i32,
    formats: &Formats,
) -> Result<QuantPart> {
    let layer = &formats.layers[k];
    let mut in_frac = match own.operand() {
        Operand::Input { .. } => layer.input_frac,
        Operand::Hidden { .. } => hidden_frac,
    };
    let steps = (0..own.plan().steps().len()).map(|s| {
        let place = format!("layers[{k}].steps[{}]", before + s);
        let formats_of = layer.steps[before + s];
        let weights = &planned.merged()[own.first_step() + s];
        let quant = step(own.plan(), s, weights, in_frac, formats_of, formats, &place);
        in_frac = formats_of.out_frac;
        quant
    });
    let steps = steps.collect::<Result<Vec<QuantStep>>>()?;
    Ok(QuantPart { operand: own.operand(), first_step: own.first_step(), steps })
}

fn cell(layer: &Layer, folded: &[f64], formats: &Formats, hidden_frac: i32) -> QuantCell {
    let units = layer.hidden;
    let bias = match layer.cell {
        Cell::Lstm => folded.to_vec(),
        // The hardware takes the candidate's part of h before that of x.
        Cell::Gru => [&folded[..2 * units], &layer.candidate_bias, &folded[2 * units..]].concat(),
    };
    let last = formats.layers[0].steps.last().expect("a plan has a step").out_frac;
    QuantCell {
        kind: layer.cell,
        gates: layer.gate_activation,
        units,
        bias: bias.iter().map(|&b| to_fixed(b, last, WIDE_BITS)).collect(),
        gate_shift: (GATE_FRAC - last) as u32,
        cell_frac: formats.layers[0].cell_frac as u32,
        hidden_frac: hidden_frac as u32,
    }
}

fn step(
    plan: &Plan,
    k: usize,
    weights: &[f64],
    in_frac: i32,
    own: StepFormats,
    formats: &Formats,
    place: &str,
) -> Result<QuantStep> {
    let last = k + 1 == plan.steps().len();
    let (weight_bits, bits) = (formats.weight_bits.get(), formats.activation_bits.get());
    let round = |&w: &f64| to_fixed(w, own.weight_frac, weight_bits);
    let weights: Vec<i32> = weights.iter().map(round).collect();
    let walk = Walk::of(plan, k);
    let requantize = Requantize {
        shift: shift(in_frac + own.weight_frac - own.out_frac, place)?,
        bits: if last { WIDE_BITS } else { bits },
    };
    let acc_bits = weights
        .chunks(weights.len() / walk.batch_in.len())
        .map(|batch| acc_bits(batch, walk.new_out.len(), bits))
        .max()
        .unwrap_or(2);
    let (weight_frac, out_frac) = (own.weight_frac, own.out_frac);
    Ok(QuantStep { walk, weights, requantize, acc_bits, weight_frac, out_frac })
}

fn head(
    head: &Linear,
    own: &HeadFormats,
    hidden: usize,
    formats: &Formats,
    hidden_frac: i32,
) -> Result<QuantHead> {
    let (weight_bits, bits) = (formats.weight_bits.get(), formats.activation_bits.get());
    let by_unit = (0..hidden).flat_map(|j| (0..head.outputs).map(move |o| o * hidden + j));
    let round = |at: usize| to_fixed(head.weight[at], own.weight_frac, weight_bits);
    let weights: Vec<i32> = by_unit.map(round).collect();
    Ok(QuantHead {
        outputs: head.outputs,
        bias: head.bias.iter().map(|&b| to_fixed(b, own.out_frac, WIDE_BITS)).collect(),
        requantize: Requantize {
            shift: shift(hidden_frac + own.weight_frac - own.out_frac, "head")?,
            bits: WIDE_BITS,
        },
        acc_bits: acc_bits(&weights, head.outputs, bits),
        weights,
        weight_frac: own.weight_frac,
        out_frac: own.out_frac,
    })
}

/// Bits that hold every partial sum: each is at most the column's sum of weight magnitudes times
/// the largest activation magnitude 2^(bits - 1).
fn acc_bits(weights: &[i32], new: usize, activation_bits: u32) -> u32 {
    let largest = largest_column_sum(weights, new) << (activation_bits - 1);
    // A signed word of b bits holds -2^(b-1) ..= 2^(b-1) - 1.
    (64 - largest.leading_zeros() + 1).max(2)
}

fn shift(value: i32, place: &str) -> Result<u32> {
    match u32::try_from(value) {
        Ok(shift) if (1..=MOST_SHIFT as u32).contains(&shift) => Ok(shift),
        _ => Err(Diagnostic::new(format!("formats.{place}"), "shift out of range")
            .found(value)
            .expected(format!("1 to {MOST_SHIFT} bits from the accumulator to the result"))
            .help("quantize the model again")
            .into()),
    }
}
