//! `htgen synth`: an emitted design through yosys and nextpnr to a bitstream.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::edited::EditOption;
use super::options::count;
use super::progress::Stages;
use super::{Outcome, out};
use crate::commands::{self, SynthesisRequest};
use crate::files::OutputFolder;
use crate::synth::{Board, SynthConfig};
use clap::Args;
use std::path::PathBuf;

/// Highest clock that can be requested, MHz.
const MAX_CLOCK_MHZ: f64 = 1000.0;

const EXAMPLE: &str = "\
Example:
  htgen synth rtl_out/digits --target icebreaker
  htgen synth rtl_out/digits --target ulx3s-25f --clock 100 --steps 20 --json";

/// Take a design through yosys and nextpnr; exit code 1 when it does not fit or misses the clock
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Synth {
    /// A folder written by htgen emit
    #[arg(value_name = "DIR")]
    design: PathBuf,
    /// The board: a name that htgen doctor lists, or a board file
    #[arg(long, value_name = "BOARD")]
    target: String,
    /// The target clock; that of the board when absent
    #[arg(long, value_name = "MHZ", value_parser = parse_clock)]
    clock: Option<f64>,
    /// Seed of the placer
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u32,
    /// Maximum number of placements, each with the next seed, until one meets the clock
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = count::<u32>)]
    placements: u32,
    /// Time steps per inference, for predicted_inferences_per_second
    #[arg(long, value_name = "T", default_value_t = 1,
          value_parser = count::<u64>)]
    steps: u64,
    /// Also count the cells of each module
    #[arg(long)]
    cells: bool,
    #[command(flatten)]
    edited: EditOption,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The folder for everything the tools write; DIR/synth_BOARD when absent
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

impl Synth {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let given = self.output.as_deref().map(OutputFolder::claim).transpose()?;
        let board = Board::load(&self.target)?;
        let design = self.edited.read(&self.design)?;
        let config = SynthConfig {
            clock_mhz: self.clock.unwrap_or(board.clock_mhz),
            seed: self.seed,
            placements: self.placements,
            by_module: self.cells,
        };
        let request = SynthesisRequest {
            design: &design,
            board: &board,
            config,
            steps: self.steps,
            output: given,
        };
        let mut stages = Stages::default();
        let report = commands::synthesize(request, &mut stages)?;
        drop(stages);
        out::report(&report, self.json)?;
        Ok(if report.is_met() { Outcome::Done } else { Outcome::No })
    }
}

fn parse_clock(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(clock) if clock > 0.0 && clock <= MAX_CLOCK_MHZ => Ok(clock),
        _ => Err(format!("expected a number more than 0 and at most {MAX_CLOCK_MHZ}")),
    }
}
