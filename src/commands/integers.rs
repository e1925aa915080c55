//! A model in integers, as several commands take it, with its own formats or with safe ones; and
//! the data set that it is given.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Told;
use crate::data::{Sequences, Wanted};
use crate::error::{Diagnostic, Problems, Result};
use crate::evaluate::Decider;
use crate::model::{ActivationBits, Element, Formats, Model, WeightBits, Widths};
use crate::plan::{ModelPlan, PlanConfig, Planned};
use crate::quant::{self, QuantPlan};
use crate::report::FormatsOrigin;
use std::path::Path;

/// Widths that were asked for; those of the model, or else 8 and 12 bits, when absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AskedWidths {
    /// Of a weight.
    pub weight: Option<WeightBits>,
    /// Of an activation.
    pub activation: Option<ActivationBits>,
}

impl AskedWidths {
    /// The widths that were asked for, those `present` by default.
    pub fn or(self, present: Widths) -> Widths {
        Widths {
            weight: self.weight.unwrap_or(present.weight),
            activation: self.activation.unwrap_or(present.activation),
        }
    }
}

/// Plans the model of the file at `path`.
pub(crate) fn planned(path: &Path, model: &Model, limits: &PlanConfig) -> Result<Planned> {
    Planned::new(model, limits).map_err(|p| p.in_file(path.display()))
}

/// The model of the file at `path` in integers: with its own formats, or with safe ones under
/// `limits`, in which case a note says so.
///
/// # Errors
/// Formats that are not as asked for, or not for the plan of the model; what [`Planned::new`] and
/// [`quant::quantize`] refuse.
pub fn in_integers(
    path: &Path,
    model: &Model,
    asked: AskedWidths,
    limits: &PlanConfig,
    told: &mut impl Told,
) -> Result<(QuantPlan, FormatsOrigin)> {
    let in_file = |problems: Problems| problems.in_file(path.display());
    let Some(formats) = &model.formats else {
        let planned = planned(path, model, limits)?;
        let widths = asked.or(Widths::default());
        let formats = quant::safe(&planned, widths);
        told.note(&format!(
            "note: {}: no formats in the model, so they come from interval analysis \
             ({}-bit weights, {}-bit activations); htgen quantize chooses better ones from data",
            path.display(),
            widths.weight,
            widths.activation
        ));
        let quant = quant::quantize(&planned, formats).map_err(in_file)?;
        return Ok((quant, FormatsOrigin::IntervalAnalysis));
    };
    let planned = planned(path, model, &PlanConfig::of(formats))?;
    keeps(&planned, formats, asked, limits).map_err(in_file)?;
    let quant = quant::quantize(&planned, formats.clone()).map_err(in_file)?;
    if formats.plan.is_none() {
        told.note(&format!(
            "note: {}: the formats name no plan; they fit this one step by step, and htgen \
             quantize writes them with its fingerprint",
            path.display()
        ));
    }
    Ok((quant, FormatsOrigin::Model))
}

/// Refuses a quantized model that does not have what is asked for now.
fn keeps(
    planned: &Planned,
    formats: &Formats,
    asked: AskedWidths,
    limits: &PlanConfig,
) -> Result<()> {
    let mut problems = Vec::new();
    let (plan, own) = (planned.plan(), formats.widths());
    let wanted = asked.or(own);
    let widths = [
        ("weight_bits", own.weight.get(), wanted.weight.get()),
        ("activation_bits", own.activation.get(), wanted.activation.get()),
    ];
    for (key, found, expected) in widths.into_iter().filter(|w| w.1 != w.2) {
        let problem = Diagnostic::new(format!("formats.{key}"), "not as requested");
        let help = format!("quantize the model again with `{key}` {expected}");
        problems.push(problem.found(found).expected(expected).help(help));
    }
    let words = [
        ("max_rom_words", "ROM words", plan.rom_words(), limits.max_rom_words),
        ("max_buffer_words", "buffer words", plan.peak_words(), limits.max_buffer_words),
    ];
    for (key, words, found, limit) in words {
        if let Some(limit) = limit.filter(|&limit| found > limit) {
            let what = "the model was quantized for a larger plan";
            let problem = Diagnostic::new(format!("`{key}`"), what);
            let problem = problem.found(format!("{found} {words}"));
            let help = format!("quantize the model again with `{key}` {limit}");
            problems.push(problem.expected(format!("at most {limit}")).help(help));
        }
    }
    // Quantizing again helps if some plan keeps the limits; otherwise the message says what would
    // help.
    if !problems.is_empty() && (limits.max_rom_words, limits.max_buffer_words) != (None, None) {
        Planned::new(planned.model(), limits)?;
    }
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

/// A data set of sequences with this many inputs per step of one kind, or its first `limit`
/// sequences; labels that are not among the classes of the model are refused.
pub(crate) fn sequences(
    path: &Path,
    (inputs, element): (usize, Element),
    decider: Option<Decider>,
    limit: Option<usize>,
) -> Result<Sequences> {
    let data = Sequences::load(path, Wanted { inputs, element, limit })?;
    if let Some(decider) = decider {
        let whom = match decider {
            Decider::LargestOutput(_) => "the model's outputs",
            Decider::Threshold(_) => "the model's only output",
        };
        let checked = data.check_labels(decider.classes(), whom);
        checked.map_err(|p| p.in_file(path.display()))?;
    }
    Ok(data)
}

/// Multiplies that a core does per minute at best.
const A_MINUTE: u64 = 60_000_000_000;

/// Announces work that takes minutes: a data set that runs `times` through a reference.
pub(crate) fn foretell(plan: &ModelPlan, data: &Sequences, times: u64, told: &mut impl Told) {
    let steps: u64 = (0..data.count()).map(|k| data.steps(k) as u64).sum();
    let minutes = minutes(plan.macs_per_step(), steps, times);
    if minutes > 0 {
        told.note(&format!(
            "note: {steps} time steps of {} multiplies, {times} times over: at least {minutes} \
             minutes of computing, divided among the cores",
            plan.macs_per_step()
        ));
    }
}

fn minutes(multiplies: u64, steps: u64, times: u64) -> u64 {
    multiplies.saturating_mul(steps).saturating_mul(times) / A_MINUTE
}

#[cfg(test)]
mod tests {
    use super::minutes;

    #[test]
    fn work_of_minutes_is_foretold() {
        assert_eq!(minutes(1 << 28, 1000, 2), 8);
        assert_eq!(minutes(130_560, 16_000, 5), 0);
        assert_eq!(minutes(u64::MAX, 3, 5), u64::MAX / 60_000_000_000);
    }
}
