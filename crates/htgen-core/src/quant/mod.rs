//! Where floats become integers: formats for every edge, integer weights, widths with their proof.
//!
//! docs/numerics.md states every rule of this module in words.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod advice;
mod build;
mod check;
mod formats;
mod scale;

pub use build::quantize;
pub use formats::{choose, safe};

use crate::arith::Requantize;
use crate::arith::cell::{CellFormat, CellUnit};
use crate::arith::requant::{round_shift, saturate};
use crate::model::{Cell, Element, Formats, GateActivation};
use crate::network::Operand;
use crate::plan::walk::Walk;
use crate::plan::{ModelPlan, Planned};
use std::sync::Arc;

/// A plan with integer weights and a format on every edge. Copies share the weights.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantPlan {
    planned: Planned,
    formats: Formats,
    input: QuantInput,
    layers: Arc<[QuantLayer]>,
    head: Option<Arc<QuantHead>>,
}

/// One layer in integers.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantLayer {
    /// Its products, that of x first.
    pub parts: Vec<QuantPart>,
    /// Its element-wise unit.
    pub cell: QuantCell,
}

/// One product of a layer in integers.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantPart {
    /// What is multiplied.
    pub operand: Operand,
    /// Number of the first step among all steps of the model.
    pub first_step: usize,
    /// Contraction steps.
    pub steps: Vec<QuantStep>,
}

/// How a stream element becomes a word of the input buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantInput {
    /// What the stream carries.
    pub element: Element,
    /// Elements per time step, N.
    pub count: usize,
    /// Width of an element on the stream, bits.
    pub stream_bits: u32,
    /// Left shift from the element to the word; negative: right shift with rounding.
    pub shift_left: i32,
    /// Fraction bits of the words.
    pub frac: i32,
    /// Power-of-two divisor of the model's input preparation.
    pub prep_shift: i32,
    /// First column of the hidden vector, if it is fed back.
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
    pub requantize: Requantize,
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
    /// Kind of cell.
    pub kind: Cell,
    /// Activation of all gates except the candidate.
    pub gates: GateActivation,
    /// Hidden units.
    pub units: usize,
    /// Biases of the four sums of a unit with the input mean folded in, phase-major, 16 bits wide,
    /// with the last step's fraction bits: gates i, f, g, o for an LSTM; r, z, the candidate's of h
    /// and of x for a GRU.
    pub bias: Vec<i32>,
    /// Left shift that takes results of the last step, and biases, to 11 fraction bits.
    pub gate_shift: u32,
    /// Fraction bits of c.
    pub cell_frac: u32,
    /// Fraction bits of h.
    pub hidden_frac: u32,
}

impl QuantCell {
    /// Row of a part's result that goes into sum `phase` of unit `j`; none if the part does not
    /// contribute to it.
    pub fn row(&self, phase: usize, j: usize, operand: Operand) -> Option<usize> {
        let of_h = matches!(operand, Operand::Hidden { .. });
        let gate = match (self.kind, phase) {
            (Cell::Gru, 2) => of_h.then_some(2),
            (Cell::Gru, 3) => (!of_h).then_some(2),
            _ => Some(phase),
        };
        gate.map(|gate| gate * self.units + j)
    }
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
    pub requantize: Requantize,
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
        &self.planned.model().name
    }
    /// The model with its plan.
    pub fn planned(&self) -> &Planned {
        &self.planned
    }
    /// The plan.
    pub fn plan(&self) -> &ModelPlan {
        self.planned.plan()
    }
    /// All formats.
    pub fn formats(&self) -> &Formats {
        &self.formats
    }
    /// The input's conversion.
    pub fn input(&self) -> &QuantInput {
        &self.input
    }
    /// The word that the input buffer holds for a stream element.
    pub fn input_word(&self, element: i32) -> i32 {
        let wide = i64::from(element);
        let shifted = match self.input.shift_left {
            left @ 0.. => wide << left.min(32),
            right => round_shift(wide, right.unsigned_abs()),
        };
        match self.input.element {
            Element::U8 => saturate(shifted, self.activation_bits()) as i32,
            Element::Real => element,
        }
    }
    /// The layers, from input to output.
    pub fn layers(&self) -> &[QuantLayer] {
        &self.layers
    }
    /// The top layer.
    pub fn top(&self) -> &QuantLayer {
        self.layers.last().expect("a plan has a layer")
    }
    /// All parts, in the order in which they are carried out.
    pub fn parts(&self) -> impl Iterator<Item = &QuantPart> {
        self.layers.iter().flat_map(|layer| &layer.parts)
    }
    /// All contraction steps.
    pub fn steps(&self) -> impl Iterator<Item = &QuantStep> {
        self.parts().flat_map(|part| &part.steps)
    }
    /// Contraction step `k` of the model.
    pub fn step(&self, k: usize) -> &QuantStep {
        self.steps().nth(k).expect("steps are numbered through")
    }
    /// Formats of the element-wise units, the same in all layers.
    pub fn cell_format(&self) -> CellFormat {
        let cell = &self.top().cell;
        CellFormat {
            c_frac: cell.cell_frac,
            h_frac: cell.hidden_frac,
            act_bits: self.activation_bits(),
        }
    }
    /// The element-wise unit of a layer.
    pub fn cell_unit(&self, layer: usize) -> CellUnit {
        let cell = &self.layers[layer].cell;
        CellUnit { cell: cell.kind, gates: cell.gates, format: self.cell_format() }
    }
    /// Left shift that takes the last steps' results to 11 fraction bits, the same in all parts.
    pub fn gate_shift(&self) -> u32 {
        self.top().cell.gate_shift
    }
    /// The head, if there is one.
    pub fn head(&self) -> Option<&QuantHead> {
        self.head.as_deref()
    }
    /// Width of an activation word, bits.
    pub fn activation_bits(&self) -> u32 {
        self.formats.activation_bits.get()
    }
    /// Width of a weight, bits.
    pub fn weight_bits(&self) -> u32 {
        self.formats.weight_bits.get()
    }
    /// Values of one output vector.
    pub fn outputs(&self) -> usize {
        self.head.as_ref().map_or(self.top().cell.units, |h| h.outputs)
    }
    /// Fraction bits of an output value.
    pub fn output_frac(&self) -> i32 {
        self.head.as_ref().map_or(self.top().cell.hidden_frac as i32, |h| h.out_frac)
    }
    /// Least accumulator width for every step and the head, bits.
    pub fn acc_bits(&self) -> u32 {
        let steps = self.steps().map(|s| s.acc_bits);
        steps.chain(self.head.iter().map(|h| h.acc_bits)).max().unwrap_or(2)
    }
}
