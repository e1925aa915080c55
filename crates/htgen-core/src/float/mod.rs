//! The float reference: the model in f64 along the plan, and the ranges seen on every edge.
//!
//! The mean of the input preparation is folded into the bias, as in the hardware, so that the edges
//! carry the same values in both: W (x - mean) + b = W x + (b - W mean).

mod cell;

pub use cell::CellState;

use crate::model::{Cell, Layer, Linear, Model};
use crate::network::Operand;
use crate::plan::walk::{self, Walk};
use crate::plan::{ModelPlan, PlanPart};
use cell::Products;

/// A place whose range determines a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    layers: Vec<LayerReference>,
    head: Option<Linear>,
    scale: f64,
}

struct LayerReference {
    layer: Layer,
    /// The layer's bias with the input mean folded in.
    bias: Vec<f64>,
    parts: Vec<PartReference>,
}

struct PartReference {
    operand: Operand,
    first_step: usize,
    walks: Vec<Walk>,
    weights: Vec<Vec<f64>>,
}

/// The recurrent state of one sequence, layer by layer.
#[derive(Debug, Clone)]
pub struct State(pub Vec<CellState>);

impl Reference {
    /// Prepares a model for its plan.
    pub fn new(model: &Model, plan: &ModelPlan) -> Reference {
        Reference::with_weights(model, plan, |_, weights| weights)
    }
    /// The same, with the weights of each contraction step replaced by what `change` returns for
    /// them, given the number of the step in the whole model.
    pub fn with_weights(
        model: &Model,
        plan: &ModelPlan,
        change: impl Fn(usize, Vec<f64>) -> Vec<f64>,
    ) -> Reference {
        let layers = model.layers.iter().zip(plan.layers());
        let layers = layers.map(|(layer, parts)| LayerReference::new(layer, parts, &change));
        let mut reference = Reference {
            layers: layers.collect(),
            head: model.head.clone(),
            scale: (-f64::from(model.input.shift)).exp2(),
        };
        if !model.input.mean.is_empty() {
            let mean: Vec<f64> = model.input.mean.iter().map(|m| m * reference.scale).collect();
            let bottom = &mut reference.layers[0];
            let shift = bottom.products(&mean, None, &mut |_, _| {}).x;
            bottom.bias.iter_mut().zip(shift).for_each(|(b, z)| *b -= z);
        }
        reference
    }
    /// The bias of a layer with the input mean folded in, gate-major.
    pub fn folded_bias(&self, layer: usize) -> &[f64] {
        &self.layers[layer].bias
    }
    /// State at the start of a sequence.
    pub fn start(&self) -> State {
        State(self.layers.iter().map(|l| CellState::start(l.layer.hidden)).collect())
    }
    /// One time step on raw inputs; `see` receives the values on every edge.
    pub fn step(&self, raw: &[f64], state: &mut State, see: &mut impl FnMut(Edge, &[f64])) {
        let mut x: Vec<f64> = raw.iter().map(|r| r * self.scale).collect();
        see(Edge::Input, &x);
        for (k, (layer, state)) in self.layers.iter().zip(&mut state.0).enumerate() {
            let products = layer.products(&x, Some(&state.h), see);
            cell::step(&layer.layer, &layer.bias, &products, state);
            let kept = if layer.layer.cell == Cell::Lstm { &state.c } else { &state.h };
            see(Edge::Cell(k), kept);
            x.clone_from(&state.h);
        }
    }
    /// The output of the model: the values of the head, or the hidden vector of a model without a
    /// head.
    pub fn output(&self, state: &State, see: &mut impl FnMut(Edge, &[f64])) -> Vec<f64> {
        let h = &state.0.last().expect("a model has a layer").h;
        let Some(head) = &self.head else { return h.clone() };
        let rows = head.weight.chunks(h.len()).zip(&head.bias);
        let out: Vec<f64> = rows
            .map(|(row, bias)| bias + row.iter().zip(h).map(|(w, h)| w * h).sum::<f64>())
            .collect();
        see(Edge::Output, &out);
        out
    }
}

impl LayerReference {
    fn new(
        layer: &Layer,
        parts: &[PlanPart],
        change: &impl Fn(usize, Vec<f64>) -> Vec<f64>,
    ) -> LayerReference {
        let part = |part: &PlanPart| {
            let steps = 0..part.plan().steps().len();
            let weights = |k| change(part.first_step() + k, walk::weights(part.plan(), k));
            PartReference {
                operand: part.operand(),
                first_step: part.first_step(),
                walks: steps.clone().map(|k| Walk::of(part.plan(), k)).collect(),
                weights: steps.map(weights).collect(),
            }
        };
        let bias = layer.bias.clone();
        LayerReference { layer: layer.clone(), bias, parts: parts.iter().map(part).collect() }
    }

    /// The products with x and h, without bias; an absent h stands for zeros.
    fn products(
        &self,
        x: &[f64],
        h: Option<&[f64]>,
        see: &mut impl FnMut(Edge, &[f64]),
    ) -> Products {
        let rows = self.layer.cell.gates() * self.layer.hidden;
        let mut products = Products { x: vec![0.0; rows], h: vec![0.0; rows] };
        for part in &self.parts {
            match part.operand {
                Operand::Input { hidden_offset } => {
                    let h = hidden_offset.zip(h);
                    products.x = part.contract(x, h, see);
                }
                Operand::Hidden { first } => {
                    if let Some(h) = h {
                        products.h = part.contract(&[], Some((first, h)), see);
                    }
                }
            }
        }
        products
    }
}

impl PartReference {
    /// The product with `front` from column 0 followed by another vector.
    fn contract(
        &self,
        front: &[f64],
        behind: Option<(usize, &[f64])>,
        see: &mut impl FnMut(Edge, &[f64]),
    ) -> Vec<f64> {
        let mut act = vec![0.0; self.walks[0].in_words];
        act[..front.len()].copy_from_slice(front);
        if let Some((first, values)) = behind {
            act[first..first + values.len()].copy_from_slice(values);
        }
        for (k, (walk, weights)) in self.walks.iter().zip(&self.weights).enumerate() {
            let mut result = vec![0.0; walk.out_words];
            walk.contract(weights, &act, &mut result, |sum| sum);
            see(Edge::Step(self.first_step + k), &result);
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
