//! `train.toml`: what is trained, on which data, and how.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{self, Diagnostic, Problems, Result};
use crate::model::{ActivationBits, MOST_INPUT_SHIFT, WeightBits, Widths};
use serde::{Deserialize, Serialize};

mod data;
mod model;

pub use data::{DataTable, SplitBy};
pub use model::{ModelTable, RankKey};

/// The whole of `train.toml`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// The model; left out if training starts from a model file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelTable>,
    /// The data and their parts.
    #[serde(default)]
    pub data: DataTable,
    /// How it is trained.
    #[serde(default)]
    pub train: FitConfig,
    /// How training sequences are varied; not at all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub augment: Option<Augment>,
    /// Training in integers; only in floats when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantization: Option<QuantizationTable>,
}

/// Training that sees the integers of the hardware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuantizationTable {
    /// Width of a weight, bits.
    pub weight_bits: WeightBits,
    /// Width of an activation, bits.
    pub activation_bits: ActivationBits,
    /// Number of epochs in floats before that.
    pub after: usize,
    /// Maximum number of training sequences used for the ranges.
    pub calibrate: usize,
}

impl Default for QuantizationTable {
    fn default() -> Self {
        let Widths { weight, activation } = Widths::default();
        let (weight_bits, activation_bits) = (weight, activation);
        QuantizationTable { weight_bits, activation_bits, after: 0, calibrate: 256 }
    }
}

impl QuantizationTable {
    /// The widths of weights and activations.
    pub fn widths(&self) -> Widths {
        Widths { weight: self.weight_bits, activation: self.activation_bits }
    }
}

/// How training sequences are varied: each is shifted anew in every epoch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augment {
    /// A step as a picture: \[rows, columns\], where the rows continue from step to step as in a
    /// spectrogram, or \[planes, rows, columns\], where each step is shifted alike.
    pub shape: Vec<usize>,
    /// Maximum number of rows up or down.
    #[serde(default)]
    pub rows: usize,
    /// Maximum number of columns to the left or right.
    #[serde(default)]
    pub columns: usize,
    /// Maximum number of rows of a band of zeros across the whole width.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub erase_rows: usize,
    /// Maximum number of columns of a band of zeros over the whole height.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub erase_columns: usize,
    /// What is shifted in from outside the picture.
    #[serde(default)]
    pub outside: Outside,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What is outside a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outside {
    /// Zeros, before input preparation.
    #[default]
    Zeros,
    /// The nearest element inside.
    Edge,
}

/// How a model is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FitConfig {
    /// Passes through the training part.
    pub epochs: usize,
    /// Sequences per step of the optimizer.
    pub batch: usize,
    /// Largest learning rate.
    pub learning_rate: f64,
    /// Steps in which the learning rate rises to its largest value.
    pub warmup: usize,
    /// Weight decay of AdamW on factors and on the head's weights.
    pub weight_decay: f64,
    /// Largest norm of the gradient of all parameters together; 0 for no limit.
    pub clip: f64,
    /// Probability that a hidden value is dropped, between layers and before the head.
    pub dropout: f64,
    /// Share of the target that all classes have in common.
    pub label_smoothing: f64,
    /// How much of the running mean of the values is kept in a step of the optimizer; that mean is
    /// what is measured and kept. 0 for none: the values themselves.
    pub average: f64,
    /// Seed of the values, of the order of the sequences and of what is dropped.
    pub seed: u64,
}

impl Default for FitConfig {
    fn default() -> Self {
        FitConfig {
            epochs: 40,
            batch: 32,
            learning_rate: 0.01,
            warmup: 20,
            weight_decay: 0.05,
            clip: 1.0,
            dropout: 0.0,
            label_smoothing: 0.0,
            average: 0.0,
            seed: 1,
        }
    }
}

