//! Simulation: vectors from the fixed-point reference, one Verilated binary per design, every
//! output integer compared by the bench while it runs.
//!
//! Compares integers and knows no tolerance. Inputs of a run: a [`Stimulus`], [`SimOptions`] that
//! say how the streams behave, the folder of the design and the program it was emitted from.
//! docs/simulation.md describes the bench, its files and how cycles are counted.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod blame;
mod built;
mod expect;
mod failed;
mod harness;
mod measure;
mod model;
mod options;
mod report;
mod result;
mod sources;
mod stimulus;
mod vectors;

pub use model::BENCH;
pub use options::{Build, Event, EventKind, Gaps, Netlist, SimOptions};
pub use result::{Mismatch, OtherCycles, SimResult, StepCycles};
pub use stimulus::Stimulus;

use std::path::Path;

use crate::error::Result;
use crate::sched::Program;
use harness::Workspace;

/// Simulates the design in `design_dir`, emitted from `program`, over the stimulus.
///
/// A design that differs from the reference is a result; `progress` receives what is being done.
///
/// # Errors
/// When the folder is not that of the design, a tool is missing or fails, a memory image
/// is missing, or the options do not fit the stimulus.
pub fn run(
    design_dir: &Path,
    program: &Program,
    stimulus: &Stimulus,
    options: &SimOptions,
    progress: &mut dyn FnMut(&str),
) -> Result<SimResult> {
    options.check(stimulus, expect::beats_per_step(program))?;
    let model = model::build(design_dir, program, options, progress)?;
    progress("computing the expected outputs");
    let expected = expect::expected(program, stimulus, options);
    let workspace = Workspace::new(&model, program, stimulus, options, &expected)?;
    let report = workspace.run(stimulus.count(), progress)?;
    let mismatch = match &report.failure {
        Some(failure) => {
            progress("running again to find the first wrong result");
            Some(blame::mismatch(&workspace, program, stimulus, options, &report, failure)?)
        }
        None => None,
    };
    Ok(result::summarize(program, stimulus, options, &report, mismatch))
}
