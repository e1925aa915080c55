//! What a simulation found.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;

use serde::{Deserialize, Serialize};

use super::measure::{cycles_per_step, ends_in_window, window};
use super::report::Report;
use super::{SimOptions, Stimulus};
use crate::config::OutputRate;
use crate::sched::{Kind, Program};

/// The result of a simulation; the keys of `htgen sim --json`.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct SimResult {
    /// Whether every output value was as expected, and the behaviour of the streams too.
    pub bit_exact: bool,
    /// Whether every time step started in the predicted clock; none if the streams paused, an event
    /// happened on the way, an output differed, or the design is a netlist.
    pub cycles_as_predicted: Option<bool>,
    /// The first time step that did not.
    pub other_cycles: Option<OtherCycles>,
    /// Sequences streamed in.
    pub sequences: usize,
    /// Output values compared.
    pub outputs_compared: u64,
    /// Lanes of the design.
    pub lanes: usize,
    /// Multiplies per time step, without those of the head.
    pub macs_per_step: u64,
    /// Cycles per time step in the steady state, by the rule in docs/simulation.md; none if the
    /// streams paused, an event happened on the way, or the design is a netlist.
    pub cycles_per_step: Option<f64>,
    /// macs_per_step / (lanes x cycles_per_step).
    pub efficiency: Option<f64>,
    /// The scheduler's prediction of cycles_per_step; none for a single time step, whose end it
    /// does not predict.
    pub predicted_cycles_per_step: Option<f64>,
    /// Cycles of each contraction step; the head, if there is one, comes last.
    pub steps: Vec<StepCycles>,
    /// The first difference.
    pub mismatch: Option<Mismatch>,
    /// Total number of clocks simulated.
    pub simulated_cycles: u64,
    /// Sequences per second of the Verilated model, without building it; none after a mismatch.
    pub sequences_per_second: Option<f64>,
    /// Clocks in which the time steps start, from the end of the reset.
    #[serde(skip)]
    pub starts: Vec<u64>,
}

/// A time step that started in another clock than predicted, counted from the end of the reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub struct OtherCycles {
    /// The sequence, from 0.
    pub sequence: usize,
    /// The time step within it, from 0.
    pub step: usize,
    /// The predicted clock.
    pub predicted: u64,
    /// The clock; none if it was not seen to start.
    pub got: Option<u64>,
}

/// The cycles of one contraction step, averaged over the time steps.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct StepCycles {
    /// Number of the contraction step, or the number of steps for the head.
    pub step: usize,
    /// Cycles from the start of each of its instructions to the start of the next one.
    pub cycles: f64,
    /// Of these, the cycles in which the lanes work.
    pub busy_cycles: f64,
}

/// The first place where the design differs from the reference.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Mismatch {
    /// What differs: `result` of a contraction step, `place` of one, or a word of the list in
    /// docs/simulation.md about the output stream.
    pub what: String,
    /// The sequence, from 0.
    pub sequence: usize,
    /// The time step within it, from 0.
    pub step: usize,
    /// The contraction step, or the number of steps for the head; none if no result of one differs
    /// or none was recorded: the fault is after them.
    pub contraction_step: Option<usize>,
    /// The element: of the result tensor by its indices, or of the output vector by its number.
    pub element: String,
    /// The value in the reference.
    pub expected: i64,
    /// The value in the design.
    pub got: i64,
    /// Where the difference appeared at the ports, if it was traced further inside.
    pub seen_at: Option<String>,
}

impl SimResult {
    /// Whether the design does what it should, and when it should.
    pub fn is_right(&self) -> bool {
        self.bit_exact && self.cycles_as_predicted != Some(false)
    }
}

