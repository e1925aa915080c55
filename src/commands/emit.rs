//! A model as a folder of Verilog, images and listings.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Told;
use super::integers::{AskedWidths, in_integers};
use crate::config::{CellMultiplier, HwConfig, HwFile, OutputRate};
use crate::design::{self, HardwareFile};
use crate::error::Result;
use crate::files::OutputFolder;
use crate::model;
use crate::plan::PlanConfig;
use crate::report::{Emission, Target};
use crate::sched;
use crate::synth::Board;
use crate::verilog::{self, About};
use std::path::Path;

/// Where designs go by default.
const OUTPUT: &str = "rtl_out";

/// What is asked of the hardware; what is absent comes from the file of parameters, or from
/// [`HwConfig::default`].
#[derive(Debug, Clone, Copy, Default)]
pub struct HardwareRequest<'a> {
    /// Lanes, a power of two from 1 to 256.
    pub lanes: Option<usize>,
    /// A file of parameters, TOML.
    pub file: Option<&'a Path>,
    /// Stream elements per beat, a power of two from 1 to 16.
    pub elements_per_beat: Option<usize>,
    /// When an output vector is sent.
    pub output: Option<OutputRate>,
    /// The board, a name or a board file; its part decides what the file leaves open.
    pub target: Option<&'a str>,
    /// Limit on weight words of the plan.
    pub max_rom_words: Option<u64>,
    /// Limit on buffer words of the plan.
    pub max_buffer_words: Option<u64>,
}

/// A design to write.
#[derive(Debug)]
pub struct EmitRequest<'a> {
    /// The model file; without formats it gets safe ones.
    pub model: &'a Path,
    /// The hardware.
    pub hardware: HardwareRequest<'a>,
    /// Widths for a model without formats.
    pub widths: AskedWidths,
    /// The folder; `rtl_out/NAME` when absent, where NAME is the name of the model.
    pub dir: Option<OutputFolder>,
}

/// Hardware parameters, and what a board may still decide.
struct Hardware {
    config: HwConfig,
    board: Option<Board>,
    /// Whether the file of parameters says how the element-wise units multiply; otherwise the part
    /// of the board decides.
    decided: bool,
}

impl Hardware {
    /// The parameters of request and file, checked.
    fn of(request: &HardwareRequest<'_>) -> Result<Hardware> {
        let file = request.file.map(HardwareFile::load).transpose()?;
        let (config, decided) = match file {
            Some(file) => (file.config, file.decides_multiplier),
            None => (HwConfig::default(), false),
        };
        let mut file = HwFile::from(config);
        file.lanes = request.lanes.unwrap_or(file.lanes);
        file.elements_per_beat = request.elements_per_beat.unwrap_or(file.elements_per_beat);
        file.output = request.output.unwrap_or(file.output);
        file.max_rom_words = request.max_rom_words.or(file.max_rom_words);
        file.max_buffer_words = request.max_buffer_words.or(file.max_buffer_words);
        let config = HwConfig::try_from(file)?;
        let board = request.target.map(Board::load).transpose()?;
        Ok(Hardware { config, board, decided })
    }

    /// The limits of the plan.
    fn limits(&self) -> PlanConfig {
        PlanConfig {
            max_rom_words: self.config.max_rom_words,
            max_buffer_words: self.config.max_buffer_words,
            ..PlanConfig::UNLIMITED
        }
    }

    /// The parameters for a program with this many multipliers: where the part of the board has
    /// fewer, the element-wise units multiply in lookup tables.
    fn with_multipliers(&self, needed: usize) -> HwConfig {
        let deciding = self.board.as_ref().filter(|_| !self.decided);
        let scarce = deciding.is_some_and(|board| needed > board.budget.dsp);
        let cell_multiplier =
            if scarce { CellMultiplier::Serial } else { self.config.cell_multiplier };
        HwConfig { cell_multiplier, ..self.config.clone() }
    }
}

/// Writes the design of a model.
///
/// # Errors
/// A model, parameters or board that cannot be read; what [`in_integers`], [`sched::schedule`],
/// [`verilog::emit`] and [`design::write`] refuse. A design that does not fit its board is a
/// result.
pub fn emit(request: EmitRequest<'_>, told: &mut impl Told) -> Result<Emission> {
    let path = request.model;
    let command = request.command();
    let hardware = Hardware::of(&request.hardware)?;
    let model = model::load(path)?;
    let dir = match request.dir {
        Some(dir) => dir,
        None => OutputFolder::claim(&Path::new(OUTPUT).join(&model.name))?,
    };
    design::check_replaceable(&dir)?;
    told.stage("planning and scheduling");
    let (quant, origin) = in_integers(path, &model, request.widths, &hardware.limits(), told)?;
    let mut program = sched::schedule(&quant, &hardware.config)?;
    let decided = hardware.with_multipliers(program.multipliers());
    if decided != hardware.config {
        program = sched::schedule(&quant, &decided)?;
    }
    told.stage("writing the design");
    let about = About { command };
    let bundle =
        verilog::emit(&program, &about).map_err(|problems| problems.in_file(path.display()))?;
    design::write(&dir, &model, &program, &bundle, &about)?;
    let target = hardware.board.map(|board| Target::of(&board, &program)).transpose()?;
    Ok(Emission::of(&program, &bundle, origin, target, dir.path()))
}

impl EmitRequest<'_> {
    /// The command for the headers: what determines the content, in a fixed order, with file names
    /// in place of paths, so that the headers do not depend on where a design was made.
    fn command(&self) -> String {
        let HardwareRequest { lanes, file, elements_per_beat, output, target, .. } = self.hardware;
        let rate = output.map(|rate| match rate {
            OutputRate::Step => "step".to_owned(),
            OutputRate::Sequence => "sequence".to_owned(),
        });
        let AskedWidths { weight, activation } = self.widths;
        let options = [
            ("--pe", lanes.map(|lanes| lanes.to_string())),
            ("--hw", file.map(plain_name)),
            ("--beat", elements_per_beat.map(|elements| elements.to_string())),
            ("--output", rate),
            ("--target", target.map(|target| plain_name(Path::new(target)))),
            ("--weight-bits", weight.map(|bits| bits.to_string())),
            ("--activation-bits", activation.map(|bits| bits.to_string())),
            ("--max-rom-words", self.hardware.max_rom_words.map(|words| words.to_string())),
            ("--max-buffer-words", self.hardware.max_buffer_words.map(|words| words.to_string())),
        ];
        let given = options.into_iter().filter_map(|(option, value)| Some((option, value?)));
        let words = given.map(|(option, value)| format!(" {option} {value}"));
        format!("htgen emit {}{}", plain_name(self.model), words.collect::<String>())
    }
}

/// A file name for a header: characters other than letters, digits and `._-` become `_`.
fn plain_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    name.chars().map(plain).take(64).collect()
}
