//! A layer: the products of its matrices with x, its cells over all steps, and back.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::cell::{CellShape, add};
use super::matrix::{Product, Wiring};
use super::real::Real;
use super::recurrence::{CellInput, ForcedSteps, Recurrence};
use super::rows::Rows;
use crate::model;
use std::sync::Arc;

/// The structure of a layer, without its values.
#[derive(Debug)]
pub struct NetLayer {
    shape: CellShape,
    wirings: Vec<Wiring>,
    candidate: bool,
}

/// What a layer works on.
#[derive(Debug, Clone, Copy)]
pub struct LayerInput<'a, T> {
    /// Which row is which step.
    pub rows: &'a Rows,
    /// The inputs of all rows.
    pub x: &'a Arc<Vec<T>>,
    /// Whether x depends on parameters, so that it receives a gradient.
    pub x_varies: bool,
    /// Replacements for the computed values.
    pub forced: Option<&'a ForcedSteps>,
}

/// A layer that has run, with everything its gradient needs.
pub struct LayerRun<T> {
    recurrence: Recurrence<T>,
    /// The products with the number of their matrix.
    products: Vec<(usize, Of, Product<T>)>,
}

/// What a product contributes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    X,
    H,
}

impl NetLayer {
    /// The structure of a layer of a checked model, wired for this many input vectors at a time.
    pub fn of(layer: &model::Layer, vectors: usize) -> NetLayer {
        let shape = CellShape {
            cell: layer.cell,
            gate_activation: layer.gate_activation,
            hidden: layer.hidden,
        };
        let wirings = layer.matrices.iter().map(|m| Wiring::of(layer, m, vectors)).collect();
        let candidate = !layer.candidate_bias.is_empty();
        NetLayer { shape, wirings, candidate }
    }

    /// Number of its groups of values: its matrices and biases.
    pub fn groups(&self) -> usize {
        self.wirings.len() + 1 + usize::from(self.candidate)
    }

    /// Hidden units, H.
    pub fn hidden(&self) -> usize {
        self.shape.hidden
    }

    /// Runs it with the values of its groups.
    pub fn run<T: Real>(&self, values: &[Vec<T>], input: LayerInput<'_, T>) -> LayerRun<T> {
        let (matrices, biases) = values.split_at(self.wirings.len());
        let (mut x_part, mut recurrent) = (None, None);
        let mut products = Vec::new();
        for (k, (wiring, values)) in self.wirings.iter().zip(matrices).enumerate() {
            if let Some((product, result)) = wiring.times_x(values, input.x, input.x_varies) {
                sum_up(&mut x_part, result);
                products.push((k, Of::X, product));
            }
            if let Some((product, result)) = wiring.recurrent(values) {
                sum_up(&mut recurrent, result);
                products.push((k, Of::H, product));
            }
        }
        let wide = self.shape.cell.gates() * self.shape.hidden;
        let input = CellInput {
            rows: input.rows,
            x_part: x_part.unwrap_or_else(|| vec![T::zero(); input.rows.count() * wide]),
            recurrent,
            bias: &biases[0],
            candidate: biases.get(1).map(|bias| &bias[..]),
            forced: input.forced,
        };
        LayerRun { recurrence: Recurrence::of(self.shape, input), products }
    }

    /// Computes the gradients of its groups, which are appended to `to`, from the gradient of all
    /// hidden vectors; also returns that of x if it varies.
    pub fn gradients<T: Real>(
        &self,
        values: &[Vec<T>],
        rows: &Rows,
        run: LayerRun<T>,
        of_h: &[T],
        to: &mut Vec<Vec<T>>,
    ) -> Option<Vec<T>> {
        let back = run.recurrence.gradients(rows, of_h);
        let first = to.len();
        to.extend(values[..self.wirings.len()].iter().map(|v| vec![T::zero(); v.len()]));
        let mut of_x = None;
        for (k, of, product) in run.products {
            let gradient = match (of, &back.recurrent) {
                (Of::H, Some(recurrent)) => recurrent.clone(),
                _ => back.x_part.clone(),
            };
            let x = self.wirings[k].gradients(product, gradient, &mut to[first + k]);
            x.into_iter().for_each(|x| sum_up(&mut of_x, x));
        }
        to.push(back.bias);
        to.extend(back.candidate);
        of_x
    }
}

impl<T> LayerRun<T> {
    /// Hidden vectors of all rows; after the end of a sequence its last one is repeated.
    pub fn h(&self) -> &Arc<Vec<T>> {
        &self.recurrence.h
    }
}

fn sum_up<T: Real>(sum: &mut Option<Vec<T>>, term: Vec<T>) {
    match sum {
        Some(sum) => add(sum, &term),
        None => *sum = Some(term),
    }
}
