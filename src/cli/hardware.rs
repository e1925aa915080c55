//! Hardware parameters of `htgen emit`: defaults, overridden by `hw.toml`, and both by options.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::config::{CellMultiplier, HwConfig, HwFile, OutputRate};
use crate::design::HardwareFile;
use crate::error::Result;
use crate::synth::Board;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// Options that describe the hardware.
#[derive(Debug, Args)]
pub struct HardwareOptions {
    /// Lanes, a power of two from 1 to 256 (16 when neither this nor hw.toml says so)
    #[arg(long, value_name = "LANES")]
    pub pe: Option<usize>,
    /// Hardware parameters, a TOML file; docs/hardware.md lists the keys
    #[arg(long, value_name = "FILE")]
    pub hw: Option<PathBuf>,
    /// Stream elements per beat, a power of two from 1 to 16
    #[arg(long, value_name = "ELEMENTS")]
    pub beat: Option<usize>,
    /// When an output vector is sent: after each sequence, or after each time step
    #[arg(long, value_name = "RATE")]
    pub output: Option<Rate>,
    /// The board, a name or a board file: checks whether the design fits its part, which also
    /// decides what hw.toml leaves open
    #[arg(long, value_name = "BOARD")]
    pub target: Option<String>,
}

/// [`OutputRate`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Rate {
    /// One vector after each sequence
    Sequence,
    /// One vector per time step
    Step,
}

/// Hardware parameters, and what a board may still decide.
#[derive(Debug, Clone)]
pub struct Hardware {
    /// The parameters.
    pub config: HwConfig,
    /// The board that the design is for.
    pub board: Option<Board>,
    /// Whether hw.toml says how the element-wise units multiply; otherwise the part of the board
    /// decides.
    decided: bool,
}

impl HardwareOptions {
    /// The parameters of options and file, checked.
    pub fn load(&self) -> Result<Hardware> {
        let file = self.hw.as_deref().map(HardwareFile::load).transpose()?;
        let (config, decided) = match file {
            Some(file) => (file.config, file.decides_multiplier),
            None => (HwConfig::default(), false),
        };
        let mut file = HwFile::from(config);
        file.lanes = self.pe.unwrap_or(file.lanes);
        file.elements_per_beat = self.beat.unwrap_or(file.elements_per_beat);
        file.output = self.output.map_or(file.output, OutputRate::from);
        let config = HwConfig::try_from(file)?;
        let board = self.target.as_deref().map(Board::load).transpose()?;
        Ok(Hardware { config, board, decided })
    }

    /// The options as typed, in a fixed order, with file names in place of paths, so that the
    /// headers of a design do not depend on where it was made.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut word = |option: &str, value: String| words.extend([option.to_owned(), value]);
        if let Some(lanes) = self.pe {
            word("--pe", lanes.to_string());
        }
        if let Some(path) = &self.hw {
            word("--hw", plain_name(path));
        }
        if let Some(elements) = self.beat {
            word("--beat", elements.to_string());
        }
        if let Some(rate) = self.output {
            word("--output", if rate == Rate::Step { "step" } else { "sequence" }.to_owned());
        }
        if let Some(target) = &self.target {
            word("--target", plain_name(Path::new(target)));
        }
        words
    }
}

impl Hardware {
    /// The parameters for a program with this many multipliers: where the part of the board has
    /// fewer, the element-wise units multiply in lookup tables.
    pub fn with_multipliers(&self, needed: usize) -> HwConfig {
        let deciding = self.board.as_ref().filter(|_| !self.decided);
        let scarce = deciding.is_some_and(|board| needed > board.budget.dsp);
        let cell_multiplier =
            if scarce { CellMultiplier::Serial } else { self.config.cell_multiplier };
        HwConfig { cell_multiplier, ..self.config.clone() }
    }
}

impl From<Rate> for OutputRate {
    fn from(rate: Rate) -> OutputRate {
        match rate {
            Rate::Sequence => OutputRate::Sequence,
            Rate::Step => OutputRate::Step,
        }
    }
}

/// A file name for a header: characters other than letters, digits and `._-` become `_`.
pub fn plain_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    name.chars().map(plain).take(64).collect()
}
