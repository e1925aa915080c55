//! Options that several commands share.

use crate::plan::PlanConfig;
use crate::quant::Widths;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use std::str::FromStr;

/// A number of at least 1.
pub fn count<T: FromStr + Default + PartialEq>(text: &str) -> Result<T, String> {
    match text.parse::<T>() {
        Ok(value) if value != T::default() => Ok(value),
        _ => Err("expected a whole number of at least 1".to_owned()),
    }
}

/// Width of weights when nobody asks for another.
const WEIGHT_BITS: u32 = 8;
/// Width of activations when nobody asks for another.
const ACTIVATION_BITS: u32 = 12;

/// Limits of the plan.
#[derive(Debug, Clone, Copy, Args)]
pub struct Limits {
    /// Most weight words that the plan may take
    #[arg(long, value_name = "WORDS")]
    pub max_rom_words: Option<u64>,
    /// Most words of intermediate results alive at once
    #[arg(long, value_name = "WORDS")]
    pub max_buffer_words: Option<u64>,
}

impl Limits {
    /// Whether a limit was given.
    pub fn given(self) -> bool {
        self.max_rom_words.is_some() || self.max_buffer_words.is_some()
    }
    /// The limits for the planner, zero columns dropped.
    pub fn config(self) -> PlanConfig {
        let Limits { max_rom_words, max_buffer_words } = self;
        PlanConfig { max_rom_words, max_buffer_words, ..PlanConfig::UNLIMITED }
    }
}

/// Widths of the integers.
#[derive(Debug, Clone, Copy, Args)]
pub struct WidthOptions {
    /// Width of a weight, 2 to 16 bits (8 when absent)
    #[arg(long, value_name = "BITS", value_parser = weight_bits())]
    pub weight_bits: Option<u32>,
    /// Width of an activation, 4 to 16 bits (12 when absent)
    #[arg(long, value_name = "BITS", value_parser = activation_bits())]
    pub activation_bits: Option<u32>,
}

impl WidthOptions {
    /// Nothing asked for.
    pub const ABSENT: WidthOptions = WidthOptions { weight_bits: None, activation_bits: None };

    /// The widths asked for, 8 and 12 bits where none are.
    pub fn widths(self) -> Widths {
        Widths {
            weight_bits: self.weight_bits.unwrap_or(WEIGHT_BITS),
            activation_bits: self.activation_bits.unwrap_or(ACTIVATION_BITS),
        }
    }
    /// The widths asked for, `present` where none are.
    pub fn widths_or(self, present: Widths) -> Widths {
        Widths {
            weight_bits: self.weight_bits.unwrap_or(present.weight_bits),
            activation_bits: self.activation_bits.unwrap_or(present.activation_bits),
        }
    }
}

fn weight_bits() -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(2..=16)
}

fn activation_bits() -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(4..=16)
}
