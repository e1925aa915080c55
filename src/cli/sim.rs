//! `htgen sim`: an emitted design in Verilator, every output integer compared.

use super::edited::EditOption;
use super::options::count;
use super::progress::Progress;
use super::{Outcome, out, stages};
use crate::error::Result;
use crate::evaluate::{self, Decider, InputClips};
use crate::files::Output;
use crate::quant::QuantPlan;
use crate::report::Simulation;
use crate::sim::{self, Gaps, Options, Stimulus};
use clap::{ArgGroup, Args};
use std::path::PathBuf;

/// Streams that pause often, with occasional long pauses of the sink.
const GAPS: Gaps = Gaps { source_percent: 60, sink_percent: 60, stall_every: 7, stall_clocks: 50 };

const EXAMPLE: &str = "\
Example:
  htgen sim rtl_out/digits --inputs voices.npz
  htgen sim rtl_out/digits --random 20 --gaps --seed 7 --json";

/// Simulate a design bit by bit; exit code 1 when it differs from the reference, or takes a
/// different number of cycles than predicted
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
#[command(group = ArgGroup::new("stimulus").required(true).args(["inputs", "random"]))]
pub struct Sim {
    /// A folder written by htgen emit
    #[arg(value_name = "DIR")]
    design: PathBuf,
    /// Stream a data set: an npz or safetensors file with x
    #[arg(long, value_name = "DATA")]
    inputs: Option<PathBuf>,
    /// Stream seeded sequences of 1 to 40 time steps, including extreme ones
    #[arg(long, value_name = "SEQUENCES")]
    random: Option<usize>,
    /// Use only the first N sequences of the data set
    #[arg(long, value_name = "N", requires = "inputs",
          value_parser = count::<usize>)]
    limit: Option<usize>,
    /// Write waves: FST, or VCD when the name ends in .vcd
    #[arg(long, value_name = "FILE")]
    wave: Option<PathBuf>,
    /// Seed of the random sequences, of the pauses and of registers without reset
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Let both streams pause at random
    #[arg(long)]
    gaps: bool,
    #[command(flatten)]
    edited: EditOption,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Sim {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let wave = self.wave.as_deref().map(Output::claim).transpose()?;
        let design = self.edited.read(&self.design)?;
        let (stimulus, inputs) = self.stimulus(design.program.quant())?;
        let mut options = Options::new(self.seed);
        options.wave = wave;
        if self.gaps {
            options.gaps = GAPS;
        }
        let progress = Progress::start("building the simulation");
        let result = sim::run(&design.dir, &design.program, &stimulus, &options, &mut |stage| {
            progress.stage(stage);
        })?;
        drop(progress);
        if let Some(mismatch) = &result.mismatch {
            out::note(&format!("mismatch: {mismatch}"));
        }
        if let Some(cycles) = &result.other_cycles {
            out::note(&format!("cycles: {cycles}"));
        }
        let outcome = if result.is_right() { Outcome::Done } else { Outcome::No };
        out::report(&Simulation { result, edited: design.edited(), inputs }, self.json)?;
        Ok(outcome)
    }

    /// What is streamed, and for a data set what its format clips.
    fn stimulus(&self, quant: &QuantPlan) -> Result<(Stimulus, Option<InputClips>)> {
        let Some(path) = &self.inputs else {
            let random = Stimulus::random(quant, self.random.unwrap_or_default(), self.seed)?;
            return Ok((random, None));
        };
        let decider = Decider::of(quant.head().map(|head| head.outputs), None)?;
        let input = (quant.input().count, quant.input().element);
        let data = stages::load_sequences(path, input, decider, self.limit)?;
        Ok((Stimulus::from_data(quant, &data)?, Some(evaluate::input_clips(quant, &data))))
    }
}
