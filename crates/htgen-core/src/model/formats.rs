//! The fixed-point formats that `htgen quantize` adds to a model. These types are part of the model
//! file as they stand.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::widths::{ActivationBits, WeightBits, Widths};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Hexadecimal digits of the fingerprint of a plan.
pub(crate) const FINGERPRINT: usize = 16;

/// The fixed-point formats of a quantized model. A format is a number of fraction bits: the integer
/// q stands for q * 2^-frac.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Formats {
    /// The plan that the formats are for: its fingerprint. Formats without one are taken if they
    /// are those of the model's plan step by step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Width of a weight in bits, sign included.
    pub weight_bits: WeightBits,
    /// Width of an activation in bits, sign included.
    pub activation_bits: ActivationBits,
    /// Limit on weight words that the plan was made under; null for none.
    pub max_rom_words: Option<u64>,
    /// Limit on buffer words that the plan was made under; null for none.
    pub max_buffer_words: Option<u64>,
    /// Formats per layer.
    pub layers: Vec<LayerFormats>,
    /// Formats of the head, if there is one.
    pub head: Option<HeadFormats>,
}

impl Formats {
    /// The widths of weights and activations.
    pub fn widths(&self) -> Widths {
        Widths { weight: self.weight_bits, activation: self.activation_bits }
    }
}

/// Formats of one layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayerFormats {
    /// Fraction bits of [x ; h].
    pub input_frac: i32,
    /// Fraction bits of the cell state c.
    pub cell_frac: i32,
    /// One entry per contraction step, in plan order.
    pub steps: Vec<StepFormats>,
}

/// Formats of one contraction step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepFormats {
    /// Fraction bits of the (merged) weight tensor.
    pub weight_frac: i32,
    /// Fraction bits of the result; for the last step of a layer 11, or fewer if the sum has no
    /// more than that.
    pub out_frac: i32,
}

/// Formats of the linear head.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadFormats {
    /// Fraction bits of the weights.
    pub weight_frac: i32,
    /// Fraction bits of the outputs and of the bias.
    pub out_frac: i32,
}
