//! The trained model as a checked value: layers, their factored matrices, head, input preparation.
//!
//! Responsible for what a model *is*; the file format is `file`, reading and writing are `load`
//! and `save`, untrained models come from `new` and `preset`. A [`Model`] that one of them returned
//! is consistent: shapes multiply out, cores are finite.

use crate::error::Result;

mod check;
mod file;
mod formats;
mod from_file;
mod init;
mod json;
mod load;
mod new;
pub mod preset;
mod save;
mod shape;
mod tensors;
mod to_file;
mod tree;

pub use file::schema;
pub use formats::{Formats, HeadFormats, LayerFormats, StepFormats};
pub use load::load;
pub use new::{NewSpec, Ranks, new};
pub use save::{Cores, save};
pub(crate) use shape::text as shape_text;
pub use tree::Tree;

/// A sequence classifier: recurrent layers, an optional linear head, how bytes become inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
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
    /// Kind of cell; decides the number of gates.
    pub cell: Cell,
    /// Inputs a time step, N.
    pub inputs: usize,
    /// Hidden units, H.
    pub hidden: usize,
    /// The layer's weight matrices; together they map [x ; h] to the gate pre-activations.
    pub matrices: Vec<Matrix>,
    /// Bias, gates x hidden, gate-major.
    pub bias: Vec<f64>,
}

impl Layer {
    /// First column of the hidden vector, when it is fed back.
    pub fn feedback(&self) -> Option<usize> {
        self.matrices.iter().find_map(|m| match m.columns {
            Columns::InputAndHidden { hidden_offset } => Some(hidden_offset),
            Columns::Input => None,
        })
    }
}

/// Kinds of recurrent cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Long short-term memory, gates i, f, g, o.
    Lstm,
}

impl Cell {
    /// Number of gate blocks in the rows of a layer's matrix.
    pub fn gates(self) -> usize {
        match self {
            Cell::Lstm => 4,
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
    /// Column modes n_k; their product covers the columns used, zero padding behind.
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
    /// x alone, in columns 0..N; the layer's hidden state is not fed back.
    Input,
}

impl Matrix {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.out_modes.iter().product()
    }
    /// Number of columns, padding included.
    pub fn columns_padded(&self) -> usize {
        self.in_modes.iter().product()
    }
}

/// How a matrix is factored.
#[derive(Debug, Clone, PartialEq)]
pub enum Factors {
    /// Hierarchical Tucker over a binary dimension tree.
    HierarchicalTucker(HtNode),
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
    /// A real number; on the stream, the input format of the quantised model.
    Real,
}

impl Model {
    /// Every consistency rule of the format, all problems collected; places are key paths.
    pub fn check(&self) -> Result<()> {
        check::check(self)
    }
    /// Core parameters of all matrices (bias and head apart).
    pub fn parameters(&self) -> usize {
        self.layers
            .iter()
            .flat_map(|l| &l.matrices)
            .map(|m| match &m.factors {
                Factors::HierarchicalTucker(root) => root.parameters(),
            })
            .sum()
    }
    /// Weights of the dense layer that this model stands for (bias and head apart).
    pub fn dense_parameters(&self) -> usize {
        self.layers
            .iter()
            .map(|l| {
                let columns = match l.matrices[0].columns {
                    Columns::InputAndHidden { .. } => l.inputs + l.hidden,
                    Columns::Input => l.inputs,
                };
                l.cell.gates() * l.hidden * columns
            })
            .sum()
    }
}
