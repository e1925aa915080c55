//! From a factored matrix to its tensor network.

use super::{Index, IndexId, IndexKind, Network, Node, Tensor};
use crate::model::{Columns, Factors, HtNode, Layer, Matrix};

/// Builds the network of one matrix of a checked layer.
///
/// Leaf frames m x n x r and transfer tensors r x r_left x r_right are the nodes (recursion of the
/// FDHT paper, arXiv 2104.05758). The gate index is split off the first row mode when that mode is a
/// multiple of the number of gates.
pub fn build(layer: &Layer, matrix: &Matrix) -> Network {
    let gates = layer.cell.gates();
    let mut builder = Builder { indices: Vec::new(), nodes: Vec::new(), rows: Vec::new() };
    for (k, &size) in matrix.in_modes.iter().enumerate() {
        builder.index(IndexKind::Column(k as u8), size, format!("n{k}"));
    }
    let first = matrix.out_modes.iter().position(|&m| m > 1);
    for (k, &size) in matrix.out_modes.iter().enumerate() {
        let mut ids = Vec::new();
        let split = first == Some(k) && size % gates == 0;
        if split {
            ids.push((builder.index(IndexKind::Gate, gates, "g".into()), gates));
        }
        let rest = if split { size / gates } else { size };
        ids.push((builder.index(IndexKind::Row(k as u8), rest, format!("m{k}")), rest));
        builder.rows.push(ids);
    }
    match &matrix.factors {
        Factors::HierarchicalTucker(root) => {
            builder.ht(root, &matrix.in_modes, None);
        }
    }
    let columns_used = match matrix.columns {
        Columns::InputAndHidden { hidden_offset } => hidden_offset + layer.hidden,
        Columns::Input => layer.inputs,
    };
    Network {
        indices: builder.indices,
        nodes: builder.nodes,
        columns_used,
        units: layer.hidden,
        gates,
    }
}

struct Builder {
    indices: Vec<Index>,
    nodes: Vec<Node>,
    /// Row indices of each mode, with sizes.
    rows: Vec<Vec<(IndexId, usize)>>,
}

impl Builder {
    fn index(&mut self, kind: IndexKind, size: usize, name: String) -> IndexId {
        self.indices.push(Index { kind, size, name });
        IndexId((self.indices.len() - 1) as u8)
    }

    /// Adds the subtree in order (left, node, right); `up` is the rank index above it.
    fn ht(&mut self, node: &HtNode, in_modes: &[usize], up: Option<IndexId>) {
        match node {
            HtNode::Leaf { mode, rank, core } => {
                let mut indices: Vec<IndexId> = self.rows[*mode].iter().map(|r| r.0).collect();
                let mut dims: Vec<usize> = self.rows[*mode].iter().map(|r| r.1).collect();
                indices.push(IndexId(*mode as u8));
                dims.push(in_modes[*mode]);
                if let Some(up) = up {
                    indices.push(up);
                    dims.push(*rank);
                }
                self.push(format!("leaf.{mode}"), indices, dims, core);
            }
            HtNode::Inner { rank, core, left, right } => {
                let names = [modes_name(left), modes_name(right)];
                let [l, r] = [(left, &names[0]), (right, &names[1])].map(|(child, name)| {
                    self.index(IndexKind::Rank, child.rank(), format!("r{name}"))
                });
                let (mut indices, mut dims) = (vec![l, r], vec![left.rank(), right.rank()]);
                let name = match up {
                    Some(up) => {
                        indices.insert(0, up);
                        dims.insert(0, *rank);
                        format!("transfer.{}", modes_name(node))
                    }
                    None => "root".to_string(),
                };
                self.ht(left, in_modes, Some(l));
                self.push(name, indices, dims, core);
                self.ht(right, in_modes, Some(r));
            }
        }
    }

    fn push(&mut self, name: String, indices: Vec<IndexId>, dims: Vec<usize>, core: &[f64]) {
        self.nodes.push(Node { name, tensor: Tensor::new(indices, dims, core.to_vec()) });
    }
}

/// The modes below a node as text: `2-3`.
fn modes_name(node: &HtNode) -> String {
    fn walk(node: &HtNode, out: &mut Vec<String>) {
        match node {
            HtNode::Leaf { mode, .. } => out.push(mode.to_string()),
            HtNode::Inner { left, right, .. } => {
                walk(left, out);
                walk(right, out);
            }
        }
    }
    let mut modes = Vec::new();
    walk(node, &mut modes);
    modes.join("-")
}
