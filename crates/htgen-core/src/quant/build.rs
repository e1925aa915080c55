//! Integer weights, biases and widths from a model, a plan and formats.

use super::advice;
use super::check::check;
use super::formats::Widths;
use super::{
    GATE_FRAC, MOST_SHIFT, QuantCell, QuantHead, QuantInput, QuantLayer, QuantPart, QuantPlan,
    QuantStep, WIDE_BITS,
};
use crate::error::{Diagnostic, Result};
use crate::fixed::Requantise;
use crate::float::Reference;
use crate::model::{Cell, Element, Formats, Layer, Model, StepFormats};
use crate::network::Operand;
use crate::plan::walk::{self, Walk};
use crate::plan::{ModelPlan, Plan, PlanPart};

/// The integer nearest to `value` x 2^`frac` (half away from zero), clipped to `bits` bits.
pub fn to_fixed(value: f64, frac: i32, bits: u32) -> i32 {
    let top = f64::from((1i32 << (bits - 1)) - 1);
    (value * f64::from(frac).exp2()).round().clamp(-top - 1.0, top) as i32
}

/// Turns the model's floats into integers.
///
/// # Errors
/// When the formats do not belong to this plan or no shift of the hardware can realize
/// them.
pub fn quantize(model: &Model, plan: ModelPlan, formats: Formats) -> Result<QuantPlan> {
    if model.formats.as_ref() != Some(&formats) {
        advice::check(model, &plan, &formats)?;
    }
    check(model, &plan, &formats)?;
    let hidden_frac = hidden_frac(model, &formats);
    let fracs: Vec<i32> =
        formats.layers.iter().flat_map(|l| &l.steps).map(|step| step.weight_frac).collect();
    let rounded = rounded(model, &plan, &fracs, formats.weight_bits);
    let layers = model.layers.iter().zip(plan.layers()).enumerate();
    let layers = layers
        .map(|(k, (layer, parts))| {
            let mut before = 0;
            let parts = parts.iter().map(|own| {
                let quant = part(own, k, before, hidden_frac, &formats);
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
        stream_bits: if byte { 8 } else { formats.activation_bits },
        shift_left: if byte { input_frac - model.input.shift } else { 0 },
        frac: input_frac,
        prep_shift: model.input.shift,
        hidden_offset: shared_offset(&plan),
    };
    let head = head(model, &formats, hidden_frac)?;
    Ok(QuantPlan { name: model.name.clone(), plan, formats, input, layers, head })
}

/// The model with the weights that the hardware has: their product with the mean of the inputs is
/// subtracted from the bias, so that their rounding errors only act on deviations from the mean.
/// `fracs` are the fraction bits of the weights of all steps.
pub(super) fn rounded(model: &Model, plan: &ModelPlan, fracs: &[i32], bits: u32) -> Reference {
    Reference::with_weights(model, plan, |step, weights| {
        let scale = (-f64::from(fracs[step])).exp2();
        let round = |w| f64::from(to_fixed(w, fracs[step], bits)) * scale;
        weights.into_iter().map(round).collect()
    })
}

/// First column of h in the one memory that it shares with x.
fn shared_offset(plan: &ModelPlan) -> Option<usize> {
    plan.parts().find_map(|part| match part.operand() {
        Operand::Input { hidden_offset } => hidden_offset,
        Operand::Hidden { .. } => None,
    })
}

/// Fraction bits of h: those of x where both share words, otherwise as many as fit, because |h| is
/// below 1.
pub(super) fn hidden_frac(model: &Model, formats: &Formats) -> i32 {
    let shared = model.layers[0].cell == Cell::Lstm && model.layers[0].feedback().is_some();
    if shared { formats.layers[0].input_frac } else { formats.activation_bits as i32 - 1 }
}

/// A part of layer `k` whose steps follow `before` other steps of that layer.
fn part(
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
        let quant = step(own.plan(), s, in_frac, formats_of, formats, &place);
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
    in_frac: i32,
    own: StepFormats,
    formats: &Formats,
    place: &str,
) -> Result<QuantStep> {
    let last = k + 1 == plan.steps().len();
    let weights: Vec<i32> = walk::weights(plan, k)
        .iter()
        .map(|&w| to_fixed(w, own.weight_frac, formats.weight_bits))
        .collect();
    let walk = Walk::of(plan, k);
    let requantise = Requantise {
        shift: shift(in_frac + own.weight_frac - own.out_frac, place)?,
        bits: if last { WIDE_BITS } else { formats.activation_bits },
    };
    let acc_bits = weights
        .chunks(weights.len() / walk.batch_in.len())
        .map(|batch| acc_bits(batch, walk.new_out.len(), formats.activation_bits))
        .max()
        .unwrap_or(2);
    let (weight_frac, out_frac) = (own.weight_frac, own.out_frac);
    Ok(QuantStep { walk, weights, requantise, acc_bits, weight_frac, out_frac })
}

fn head(model: &Model, formats: &Formats, hidden_frac: i32) -> Result<Option<QuantHead>> {
    let (Some(head), Some(own)) = (&model.head, &formats.head) else { return Ok(None) };
    let hidden = model.layers.last().map_or(0, |layer| layer.hidden);
    let by_unit = (0..hidden).flat_map(|j| (0..head.outputs).map(move |o| o * hidden + j));
    let weights: Vec<i32> =
        by_unit.map(|at| to_fixed(head.weight[at], own.weight_frac, formats.weight_bits)).collect();
    Ok(Some(QuantHead {
        outputs: head.outputs,
        bias: head.bias.iter().map(|&b| to_fixed(b, own.out_frac, WIDE_BITS)).collect(),
        requantise: Requantise {
            shift: shift(hidden_frac + own.weight_frac - own.out_frac, "head")?,
            bits: WIDE_BITS,
        },
        acc_bits: acc_bits(&weights, head.outputs, formats.activation_bits),
        weights,
        weight_frac: own.weight_frac,
        out_frac: own.out_frac,
    }))
}

/// Bits that hold every partial sum: each is at most the column's sum of weight magnitudes times
/// the largest activation magnitude 2^(bits - 1).
fn acc_bits(weights: &[i32], new: usize, activation_bits: u32) -> u32 {
    let largest = largest_column_sum(weights, new) << (activation_bits - 1);
    // A signed word of b bits holds -2^(b-1) ..= 2^(b-1) - 1.
    (64 - largest.leading_zeros() + 1).max(2)
}

/// Largest sum of magnitudes down one column of a \[contracted\]\[new\] matrix.
pub(super) fn largest_column_sum(weights: &[i32], new: usize) -> u64 {
    let mut sums = vec![0u64; new];
    for row in weights.chunks(new) {
        sums.iter_mut().zip(row).for_each(|(s, w)| *s += u64::from(w.unsigned_abs()));
    }
    sums.into_iter().max().unwrap_or(0)
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

/// The widths of formats.
impl From<&Formats> for Widths {
    fn from(formats: &Formats) -> Widths {
        Widths { weight_bits: formats.weight_bits, activation_bits: formats.activation_bits }
    }
}
