//! A simulation in words.

use super::number::grouped;
use crate::sim::SimResult;
use serde::Serialize;
use std::fmt;

/// What a simulation found.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Simulation(pub SimResult);

impl fmt::Display for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let r = &self.0;
        let verdict = if r.bit_exact { "bit exact" } else { "NOT bit exact" };
        writeln!(
            f,
            "{verdict}: {} outputs of {} sequences compared, {} lanes",
            grouped(r.outputs_compared),
            grouped(r.sequences as u64),
            r.lanes
        )?;
        match (r.cycles_per_step, r.efficiency) {
            (Some(cycles), Some(efficiency)) => writeln!(
                f,
                "  speed        {cycles:.1} cycles a time step ({} predicted) for {} multiplies, \
                 efficiency {efficiency:.3}",
                r.predicted_cycles_per_step,
                grouped(r.macs_per_step)
            )?,
            _ => writeln!(f, "  speed        not measured in this run")?,
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
