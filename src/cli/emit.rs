//! `htgen emit`: a model as a folder of Verilog, images and listings.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::hardware::HardwareOptions;
use super::options::{Limits, WidthOptions};
use super::progress::Stages;
use super::{Outcome, out};
use crate::commands::{self, EmitRequest, HardwareRequest};
use crate::files::OutputFolder;
use clap::Args;
use std::path::PathBuf;

const EXAMPLE: &str = "\
Example:
  htgen emit digits.q.json --pe 16
  htgen emit digits.q.json --pe 8 --target icebreaker -o rtl_out/digits_up5k";

/// Write a model as Verilog, memory images and a listing of the microprogram; exit code 1 when it
/// is for a board and does not fit
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Emit {
    /// The model file; without formats it gets safe ones by interval analysis
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    #[command(flatten)]
    hardware: HardwareOptions,
    #[command(flatten)]
    widths: WidthOptions,
    #[command(flatten)]
    limits: Limits,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The folder to write; rtl_out/NAME when absent, where NAME is the name of the model
    #[arg(short = 'o', long = "dir", value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Emit {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let given = self.dir.as_deref().map(OutputFolder::claim).transpose()?;
        let hardware = HardwareRequest {
            max_rom_words: self.limits.max_rom_words,
            max_buffer_words: self.limits.max_buffer_words,
            ..self.hardware.request()
        };
        let widths = self.widths.into();
        let request = EmitRequest { model: &self.model, hardware, widths, dir: given };
        let mut stages = Stages::default();
        let report = commands::emit(request, &mut stages)?;
        drop(stages);
        out::report(&report, self.json)?;
        let fits = report.target.as_ref().is_none_or(|target| target.fits);
        Ok(if fits { Outcome::Done } else { Outcome::No })
    }
}
