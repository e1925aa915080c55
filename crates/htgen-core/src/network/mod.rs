//! The layer's matrix as a tensor network: indices, nodes, which columns carry data.
//!
//! One type for every factorization: hierarchical Tucker today, any other set of nodes over row,
//! column and rank indices tomorrow. Floats only; knows no bit widths and no lanes.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod build;
mod merge;
mod parts;
mod tensor;

pub use build::build;
use build::build_used;
pub use merge::{Merge, Merges, Pairs};
pub use parts::{Operand, Part, parts};
pub use tensor::{Tensor, for_each_offset, strides};

use std::fmt;

/// Number of an index of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexId(pub u8);

/// Number of a node (weight tensor) of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub u8);

/// What an index stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexKind {
    /// Column mode n_k, part of the input vector's index.
    Column(u8),
    /// The gate index, slowest part of the rows.
    Gate,
    /// Row mode m_k (without the gate, when that was split off).
    Row(u8),
    /// A rank edge between two nodes.
    Rank,
}

/// An index with its size.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    /// What it stands for.
    pub kind: IndexKind,
    /// Number of values.
    pub size: usize,
    /// Short printable name: `n0`, `g`, `m1`, `r(2,3)`.
    pub name: String,
}

/// A weight tensor with its name in the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Name: `leaf.0`, `transfer.0-1`, `root`.
    pub name: String,
    /// The values over its indices.
    pub tensor: Tensor,
}

/// The tensor network of one matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    indices: Vec<Index>,
    nodes: Vec<Node>,
    columns_used: usize,
    units: usize,
    gates: usize,
}

impl Network {
    /// All indices, by number.
    pub fn indices(&self) -> &[Index] {
        &self.indices
    }
    /// One index.
    pub fn info(&self, id: IndexId) -> &Index {
        &self.indices[usize::from(id.0)]
    }
    /// Size of one index.
    pub fn size(&self, id: IndexId) -> usize {
        self.info(id).size
    }
    /// All nodes, by number.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }
    /// Column indices, slowest first.
    pub fn columns(&self) -> Vec<IndexId> {
        self.ids(|k| matches!(k, IndexKind::Column(_)))
    }
    /// Row indices, slowest first; the gate index comes first if it could be split off.
    pub fn rows(&self) -> Vec<IndexId> {
        self.ids(|k| matches!(k, IndexKind::Gate | IndexKind::Row(_)))
    }
    /// The gate index, if the gates are one index of the network.
    pub fn gate(&self) -> Option<IndexId> {
        self.ids(|k| k == IndexKind::Gate).first().copied()
    }
    /// Columns 0..this carry data; every column after that is structurally zero.
    pub fn columns_used(&self) -> usize {
        self.columns_used
    }
    /// Hidden units H.
    pub fn units(&self) -> usize {
        self.units
    }
    /// Gates of the cell.
    pub fn gates(&self) -> usize {
        self.gates
    }
    /// The whole matrix, rows x padded columns, row-major; for tests and small networks.
    pub fn dense(&self) -> Tensor {
        let nodes: Vec<NodeId> = (0..self.nodes.len()).map(|k| NodeId(k as u8)).collect();
        let pairs = Merges::of(self).pairs((1 << nodes.len()) - 1);
        let full = self.merged(&nodes, &pairs);
        let order: Vec<IndexId> = self.rows().into_iter().chain(self.columns()).collect();
        full.transposed(&order)
    }

    fn ids(&self, keep: impl Fn(IndexKind) -> bool) -> Vec<IndexId> {
        (0..self.indices.len())
            .filter(|&k| keep(self.indices[k].kind))
            .map(|k| IndexId(k as u8))
            .collect()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "network: {} columns used, {} units", self.columns_used, self.units)?;
        for node in &self.nodes {
            write!(f, "  {}:", node.name)?;
            for &id in node.tensor.indices() {
                write!(f, " {}={}", self.info(id).name, self.size(id))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
