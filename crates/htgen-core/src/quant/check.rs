//! Whether formats belong to a plan and the hardware supports what they require.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::scale::{hidden_frac, weight_frac};
use crate::arith::{GATE_FRAC, LEAST_GATE_FRAC, MOST_SHIFT};
use crate::error::{Diagnostic, Problems, Result};
use crate::model::{Element, Formats, LayerFormats, MOST_INPUT_SHIFT};
use crate::network::Operand;
use crate::plan::{PlanPart, Planned};
use std::ops::RangeInclusive;

/// Fraction bits of c, and of h and the inputs, that the hardware has.
const CELL_FRAC: RangeInclusive<i32> = 8..=15;
const HIDDEN_FRAC: RangeInclusive<i32> = 0..=15;

pub(super) fn check(planned: &Planned, formats: &Formats) -> Result<()> {
    let (model, plan) = (planned.model(), planned.plan());
    let mut check = Check { problems: Vec::new() };
    let n_layers = model.layers.len();
    let have = formats.layers.len();
    check.expect(have == n_layers, "layers", format!("{have} entries"), &n_layers.to_string());
    check.expect(
        formats.head.is_some() == model.head.is_some(),
        "head",
        if formats.head.is_some() { "formats of a head".into() } else { "null".into() },
        if model.head.is_some() { "formats, because the model has a head" } else { "null" },
    );
    for (k, (layer, parts)) in formats.layers.iter().zip(plan.layers()).enumerate() {
        check.layer(layer, parts, k);
    }
    if let Some(bottom) = formats.layers.first() {
        check.input(planned, formats, bottom.input_frac);
        check.alike(planned, formats);
    }
    if check.problems.is_empty() {
        check.plan(planned, formats);
    }
    if check.problems.is_empty() { Ok(()) } else { Err(Problems(check.problems)) }
}

struct Check {
    problems: Vec<Diagnostic>,
}

impl Check {
    fn expect(&mut self, ok: bool, key: &str, found: String, expected: &str) {
        if !ok {
            self.problems.push(
                Diagnostic::new(format!("formats.{key}"), "not usable")
                    .found(found)
                    .expected(expected)
                    .help("quantize the model again"),
            );
        }
    }

    fn layer(&mut self, layer: &LayerFormats, parts: &[PlanPart], k: usize) {
        let have = layer.steps.len();
        let want: usize = parts.iter().map(|part| part.plan().steps().len()).sum();
        let key = format!("layers[{k}].steps");
        let wanted = format!("{want}, one per step of the plan");
        self.expect(have == want, &key, format!("{have} entries"), &wanted);
        let c = layer.cell_frac;
        let cell_key = format!("layers[{k}].cell_frac");
        self.expect(CELL_FRAC.contains(&c), &cell_key, c.to_string(), &shown(&CELL_FRAC));
        for gate in last_fracs(layer, parts) {
            let found = format!("last out_frac {gate}");
            self.expect(GATE_FRACS.contains(&gate), &key, found, &shown(&GATE_FRACS));
        }
    }

    fn input(&mut self, planned: &Planned, formats: &Formats, frac: i32) {
        let (model, h) = (planned.model(), hidden_frac(planned, formats));
        let range = shown(&HIDDEN_FRAC);
        self.expect(HIDDEN_FRAC.contains(&h), "layers[0].input_frac", h.to_string(), &range);
        let byte = model.input.element == Element::U8;
        self.expect(
            !byte || (frac - model.input.shift).abs() <= MOST_INPUT_SHIFT,
            "layers[0].input_frac",
            format!("{frac} with an input shift of {}", model.input.shift),
            &format!("a difference of -{MOST_INPUT_SHIFT} to {MOST_INPUT_SHIFT}"),
        );
    }

    /// The formats are for the steps of this plan: by its fingerprint, and without one by the
    /// weights, since the fraction bits of every step's weights follow from them.
    fn plan(&mut self, planned: &Planned, formats: &Formats) {
        let own = planned.plan().fingerprint();
        match (&formats.plan, stranger(planned, formats)) {
            (Some(given), _) => {
                self.expect(*given == own, "plan", format!("those of the plan {given}"), &own);
            }
            (None, Some(step)) => {
                let found = format!("no plan named, and weights unlike those of step s{step}");
                self.expect(false, "plan", found, &format!("formats for the plan {own}"));
            }
            (None, None) => {}
        }
    }

    /// The element-wise unit serves all layers and parts, each value in one format.
    fn alike(&mut self, planned: &Planned, formats: &Formats) {
        let plan = planned.plan();
        let bottom = &formats.layers[0];
        let gates: Vec<i32> =
            formats.layers.iter().zip(plan.layers()).flat_map(|(l, p)| last_fracs(l, p)).collect();
        let (least, most) = (gates.iter().min(), gates.iter().max());
        self.expect(
            least == most,
            "layers",
            format!(
                "last out_frac of parts from {} to {}",
                least.unwrap_or(&0),
                most.unwrap_or(&0)
            ),
            "the same in all parts",
        );
        let h = hidden_frac(planned, formats);
        for (k, layer) in formats.layers.iter().enumerate().skip(1) {
            let (c, x) = (layer.cell_frac, layer.input_frac);
            let key = |name: &str| format!("layers[{k}].{name}");
            let same = bottom.cell_frac.to_string();
            self.expect(c == bottom.cell_frac, &key("cell_frac"), c.to_string(), &same);
            self.expect(x == h, &key("input_frac"), x.to_string(), &h.to_string());
        }
    }
}

/// Fraction bits of the last result of a part.
const GATE_FRACS: RangeInclusive<i32> = LEAST_GATE_FRAC..=GATE_FRAC;

/// A range in words.
fn shown(range: &RangeInclusive<i32>) -> String {
    format!("{} to {}", range.start(), range.end())
}

/// The first step of the plan for whose weights the formats were not chosen.
fn stranger(planned: &Planned, formats: &Formats) -> Option<usize> {
    let hidden_frac = hidden_frac(planned, formats);
    for (layer, parts) in formats.layers.iter().zip(planned.plan().layers()) {
        let mut steps = layer.steps.iter();
        for part in parts {
            let mut in_frac = match part.operand() {
                Operand::Input { .. } => layer.input_frac,
                Operand::Hidden { .. } => hidden_frac,
            };
            let own = steps.by_ref().take(part.plan().steps().len());
            for (number, step) in (part.first_step()..).zip(own) {
                let frac = weight_frac(&planned.merged()[number], formats.weight_bits.get());
                if step.weight_frac != frac.min(MOST_SHIFT + step.out_frac - in_frac) {
                    return Some(number);
                }
                in_frac = step.out_frac;
            }
        }
    }
    None
}

/// Fraction bits of the last result of every part.
fn last_fracs(layer: &LayerFormats, parts: &[PlanPart]) -> Vec<i32> {
    let mut end = 0;
    parts
        .iter()
        .filter_map(|part| {
            end += part.plan().steps().len();
            layer.steps.get(end - 1).map(|step| step.out_frac)
        })
        .collect()
}
