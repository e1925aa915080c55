//! The trained model as a checked value: layers, their factored matrices, head, input preparation.
//!
//! Responsible for what a model *is*; the file format is `file`, reading and writing are `load`
//! and `save`, untrained models come from `new` and `preset`. What a file, an importer or a caller
//! fills are [`ModelParts`]; only their check makes a [`Model`], which is consistent: the products
//! of its shapes match, cores are finite.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::Result;

mod check;
mod factors;
mod file;
mod formats;
mod from_file;
mod init;
mod json;
mod load;
pub mod modes;
mod new;
pub mod preset;
mod save;
mod sealed;
mod shape;
mod slice;
mod tensors;
mod to_file;
mod tree;
mod values;
mod widths;

pub use check::{MOST_INPUT_SHIFT, identifier};
pub use file::schema;
pub(crate) use formats::FINGERPRINT;
pub use formats::{Formats, HeadFormats, LayerFormats, StepFormats};
pub use load::{is_model, load};
pub use new::{Format, NewSpec, Ranks, Recurrent, new};
pub use new::{list_ranks, tree_ranks};
pub use save::{Cores, MOST_INLINE, Place, save};
pub use sealed::Model;
pub use shape::text as shape_text;
pub use tree::Tree;
pub use widths::{ActivationBits, WeightBits, Widths};

/// A sequence classifier, unchecked: recurrent layers, an optional linear head, how bytes become
/// inputs. [`Model`] is what the stages take.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelParts {
    /// An identifier (`[A-Za-z][A-Za-z0-9_]*`, at most 48 characters).
    pub name: String,
    /// Recurrent layers from input to output; at least one.
    pub layers: Vec<Layer>,
    /// Linear classifier on the last layer's hidden vector.
    pub head: Option<Linear>,
    /// How a stream element becomes an input of the first layer.
    pub input: InputPrep,
    /// Fixed-point formats, present after `htgen quantize`.
    pub formats: Option<Formats>,
}

/// One recurrent layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Kind of cell; determines the number of gates.
    pub cell: Cell,
    /// Activation of all gates except the candidate.
    pub gate_activation: GateActivation,
    /// Inputs per time step, N.
    pub inputs: usize,
    /// Hidden units, H.
    pub hidden: usize,
    /// The layer's weight matrices; together they map [x ; h] to the gate pre-activations.
    pub matrices: Vec<Matrix>,
    /// Bias, gates x hidden, gate-major.
    pub bias: Vec<f64>,
    /// Only for a GRU: the bias of the candidate's hidden product, which r multiplies; `hidden`
    /// values.
    pub candidate_bias: Vec<f64>,
}

impl Layer {
    /// First column of the hidden vector in the one matrix that x and h share.
    pub fn feedback(&self) -> Option<usize> {
        self.matrices.iter().find_map(|m| match m.columns {
            Columns::InputAndHidden { hidden_offset } => Some(hidden_offset),
            Columns::Input | Columns::Hidden => None,
        })
    }
    /// Whether the hidden vector is fed back.
    pub fn feeds_back(&self) -> bool {
        self.matrices.iter().any(|m| m.columns != Columns::Input)
    }
    /// Weights of the dense layer that this one stands for, without bias.
    pub fn dense_parameters(&self) -> usize {
        let fed_back = if self.feeds_back() { self.hidden } else { 0 };
        let columns = self.inputs.saturating_add(fed_back);
        saturating_product(&[self.cell.gates(), self.hidden, columns])
    }
}

/// Kinds of recurrent cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Long short-term memory, gates i, f, g, o.
    Lstm,
    /// Gated recurrent unit in PyTorch's form, gates r, z, n:
    /// n = tanh(W_n x + b_n + r (U_n h + b'_n)).
    Gru,
}

/// Activation of i, f and o (LSTM) or r and z (GRU).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GateActivation {
    /// 1 / (1 + exp(-z)).
    #[default]
    Sigmoid,
    /// clip(0.2 z + 0.5, 0, 1), as in Keras.
    HardSigmoid,
}

impl Cell {
    /// Number of gate blocks in the rows of a layer's matrix.
    pub fn gates(self) -> usize {
        match self {
            Cell::Lstm => 4,
            Cell::Gru => 3,
        }
    }
}

