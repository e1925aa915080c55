//! The results from the reports, system by system.
// SPDX-License-Identifier: MIT OR Apache-2.0

use serde::Serialize;

/// A whole comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Name of its files.
    pub name: String,
    /// Title of the page.
    pub title: String,
    /// A paragraph about the data.
    pub about: String,
    /// Sequences used for training and held out.
    pub training: u64,
    /// Sequences held out.
    pub validation: u64,
    /// Tries of each system.
    pub tries: usize,
    /// Seeds of each try.
    pub seeds: Vec<u64>,
    /// Epochs of each run.
    pub epochs: u64,
    /// Results in the order of the configuration.
    pub systems: Vec<SystemResult>,
    /// The commands behind the figures.
    pub commands: Vec<String>,
}

/// One system's results.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SystemResult {
    /// Name in the configuration.
    pub name: String,
    /// Name on the page.
    pub label: String,
    /// Number of the try that did best on the validation part, from 0.
    pub best_try: usize,
    /// Core parameters.
    pub parameters: u64,
    /// Parameters of matrices that see only the hidden vector.
    pub recurrent_parameters: u64,
    /// Parameters of dense matrices of the same size.
    pub dense_parameters: u64,
    /// Accuracy on the validation part in float.
    pub float: Spread,
    /// Held-out accuracy averaged over the classes, in float.
    pub balanced: Spread,
    /// Accuracy in integers.
    pub fixed: Vec<Accuracy>,
    /// Multiply-accumulates per time step.
    pub macs_per_step: u64,
    /// Weight words of the ROMs, as wide as the first weights.
    pub rom_bits: u64,
    /// Words of buffers at the peak, as wide as the first activations.
    pub buffer_bits: u64,
    /// Simulations.
    pub lanes: Vec<LaneResult>,
    /// Boards.
    pub boards: Vec<BoardResult>,
}

/// Mean, least and largest over the seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Least.
    pub least: f64,
    /// Largest.
    pub largest: f64,
}

/// Accuracy at some widths.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Accuracy {
    /// Width of weights, bits.
    pub weight_bits: u32,
    /// Width of activations, bits.
    pub activation_bits: u32,
    /// Accuracy.
    pub accuracy: Spread,
}

/// A simulation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LaneResult {
    /// Lanes.
    pub lanes: usize,
    /// Cycles per time step, ends of sequences included.
    pub cycles_per_step: f64,
    /// Multiplies / (lanes x cycles).
    pub efficiency: f64,
    /// Output integers compared.
    pub outputs_compared: u64,
    /// Whether all were equal.
    pub bit_exact: bool,
}

/// A synthesis. Counts are none where nothing was synthesized.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoardResult {
    /// The board.
    pub target: String,
    /// Lanes.
    pub lanes: usize,
    /// Whether the design fits.
    pub fits: bool,
    /// Why it does not.
    pub shortage: Vec<String>,
    /// Lookup tables.
    pub lut4: Option<u64>,
    /// Multiplier blocks.
    pub dsp: u64,
    /// Block memories.
    pub bram: u64,
    /// Clock, MHz.
    pub fmax_mhz: Option<f64>,
    /// Sequences per second.
    pub inferences_per_second: Option<f64>,
}

impl Spread {
    /// Statistics of some values, at least one.
    pub fn of(values: &[f64]) -> Spread {
        let n = values.len().max(1) as f64;
        Spread {
            mean: values.iter().sum::<f64>() / n,
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            largest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
    /// Whether the ranges of the two overlap.
    pub fn overlaps(&self, other: &Spread) -> bool {
        self.least <= other.largest && other.least <= self.largest
    }
}

impl Comparison {
    /// Whether every simulation was bit exact.
    pub fn is_exact(&self) -> bool {
        self.systems.iter().flat_map(|system| &system.lanes).all(|lanes| lanes.bit_exact)
    }

    /// Where the first system is best and where it is not, one sentence each.
    pub fn verdicts(&self) -> Vec<String> {
        let Some((first, others)) = self.systems.split_first() else { return Vec::new() };
        if others.is_empty() {
            return Vec::new();
        }
        let mut verdicts = vec![self.accuracy_verdict(first, others)];
        let least =
            |what: &str, of: &dyn Fn(&SystemResult) -> Option<f64>| fewest(what, first, others, of);
        verdicts.extend(least("parameters", &|system| Some(system.parameters as f64)));
        let macs = |system: &SystemResult| Some(system.macs_per_step as f64);
        verdicts.extend(least("multiplies per time step", &macs));
        for (k, lanes) in first.lanes.iter().enumerate() {
            let what = format!("cycles per time step at {} lanes", lanes.lanes);
            let of = |system: &SystemResult| system.lanes.get(k).map(|l| l.cycles_per_step);
            verdicts.extend(least(&what, &of));
        }
        for (k, board) in first.boards.iter().enumerate() {
            let fitting = |system: &SystemResult| {
                let board = system.boards.get(k).filter(|board| board.fits)?;
                board.lut4.map(|lut4| lut4 as f64)
            };
            verdicts.extend(least(&format!("LUT4 on {}", board.target), &fitting));
            let fits = |system: &&SystemResult| system.boards.get(k).is_some_and(|b| b.fits);
            let not = self.systems.iter().filter(|system| !fits(system));
            let not: Vec<&str> = not.map(|system| system.label.as_str()).collect();
            if !not.is_empty() {
                verdicts.push(format!("Does not fit {}: {}.", board.target, not.join(", ")));
            }
        }
        verdicts
    }

    fn accuracy_verdict(&self, first: &SystemResult, others: &[SystemResult]) -> String {
        let best = others.iter().reduce(|a, b| if b.float.mean > a.float.mean { b } else { a });
        let best = best.expect("there are others");
        let (own, other) = (first.float, best.float);
        let numbers = format!(
            "{} {:.1} % on average over {} seeds, {} {:.1} %",
            first.label,
            100.0 * own.mean,
            self.seeds.len(),
            best.label,
            100.0 * other.mean
        );
        let doubt = match own.overlaps(&other) {
            true => "; their ranges overlap, so the order may be chance",
            false => "",
        };
        match own.mean >= other.mean {
            true => format!("**Most accurate**: {numbers}, the next{doubt}."),
            false => format!("**Not the most accurate**: {numbers}{doubt}."),
        }
    }
}

/// Whether the first system has the fewest of something, in a sentence; none if it or all others
/// have no figure.
fn fewest(
    what: &str,
    first: &SystemResult,
    others: &[SystemResult],
    of: &dyn Fn(&SystemResult) -> Option<f64>,
) -> Option<String> {
    let own = of(first)?;
    let known = others.iter().filter_map(|other| Some((other, of(other)?)));
    let (best, value) = known.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let (number, other) = (round(own), round(value));
    let (name, best) = (&first.label, &best.label);
    let times = value / own;
    Some(if times >= 1.05 {
        format!(
            "**Fewest {what}**: {name} has {number}, {times:.1} times fewer than the next, {best} \
             ({other})."
        )
    } else if own < value {
        format!("**Fewest {what}**, but only just: {name} has {number}, {best} {other}.")
    } else if own > value {
        format!("**Not the fewest {what}**: {best} has {other}, {name} {number}.")
    } else {
        format!("**As few {what} as any**: {name} and {best} have {number}.")
    })
}

/// A number of things, rounded to whole ones where there are many.
fn round(value: f64) -> String {
    crate::report::grouped(value.round() as u64)
}
