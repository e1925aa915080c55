//! Options that several commands share.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::commands::{AskedWidths, Judging};
use crate::data::check_name;
use crate::model::{ActivationBits, Cores, WeightBits, identifier};
use crate::plan::PlanConfig;
use crate::video::FrameSize;
use clap::Args;
use clap::builder::{RangedU64ValueParser, TypedValueParser};
use std::path::Path;
use std::str::FromStr;

/// A number of at least 1.
pub fn count<T: FromStr + Default + PartialEq>(text: &str) -> Result<T, String> {
    match text.parse::<T>() {
        Ok(value) if value != T::default() => Ok(value),
        _ => Err("expected a whole number of at least 1".to_owned()),
    }
}

/// The default name of a model: the identifier made from the name of its file up to the first dot,
/// ignoring leading dots.
pub fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    identifier(name.trim_start_matches('.').split('.').next().unwrap_or_default())
}

/// Names of classes, without duplicates.
#[derive(Debug, Clone)]
pub struct ClassNames(pub Vec<String>);

/// A list like `yes,no`.
pub fn class_names(text: &str) -> Result<ClassNames, String> {
    let names: Vec<String> = text.split(',').map(str::to_owned).collect();
    for (k, name) in names.iter().enumerate() {
        check_name(name).map_err(|problems| problems.to_string())?;
        if names[..k].contains(name) {
            return Err(format!("{name} is listed twice"));
        }
    }
    Ok(ClassNames(names))
}

/// Longest side of a frame, pixels.
const MAX_SIDE: usize = 4096;

/// Where the numbers of a model go: into a separate file when requested or when there are too many
/// of them.
pub fn cores(safetensors: bool) -> Cores {
    if safetensors { Cores::Safetensors } else { Cores::BySize }
}

/// Width and height like `160x120`.
pub fn picture_size(text: &str) -> Result<(usize, usize), String> {
    match sides(text).as_deref() {
        Some(&[width, height]) => Ok((width, height)),
        _ => Err(format!("expected WIDTHxHEIGHT, 1 to {MAX_SIDE} pixels each")),
    }
}

/// Width, height and channels like `48x36x1`.
pub fn frame_size(text: &str) -> Result<FrameSize, String> {
    match sides(text).as_deref() {
        Some(&[width, height, channels]) => Ok(FrameSize { width, height, channels }),
        _ => Err(format!("expected WIDTHxHEIGHTxCHANNELS, 1 to {MAX_SIDE} pixels each")),
    }
}

/// Channels of a frame.
pub fn channels(text: &str) -> Result<usize, String> {
    match text {
        "1" => Ok(1),
        "3" => Ok(3),
        _ => Err("expected 1 or 3".to_owned()),
    }
}

fn sides(text: &str) -> Option<Vec<usize>> {
    let side = |text: &str| text.parse().ok().filter(|side| (1..=MAX_SIDE).contains(side));
    text.split('x').map(side).collect()
}

/// What is judged, and how outputs become decisions.
#[derive(Debug, Clone, Copy, Args)]
pub struct JudgeOptions {
    /// Judge the output of every time step, not only of the last one
    #[arg(long)]
    every_step: bool,
    /// For a model with one output: above T is class 1, otherwise class 0 (0 when absent)
    #[arg(long, value_name = "T", value_parser = finite, allow_negative_numbers = true)]
    threshold: Option<f64>,
}

impl From<JudgeOptions> for Judging {
    fn from(options: JudgeOptions) -> Judging {
        Judging { every_step: options.every_step, threshold: options.threshold }
    }
}

fn finite(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err("expected a number".to_owned()),
    }
}

/// Limits of the plan.
#[derive(Debug, Clone, Copy, Args)]
pub struct Limits {
    /// Maximum number of weight words that the plan may take
    #[arg(long, value_name = "WORDS")]
    pub max_rom_words: Option<u64>,
    /// Maximum number of words of intermediate results alive at once
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
    pub weight_bits: Option<WeightBits>,
    /// Width of an activation, 4 to 16 bits (12 when absent)
    #[arg(long, value_name = "BITS", value_parser = activation_bits())]
    pub activation_bits: Option<ActivationBits>,
}

impl From<WidthOptions> for AskedWidths {
    fn from(options: WidthOptions) -> AskedWidths {
        AskedWidths { weight: options.weight_bits, activation: options.activation_bits }
    }
}

/// Clap words a number out of range itself; what it accepts is a width.
fn weight_bits() -> impl TypedValueParser<Value = WeightBits> {
    let range = u64::from(WeightBits::LEAST.get())..=u64::from(WeightBits::MOST.get());
    RangedU64ValueParser::<u32>::new().range(range).try_map(WeightBits::new)
}

fn activation_bits() -> impl TypedValueParser<Value = ActivationBits> {
    let range = u64::from(ActivationBits::LEAST.get())..=u64::from(ActivationBits::MOST.get());
    RangedU64ValueParser::<u32>::new().range(range).try_map(ActivationBits::new)
}
