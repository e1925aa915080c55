//! What a simulation found.

use std::fmt;

use serde::Serialize;

use super::measure::{cycles_per_step, ends_in_window, window};
use super::report::Report;
use super::{Options, Stimulus};
use crate::config::OutputRate;
use crate::sched::{Kind, Program};

/// The result of a simulation; the keys of `htgen sim --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimResult {
    /// Every output value was as expected, and so was the streams' behaviour.
    pub bit_exact: bool,
    /// Sequences streamed in.
    pub sequences: usize,
    /// Output values compared.
    pub outputs_compared: u64,
    /// Lanes of the design.
    pub lanes: usize,
    /// Multiplies of a time step, those of the head apart.
    pub macs_per_step: u64,
    /// Cycles of a time step in the steady state, by the rule in docs/simulation.md; none when the
    /// streams paused, something happened on the way, or the design is a netlist.
    pub cycles_per_step: Option<f64>,
    /// macs_per_step / (lanes x cycles_per_step).
    pub efficiency: Option<f64>,
    /// What the scheduler said of cycles_per_step.
    pub predicted_cycles_per_step: f64,
    /// Cycles of each contraction step; the head, when there is one, comes last.
    pub steps: Vec<StepCycles>,
    /// The first difference.
    pub mismatch: Option<Mismatch>,
    /// Clocks simulated, all told.
    pub simulated_cycles: u64,
    /// Sequences a second of the Verilated model, building it apart; none behind a mismatch.
    pub sequences_per_second: Option<f64>,
    /// Clocks in which the time steps start, from the end of the reset.
    #[serde(skip)]
    pub starts: Vec<u64>,
}

/// The cycles of one contraction step, a time step's mean.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepCycles {
    /// Number of the contraction step, or the number of steps for the head.
    pub step: usize,
    /// Cycles from the start of each of its instructions to the start of the one behind it.
    pub cycles: f64,
    /// Cycles of them in which the lanes work.
    pub busy_cycles: f64,
}

/// The first place where the design differs from the reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// What differs: `result` of a contraction step, `place` of one, or a word of the list in
    /// docs/simulation.md about the output stream.
    pub what: String,
    /// The sequence, from 0.
    pub sequence: usize,
    /// The time step within it, from 0.
    pub step: usize,
    /// The contraction step, or the number of steps for the head; none when no result of one
    /// differs or none was recorded: the fault lies behind them.
    pub contraction_step: Option<usize>,
    /// The element: of the result tensor by its indices, or of the output vector by its number.
    pub element: String,
    /// What the reference says.
    pub expected: i64,
    /// What the design did.
    pub got: i64,
    /// Where the difference came out, when it was found further inside.
    pub seen_at: Option<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sequence {}, time step {}, ", self.sequence, self.step)?;
        if let Some(step) = self.contraction_step {
            write!(f, "contraction step {step}, ")?;
        }
        write!(
            f,
            "{} of {}: expected {}, got {}",
            self.what, self.element, self.expected, self.got
        )?;
        match &self.seen_at {
            Some(place) => write!(f, " (seen at {place})"),
            None => Ok(()),
        }
    }
}

pub(super) fn summarize(
    program: &Program,
    stimulus: &Stimulus,
    options: &Options,
    report: &Report,
    mismatch: Option<Mismatch>,
) -> SimResult {
    let lengths = stimulus.lengths();
    let timed = report.timed && options.is_undisturbed() && mismatch.is_none();
    let cycles =
        if timed { cycles_per_step(&lengths, &report.starts, report.last_output) } else { None };
    let macs = program.quant().plan().macs_per_step();
    SimResult {
        bit_exact: mismatch.is_none(),
        sequences: report.sequences,
        outputs_compared: report.compared,
        lanes: program.lanes(),
        macs_per_step: macs,
        cycles_per_step: cycles,
        efficiency: cycles.map(|c| macs as f64 / (program.lanes() as f64 * c)),
        predicted_cycles_per_step: predicted(program, &lengths),
        steps: if cycles.is_some() { step_cycles(program, &lengths, report) } else { Vec::new() },
        mismatch,
        simulated_cycles: report.clocks,
        sequences_per_second: (report.seconds > 0.0)
            .then(|| report.sequences as f64 / report.seconds),
        starts: report.starts.clone(),
    }
}

/// Clocks up to which a prediction follows every one of them.
const PREDICTED_CLOCKS: u64 = 20_000_000;

/// The predicted cycles of a time step, by the same rule as the measured ones. Of a long stimulus
/// the steady state is taken for the whole.
fn predicted(program: &Program, lengths: &[usize]) -> f64 {
    let timing = program.timing();
    let steps: usize = lengths.iter().sum();
    let Some((first, last)) = window(lengths) else { return timing.cycles_per_step as f64 };
    if steps as u64 * timing.cycles_per_step <= PREDICTED_CLOCKS {
        let starts = program.start_cycles(lengths);
        return (starts[last] - starts[first]) as f64 / (last - first) as f64;
    }
    let ends = ends_in_window(lengths) as f64;
    timing.cycles_per_step as f64 + timing.cycles_per_sequence as f64 * ends / (last - first) as f64
}

/// Sums the instructions of each step; empty when a single time step gave no window.
fn step_cycles(program: &Program, lengths: &[usize], report: &Report) -> Vec<StepCycles> {
    let Some((first, last)) = window(lengths) else { return Vec::new() };
    let time_steps = (last - first) as f64;
    let answers = match program.hw().output {
        OutputRate::Step => 1.0,
        OutputRate::Sequence => ends_in_window(lengths) as f64 / time_steps,
    };
    let mut steps: Vec<StepCycles> = Vec::new();
    for (k, instr) in program.instrs().iter().enumerate() {
        let desc = &program.descs()[instr.desc];
        let cycles = report.instructions.get(k).copied().unwrap_or(0) as f64 / time_steps;
        let share = if instr.kind == Kind::Head { answers } else { 1.0 };
        let busy_cycles = desc.cycles() as f64 * share;
        match steps.iter_mut().find(|s| s.step == desc.step) {
            Some(step) => {
                step.cycles += cycles;
                step.busy_cycles += busy_cycles;
            }
            None => steps.push(StepCycles { step: desc.step, cycles, busy_cycles }),
        }
    }
    steps.sort_by_key(|s| s.step);
    steps
}
