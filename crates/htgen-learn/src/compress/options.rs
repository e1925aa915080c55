//! What a compression is to do.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::model::Ranks;

/// How to compress.
#[derive(Debug, Clone, PartialEq)]
pub struct CompressOptions {
    /// Format of the result.
    pub format: FactorFormat,
    /// What becomes of the recurrent weights.
    pub recurrent: RecurrentFactors,
    /// Row and column modes.
    pub modes: Modes,
    /// What decides the ranks.
    pub goal: Goal,
}

/// Formats that singular values lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FactorFormat {
    /// Hierarchical Tucker over a tree as text; empty for the balanced tree.
    HierarchicalTucker(String),
    /// Tensor train.
    TensorTrain,
    /// Tensor ring.
    TensorRing,
}

/// What becomes of the recurrent weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecurrentFactors {
    /// One matrix of x and h; h starts at this column in the first layer, at N when absent and in
    /// layers above.
    Shared(Option<usize>),
    /// A matrix of the same format for each.
    Factored,
    /// They stay dense.
    Dense,
}

/// Row and column modes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Modes {
    /// This many, as equal as possible.
    Count(usize),
    /// Those of rows, and those of columns in the first matrix of the first layer; the other
    /// matrices get the same number of column modes for their own size.
    Given {
        /// Row modes.
        out: Vec<usize>,
        /// Column modes.
        columns: Vec<usize>,
    },
}

/// What decides the ranks.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Goal {
    /// The ranks themselves, the same in every matrix.
    Ranks(Ranks),
    /// Largest relative error of every matrix in the Frobenius norm.
    Tolerance(f64),
    /// Most core parameters of all factored matrices together.
    Parameters(usize),
}
