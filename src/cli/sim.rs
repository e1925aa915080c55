//! `htgen sim`: an emitted design in Verilator, every output integer compared.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::edited::EditOption;
use super::options::count;
use super::progress::Stages;
use super::{Outcome, out};
use crate::commands::{self, SimulationRequest, Streamed};
use crate::files::Output;
use clap::{ArgGroup, Args};
use std::path::PathBuf;

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
        let streamed = match &self.inputs {
            Some(path) => Streamed::Data { path, limit: self.limit },
            None => Streamed::Random(self.random.unwrap_or_default()),
        };
        let (seed, has_gaps) = (self.seed, self.gaps);
        let request = SimulationRequest { design: &design, streamed, seed, has_gaps, wave };
        let mut stages = Stages::default();
        let report = commands::simulate(request, &mut stages)?;
        drop(stages);
        if let Some(mismatch) = &report.result.mismatch {
            out::note(&format!("mismatch: {mismatch}"));
        }
        if let Some(cycles) = &report.result.other_cycles {
            out::note(&format!("cycles: {cycles}"));
        }
        out::report(&report, self.json)?;
        Ok(if report.result.is_right() { Outcome::Done } else { Outcome::No })
    }
}
