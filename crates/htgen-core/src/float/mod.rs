//! The float reference: the model in f64 along the plan, and the ranges seen on every edge.
//!
//! The mean of the input preparation is folded into the bias, as in the hardware, so that the edges
//! carry the same values in both: W (x - mean) + b = W x + (b - W mean).
// SPDX-License-Identifier: MIT OR Apache-2.0

mod cell;

pub use cell::CellState;

use crate::model::{Cell, Layer, Model};
use crate::network::Operand;
use crate::plan::walk::Walk;
use crate::plan::{PlanPart, Planned};
use cell::Products;
use std::sync::Arc;

/// A place whose range determines a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Edge {
    /// The scaled input x.
    Input,
    /// The result of contraction step k; the last one of a part is a gate pre-activation without
    /// bias.
    Step(usize),
    /// The state of a layer's cell: c for an LSTM, h for a GRU.
    Cell(usize),
    /// The outputs of the head.
    Output,
}

/// The model ready to run in f64.
pub struct Reference {
    model: Model,
    layers: Vec<LayerReference>,
    /// The weights of every contraction step of the model.
    weights: Arc<[Vec<f64>]>,
    scale: f64,
}

struct LayerReference {
    /// The layer's bias with the input mean folded in.
    bias: Vec<f64>,
    parts: Vec<PartReference>,
}

struct PartReference {
    operand: Operand,
    first_step: usize,
    walks: Vec<Walk>,
}

/// The recurrent state of one sequence, layer by layer.
#[derive(Debug, Clone)]
pub struct State(pub Vec<CellState>);

impl Reference {
    /// Prepares a model with its plan.
    pub fn new(planned: &Planned) -> Reference {
        Reference::of(planned, Arc::clone(planned.merged()))
    }
    /// The same, with the weights of each contraction step replaced by what `change` returns for
    /// them, given the number of the step in the whole model.
    pub fn with_weights(
        planned: &Planned,
        change: impl Fn(usize, &[f64]) -> Vec<f64>,
    ) -> Reference {
        let merged = planned.merged().iter().enumerate();
        Reference::of(planned, merged.map(|(step, weights)| change(step, weights)).collect())
    }

    fn of(planned: &Planned, weights: Arc<[Vec<f64>]>) -> Reference {
        let model = planned.model().clone();
        let layers = model.layers.iter().zip(planned.plan().layers());
        let layers = layers.map(|(layer, parts)| LayerReference::new(layer, parts)).collect();
        let scale = (-f64::from(model.input.shift)).exp2();
        let mut reference = Reference { model, layers, weights, scale };
        if !reference.model.input.mean.is_empty() {
            let mean = reference.model.input.mean.iter();
            let mean: Vec<f64> = mean.map(|m| m * reference.scale).collect();
            let shift = reference.products(0, &mean, None, &mut |_, _| {}).x;
            let bias = &mut reference.layers[0].bias;
            bias.iter_mut().zip(shift).for_each(|(b, z)| *b -= z);
        }
        reference
    }
    /// The bias of a layer with the input mean folded in, gate-major.
    pub fn folded_bias(&self, layer: usize) -> &[f64] {
        &self.layers[layer].bias
    }
    /// State at the start of a sequence.
    pub fn start(&self) -> State {
        State(self.model.layers.iter().map(|l| CellState::start(l.hidden)).collect())
    }
    /// One time step on raw inputs; `see` receives the values on every edge.
    pub fn step(&self, raw: &[f64], state: &mut State, see: &mut impl FnMut(Edge, &[f64])) {
        let mut x: Vec<f64> = raw.iter().map(|r| r * self.scale).collect();
        see(Edge::Input, &x);
        for (k, (layer, state)) in self.model.layers.iter().zip(&mut state.0).enumerate() {
            let products = self.products(k, &x, Some(&state.h), see);
            cell::step(layer, &self.layers[k].bias, &products, state);
            let kept = if layer.cell == Cell::Lstm { &state.c } else { &state.h };
            see(Edge::Cell(k), kept);
            x.clone_from(&state.h);
        }
    }
    /// The output of the model: the values of the head, or the hidden vector of a model without a
    /// head.
    pub fn output(&self, state: &State, see: &mut impl FnMut(Edge, &[f64])) -> Vec<f64> {
        let h = &state.0.last().expect("a model has a layer").h;
        let Some(head) = &self.model.head else { return h.clone() };
        let rows = head.weight.chunks(h.len()).zip(&head.bias);
        let out: Vec<f64> = rows
            .map(|(row, bias)| bias + row.iter().zip(h).map(|(w, h)| w * h).sum::<f64>())
            .collect();
        see(Edge::Output, &out);
        out
    }
}

impl Reference {
    /// The products of a layer with x and h, without bias; an absent h stands for zeros.
    fn products(
        &self,
        layer: usize,
        x: &[f64],
        h: Option<&[f64]>,
        see: &mut impl FnMut(Edge, &[f64]),
    ) -> Products {
        let of = &self.model.layers[layer];
        let rows = of.cell.gates() * of.hidden;
        let mut products = Products { x: vec![0.0; rows], h: vec![0.0; rows] };
        for part in &self.layers[layer].parts {
            match part.operand {
                Operand::Input { hidden_offset } => {
                    let h = hidden_offset.zip(h);
                    products.x = part.contract(&self.weights, x, h, see);
                }
                Operand::Hidden { first } => {
                    if let Some(h) = h {
                        products.h = part.contract(&self.weights, &[], Some((first, h)), see);
                    }
                }
            }
        }
        products
    }
}

impl LayerReference {
    fn new(layer: &Layer, parts: &[PlanPart]) -> LayerReference {
        let part = |part: &PlanPart| {
            let steps = 0..part.plan().steps().len();
            PartReference {
                operand: part.operand(),
                first_step: part.first_step(),
                walks: steps.map(|k| Walk::of(part.plan(), k)).collect(),
            }
        };
        LayerReference { bias: layer.bias.clone(), parts: parts.iter().map(part).collect() }
    }
}

impl PartReference {
    /// The product with `front` from column 0 followed by another vector; `weights` are those of
    /// all steps of the model.
    fn contract(
        &self,
        weights: &[Vec<f64>],
        front: &[f64],
        behind: Option<(usize, &[f64])>,
        see: &mut impl FnMut(Edge, &[f64]),
    ) -> Vec<f64> {
        let mut act = vec![0.0; self.walks[0].in_words];
        act[..front.len()].copy_from_slice(front);
        if let Some((first, values)) = behind {
            act[first..first + values.len()].copy_from_slice(values);
        }
        for (step, walk) in (self.first_step..).zip(&self.walks) {
            let mut result = vec![0.0; walk.out_words];
            walk.contract(&weights[step], &act, &mut result, |sum| sum);
            see(Edge::Step(step), &result);
            act = result;
        }
        act
    }
}

/// Largest magnitudes seen on the edges.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ranges(std::collections::BTreeMap<Edge, f64>);

impl Ranges {
    /// Includes the values on an edge.
    pub fn see(&mut self, edge: Edge, values: &[f64]) {
        let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        let entry = self.0.entry(edge).or_insert(0.0);
        *entry = entry.max(largest);
    }
    /// Largest magnitude on an edge; 0 if it was never seen.
    pub fn largest(&self, edge: Edge) -> f64 {
        self.0.get(&edge).copied().unwrap_or(0.0)
    }
    /// The union of two observations.
    pub fn join(mut self, other: Ranges) -> Ranges {
        for (edge, value) in other.0 {
            self.see(edge, &[value]);
        }
        self
    }
}
