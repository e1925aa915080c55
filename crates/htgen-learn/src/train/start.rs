//! Starting values: orthonormal factors, then one exact scale for all cores of a matrix, so that
//! the rebuilt matrix has a standard deviation of 1/sqrt(H).
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::contract::{Contraction, IndexedTensor};
use super::order::IndexSets;
use super::parameters;
use crate::error::Result;
use crate::model::{Cell, Core, Factors, HtNode, Layer, Matrix, Model};
use crate::network::{self, IndexKind};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

/// Bias of the forget gate; starting open makes the state last.
const FORGET_BIAS: f64 = 1.0;

/// A model with all cores, biases and the head filled anew from a seed.
///
/// # Errors
/// None that is known: the shapes are those of a checked model.
pub fn fill(model: Model, seed: u64) -> Result<Model> {
    let mut model = model.into_parts();
    let mut source = Source(ChaCha8Rng::seed_from_u64(seed));
    for layer in &mut model.layers {
        for k in 0..layer.matrices.len() {
            fill_factors(&mut layer.matrices[k].factors, &mut source);
            rescale(layer, k)?;
        }
        layer.bias.fill(0.0);
        layer.candidate_bias.fill(0.0);
        if layer.cell == Cell::Lstm {
            layer.bias[layer.hidden..2 * layer.hidden].fill(FORGET_BIAS);
        }
    }
    let hidden = model.layers.last().map_or(1, |layer| layer.hidden);
    if let Some(head) = &mut model.head {
        let spread = (1.0 / hidden as f64).sqrt();
        head.weight.fill_with(|| spread * source.normal());
        head.bias.fill(0.0);
    }
    let model = Model::try_from(model)?;
    let single = |group: parameters::Group| -> Vec<f64> {
        group.values.into_iter().map(|value| f64::from(value as f32)).collect()
    };
    let values: Vec<Vec<f64>> = parameters::of(&model).into_iter().map(single).collect();
    parameters::put(&values, model)
}

fn fill_factors(factors: &mut Factors, source: &mut Source) {
    match factors {
        Factors::HierarchicalTucker(root) => fill_node(root, source),
        Factors::TensorTrain(cores) | Factors::TensorRing(cores) => {
            cores.iter_mut().for_each(|core| fill_core(core, source));
        }
        Factors::BlockTerm(blocks) => {
            for block in blocks {
                block.core.data.fill_with(|| source.normal());
                block.factors.iter_mut().for_each(|factor| fill_core(factor, source));
            }
        }
        Factors::Dense(weight) => weight.fill_with(|| source.normal()),
    }
}

/// Orthonormal over the last axis.
fn fill_core(core: &mut Core, source: &mut Source) {
    let columns = core.shape.last().copied().unwrap_or(1);
    orthonormal_columns(&mut core.data, columns, source);
}

/// A leaf is orthonormal over its rank; a transfer tensor over its own rank, the first axis.
fn fill_node(node: &mut HtNode, source: &mut Source) {
    match node {
        HtNode::Leaf { rank, core, .. } => orthonormal_columns(core, *rank, source),
        HtNode::Inner { rank, core, left, right } => {
            fill_node(left, source);
            fill_node(right, source);
            let rows = core.len() / *rank;
            let mut turned = vec![0.0; core.len()];
            orthonormal_columns(&mut turned, *rank, source);
            for (k, value) in core.iter_mut().enumerate() {
                *value = turned[k % rows * *rank + k / rows];
            }
        }
    }
}

/// Fills a matrix of this many columns with normal numbers, then makes its columns (or rows, if
/// there are fewer) orthonormal one after another.
fn orthonormal_columns(values: &mut [f64], columns: usize, source: &mut Source) {
    let rows = values.len() / columns;
    let (count, length) = (columns.min(rows), columns.max(rows));
    let at = |vector: usize, k: usize| {
        if columns <= rows { k * columns + vector } else { vector * columns + k }
    };
    values.iter_mut().for_each(|value| *value = source.normal());
    for vector in 0..count {
        // Twice is enough against rounding.
        for other in (0..vector).chain(0..vector) {
            let along: f64 =
                (0..length).map(|k| values[at(vector, k)] * values[at(other, k)]).sum();
            (0..length).for_each(|k| values[at(vector, k)] -= along * values[at(other, k)]);
        }
        let norm = (0..length).map(|k| values[at(vector, k)].powi(2)).sum::<f64>().sqrt();
        (0..length).for_each(|k| values[at(vector, k)] /= norm.max(f64::MIN_POSITIVE));
    }
}

/// Scales all cores of a matrix alike until the mean square of the rebuilt one is 1/H.
fn rescale(layer: &mut Layer, k: usize) -> Result<()> {
    let matrix = &layer.matrices[k];
    let elements = matrix.rows() as f64 * matrix.columns_padded() as f64;
    let wanted = elements / layer.hidden as f64;
    let found = squared_norm(layer, matrix)?;
    // A value of the matrix is a product of one value from each of this many cores.
    let depth = match &matrix.factors {
        Factors::BlockTerm(blocks) => blocks.first().map_or(1, |b| b.factors.len() + 1),
        Factors::Dense(_) => 1,
        Factors::TensorTrain(cores) | Factors::TensorRing(cores) => cores.len(),
        Factors::HierarchicalTucker(_) => 2 * matrix.out_modes.len() - 1,
    };
    let scale = (wanted / found).powf(0.5 / depth as f64);
    let factors = &mut layer.matrices[k].factors;
    factors.values_mut().into_iter().flatten().for_each(|value| *value *= scale);
    Ok(())
}

/// Sum of the squares of a rebuilt matrix: its network contracted with itself, never rebuilt.
fn squared_norm(layer: &Layer, matrix: &Matrix) -> Result<f64> {
    let network = network::build(layer, matrix)?;
    let count = network.indices().len() as u8;
    let mut sizes: Vec<usize> = network.indices().iter().map(|index| index.size).collect();
    sizes.extend(sizes.clone());
    let mut operands = Vec::new();
    for twin in [0, count] {
        for node in network.nodes() {
            let ids = node.tensor.indices().iter();
            let indices: Vec<u8> = ids
                .map(
                    |id| if network.info(*id).kind == IndexKind::Rank { id.0 + twin } else { id.0 },
                )
                .collect();
            let flat = Arc::new(node.tensor.data().to_vec());
            let dims = node.tensor.dims().to_vec();
            operands.push(IndexedTensor { flat, dims, indices, varies: false });
        }
    }
    let set = |o: &IndexedTensor<f64>| o.indices.iter().fold(0u64, |set, id| set | 1 << id);
    let shapes = IndexSets { tensors: operands.iter().map(set).collect(), sizes, output: 0 };
    Ok(Contraction::of(operands, &shapes.order(), &[]).1.iter().sum())
}

/// Normal numbers, the same on every machine except for the last bit of a logarithm or cosine.
struct Source(ChaCha8Rng);

impl Source {
    /// Uniform on (0, 1].
    fn unit(&mut self) -> f64 {
        (f64::from(self.0.next_u32()) + 1.0) / 2f64.powi(32)
    }
    /// Mean 0, standard deviation 1 (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.unit().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}
