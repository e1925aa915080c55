//! A judgement in words and as JSON keys, the same in every report.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::config::OutputRate;
use crate::evaluate::classes::{ClassReport, ClassRow, rows};
use crate::evaluate::{Agreement, Confusion, Decider, Judgement, Labelled};
use crate::number::{grouped, percent};
use serde::{Serialize, Serializer};
use std::fmt;

/// Maximum number of outputs whose errors are printed one by one.
const MOST_PRINTED: usize = 12;

/// The keys of a judgement.
#[derive(Serialize)]
struct Keys<'a> {
    sequences: usize,
    every_step: bool,
    vectors: usize,
    outputs: &'a Agreement,
    decided_by: Option<&'static str>,
    threshold: Option<f64>,
    decisions_equal: Option<usize>,
    accuracy: Option<f64>,
    accuracy_float: Option<f64>,
    balanced_accuracy: Option<f64>,
    balanced_accuracy_float: Option<f64>,
    classes: Option<Vec<ClassRow>>,
    confusion: Option<Vec<Vec<u64>>>,
    confusion_float: Option<Vec<Vec<u64>>>,
    confused: Option<Vec<(usize, usize, u64)>>,
}

fn classes(labelled: &Labelled) -> ClassReport {
    ClassReport::of(&labelled.names, &labelled.run, Some(&labelled.float))
}

impl Serialize for Judgement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let decisions = self.decisions.as_ref();
        let labelled = decisions.and_then(|decisions| decisions.labelled.as_ref());
        let of_run = |of: fn(&Confusion) -> f64| labelled.map(|labelled| of(&labelled.run));
        let of_float = |of: fn(&Confusion) -> f64| labelled.map(|labelled| of(&labelled.float));
        let report = labelled.map(classes);
        let decider = decisions.map(|decisions| decisions.decider);
        let keys = Keys {
            sequences: self.sequences,
            every_step: self.rate == OutputRate::Step,
            vectors: self.vectors,
            outputs: &self.outputs,
            decided_by: decider.map(|decider| match decider {
                Decider::LargestOutput(_) => "largest output",
                Decider::Threshold(_) => "threshold",
            }),
            threshold: decider.and_then(|decider| match decider {
                Decider::LargestOutput(_) => None,
                Decider::Threshold(threshold) => Some(threshold),
            }),
            decisions_equal: decisions.map(|decisions| decisions.equal),
            accuracy: of_run(Confusion::accuracy),
            accuracy_float: of_float(Confusion::accuracy),
            balanced_accuracy: of_run(Confusion::balanced_accuracy),
            balanced_accuracy_float: of_float(Confusion::balanced_accuracy),
            classes: report.as_ref().map(|report| report.classes.clone()),
            confusion: report.as_ref().and_then(|report| report.confusion.clone()),
            confusion_float: labelled.and_then(|labelled| rows(&labelled.float)),
            confused: report.map(|report| report.confused),
        };
        keys.serialize(serializer)
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rate == OutputRate::Step {
            let vectors = grouped(self.vectors as u64);
            writeln!(f, "  judged       {vectors} outputs, one per time step")?;
        }
        self.outputs.fmt(f)?;
        let Some(decisions) = &self.decisions else {
            let labels = if self.has_labels { ", so the labels are ignored" } else { "" };
            return writeln!(
                f,
                "  decisions    none: a model without a head has no classes{labels}"
            );
        };
        let (equal, of) = (grouped(decisions.equal as u64), grouped(self.vectors as u64));
        let by = match decisions.decider {
            Decider::LargestOutput(outputs) => format!("the largest of {outputs} outputs"),
            Decider::Threshold(threshold) => format!("whether the output is above {threshold}"),
        };
        writeln!(f, "  decisions    {equal} of {of} as in float, by {by}")?;
        let Some(labelled) = &decisions.labelled else {
            return writeln!(f, "  accuracy     unknown, the data has no labels");
        };
        let both = |of: fn(&Confusion) -> f64| {
            format!("{} (float {})", percent(of(&labelled.run)), percent(of(&labelled.float)))
        };
        writeln!(f, "  accuracy     {}", both(Confusion::accuracy))?;
        let balanced = both(Confusion::balanced_accuracy);
        writeln!(f, "  balanced     {balanced}, each class with equal weight")
    }
}

/// The table of classes, for the end of a report; nothing without labels.
pub struct Classes<'a>(pub &'a Judgement);

impl fmt::Display for Classes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decisions = self.0.decisions.as_ref();
        match decisions.and_then(|decisions| decisions.labelled.as_ref()) {
            Some(labelled) => classes(labelled).fmt(f),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(cosine) = self.cosine {
            let (mean, worst) = (cosine.mean, cosine.worst);
            writeln!(f, "  cosine       {mean:.6} to float on average, {worst:.6} at worst")?;
        }
        if let Some(relative) = self.relative_error {
            let [mean, worst] = [relative.mean, relative.worst].map(percent);
            writeln!(f, "  relative     error {mean} on average, {worst} at worst")?;
        }
        write!(f, "  error        rms {:.3e} of outputs of rms {:.3e}", self.rms_error, self.rms)?;
        if let Some((output, largest)) = self.worst_output() {
            write!(f, "; largest {largest:.3e}, of output {output}")?;
        }
        writeln!(f)?;
        let errors = &self.largest_error;
        if (2..=MOST_PRINTED).contains(&errors.len()) {
            let errors: Vec<String> = errors.iter().map(|error| format!("{error:.2e}")).collect();
            writeln!(f, "  by output    {}", errors.join(" "))?;
        }
        Ok(())
    }
}
