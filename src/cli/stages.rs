//! The stages in order, whose messages each begin with the file that they are about.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::options::WidthOptions;
use super::out;
use crate::data::{Sequences, Wanted};
use crate::error::{Diagnostic, Problems, Result};
use crate::evaluate::Decider;
use crate::model::{Element, Formats, Model};
use crate::plan::{ModelPlan, PlanConfig, Planned};
use crate::quant::{self, QuantPlan};
use crate::report::FormatsOrigin;
use std::path::Path;

/// Plans the model of the file at `path`.
pub fn plan(path: &Path, model: &Model, config: &PlanConfig) -> Result<Planned> {
    Planned::new(model, config).map_err(|p| p.in_file(path.display()))
}

/// A data set for the model, or its first `limit` sequences; labels that are not among the classes
/// of the model are refused.
pub fn load_data(
    path: &Path,
    model: &Model,
    decider: Option<Decider>,
    limit: Option<usize>,
) -> Result<Sequences> {
    load_sequences(path, (model.layers[0].inputs, model.input.element), decider, limit)
}

/// A data set with this many inputs per step of one kind; labels are checked in the same way.
pub fn load_sequences(
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

/// The model in integers: with its own formats, or with safe ones under `config`, in which case a
/// note says so.
pub fn quantized(
    path: &Path,
    model: &Model,
    asked: WidthOptions,
    config: &PlanConfig,
) -> Result<(QuantPlan, FormatsOrigin)> {
    let Some(formats) = &model.formats else {
        let planned = plan(path, model, config)?;
        let widths = asked.widths();
        let formats = quant::safe(&planned, widths);
        out::note(&format!(
            "note: {}: no formats in the model, so they come from interval analysis \
             ({}-bit weights, {}-bit activations); htgen quantize chooses better ones from data",
            path.display(),
            widths.weight,
            widths.activation
        ));
        return Ok((realize(path, &planned, formats)?, FormatsOrigin::IntervalAnalysis));
    };
    let planned = plan(path, model, &PlanConfig::of(formats))?;
    keeps(&planned, formats, asked, config).map_err(|p| p.in_file(path.display()))?;
    let quant = realize(path, &planned, formats.clone())?;
    if formats.plan.is_none() {
        out::note(&format!(
            "note: {}: the formats name no plan; they fit this one step by step, and htgen \
             quantize writes them with its fingerprint",
            path.display()
        ));
    }
    Ok((quant, FormatsOrigin::Model))
}

/// Multiplies that a core does per minute at best.
const A_MINUTE: u64 = 60_000_000_000;

/// Announces work that takes minutes: a data set that runs `times` through a reference.
pub fn foretell(plan: &ModelPlan, data: &Sequences, times: u64) {
    let steps: u64 = (0..data.count()).map(|k| data.steps(k) as u64).sum();
    let minutes = minutes(plan.macs_per_step(), steps, times);
    if minutes > 0 {
        out::note(&format!(
            "note: {steps} time steps of {} multiplies, {times} times over: at least {minutes} \
             minutes of computing, divided among the cores",
            plan.macs_per_step()
        ));
    }
}

fn minutes(multiplies: u64, steps: u64, times: u64) -> u64 {
    multiplies.saturating_mul(steps).saturating_mul(times) / A_MINUTE
}

fn realize(path: &Path, planned: &Planned, formats: Formats) -> Result<QuantPlan> {
    quant::quantize(planned, formats).map_err(|p| p.in_file(path.display()))
}

/// Refuses a quantized model that does not have what is requested now.
fn keeps(
    planned: &Planned,
    formats: &Formats,
    asked: WidthOptions,
    config: &PlanConfig,
) -> Result<()> {
    let mut problems = Vec::new();
    let mut refuse = |key: &str, found: u64, expected: String, option: &str| {
        let problem = Diagnostic::new(format!("formats.{key}"), "not as requested");
        let help = format!("quantize the model again with {option}");
        problems.push(problem.found(found).expected(expected).help(help));
    };
    let (plan, own) = (planned.plan(), formats.widths());
    let wanted = asked.widths_or(own);
    let widths = [
        ("weight_bits", own.weight.get(), wanted.weight.get()),
        ("activation_bits", own.activation.get(), wanted.activation.get()),
    ];
    for (key, found, expected) in widths.into_iter().filter(|w| w.1 != w.2) {
        let option = format!("--{} {expected}", key.replace('_', "-"));
        refuse(key, found.into(), expected.to_string(), &option);
    }
    let limits = [
        ("--max-rom-words", "ROM words", plan.rom_words(), config.max_rom_words),
        ("--max-buffer-words", "buffer words", plan.peak_words(), config.max_buffer_words),
    ];
    for (option, words, found, limit) in limits {
        if let Some(limit) = limit.filter(|&limit| found > limit) {
            let problem = Diagnostic::new(option, "the model was quantized for a larger plan");
            let problem = problem.found(format!("{found} {words}"));
            let help = format!("quantize the model again with {option} {limit}");
            problems.push(problem.expected(format!("at most {limit}")).help(help));
        }
    }
    // Quantizing again helps if some plan keeps the limits; otherwise the message says what would
    // help.
    if !problems.is_empty() && (config.max_rom_words, config.max_buffer_words) != (None, None) {
        Planned::new(planned.model(), config)?;
    }
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
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