/// A factored matrix of `prod(out_modes)` rows and `prod(in_modes)` columns, row-major over the
/// modes with mode 1 slowest.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Which vector the columns multiply.
    pub columns: Columns,
    /// Row modes m_k; their product is gates x hidden.
    pub out_modes: Vec<usize>,
    /// Column modes n_k; their product covers the columns used, followed by zero padding. As many
    /// as row modes, except for a tensor ring and a dense matrix.
    pub in_modes: Vec<usize>,
    /// The factors.
    pub factors: Factors,
}

/// What the columns of a matrix stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// x in columns 0..N, h in columns hidden_offset..hidden_offset + H, zeros elsewhere.
    InputAndHidden {
        /// First column of h, at least N.
        hidden_offset: usize,
    },
    /// Only x, in columns 0..N.
    Input,
    /// Only h, in columns 0..H.
    Hidden,
}

impl Matrix {
    /// Checks the matrix as one of `layer`: its modes, ranks and cores.
    ///
    /// # Errors
    /// Every rule that is broken, with its key path within the matrix.
    pub fn check(&self, layer: &Layer) -> Result<()> {
        check::matrix_of(layer, self)
    }
    /// Number of rows.
    pub fn rows(&self) -> usize {
        saturating_product(&self.out_modes)
    }
    /// Number of columns, padding included.
    pub fn columns_padded(&self) -> usize {
        saturating_product(&self.in_modes)
    }
}

/// A product that a matrix nobody has checked cannot make panic.
fn saturating_product(modes: &[usize]) -> usize {
    modes.iter().fold(1, |product, &mode| product.saturating_mul(mode))
}

/// How a matrix is factored.
#[derive(Debug, Clone, PartialEq)]
pub enum Factors {
    /// Hierarchical Tucker over a binary dimension tree.
    HierarchicalTucker(HtNode),
    /// Tensor train: core k of r_(k-1) x m_k x n_k x r_k, where the outer ranks are 1.
    TensorTrain(Vec<Core>),
    /// Tensor ring: cores of left rank x mode x right rank, all column modes, then all row modes;
    /// the right rank of the last core is the left rank of the first.
    TensorRing(Vec<Core>),
    /// A sum of Tucker terms.
    BlockTerm(Vec<Block>),
    /// The matrix itself, rows x padded columns.
    Dense(Vec<f64>),
}

/// A core with its shape, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Core {
    /// Size of each axis, slowest first.
    pub shape: Vec<usize>,
    /// The values.
    pub data: Vec<f64>,
}

/// One Tucker term.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// R_1 x ... x R_d.
    pub core: Core,
    /// Factor k of m_k x n_k x R_k.
    pub factors: Vec<Core>,
}

/// A node of a hierarchical Tucker tree with its core.
///
/// The root has rank 1: its core has no leading rank axis (a single leaf as root has no rank axis).
#[derive(Debug, Clone, PartialEq)]
pub enum HtNode {
    /// Leaf frame U_k.
    Leaf {
        /// Mode number, from 0.
        mode: usize,
        /// Rank r_k (1 when the leaf is the root).
        rank: usize,
        /// m_k x n_k x r_k, row-major.
        core: Vec<f64>,
    },
    /// Transfer tensor B_s with its two children.
    Inner {
        /// Rank r_s (1 at the root).
        rank: usize,
        /// r_s x r_left x r_right, row-major.
        core: Vec<f64>,
        /// Left child.
        left: Box<HtNode>,
        /// Right child.
        right: Box<HtNode>,
    },
}

impl HtNode {
    /// Rank of the edge above this node.
    pub fn rank(&self) -> usize {
        match self {
            HtNode::Leaf { rank, .. } | HtNode::Inner { rank, .. } => *rank,
        }
    }
    /// Number of core elements in this subtree.
    pub fn parameters(&self) -> usize {
        match self {
            HtNode::Leaf { core, .. } => core.len(),
            HtNode::Inner { core, left, right, .. } => {
                core.len() + left.parameters() + right.parameters()
            }
        }
    }
}

/// y = weight h + bias.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// Number of outputs.
    pub outputs: usize,
    /// outputs x hidden, row-major.
    pub weight: Vec<f64>,
    /// One per output.
    pub bias: Vec<f64>,
}

/// How a stream element becomes an input: x = (element - mean) * 2^-shift.
#[derive(Debug, Clone, PartialEq)]
pub struct InputPrep {
    /// What the stream carries.
    pub element: Element,
    /// Power-of-two divisor, -32..=32.
    pub shift: i32,
    /// Mean per input, in units of the raw element; empty means zero.
    pub mean: Vec<f64>,
}

/// What one stream element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// An unsigned byte.
    U8,
    /// A real number; on the stream, in the input format of the quantized model.
    Real,
}
