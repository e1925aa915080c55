//! The numbers of a model that training changes, as flat groups.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::real::Real;
use crate::error::Result;
use crate::model::{Model, ModelParts};

/// A group of parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What they are: `layers.0.matrices.0`, `layers.0.bias`, `head.weight`.
    pub name: String,
    /// Whether weight decay applies to them: to factors and to the head's weights, not to biases.
    pub decays: bool,
    /// The values; those of a matrix in the order of `Factors::values_mut`.
    pub values: Vec<f64>,
}

/// All groups: for each layer its matrices, its bias, its candidate's bias (GRU), then the head.
pub fn of(model: &Model) -> Vec<Group> {
    let mut model = model.clone().into_parts();
    let group = |(name, decays, values): (String, bool, Vec<f64>)| Group { name, decays, values };
    groups(&mut model, |values| values.into_iter().flat_map(std::mem::take).collect())
        .into_iter()
        .map(group)
        .collect()
}

/// A model of the same shape with these values.
///
/// # Errors
/// Values that are not finite, or too large for a model.
pub fn put(values: &[Vec<f64>], model: Model) -> Result<Model> {
    let mut model = model.into_parts();
    let mut groups_left = values.iter();
    groups(&mut model, |targets| {
        let mut rest: &[f64] = groups_left.next().expect("as many groups as the model has");
        for target in targets {
            let (these, behind) = rest.split_at(target.len());
            target.copy_from_slice(these);
            rest = behind;
        }
        assert!(rest.is_empty(), "a group has as many values as the model");
        Vec::new()
    });
    Model::try_from(model)
}

/// Visits the groups in order: name, whether it decays, what `visit` makes of its vectors.
fn groups(
    model: &mut ModelParts,
    mut visit: impl FnMut(Vec<&mut Vec<f64>>) -> Vec<f64>,
) -> Vec<(String, bool, Vec<f64>)> {
    let mut all = Vec::new();
    for (k, layer) in model.layers.iter_mut().enumerate() {
        for (m, matrix) in layer.matrices.iter_mut().enumerate() {
            let name = format!("layers.{k}.matrices.{m}");
            all.push((name, true, visit(matrix.factors.values_mut())));
        }
        all.push((format!("layers.{k}.bias"), false, visit(vec![&mut layer.bias])));
        if !layer.candidate_bias.is_empty() {
            let name = format!("layers.{k}.candidate_bias");
            all.push((name, false, visit(vec![&mut layer.candidate_bias])));
        }
    }
    if let Some(head) = &mut model.head {
        all.push(("head.weight".into(), true, visit(vec![&mut head.weight])));
        all.push(("head.bias".into(), false, visit(vec![&mut head.bias])));
    }
    all
}

/// Values of every group in another precision.
pub fn cast<'a, T: Real>(groups: impl IntoIterator<Item = &'a Vec<f64>>) -> Vec<Vec<T>> {
    groups.into_iter().map(|values| values.iter().map(|&value| T::of(value)).collect()).collect()
}
