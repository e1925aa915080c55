//! What synthesis found, with the speed that follows from the clock and the schedule.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::number::{grouped, ratio};
use crate::printable;
use crate::sched::Program;
use crate::synth::SynthResult;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

/// A synthesized design.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Synthesis {
    /// The model's name.
    pub name: String,
    /// Lanes.
    pub lanes: usize,
    /// Files of the design that are not as htgen emitted them.
    pub edited: Vec<String>,
    /// Predicted cycles from one time step to the next, inside a sequence.
    pub predicted_cycles_per_step: u64,
    /// Time steps of an inference.
    pub steps: u64,
    /// The speed that results from clock and predicted cycles.
    pub predicted_inferences_per_second: Option<f64>,
    /// The folder with everything the tools wrote.
    pub dir: PathBuf,
    /// Counts, clock and bitstream.
    #[serde(flatten)]
    pub result: SynthResult,
}

impl Synthesis {
    /// Describes a result; an inference has `steps` time steps.
    pub fn of(
        result: SynthResult,
        program: &Program,
        edited: Vec<String>,
        steps: u64,
        dir: &Path,
    ) -> Synthesis {
        let predicted_cycles_per_step = program.timing().cycles_per_step;
        let cycles = predicted_cycles_per_step as f64 * steps as f64;
        Synthesis {
            name: program.quant().name().to_owned(),
            lanes: program.lanes(),
            edited,
            predicted_cycles_per_step,
            steps,
            predicted_inferences_per_second: result.fmax_mhz.map(|fmax| ratio(fmax * 1e6, cycles)),
            dir: dir.to_path_buf(),
            result,
        }
    }

    /// Whether the design fits and, as far as that was measured, reaches the clock.
    pub fn is_met(&self) -> bool {
        self.result.fits && self.result.clock_met() != Some(false)
    }

    /// Counts of the design against those of the part.
    fn counts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let r = &self.result;
        let counts = [
            ("lut4", r.lut4, r.totals.lut4),
            ("bram", r.bram, r.totals.bram),
            ("dsp", r.dsp, r.totals.dsp),
            ("spram", r.spram, r.totals.spram),
        ];
        let planned = |name: &str| !r.foreseen || ["bram", "dsp"].contains(&name);
        for (name, used, total) in counts.into_iter().filter(|count| planned(count.0)) {
            let (used, total) = (grouped(used as u64), grouped(total as u64));
            writeln!(f, "  {name:<12} {used} of {total}")?;
        }
        if r.foreseen {
            writeln!(f, "  {:<12} not needed: these are the plan's counts", "synthesis")?;
        } else {
            writeln!(f, "  {:<12} {}", "ff", grouped(r.ff as u64))?;
        }
        if let Some(cells) = &r.logic_cells {
            let (used, total) = (grouped(cells.used as u64), grouped(cells.total as u64));
            let what = "as placed, with the pin harness";
            writeln!(f, "  {:<12} {used} of {total} {} {what}", "logic cells", cells.cell)?;
        }
        Ok(())
    }

    /// The clock and what follows from it.
    fn speed(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let r = &self.result;
        match r.fmax_mhz {
            Some(fmax) => {
                let verdict = if r.clock_met() == Some(true) { "met" } else { "missed" };
                writeln!(f, "  {:<12} {fmax:.1} MHz, {} MHz {verdict}", "clock", r.clock_mhz)?;
                if let (Some(seed), n @ 2..) = (r.seed, r.placements_mhz.len()) {
                    writeln!(
                        f,
                        "  {:<12} seed {seed}, the first to meet the clock or else the best of {n}",
                        "placement"
                    )?;
                }
            }
            None => writeln!(f, "  {:<12} not measured", "clock")?,
        }
        let Some(speed) = self.predicted_inferences_per_second else { return Ok(()) };
        let length = match self.steps {
            1 => "one time step each".to_owned(),
            steps => format!("{steps} time steps each"),
        };
        let speed = grouped(speed.round() as u64);
        writeln!(f, "  {:<12} {speed} inferences per second predicted, {length}", "speed")
    }
}

impl fmt::Display for Synthesis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let r = &self.result;
        writeln!(f, "{} with {} lanes on {}", self.name, self.lanes, r.target)?;
        if !self.edited.is_empty() {
            writeln!(f, "  {:<12} {}", "edited", self.edited.join(", "))?;
        }
        self.counts(f)?;
        self.speed(f)?;
        match &r.bitstream {
            Some(path) => {
                writeln!(f, "  {:<12} {}", "bitstream", printable::path(path))?;
                writeln!(f, "  {:<12} only measures the clock: a pin harness folds", "")?;
                writeln!(f, "  {:<12} the design's outputs into a signature", "")?;
            }
            None => writeln!(f, "  {:<12} none", "bitstream")?,
        }
        if !r.fits {
            r.shortage.iter().try_for_each(|reason| writeln!(f, "  does not fit: {reason}"))?;
        }
        if let (Some(path), true) = (&r.critical_path, r.clock_met() == Some(false)) {
            path.fmt(f)?;
        }
        r.modules.as_ref().map_or(Ok(()), |modules| write!(f, "\n{modules}"))
    }
}
