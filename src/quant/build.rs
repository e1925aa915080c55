//! Integer weights, biases and widths from a model, a plan and formats.

use super::formats::Widths;
use super::{GATE_FRAC, QuantCell, QuantHead, QuantInput, QuantPlan, QuantStep, WIDE_BITS};
use crate::error::{Diagnostic, Problems, Result};
use crate::fixed::Requantise;
use crate::float::Reference;
use crate::model::{Element, Formats, LayerFormats, Model};
use crate::plan::Plan;
use crate::plan::walk::{self, Walk};

/// Most bits that the loader shifts an element by.
const MAX_INPUT_SHIFT: i32 = 32;

/// The integer nearest to `value` x 2^`frac` (half away from zero), clipped to `bits` bits.
pub fn to_fixed(value: f64, frac: i32, bits: u32) -> i32 {
    let top = f64::from((1i32 << (bits - 1)) - 1);
    (value * f64::from(frac).exp2()).round().clamp(-top - 1.0, top) as i32
}

/// Turns the model's floats into integers.
///
/// # Errors
/// When the formats do not belong to this plan or no shift of the hardware can realise them.
pub fn quantize(model: &Model, plan: Plan, formats: Formats) -> Result<QuantPlan> {
    check(model, &plan, &formats)?;
    let layer = &model.layers[0];
    let formats_of = formats.layers[0].clone();
    let bits = formats.activation_bits;
    let steps: Vec<QuantStep> =
        (0..plan.steps().len()).map(|k| step(&plan, k, &formats)).collect::<Result<_>>()?;
    let hidden_frac =
        if layer.feedback().is_some() { formats_of.input_frac } else { bits as i32 - 1 };
    let bias = Reference::new(model, &plan).folded_bias().to_vec();
    let last = formats_of.steps.last().expect("a plan has a step").out_frac;
    let cell = QuantCell {
        units: layer.hidden,
        bias: bias.iter().map(|&b| to_fixed(b, GATE_FRAC, WIDE_BITS)).collect(),
        gate_shift: (GATE_FRAC - last) as u32,
        cell_frac: formats_of.cell_frac as u32,
        hidden_frac: hidden_frac as u32,
    };
    let byte = model.input.element == Element::U8;
    let input = QuantInput {
        element: model.input.element,
        count: layer.inputs,
        stream_bits: if byte { 8 } else { bits },
        shift_left: if byte { formats_of.input_frac - model.input.shift } else { 0 },
        frac: formats_of.input_frac,
        prep_shift: model.input.shift,
        hidden_offset: layer.feedback(),
    };
    let head = head(model, &formats, hidden_frac)?;
    Ok(QuantPlan { name: model.name.clone(), plan, formats, input, steps, cell, head })
}

fn step(plan: &Plan, k: usize, formats: &Formats) -> Result<QuantStep> {
    let LayerFormats { input_frac, steps, .. } = &formats.layers[0];
    let in_frac = if k == 0 { *input_frac } else { steps[k - 1].out_frac };
    let own = steps[k];
    let last = k + 1 == steps.len();
    let weights: Vec<i32> = walk::weights(plan, k)
        .iter()
        .map(|&w| to_fixed(w, own.weight_frac, formats.weight_bits))
        .collect();
    let walk = Walk::of(plan, k);
    let requantise = Requantise {
        shift: shift(in_frac + own.weight_frac - own.out_frac, &format!("steps[{k}]"))?,
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
    let hidden = model.layers[0].hidden;
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
        Ok(shift) if (1..=48).contains(&shift) => Ok(shift),
        _ => Err(Diagnostic::new(format!("formats.layers[0].{place}"), "shift out of range")
            .found(value)
            .expected("1 to 48 bits from the accumulator to the result")
            .help("quantize the model again with wider weights or activations")
            .into()),
    }
}

fn check(model: &Model, plan: &Plan, formats: &Formats) -> Result<()> {
    let mut problems = Vec::new();
    let mut expect = |ok: bool, key: &str, found: String, expected: &str| {
        if !ok {
            problems.push(
                Diagnostic::new(format!("formats.{key}"), "not usable")
                    .found(found)
                    .expected(expected)
                    .help("quantize the model again"),
            );
        }
    };
    expect(formats.layers.len() == 1, "layers", formats.layers.len().to_string(), "one entry");
    let (w, a) = (formats.weight_bits, formats.activation_bits);
    expect((2..=16).contains(&w), "weight_bits", w.to_string(), "2 to 16");
    expect((4..=16).contains(&a), "activation_bits", a.to_string(), "4 to 16");
    expect(
        formats.head.is_some() == model.head.is_some(),
        "head",
        if formats.head.is_some() { "formats of a head".into() } else { "null".into() },
        if model.head.is_some() { "formats, because the model has a head" } else { "null" },
    );
    if let Some(layer) = formats.layers.first() {
        let (have, want) = (layer.steps.len(), plan.steps().len());
        expect(
            have == want,
            "layers[0].steps",
            format!("{have} entries"),
            &format!("{want}, one a step of the plan"),
        );
        let c = layer.cell_frac;
        expect((8..=15).contains(&c), "layers[0].cell_frac", c.to_string(), "8 to 15");
        let h = layer.input_frac;
        let feedback = model.layers[0].feedback().is_some();
        expect(
            !feedback || (0..=15).contains(&h),
            "layers[0].input_frac",
            h.to_string(),
            "0 to 15",
        );
        let byte = model.input.element == Element::U8;
        expect(
            !byte || (h - model.input.shift).abs() <= MAX_INPUT_SHIFT,
            "layers[0].input_frac",
            format!("{h} with an input shift of {}", model.input.shift),
            &format!("a difference of -{MAX_INPUT_SHIFT} to {MAX_INPUT_SHIFT}"),
        );
        if let Some(last) = layer.steps.last() {
            let gate = last.out_frac;
            expect(
                (-4..=GATE_FRAC).contains(&gate),
                "layers[0].steps",
                format!("last out_frac {gate}"),
                "-4 to 11",
            );
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

/// The widths of formats.
impl From<&Formats> for Widths {
    fn from(formats: &Formats) -> Widths {
        Widths { weight_bits: formats.weight_bits, activation_bits: formats.activation_bits }
    }
}
