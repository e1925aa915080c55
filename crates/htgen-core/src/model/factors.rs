//! What all tensor formats have in common: a list of cores with names and values.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Block, Columns, Core, Factors, HtNode};

impl Columns {
    /// Name of what the columns multiply, as the model file has it.
    pub fn kind(self) -> &'static str {
        match self {
            Columns::InputAndHidden { .. } => "input-and-hidden",
            Columns::Input => "input",
            Columns::Hidden => "hidden",
        }
    }
}

impl Factors {
    /// Name of the format as the model file has it.
    pub fn kind(&self) -> &'static str {
        match self {
            Factors::HierarchicalTucker(_) => "hierarchical-tucker",
            Factors::TensorTrain(_) => "tensor-train",
            Factors::TensorRing(_) => "tensor-ring",
            Factors::BlockTerm(_) => "block-term",
            Factors::Dense(_) => "dense",
        }
    }
    /// Number of values in all cores.
    pub fn parameters(&self) -> usize {
        match self {
            Factors::HierarchicalTucker(root) => root.parameters(),
            Factors::TensorTrain(cores) | Factors::TensorRing(cores) => elements(cores),
            Factors::BlockTerm(blocks) => {
                blocks.iter().map(|b| b.core.data.len() + elements(&b.factors)).sum()
            }
            Factors::Dense(weight) => weight.len(),
        }
    }
    /// The values of every core: for a tree in the order node, left half, right half; for a block
    /// its core, then its factors.
    pub fn values_mut(&mut self) -> Vec<&mut Vec<f64>> {
        fn walk<'a>(node: &'a mut HtNode, out: &mut Vec<&'a mut Vec<f64>>) {
            match node {
                HtNode::Leaf { core, .. } => out.push(core),
                HtNode::Inner { core, left, right, .. } => {
                    out.push(core);
                    walk(left, out);
                    walk(right, out);
                }
            }
        }
        match self {
            Factors::HierarchicalTucker(root) => {
                let mut out = Vec::new();
                walk(root, &mut out);
                out
            }
            Factors::TensorTrain(cores) | Factors::TensorRing(cores) => {
                cores.iter_mut().map(|core| &mut core.data).collect()
            }
            Factors::BlockTerm(blocks) => blocks
                .iter_mut()
                .flat_map(|Block { core, factors }| std::iter::once(core).chain(factors))
                .map(|core| &mut core.data)
                .collect(),
            Factors::Dense(weight) => vec![weight],
        }
    }
}

fn elements(cores: &[Core]) -> usize {
    cores.iter().map(|core| core.data.len()).sum()
}
