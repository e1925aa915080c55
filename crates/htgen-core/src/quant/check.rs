//! Whether formats belong to a plan and the hardware supports what they require.

use super::build::hidden_frac;
use super::{GATE_FRAC, LEAST_GATE_FRAC};
use crate::error::{Diagnostic, Problems, Result};
use crate::model::{Element, Formats, LayerFormats, Model};
use crate::network::Operand;
use crate::plan::{ModelPlan, PlanPart};

/// Maximum number of bits by which the loader shifts an element.
const MAX_INPUT_SHIFT: i32 = 32;

pub(super) fn check(model: &Model, plan: &ModelPlan, formats: &Formats) -> Result<()> {
    let mut check = Check { problems: Vec::new() };
    let n_layers = model.layers.len();
    let have = formats.layers.len();
    check.expect(have == n_layers, "layers", format!("{have} entries"), &n_layers.to_string());
    let (w, a) = (formats.weight_bits, formats.activation_bits);
    check.expect((2..=16).contains(&w), "weight_bits", w.to_string(), "2 to 16");
    check.expect((4..=16).contains(&a), "activation_bits", a.to_string(), "4 to 16");
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
        check.input(model, formats, bottom.input_frac);
        check.alike(model, formats, plan);
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
        self.expect((8..=15).contains(&c), &cell_key, c.to_string(), "8 to 15");
        for gate in last_fracs(layer, parts) {
            let found = format!("last out_frac {gate}");
            self.expect((LEAST_GATE_FRAC..=GATE_FRAC).contains(&gate), &key, found, "-4 to 11");
        }
    }

    fn input(&mut self, model: &Model, formats: &Formats, frac: i32) {
        let h = hidden_frac(model, formats);
        self.expect((0..=15).contains(&h), "layers[0].input_frac", h.to_string(), "0 to 15");
        let byte = model.input.element == Element::U8;
        self.expect(
            !byte || (frac - model.input.shift).abs() <= MAX_INPUT_SHIFT,
            "layers[0].input_frac",
            format!("{frac} with an input shift of {}", model.input.shift),
            &format!("a difference of -{MAX_INPUT_SHIFT} to {MAX_INPUT_SHIFT}"),
        );
    }

    /// The element-wise unit serves all layers and parts, each value in one format.
    fn alike(&mut self, model: &Model, formats: &Formats, plan: &ModelPlan) {
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
        let h = hidden_frac(model, formats);
        for (k, layer) in formats.layers.iter().enumerate().skip(1) {
            let (c, x) = (layer.cell_frac, layer.input_frac);
            let key = |name: &str| format!("layers[{k}].{name}");
            let same = bottom.cell_frac.to_string();
            self.expect(c == bottom.cell_frac, &key("cell_frac"), c.to_string(), &same);
            self.expect(x == h, &key("input_frac"), x.to_string(), &h.to_string());
        }
    }
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

/// Whether h of the bottom layer shares the words of x.
pub(super) fn shares_words(plan: &ModelPlan) -> bool {
    plan.parts().any(|p| matches!(p.operand(), Operand::Input { hidden_offset: Some(_) }))
}
