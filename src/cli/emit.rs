//! `htgen emit`: a model as a folder of Verilog, images and listings.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::hardware::{HardwareOptions, plain_name};
use super::options::{Limits, WidthOptions};
use super::progress::Progress;
use super::{Outcome, out, stages};
use crate::design;
use crate::files::OutputFolder;
use crate::model;
use crate::plan::PlanConfig;
use crate::report::{Emission, Target};
use crate::sched;
use crate::verilog::{self, About};
use clap::Args;
use std::path::{Path, PathBuf};

/// Where designs go by default.
const OUTPUT: &str = "rtl_out";

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
        let mut hardware = self.hardware.load()?;
        let limits = &mut hardware.config;
        limits.max_rom_words = self.limits.max_rom_words.or(limits.max_rom_words);
        limits.max_buffer_words = self.limits.max_buffer_words.or(limits.max_buffer_words);
        let config = PlanConfig {
            max_rom_words: limits.max_rom_words,
            max_buffer_words: limits.max_buffer_words,
            ..PlanConfig::UNLIMITED
        };
        let model = model::load(&self.model)?;
        let dir = match given {
            Some(dir) => dir,
            None => OutputFolder::claim(&Path::new(OUTPUT).join(&model.name))?,
        };
        design::check_replaceable(&dir)?;
        let progress = Progress::start("planning and scheduling");
        let (quant, origin) = stages::quantized(&self.model, &model, self.widths, &config)?;
        let mut program = sched::schedule(&quant, &hardware.config)?;
        let decided = hardware.with_multipliers(program.multipliers());
        if decided != hardware.config {
            program = sched::schedule(&quant, &decided)?;
        }
        progress.stage("writing the design");
        let about = About { command: self.command() };
        let bundle = verilog::emit(&program, &about)
            .map_err(|problems| problems.in_file(self.model.display()))?;
        design::write(&dir, &model, &program, &bundle, &about)?;
        drop(progress);
        let target = hardware.board.map(|board| Target::of(&board, &program)).transpose()?;
        let fits = target.as_ref().is_none_or(|target| target.fits);
        out::report(&Emission::of(&program, &bundle, origin, target, dir.path()), self.json)?;
        Ok(if fits { Outcome::Done } else { Outcome::No })
    }

    /// The command for the headers: what determines the content, without paths.
    fn command(&self) -> String {
        let mut words = vec!["htgen".into(), "emit".into(), plain_name(&self.model)];
        words.extend(self.hardware.words());
        let numbers = [
            ("--weight-bits", self.widths.weight_bits.map(|bits| bits.get().into())),
            ("--activation-bits", self.widths.activation_bits.map(|bits| bits.get().into())),
            ("--max-rom-words", self.limits.max_rom_words),
            ("--max-buffer-words", self.limits.max_buffer_words),
        ];
        for (option, value) in numbers {
            if let Some(value) = value {
                words.extend([option.to_owned(), value.to_string()]);
            }
        }
        words.join(" ")
    }
}
