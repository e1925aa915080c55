//! The fixed-point formats that `htgen quantize` adds to a model. These types are part of the model
//! file as they stand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The fixed-point formats of a quantized model. A format is a number of fraction bits: the integer
/// q stands for q * 2^-frac.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Formats {
    /// Width of a weight in bits, sign included.
    pub weight_bits: u32,
    /// Width of an activation in bits, sign included.
    pub activation_bits: u32,
    /// Limit on weight words that the plan was made under; null for none.
    pub max_rom_words: Option<u64>,
    /// Limit on buffer words that the plan was made under; null for none.
    pub max_buffer_words: Option<u64>,
    /// Formats per layer.
    pub layers: Vec<LayerFormats>,
    /// Formats of the head, if there is one.
    pub head: Option<HeadFormats>,
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
