//! A matrix reduced to some positions of its first column mode: what is left when only x or only h
//! is multiplied by a matrix that both share.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Block, Core, Factors, HtNode, Matrix};
use std::ops::Range;

impl Matrix {
    /// The columns whose first mode has a position in `kept`: the same cores, where that of column
    /// mode 0 is cut. What the columns stand for is unchanged.
    ///
    /// # Panics
    /// When `kept` is empty or exceeds the mode: an invariant of the callers.
    pub fn with_first_mode(&self, kept: Range<usize>) -> Matrix {
        assert!(kept.start < kept.end && kept.end <= self.in_modes[0]);
        let size = self.in_modes[0];
        let mut in_modes = self.in_modes.clone();
        in_modes[0] = kept.len();
        let axis = |core: &Core, axis: usize| {
            let mut shape = core.shape.clone();
            shape[axis] = kept.len();
            let behind = core.shape[axis + 1..].iter().product();
            Core { shape, data: cut(&core.data, size, behind, &kept) }
        };
        let first = |cores: &[Core], at: usize| -> Vec<Core> {
            let cut = |(k, core)| if k == 0 { axis(core, at) } else { core.clone() };
            cores.iter().enumerate().map(cut).collect()
        };
        let factors = match &self.factors {
            Factors::HierarchicalTucker(root) => {
                Factors::HierarchicalTucker(leaf(root, size, &kept))
            }
            Factors::TensorTrain(cores) => Factors::TensorTrain(first(cores, 2)),
            Factors::TensorRing(cores) => Factors::TensorRing(first(cores, 1)),
            Factors::BlockTerm(blocks) => {
                let block =
                    |b: &Block| Block { core: b.core.clone(), factors: first(&b.factors, 1) };
                Factors::BlockTerm(blocks.iter().map(block).collect())
            }
            Factors::Dense(weight) => {
                let behind = self.in_modes[1..].iter().product();
                Factors::Dense(cut(weight, size, behind, &kept))
            }
        };
        Matrix { columns: self.columns, out_modes: self.out_modes.clone(), in_modes, factors }
    }
}

/// Positions `kept` of an axis of `size`, which has `behind` values per position.
fn cut(data: &[f64], size: usize, behind: usize, kept: &Range<usize>) -> Vec<f64> {
    let rows = data.chunks_exact(size * behind);
    rows.flat_map(|row| &row[kept.start * behind..kept.end * behind]).copied().collect()
}

fn leaf(node: &HtNode, size: usize, kept: &Range<usize>) -> HtNode {
    match node {
        HtNode::Leaf { mode: 0, rank, core } => {
            HtNode::Leaf { mode: 0, rank: *rank, core: cut(core, size, *rank, kept) }
        }
        HtNode::Leaf { .. } => node.clone(),
        HtNode::Inner { rank, core, left, right } => HtNode::Inner {
            rank: *rank,
            core: core.clone(),
            left: Box::new(leaf(left, size, kept)),
            right: Box::new(leaf(right, size, kept)),
        },
    }
}
