//! How a simulation runs: gaps in the streams, events in the middle of sequences, waves, and how
//! the model is built.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::PathBuf;

use super::Stimulus;
use crate::error::{Diagnostic, Problems, Result};
use crate::files::Output;

/// Everything about a run besides design and data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimOptions {
    /// Where waves are written: FST, or VCD when the name ends in `.vcd`.
    pub wave: Option<Output>,
    /// Seed of the gaps and of registers that need no reset.
    pub seed: u64,
    /// How often the streams pause.
    pub gaps: Gaps,
    /// What happens in the middle of sequences; at most one event per sequence.
    pub events: Vec<Event>,
    /// How the model is compiled.
    pub build: Build,
    /// A netlist to run instead of the design's own Verilog.
    pub netlist: Option<Netlist>,
    /// A folder that keeps the simulator's compiled runtime for the next design.
    pub runtime: Option<PathBuf>,
    /// The folder that records which models were built here; one in the user's cache when absent.
    pub built: Option<PathBuf>,
}

impl SimOptions {
    /// Nothing special: streams that never pause, no waves, a fast model.
    pub fn new(seed: u64) -> Self {
        SimOptions {
            wave: None,
            seed,
            gaps: Gaps::NONE,
            events: Vec::new(),
            build: Build::Fast,
            netlist: None,
            runtime: None,
            built: None,
        }
    }

    /// Whether cycles can be counted: both streams are always ready and no events happen.
    pub(super) fn is_undisturbed(&self) -> bool {
        self.gaps == Gaps::NONE && self.events.is_empty()
    }

    /// The event of a sequence.
    pub(super) fn event(&self, sequence: usize) -> Option<&Event> {
        self.events.iter().find(|event| event.sequence == sequence)
    }

    /// Refuses endless pauses, and events that do not fit the stimulus.
    pub(super) fn check(&self, stimulus: &Stimulus, beats_per_step: u64) -> Result<()> {
        let mut problems = Vec::new();
        let Gaps { source_percent, sink_percent, .. } = self.gaps;
        for (name, percent) in [("source_percent", source_percent), ("sink_percent", sink_percent)]
        {
            if !(1..=100).contains(&percent) {
                let place = format!("gaps.{name}");
                problems.push(
                    Diagnostic::new(place, "out of range").found(percent).expected("1 to 100"),
                );
            }
        }
        for (k, event) in self.events.iter().enumerate() {
            let problem = match event.sequence < stimulus.count() {
                true if self.events[..k].iter().any(|other| other.sequence == event.sequence) => {
                    Some(Diagnostic::new("", "the sequence already has an event"))
                }
                true => event.kind.problem(stimulus.steps(event.sequence) as u64, beats_per_step),
                false => Some(
                    Diagnostic::new("", "no such sequence")
                        .found(event.sequence)
                        .expected(format!("0 to {}", stimulus.count() - 1)),
                ),
            };
            problems.extend(problem.map(|p| p.in_file(format!("events[{k}]"))));
        }
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }
}

/// How the model is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Build {
    /// Runs fast, compiles slowly.
    Fast,
    /// Compiles fast; for short runs.
    Quick,
}

impl Build {
    /// Options of the Makefile that Verilator writes.
    pub(super) fn make_flags(self) -> [&'static str; 3] {
        match self {
            Build::Fast => ["OPT_FAST=-O3", "OPT_SLOW=-O1", "OPT_GLOBAL=-O2"],
            Build::Quick => ["OPT_FAST=-O1", "OPT_SLOW=-O0", "OPT_GLOBAL=-O0"],
        }
    }
}

/// Pauses of the streams, drawn from the seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gaps {
    /// Number of clocks out of a hundred in which the source offers a beat if it is not offering
    /// one already; 1 to 100.
    pub source_percent: u32,
    /// Number of clocks out of a hundred in which the sink is ready; 1 to 100.
    pub sink_percent: u32,
    /// The sink stops each time after this many values; 0: never.
    pub stall_every: u64,
    /// Number of clocks for which it then stops.
    pub stall_clocks: u64,
}

impl Gaps {
    /// Source always valid, sink always ready.
    pub const NONE: Gaps =
        Gaps { source_percent: 100, sink_percent: 100, stall_every: 0, stall_clocks: 0 };
}

/// Something that happens in the middle of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The sequence, from 0.
    pub sequence: usize,
    /// What happens.
    pub kind: EventKind,
}

/// What happens in the middle of a sequence. The place of the event counts beats of the sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// A reset; this sequence and the outstanding outputs of earlier ones are lost.
    Reset {
        /// Beats accepted before it, at least 1.
        beats: u64,
        /// Clocks from the last of them to the reset.
        clocks: u64,
    },
    /// A `tlast` that is not on the last beat of a time step; the sequence ends there.
    EarlyLast {
        /// The beat that has it, from 0.
        beat: u64,
    },
}

impl EventKind {
    /// What prevents the event from happening in a sequence of `steps` time steps.
    fn problem(self, steps: u64, beats_per_step: u64) -> Option<Diagnostic> {
        let beats_in_all = steps * beats_per_step;
        match self {
            EventKind::Reset { beats, .. } if beats == 0 || beats > beats_in_all => Some(
                Diagnostic::new("beats", "out of range")
                    .found(beats)
                    .expected(format!("1 to {beats_in_all}")),
            ),
            EventKind::EarlyLast { beat }
                if beat >= beats_in_all || (beat + 1) % beats_per_step == 0 =>
            {
                Some(
                    Diagnostic::new("beat", "a tlast there is in its place or after the end")
                        .found(beat)
                        .expected(format!(
                            "below {beats_in_all}, not the last of {beats_per_step} beats of a step"
                        )),
                )
            }
            _ => None,
        }
    }
}

/// A netlist of the design, to be run by the same bench.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Netlist {
    /// The netlist; its top module has the name and the ports of that of the design.
    pub verilog: PathBuf,
    /// Verilog models of the cells that it is made of.
    pub cells: PathBuf,
}