impl TrainConfig {
    /// Reads the text of a `train.toml`.
    ///
    /// # Errors
    /// Syntax errors with their line, wrong or unknown keys with their path, and every
    /// value that is out of range.
    pub fn parse(text: &str) -> Result<TrainConfig> {
        let line = |span: Option<std::ops::Range<usize>>| {
            let start = span.map_or(0, |span| span.start.min(text.len()));
            text[..start].matches('\n').count() + 1
        };
        let problem = |place: String, message: &str| {
            let what = message.replace("usize", "a whole number").replace("f64", "a number");
            Problems::from(
                Diagnostic::new(place, error::parser(&what))
                    .help("the keys are listed in docs/train.md"),
            )
        };
        let table = toml::Deserializer::parse(text)
            .map_err(|e| problem(format!("line {}", line(e.span())), e.message()))?;
        let config: TrainConfig = serde_path_to_error::deserialize(table).map_err(|e| {
            let path = e.path().to_string();
            let place = format!("line {}", line(e.inner().span()));
            let known = path != "." && !path.contains('?');
            problem(if known { format!("{place}: {path}") } else { place }, e.inner().message())
        })?;
        config.check()?;
        Ok(config)
    }

    /// Checks what depends on the data.
    ///
    /// # Errors
    /// When the size of the picture to shift does not equal the inputs of a step.
    pub fn check_inputs(&self, inputs: usize) -> Result<()> {
        let Some(Augment { shape, .. }) = &self.augment else { return Ok(()) };
        let product = shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
        if (2..=3).contains(&shape.len()) && product == Some(inputs) {
            return Ok(());
        }
        Err(Diagnostic::new("augment.shape", "does not fit the data")
            .found(crate::model::shape_text(shape))
            .expected(format!("two or three axes whose product is {inputs}, the inputs"))
            .into())
    }

    fn check(&self) -> Result<()> {
        let mut found = Vec::new();
        let mut need = |holds: bool, key: &str, value: String, expected: &str| {
            if !holds {
                let problem = Diagnostic::new(key, "out of range");
                found.push(problem.found(value).expected(expected));
            }
        };
        let DataTable { validation, shift, .. } = &self.data;
        let part = *validation > 0.0 && *validation < 1.0;
        need(part, "data.validation", validation.to_string(), "more than 0 and less than 1");
        let shift = shift.unwrap_or(0);
        let most = format!("-{MOST_INPUT_SHIFT} to {MOST_INPUT_SHIFT}");
        need(
            (-MOST_INPUT_SHIFT..=MOST_INPUT_SHIFT).contains(&shift),
            "data.shift",
            shift.to_string(),
            &most,
        );
        let none = Augment::default();
        let augment = self.augment.as_ref().unwrap_or(&none);
        for (key, value) in [
            ("rows", augment.rows),
            ("columns", augment.columns),
            ("erase_rows", augment.erase_rows),
            ("erase_columns", augment.erase_columns),
        ] {
            let key = format!("augment.{key}");
            need(value <= 4096, &key, value.to_string(), "0 to 4096");
        }
        let fit = &self.train;
        let counts = [("epochs", fit.epochs, 1 << 20), ("batch", fit.batch, 1 << 16)];
        for (key, value, most) in counts {
            let expected = format!("1 to {most}");
            need(
                (1..=most).contains(&value),
                &format!("train.{key}"),
                value.to_string(),
                &expected,
            );
        }
        let numbers = [
            ("learning_rate", fit.learning_rate, 1e-9..=10.0, "1e-9 to 10"),
            ("weight_decay", fit.weight_decay, 0.0..=10.0, "0 to 10"),
            ("clip", fit.clip, 0.0..=1e9, "0 to 1e9"),
            ("dropout", fit.dropout, 0.0..=0.95, "0 to 0.95"),
            ("label_smoothing", fit.label_smoothing, 0.0..=0.9, "0 to 0.9"),
            ("average", fit.average, 0.0..=0.9999, "0 to 0.9999"),
        ];
        for (key, value, range, expected) in numbers {
            need(range.contains(&value), &format!("train.{key}"), value.to_string(), expected);
        }
        if let Some(table) = &self.quantization {
            let before = table.after < fit.epochs;
            let key = "quantization.after";
            need(before, key, table.after.to_string(), "less than train.epochs");
            let some = table.calibrate > 0;
            need(some, "quantization.calibrate", table.calibrate.to_string(), "1 or more");
        }
        if found.is_empty() { Ok(()) } else { Err(Problems(found)) }
    }
}
