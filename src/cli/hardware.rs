//! Hardware parameters of `htgen emit`: defaults, overridden by `hw.toml`, and both by options.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::commands::HardwareRequest;
use crate::config::OutputRate;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

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

impl HardwareOptions {
    /// What is asked of the hardware.
    pub fn request(&self) -> HardwareRequest<'_> {
        HardwareRequest {
            lanes: self.pe,
            file: self.hw.as_deref(),
            elements_per_beat: self.beat,
            output: self.output.map(OutputRate::from),
            target: self.target.as_deref(),
            ..HardwareRequest::default()
        }
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
