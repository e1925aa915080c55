//! The checked model: there is no other way to one than through the check.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::check::{self, Found};
use super::{Columns, Formats, Layer, ModelParts};
use crate::error::{Problems, Result};
use std::ops::Deref;
use std::sync::Arc;

/// A consistent model, which every stage takes; [`ModelParts`] become one by `Model::try_from`.
///
/// It is read like its parts and cannot be changed; what changes a model takes the parts out
/// ([`Model::into_parts`]) and has them checked again. Copies share their values.
#[derive(Debug, Clone, PartialEq)]
pub struct Model(Arc<ModelParts>);

impl TryFrom<ModelParts> for Model {
    type Error = Problems;

    /// Applies every consistency rule of the format.
    ///
    /// # Errors
    /// All rules that are broken, each with its key path.
    fn try_from(parts: ModelParts) -> Result<Model> {
        Model::checked(parts, Found::default())
    }
}

impl Deref for Model {
    type Target = ModelParts;

    fn deref(&self) -> &ModelParts {
        &self.0
    }
}

impl Model {
    /// The one constructor; `earlier` are problems found while the parts were made.
    pub(super) fn checked(parts: ModelParts, mut earlier: Found) -> Result<Model> {
        // A rule that fails where a problem was found before is a consequence of it.
        earlier.append(check::problems(&parts));
        earlier.finish()?;
        Ok(Model(Arc::new(parts)))
    }
    /// The parts, to be changed and checked again.
    pub fn into_parts(self) -> ModelParts {
        Arc::unwrap_or_clone(self.0)
    }
    /// The same model with these fixed-point formats, or none.
    ///
    /// # Errors
    /// Formats outside the bounds of the file format.
    pub fn with_formats(&self, formats: Option<Formats>) -> Result<Model> {
        Model::try_from(ModelParts { formats, ..self.clone().into_parts() })
    }
    /// Core parameters of all matrices (without bias and head).
    pub fn parameters(&self) -> usize {
        self.layers.iter().flat_map(|l| &l.matrices).map(|m| m.factors.parameters()).sum()
    }
    /// All numbers that a model file holds: core parameters, biases, head and means.
    pub fn numbers(&self) -> usize {
        let biases = self.layers.iter().map(|layer| layer.bias.len() + layer.candidate_bias.len());
        let head = self.head.iter().map(|head| head.weight.len() + head.bias.len());
        self.parameters() + biases.chain(head).sum::<usize>() + self.input.mean.len()
    }
    /// Core parameters of the matrices that see only the hidden vector; 0 where x and h share one.
    pub fn recurrent_parameters(&self) -> usize {
        let matrices = self.layers.iter().flat_map(|layer| &layer.matrices);
        let of_h = matrices.filter(|matrix| matrix.columns == Columns::Hidden);
        of_h.map(|matrix| matrix.factors.parameters()).sum()
    }
    /// Weights of the dense layers that this model stands for (without bias and head).
    pub fn dense_parameters(&self) -> usize {
        self.layers.iter().map(Layer::dense_parameters).sum()
    }
}
