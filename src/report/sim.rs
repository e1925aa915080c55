//! A simulation in words.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::number::grouped;
use crate::evaluate::InputClips;
use crate::sim::SimResult;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a simulation found.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Simulation {
    /// Outputs, cycles and the first difference.
    #[serde(flatten)]
    pub result: SimResult,
    /// Files of the design that are not as htgen emitted them.
    pub edited: Vec<String>,
    /// What the format of the inputs clips of a data set; null without one.
    pub inputs: Option<InputClips>,
}

impl fmt::Display for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let r = &self.result;
        let verdict = if r.bit_exact { "bit exact" } else { "NOT bit exact" };
        writeln!(
            f,
            "{verdict}: {} outputs of {} sequences compared, {} lanes",
            grouped(r.outputs_compared),
            grouped(r.sequences as u64),
            r.lanes
        )?;
        if !self.edited.is_empty() {
            writeln!(f, "  edited       {}", self.edited.join(", "))?;
        }
        if let Some(inputs) = &self.inputs {
            inputs.fmt(f)?;
        }
        match (r.cycles_per_step, r.efficiency) {
            (Some(cycles), Some(efficiency)) => {
                let predicted = r.predicted_cycles_per_step;
                let predicted = predicted.map_or(String::new(), |p| format!(" ({p} predicted)"));
                writeln!(
                    f,
                    "  speed        {cycles:.1} cycles per time step{predicted} for {} multiplies, \
                     efficiency {efficiency:.3}",
                    grouped(r.macs_per_step)
                )?;
            }
            _ => writeln!(f, "  speed        not measured in this run")?,
        }
        if r.cycles_as_predicted == Some(false) {
            writeln!(f, "  NOT in the predicted cycles")?;
        }
        for step in &r.steps {
            writeln!(
                f,
                "  s{:<11} {:.1} cycles, lanes at work in {:.1}",
                step.step, step.cycles, step.busy_cycles
            )?;
        }
        Ok(())
    }
}