impl fmt::Display for OtherCycles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sequence {}, time step {}: ", self.sequence, self.step)?;
        match self.got {
            Some(got) => write!(f, "started in clock {got}, predicted {}", self.predicted),
            None => write!(f, "not seen to start, predicted in clock {}", self.predicted),
        }
    }
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
    options: &SimOptions,
    report: &Report,
    mismatch: Option<Mismatch>,
) -> SimResult {
    let lengths = stimulus.lengths();
    let timed = report.timed && options.is_undisturbed() && mismatch.is_none();
    let cycles =
        if timed { cycles_per_step(&lengths, &report.starts, report.last_output) } else { None };
    let predicted = program.start_cycles(&lengths);
    let other_cycles =
        if timed { other_cycles(&lengths, &predicted, &report.starts) } else { None };
    let macs = program.quant().plan().macs_per_step();
    SimResult {
        bit_exact: mismatch.is_none(),
        cycles_as_predicted: timed.then_some(other_cycles.is_none()),
        other_cycles,
        sequences: report.sequences,
        outputs_compared: report.compared,
        lanes: program.lanes(),
        macs_per_step: macs,
        cycles_per_step: cycles,
        efficiency: cycles.map(|c| macs as f64 / (program.lanes() as f64 * c)),
        predicted_cycles_per_step: window(&lengths)
            .and_then(|_| cycles_per_step(&lengths, &predicted, 0)),
        steps: if cycles.is_some() { step_cycles(program, &lengths, report) } else { Vec::new() },
        mismatch,
        simulated_cycles: report.clocks,
        sequences_per_second: (report.seconds > 0.0)
            .then(|| report.sequences as f64 / report.seconds),
        starts: report.starts.clone(),
    }
}

/// The first time step of sequences of these lengths whose start differs.
fn other_cycles(lengths: &[usize], predicted: &[u64], starts: &[u64]) -> Option<OtherCycles> {
    let steps = lengths.iter().enumerate().flat_map(|(k, &n)| (0..n).map(move |t| (k, t)));
    let mut starts = starts.iter().copied();
    steps.zip(predicted).find_map(|((sequence, step), &predicted)| {
        let got = starts.next();
        (got != Some(predicted)).then_some(OtherCycles { sequence, step, predicted, got })
    })
}

/// Sums the instructions of each step; empty if a single time step gave no window.
fn step_cycles(program: &Program, lengths: &[usize], report: &Report) -> Vec<StepCycles> {
    let Some((first, last)) = window(lengths) else { return Vec::new() };
    let time_steps = (last - first) as f64;
    let answers = match program.hw().output {
        OutputRate::Step => 1.0,
        OutputRate::Sequence => ends_in_window(lengths) as f64 / time_steps,
    };
    let mut steps: Vec<StepCycles> = Vec::new();
    for (k, instr) in program.instrs().iter().enumerate() {
        let nest = program.nest_of(k);
        let cycles = report.instructions.get(k).copied().unwrap_or(0) as f64 / time_steps;
        let share = if instr.kind == Kind::Head { answers } else { 1.0 };
        let busy_cycles = nest.cycles() as f64 * share;
        match steps.iter_mut().find(|s| s.step == nest.step) {
            Some(step) => {
                step.cycles += cycles;
                step.busy_cycles += busy_cycles;
            }
            None => steps.push(StepCycles { step: nest.step, cycles, busy_cycles }),
        }
    }
    steps.sort_by_key(|s| s.step);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_time_step_in_another_clock_is_named() {
        let (lengths, predicted) = ([2, 1, 2], [5, 9, 20, 30, 43]);
        assert_eq!(other_cycles(&lengths, &predicted, &predicted), None);
        for (starts, expect) in [
            (&[5, 9, 21, 31, 44][..], "sequence 1, time step 0: started in clock 21, predicted 20"),
            (&[5, 9, 20, 30, 42], "sequence 2, time step 1: started in clock 42, predicted 43"),
            (&[5], "sequence 0, time step 1: not seen to start, predicted in clock 9"),
        ] {
            let found = other_cycles(&lengths, &predicted, starts).expect("another clock");
            assert_eq!(found.to_string(), expect);
        }
    }
}
