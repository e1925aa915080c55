//! Where floats become integers: formats for every edge, integer weights, widths with their proof.
//!
//! docs/numerics.md states every rule of this module in words.

mod build;
mod formats;

pub use build::quantize;
pub use formats::{Widths, choose, safe};

use crate::fixed::Requantise;
use crate::model::{Element, Formats};
use crate::plan::Plan;
use crate::plan::walk::Walk;

/// Fraction bits of a gate pre-activation at the cell's input.
pub const GATE_FRAC: i32 = 11;
/// Width of gate pre-activations, cell states, biases and outputs of a head, bits.
pub const WIDE_BITS: u32 = 16;

/// A plan with integer weights and a format on every edge.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantPlan {
    name: String,
    plan: Plan,
    formats: Formats,
    input: QuantInput,
    steps: Vec<QuantStep>,
    cell: QuantCell,
    head: Option<QuantHead>,
}

/// How a stream element becomes a word of the input buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantInput {
    /// What the stream carries.
    pub element: Element,
    /// Elements a time step, N.
    pub count: usize,
    /// Width of an element on the stream, bits.
    pub stream_bits: u32,
    /// Left shift from the element to the word; negative: right shift with rounding.
    pub shift_left: i32,
    /// Fraction bits of the words.
    pub frac: i32,
    /// Power-of-two divisor of the model's input preparation.
    pub prep_shift: i32,
    /// First column of the hidden vector, when it is fed back.
    pub hidden_offset: Option<usize>,
}

/// One contraction step in integers.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantStep {
    /// Where operands and results lie in canonical order.
    pub walk: Walk,
    /// Weights \[contracted\]\[new\].
    pub weights: Vec<i32>,
    /// From the accumulator to the result.
    pub requantise: Requantise,
    /// Least width in which no partial sum of this step can overflow, bits.
    pub acc_bits: u32,
    /// Fraction bits of the weights and of the result.
    pub weight_frac: i32,
    /// Fraction bits of the result.
    pub out_frac: i32,
}

/// The element-wise unit's constants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantCell {
    /// Hidden units.
    pub units: usize,
    /// Bias with the input mean folded in, gate-major, 11 fraction bits, 16 bits wide.
    pub bias: Vec<i32>,
    /// Left shift that takes the last step's result to 11 fraction bits.
    pub gate_shift: u32,
    /// Fraction bits of c.
    pub cell_frac: u32,
    /// Fraction bits of h.
    pub hidden_frac: u32,
}

/// The linear head in integers.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantHead {
    /// Number of outputs.
    pub outputs: usize,
    /// Weights \[hidden\]\[output\].
    pub weights: Vec<i32>,
    /// Bias at the output's format.
    pub bias: Vec<i32>,
    /// From the accumulator to the output.
    pub requantise: Requantise,
    /// Least width in which no partial sum can overflow, bits.
    pub acc_bits: u32,
    /// Fraction bits of the weights.
    pub weight_frac: i32,
    /// Fraction bits of the outputs.
    pub out_frac: i32,
}

impl QuantPlan {
    /// The model's name, an identifier.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
    /// All formats.
    pub fn formats(&self) -> &Formats {
        &self.formats
    }
    /// The input's conversion.
    pub fn input(&self) -> &QuantInput {
        &self.input
    }
    /// The contraction steps.
    pub fn steps(&self) -> &[QuantStep] {
        &self.steps
    }
    /// The element-wise unit.
    pub fn cell(&self) -> &QuantCell {
        &self.cell
    }
    /// The head, when there is one.
    pub fn head(&self) -> Option<&QuantHead> {
        self.head.as_ref()
    }
    /// Width of an activation word, bits.
    pub fn activation_bits(&self) -> u32 {
        self.formats.activation_bits
    }
    /// Width of a weight, bits.
    pub fn weight_bits(&self) -> u32 {
        self.formats.weight_bits
    }
    /// Values of one output vector.
    pub fn outputs(&self) -> usize {
        self.head.as_ref().map_or(self.cell.units, |h| h.outputs)
    }
    /// Fraction bits of an output value.
    pub fn output_frac(&self) -> i32 {
        self.head.as_ref().map_or(self.cell.hidden_frac as i32, |h| h.out_frac)
    }
    /// Least accumulator width for every step and the head, bits.
    pub fn acc_bits(&self) -> u32 {
        let steps = self.steps.iter().map(|s| s.acc_bits);
        steps.chain(self.head.iter().map(|h| h.acc_bits)).max().unwrap_or(2)
    }
}
