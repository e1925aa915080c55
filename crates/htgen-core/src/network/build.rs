//! From a factored matrix to its tensor network.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Index, IndexId, IndexKind, Network, Node, Tensor, for_each_offset, strides};
use crate::error::Result;
use crate::model::{Block, Columns, Core, Factors, HtNode, Layer, Matrix};

/// Builds the network of one matrix of a layer as it is.
///
/// # Errors
/// A matrix that is inconsistent, or does not fit the layer.
pub fn build(layer: &Layer, matrix: &Matrix) -> Result<Network> {
    matrix.check(layer)?;
    let columns_used = match matrix.columns {
        Columns::InputAndHidden { hidden_offset } => hidden_offset + layer.hidden,
        Columns::Input => layer.inputs,
        Columns::Hidden => layer.hidden,
    };
    Ok(build_used(layer, matrix, columns_used))
}

/// Builds the network of one matrix of a checked layer, of which the first `columns_used` columns
/// carry data.
///
/// For a hierarchical Tucker matrix, leaf frames m x n x r and transfer tensors r x r_left x
/// r_right are the nodes (recursion of the FDHT paper, arXiv 2104.05758); for trains and rings the
/// cores; for block terms the factors and cores of all blocks side by side, with the block as an
/// index shared by all of them. The gate index is split off the first row mode if that mode is a
/// multiple of the number of gates.
pub(super) fn build_used(layer: &Layer, matrix: &Matrix, columns_used: usize) -> Network {
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
        Factors::TensorTrain(cores) => builder.train(cores, &matrix.in_modes),
        Factors::TensorRing(cores) => builder.ring(cores, &matrix.in_modes),
        Factors::BlockTerm(blocks) => builder.blocks(blocks, &matrix.in_modes),
        Factors::Dense(weight) => builder.dense(weight, &matrix.in_modes),
    }
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

    /// Row and column indices of a pair of modes, with their sizes.
    fn pair(&self, mode: usize, in_modes: &[usize]) -> (Vec<IndexId>, Vec<usize>) {
        let (mut indices, mut dims): (Vec<IndexId>, Vec<usize>) =
            self.rows[mode].iter().copied().unzip();
        indices.push(IndexId(mode as u8));
        dims.push(in_modes[mode]);
        (indices, dims)
    }

    fn train(&mut self, cores: &[Core], in_modes: &[usize]) {
        let mut left: Option<(IndexId, usize)> = None;
        for (k, core) in cores.iter().enumerate() {
            let rank = core.shape[3];
            let right = (k + 1 < cores.len())
                .then(|| (self.index(IndexKind::Rank, rank, format!("r{}", k + 1)), rank));
            let (mut indices, mut dims) = self.pair(k, in_modes);
            if let Some((id, size)) = left {
                indices.insert(0, id);
                dims.insert(0, size);
            }
            if let Some((id, size)) = right {
                indices.push(id);
                dims.push(size);
            }
            self.push(format!("core.{k}"), indices, dims, &core.data);
            left = right;
        }
    }

    fn ring(&mut self, cores: &[Core], in_modes: &[usize]) {
        let ranks: Vec<(IndexId, usize)> = cores
            .iter()
            .enumerate()
            .map(|(k, core)| {
                let size = core.shape[0];
                (self.index(IndexKind::Rank, size, format!("r{k}")), size)
            })
            .collect();
        for (k, core) in cores.iter().enumerate() {
            let mode: Vec<(IndexId, usize)> = match k.checked_sub(in_modes.len()) {
                None => vec![(IndexId(k as u8), in_modes[k])],
                Some(row) => self.rows[row].clone(),
            };
            let (left, right) = (ranks[k], ranks[(k + 1) % ranks.len()]);
            let (indices, dims) = [left].into_iter().chain(mode).chain([right]).unzip();
            self.push(format!("core.{k}"), indices, dims, &core.data);
        }
    }

    /// Factors and cores of all blocks side by side, padded with zeros to the largest rank of each
    /// mode.
    fn blocks(&mut self, blocks: &[Block], in_modes: &[usize]) {
        let count = blocks.len();
        let block = (count > 1).then(|| self.index(IndexKind::Rank, count, "b".into()));
        let most = |k: usize| blocks.iter().map(|b| b.core.shape[k]).max().unwrap_or(1);
        let sizes: Vec<usize> = (0..in_modes.len()).map(most).collect();
        let ranks: Vec<IndexId> = sizes
            .iter()
            .enumerate()
            .map(|(k, &size)| self.index(IndexKind::Rank, size, format!("r{k}")))
            .collect();
        let beside = |indices: Vec<IndexId>| block.iter().copied().chain(indices).collect();
        let counted = |dims: Vec<usize>| block.iter().map(|_| count).chain(dims).collect();
        for k in 0..in_modes.len() {
            let (mut indices, mut dims) = self.pair(k, in_modes);
            indices.push(ranks[k]);
            dims.push(sizes[k]);
            let side_by_side = blocks.iter().flat_map(|b| {
                let factor = &b.factors[k];
                let rows = factor.shape[0] * factor.shape[1];
                padded(&factor.data, &[rows, factor.shape[2]], &[rows, sizes[k]])
            });
            let data: Vec<f64> = side_by_side.collect();
            self.push(format!("factor.{k}"), beside(indices), counted(dims), &data);
        }
        let cores = blocks.iter().flat_map(|b| padded(&b.core.data, &b.core.shape, &sizes));
        let data: Vec<f64> = cores.collect();
        self.push("core".into(), beside(ranks), counted(sizes), &data);
    }

    fn dense(&mut self, weight: &[f64], in_modes: &[usize]) {
        let columns = in_modes.iter().enumerate().map(|(k, &size)| (IndexId(k as u8), size));
        let (indices, dims) = self.rows.iter().flatten().copied().chain(columns).unzip();
        self.push("weight".into(), indices, dims, weight);
    }

    fn push(&mut self, name: String, indices: Vec<IndexId>, dims: Vec<usize>, core: &[f64]) {
        self.nodes.push(Node { name, tensor: Tensor::new(indices, dims, core.to_vec()) });
    }
}

/// A tensor padded with zeros at the end of each axis.
fn padded(data: &[f64], from: &[usize], to: &[usize]) -> Vec<f64> {
    let mut out = vec![0.0; to.iter().product()];
    let mut values = data.iter();
    for_each_offset(from, &strides(to), |offset| {
        out[offset] = *values.next().expect("a core has as many values as its shape");
    });
    out
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
