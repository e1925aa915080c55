//! An emitted design in Verilator, every output integer compared.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Told;
use super::integers::sequences;
use crate::design::Design;
use crate::error::Result;
use crate::evaluate::{self, Decider, InputClips};
use crate::files::Output;
use crate::quant::QuantPlan;
use crate::report::Simulation;
use crate::sched::Program;
use crate::sim::{self, Gaps, SimOptions, Stimulus};
use std::path::Path;

/// Streams that pause often, with occasional long pauses of the sink.
const GAPS: Gaps = Gaps { source_percent: 60, sink_percent: 60, stall_every: 7, stall_clocks: 50 };

/// What is streamed into a design.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Streamed<'a> {
    /// A data set, or its first sequences.
    Data {
        /// The npz or safetensors file.
        path: &'a Path,
        /// Number of sequences; all when absent.
        limit: Option<usize>,
    },
    /// This many seeded sequences of 1 to 40 time steps, including extreme ones.
    Random(usize),
}

/// A simulation to run.
#[derive(Debug)]
pub struct SimulationRequest<'a> {
    /// The design.
    pub design: &'a Design,
    /// What is streamed.
    pub streamed: Streamed<'a>,
    /// Seed of random sequences, of pauses and of registers without reset.
    pub seed: u64,
    /// Whether both streams pause at random.
    pub has_gaps: bool,
    /// Where waves go.
    pub wave: Option<Output>,
}

/// Simulates a design.
///
/// # Errors
/// Data that do not fit the model; Verilator missing or failing. A design that differs from the
/// reference is a result.
pub fn simulate(request: SimulationRequest<'_>, told: &mut impl Told) -> Result<Simulation> {
    let SimulationRequest { design, streamed, seed, has_gaps, wave } = request;
    let (stimulus, inputs) = stimulus(design.program.quant(), streamed, seed)?;
    let cycles = cycles(&design.program, &stimulus);
    let minutes = minutes(cycles, design.program.lanes());
    if minutes > 0 {
        told.note(&format!("note: {cycles} clock cycles to simulate: at least {minutes} minutes"));
    }
    let gaps = if has_gaps { GAPS } else { Gaps::NONE };
    let options = SimOptions { wave, gaps, ..SimOptions::new(seed) };
    told.stage("building the simulation");
    let mut stage = |stage: &str| told.stage(stage);
    let result = sim::run(&design.dir, &design.program, &stimulus, &options, &mut stage)?;
    Ok(Simulation { result, edited: design.edited(), inputs })
}

/// Clock cycles that the sequences take at least.
fn cycles(program: &Program, stimulus: &Stimulus) -> u64 {
    let steps: u64 = stimulus.lengths().iter().map(|&steps| steps as u64).sum();
    steps.saturating_mul(program.timing().cycles_per_step)
}

/// Minutes that a verilated model takes for these at least: a cycle costs 100 ns and 8 for each
/// lane on a fast core.
fn minutes(cycles: u64, lanes: usize) -> u64 {
    cycles.saturating_mul(100 + 8 * lanes as u64) / 60_000_000_000
}

/// What is streamed, and for a data set what its format clips.
fn stimulus(
    quant: &QuantPlan,
    streamed: Streamed<'_>,
    seed: u64,
) -> Result<(Stimulus, Option<InputClips>)> {
    let (path, limit) = match streamed {
        Streamed::Random(sequences) => {
            return Ok((Stimulus::random(quant, sequences, seed)?, None));
        }
        Streamed::Data { path, limit } => (path, limit),
    };
    let decider = Decider::of(quant.head().map(|head| head.outputs), None)?;
    let (inputs, element) = (quant.input().count, quant.input().element);
    let data = sequences(path, (inputs, element), decider, limit)?;
    Ok((Stimulus::from_data(quant, &data)?, Some(evaluate::input_clips(quant, &data))))
}

#[cfg(test)]
mod tests {
    use super::minutes;

    #[test]
    fn simulations_of_minutes_are_foretold() {
        assert_eq!(minutes(1_000_000_000, 1), 1);
        assert_eq!(minutes(1_000_000_000, 256), 35);
        assert_eq!(minutes(10_000_000, 16), 0);
        assert_eq!(minutes(u64::MAX, 256), u64::MAX / 60_000_000_000);
    }
}
