//! Hardware parameters: lanes, stream width, element-wise unit, output rate.
//!
//! After [`HwConfig::check`] no bound is checked again.

use crate::error::{Diagnostic, Problems, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Parameters of the emitted hardware; the keys of `hw.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HwConfig {
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
            lanes: 16,
            elements_per_beat: 1,
            cell_multiplier: CellMultiplier::Dsp,
            output: OutputRate::Sequence,
            max_rom_words: None,
            max_buffer_words: None,
        }
    }
}

impl HwConfig {
    /// Reads `hw.toml` text.
    ///
    /// # Errors
    /// Syntax errors and unknown keys with line and column, and every bound that is broken.
    pub fn parse(text: &str) -> Result<HwConfig> {
        let config: HwConfig = toml::from_str(text).map_err(|e| {
            let start = e.span().map_or(0, |span| span.start.min(text.len()));
            let line = text[..start].matches('\n').count() + 1;
            let what = e.message().replace("usize", "a whole number").replace('\n', " ");
            Diagnostic::new(format!("line {line}"), what)
                .help("the keys are listed in docs/hardware.md")
        })?;
        config.check()?;
        Ok(config)
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// All that are broken.
    pub fn check(&self) -> Result<()> {
        let mut problems = Vec::new();
        let mut power = |key: &str, value: usize, most: usize| {
            if !value.is_power_of_two() || value > most {
                let below = if value == 0 { 1 } else { 1 << value.ilog2() };
                problems.push(
                    Diagnostic::new(key, "not usable")
                        .found(value)
                        .expected(format!("a power of two from 1 to {most}"))
                        .help(format!("try {}", below.min(most))),
                );
            }
        };
        power("lanes", self.lanes, 256);
        power("elements_per_beat", self.elements_per_beat, 16);
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }
}
