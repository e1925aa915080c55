//! Rules of the fixed-point formats that do not depend on a plan: as many entries as the model has
//! layers, widths and fraction bits in the range that the arithmetic supports.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::collect::Found;
use crate::error::Diagnostic;
use crate::model::{FINGERPRINT, Formats, ModelParts};

/// Largest absolute number of fraction bits.
const MAX_FRAC: i32 = 64;
/// Maximum number of contraction steps in a layer.
const MAX_STEPS: usize = 64;

pub(super) fn check_formats(formats: &Formats, model: &ModelParts, found: &mut Found) {
    if let Some(plan) = &formats.plan
        && !(plan.len() == FINGERPRINT && plan.bytes().all(|b| b.is_ascii_hexdigit()))
    {
        let shown: String = plan.chars().take(FINGERPRINT + 1).collect();
        let problem = Diagnostic::new("formats.plan", "not the fingerprint of a plan");
        let problem = problem.found(format!("\"{}\"", shown.escape_debug()));
        found.push(problem.expected(format!("{FINGERPRINT} hexadecimal digits")));
    }
    if formats.layers.len() != model.layers.len() {
        found.push(
            Diagnostic::new("formats.layers", "one entry per layer")
                .found(formats.layers.len())
                .expected(model.layers.len())
                .help("run `htgen quantize` again"),
        );
    }
    for (k, layer) in formats.layers.iter().enumerate().take(model.layers.len()) {
        let place = format!("formats.layers[{k}]");
        check_frac(layer.input_frac, &format!("{place}.input_frac"), found);
        check_frac(layer.cell_frac, &format!("{place}.cell_frac"), found);
        let steps = format!("{place}.steps");
        found.range(&steps, "number of steps", layer.steps.len(), 1, MAX_STEPS);
        for (s, step) in layer.steps.iter().enumerate().take(MAX_STEPS) {
            check_frac(step.weight_frac, &format!("{steps}[{s}].weight_frac"), found);
            check_frac(step.out_frac, &format!("{steps}[{s}].out_frac"), found);
        }
    }
    check_head(formats, model, found);
}

fn check_head(formats: &Formats, model: &ModelParts, found: &mut Found) {
    let text = |is_some| if is_some { "formats of a head" } else { "none" };
    let (given, wanted) = (formats.head.is_some(), model.head.is_some());
    if given != wanted {
        let problem = Diagnostic::new("formats.head", "does not fit the model");
        let problem = problem.found(text(given)).expected(text(wanted));
        found.push(problem.help("run `htgen quantize` again"));
    }
    if let Some(head) = &formats.head {
        check_frac(head.weight_frac, "formats.head.weight_frac", found);
        check_frac(head.out_frac, "formats.head.out_frac", found);
    }
}

fn check_frac(frac: i32, place: &str, found: &mut Found) {
    if frac.unsigned_abs() > MAX_FRAC.unsigned_abs() {
        let problem = Diagnostic::new(place, "fraction bits out of range");
        found.push(problem.found(frac).expected(format!("-{MAX_FRAC} to {MAX_FRAC}")));
    }
}
