//! Models whose values do not fit any formats of the requested widths: what is too large, and which
//! other widths, shift or matrices would work, computed for the case at hand.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::scale::{frac_for, hidden_frac, largest_byte};
use crate::arith::LEAST_GATE_FRAC;
use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use crate::model::{ActivationBits, Element, Formats, MOST_INPUT_SHIFT, Model, WeightBits};
use crate::plan::Planned;

/// Least fraction bits of anything but the last results.
const LEAST_FRAC: i32 = -64;

/// Refuses formats that were just chosen and do not hold the values of the model.
pub(super) fn check(planned: &Planned, formats: &Formats) -> Result<()> {
    let (model, plan) = (planned.model(), planned.plan());
    let mut problems = Vec::new();
    let mut number = 0;
    for (layer, parts) in formats.layers.iter().zip(plan.layers()) {
        let mut steps = layer.steps.iter();
        for part in parts {
            let count = part.plan().steps().len();
            for (local, step) in steps.by_ref().take(count).enumerate() {
                let last = local + 1 == count;
                let least = if last { LEAST_GATE_FRAC } else { LEAST_FRAC };
                if step.out_frac < least || step.weight_frac < LEAST_FRAC {
                    problems.push(weights_too_large(number, step.out_frac, least, formats));
                }
                number += 1;
            }
        }
    }
    if let Some(head) = &formats.head
        && head.out_frac.min(head.weight_frac) < LEAST_FRAC
    {
        problems.push(too_large("head", "outputs").help("did the training diverge?"));
    }
    if hidden_frac(planned, formats) < 0 {
        // What else is too large may follow from the inputs.
        problems = vec![inputs_too_large(model, formats, problems.is_empty())];
    }
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

fn too_large(place: &str, what: &str) -> Diagnostic {
    Diagnostic::new(place, format!("{what} too large for any format")).kind(ErrorKind::Limit)
}

/// h lies between -1 and 1 and shares words with inputs that leave no fraction bit; `alone` if
/// nothing else is too large.
fn inputs_too_large(model: &Model, formats: &Formats, alone: bool) -> Diagnostic {
    let (bits, frac) = (formats.activation_bits.get(), formats.layers[0].input_frac);
    let with = |bits: u32, shift: i32| match model.input.element {
        Element::U8 => frac_for(255.0 * (-f64::from(shift)).exp2(), bits),
        // What one more bit, or one more division by 2, gains at least.
        Element::Real => {
            frac + (bits - formats.activation_bits.get()) as i32 + shift - model.input.shift
        }
    };
    let wider =
        (bits + 1..=ActivationBits::MOST.get()).find(|&bits| with(bits, model.input.shift) >= 0);
    let shifted = (model.input.shift + 1..=MOST_INPUT_SHIFT).find(|&shift| with(bits, shift) >= 0);
    let mut ways = Vec::new();
    ways.extend(wider.map(|bits| format!("{bits} activation bits")));
    ways.extend(
        shifted.map(|shift| format!("a model made for inputs divided by 2^{shift} (shift)")),
    );
    if alone {
        ways.push(
            "a model with a matrix of its own for h (--recurrent dense of htgen new)".to_owned(),
        );
    }
    let help = match ways.is_empty() {
        true => "inputs this large need a mean or a larger shift in training".to_owned(),
        false => format!("one of these would do: {}", ways.join("; ")),
    };
    let largest = match model.input.element {
        Element::U8 => format!("inputs up to {}, ", largest_byte(model)),
        Element::Real => String::new(),
    };
    Diagnostic::new(
        "layers[0]",
        "x leaves no fraction bit for h, which shares its matrix and words",
    )
    .kind(ErrorKind::Limit)
    .found(format!("{largest}{frac} fraction bits of {bits}"))
    .expected("at least 0")
    .help(help)
}

/// The weights of a step are so large that its results have too few fraction bits.
fn weights_too_large(step: usize, frac: i32, least: i32, formats: &Formats) -> Diagnostic {
    let more = (least - frac).max(0).unsigned_abs();
    let (weight, activation) = (formats.weight_bits.get(), formats.activation_bits.get());
    let options = [
        ("weight bits", weight.saturating_add(more), WeightBits::MOST.get()),
        ("activation bits", activation.saturating_add(more), ActivationBits::MOST.get()),
    ];
    let ways = options.iter().filter(|(_, bits, widest)| more > 0 && bits <= widest);
    let ways: Vec<String> = ways.map(|(of, bits, _)| format!("{bits} {of}")).collect();
    let help = match ways.is_empty() {
        true => "smaller weights; with these every gate is saturated: did the training diverge?"
            .to_owned(),
        false => format!("{} would do", ways.join(" or ")),
    };
    Diagnostic::new(format!("step s{step}"), "weights too large for the results")
        .kind(ErrorKind::Limit)
        .found(format!("{frac} fraction bits of the result"))
        .expected(format!("at least {least}"))
        .help(help)
}
