//! Hardware parameters: lanes, stream width, element-wise unit, output rate.
//!
//! Each bound is stated once, by the type of the value that it bounds.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{self, Diagnostic, Problems, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A power of two within bounds.
macro_rules! power_of_two {
    ($(#[$about:meta])* $name:ident, 1 to $most:literal) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(usize);

        impl $name {
            /// The most.
            pub const MOST: $name = $name($most);

            /// Checks a number.
            ///
            /// # Errors
            /// No power of two, or one beyond the bound; the message has the next that would do.
            pub fn new(number: usize) -> Result<$name> {
                if number.is_power_of_two() && number <= $most {
                    return Ok($name(number));
                }
                let below = if number == 0 { 1 } else { 1usize << number.ilog2() };
                Err(Diagnostic::new("", "not usable")
                    .found(number)
                    .expected(concat!("a power of two from 1 to ", $most))
                    .help(format!("try {}", below.min($most)))
                    .into())
            }
            /// The number.
            pub fn get(self) -> usize {
                self.0
            }
            /// Its logarithm to base 2.
            pub fn bits(self) -> u32 {
                self.0.trailing_zeros()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

power_of_two!(
    /// Multiply-accumulate lanes.
    Lanes, 1 to 256
);
power_of_two!(
    /// Stream elements per beat.
    ElementsPerBeat, 1 to 16
);

/// Parameters of the emitted hardware.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "HwFile")]
pub struct HwConfig {
    /// Multiply-accumulate lanes.
    pub lanes: Lanes,
    /// Stream elements per beat.
    pub elements_per_beat: ElementsPerBeat,
    /// How the element-wise unit multiplies.
    pub cell_multiplier: CellMultiplier,
    /// When an output vector is sent.
    pub output: OutputRate,
    /// Limit on weight words of the plan.
    pub max_rom_words: Option<u64>,
    /// Limit on buffer words of the plan.
    pub max_buffer_words: Option<u64>,
}

/// The keys of `hw.toml`, before their bounds are checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(
    title = "HwConfig",
    description = "Parameters of the emitted hardware; the keys of `hw.toml`."
)]
pub struct HwFile {
    /// Multiply-accumulate lanes, a power of two from 1 to 256.
    pub lanes: usize,
    /// Stream elements per beat, a power of two from 1 to 16.
    pub elements_per_beat: usize,
    /// How the element-wise unit multiplies.
    pub cell_multiplier: CellMultiplier,
    /// When an output vector is sent.
    pub output: OutputRate,
    /// Limit on weight words of the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rom_words: Option<u64>,
    /// Limit on buffer words of the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_buffer_words: Option<u64>,
}

/// Multipliers of the element-wise unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CellMultiplier {
    /// Two DSP blocks per unit, one beat per clock.
    Dsp,
    /// Shift and add in LUTs, no DSP block.
    Serial,
}

/// When an output vector is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutputRate {
    /// One vector after each sequence.
    Sequence,
    /// One vector per time step.
    Step,
}

impl Default for HwConfig {
    fn default() -> Self {
        HwConfig {
            lanes: Lanes(16),
            elements_per_beat: ElementsPerBeat(1),
            cell_multiplier: CellMultiplier::Dsp,
            output: OutputRate::Sequence,
            max_rom_words: None,
            max_buffer_words: None,
        }
    }
}

impl Default for HwFile {
    fn default() -> Self {
        HwConfig::default().into()
    }
}

impl From<HwConfig> for HwFile {
    fn from(config: HwConfig) -> HwFile {
        HwFile {
            lanes: config.lanes.get(),
            elements_per_beat: config.elements_per_beat.get(),
            cell_multiplier: config.cell_multiplier,
            output: config.output,
            max_rom_words: config.max_rom_words,
            max_buffer_words: config.max_buffer_words,
        }
    }
}

impl TryFrom<HwFile> for HwConfig {
    type Error = Problems;

    /// Checks every bound.
    ///
    /// # Errors
    /// All that are broken, each with its key.
    fn try_from(file: HwFile) -> Result<HwConfig> {
        let lanes = Lanes::new(file.lanes).map_err(|p| p.in_file("lanes"));
        let elements = ElementsPerBeat::new(file.elements_per_beat);
        match (lanes, elements.map_err(|p| p.in_file("elements_per_beat"))) {
            (Ok(lanes), Ok(elements_per_beat)) => Ok(HwConfig {
                lanes,
                elements_per_beat,
                cell_multiplier: file.cell_multiplier,
                output: file.output,
                max_rom_words: file.max_rom_words,
                max_buffer_words: file.max_buffer_words,
            }),
            (lanes, elements) => {
                let problems = lanes.err().into_iter().chain(elements.err());
                Err(Problems(problems.flat_map(|problems| problems.0).collect()))
            }
        }
    }
}

impl HwFile {
    /// Reads `hw.toml` text.
    ///
    /// # Errors
    /// Syntax errors and unknown keys with line and column.
    pub fn parse(text: &str) -> Result<HwFile> {
        toml::from_str(text).map_err(|e| {
            let start = e.span().map_or(0, |span| span.start.min(text.len()));
            let line = text[..start].matches('\n').count() + 1;
            let what = error::parser(&e.message().replace("usize", "a whole number"));
            Diagnostic::new(format!("line {line}"), what)
                .help("the keys are listed in docs/hardware.md")
                .into()
        })
    }
}

impl HwConfig {
    /// Reads `hw.toml` text.
    ///
    /// # Errors
    /// Syntax errors and unknown keys with line and column, and every bound that is broken.
    pub fn parse(text: &str) -> Result<HwConfig> {
        HwConfig::try_from(HwFile::parse(text)?)
    }
}
