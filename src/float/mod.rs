//! The float reference: the model in f64 along the plan, and the ranges seen on every edge.
//!
//! The mean of the input preparation is folded into the bias, as in the hardware, so that the edges
//! carry the same values here and there: W (x - mean) + b = W x + (b - W mean).

use crate::model::{Linear, Model};
use crate::plan::Plan;
use crate::plan::walk::{self, Walk};

/// A place whose range decides a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edge {
    /// The scaled input x.
    Input,
    /// The result of contraction step k; the last one is the gate pre-activation without bias.
    Step(usize),
    /// The cell state c.
    Cell,
    /// The outputs of the head.
    Output,
}

/// The model ready to run in f64.
pub struct Reference {
    walks: Vec<Walk>,
    weights: Vec<Vec<f64>>,
    bias: Vec<f64>,
    head: Option<Linear>,
    hidden: usize,
    feedback: Option<usize>,
    scale: f64,
}

/// The recurrent state of one sequence.
#[derive(Debug, Clone)]
pub struct State {
    /// Hidden vector.
    pub h: Vec<f64>,
    /// Cell state.
    pub c: Vec<f64>,
}

impl Reference {
    /// Prepares a one-layer model for its plan.
    pub fn new(model: &Model, plan: &Plan) -> Reference {
        let layer = &model.layers[0];
        let steps = 0..plan.steps().len();
        let mut reference = Reference {
            walks: steps.clone().map(|k| Walk::of(plan, k)).collect(),
            weights: steps.map(|k| walk::weights(plan, k)).collect(),
            bias: layer.bias.clone(),
            head: model.head.clone(),
            hidden: layer.hidden,
            feedback: layer.feedback(),
            scale: (-f64::from(model.input.shift)).exp2(),
        };
        if !model.input.mean.is_empty() {
            let shift = reference.contract(&model.input.mean, None, &mut |_, _| {});
            reference.bias.iter_mut().zip(shift).for_each(|(b, z)| *b -= z);
        }
        reference
    }
    /// The bias with the input mean folded in, gate-major.
    pub fn folded_bias(&self) -> &[f64] {
        &self.bias
    }
    /// State at the start of a sequence.
    pub fn start(&self) -> State {
        State { h: vec![0.0; self.hidden], c: vec![0.0; self.hidden] }
    }
    /// One time step on raw inputs; `see` is told the values on every edge.
    pub fn step(&self, raw: &[f64], state: &mut State, see: &mut impl FnMut(Edge, &[f64])) {
        let z = self.contract(raw, Some(&state.h), see);
        let n = self.hidden;
        let sigmoid = |v: f64| 1.0 / (1.0 + (-v).exp());
        for j in 0..n {
            let gate = |g: usize| z[g * n + j] + self.bias[g * n + j];
            let c = sigmoid(gate(1)) * state.c[j] + sigmoid(gate(0)) * gate(2).tanh();
            state.c[j] = c;
            state.h[j] = sigmoid(gate(3)) * c.tanh();
        }
        see(Edge::Cell, &state.c);
    }
    /// The model's output: the head's values, or the hidden vector of a model without a head.
    pub fn output(&self, state: &State, see: &mut impl FnMut(Edge, &[f64])) -> Vec<f64> {
        let Some(head) = &self.head else { return state.h.clone() };
        let rows = head.weight.chunks(self.hidden).zip(&head.bias);
        let out: Vec<f64> = rows
            .map(|(row, bias)| bias + row.iter().zip(&state.h).map(|(w, h)| w * h).sum::<f64>())
            .collect();
        see(Edge::Output, &out);
        out
    }

    /// W \[x ; h\] on raw inputs, without bias.
    fn contract(
        &self,
        raw: &[f64],
        h: Option<&[f64]>,
        see: &mut impl FnMut(Edge, &[f64]),
    ) -> Vec<f64> {
        let mut act = vec![0.0; self.walks[0].in_words];
        act.iter_mut().zip(raw).for_each(|(a, r)| *a = r * self.scale);
        see(Edge::Input, &act[..raw.len()]);
        if let (Some(h), Some(offset)) = (h, self.feedback) {
            act[offset..offset + h.len()].copy_from_slice(h);
        }
        for (k, (walk, weights)) in self.walks.iter().zip(&self.weights).enumerate() {
            let mut result = vec![0.0; walk.out_words];
            walk.contract(weights, &act, &mut result, |sum| sum);
            see(Edge::Step(k), &result);
            act = result;
        }
        act
    }
}

/// Largest magnitudes seen on the edges.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ranges(std::collections::BTreeMap<Edge, f64>);

impl Ranges {
    /// Takes the values on an edge into account.
    pub fn see(&mut self, edge: Edge, values: &[f64]) {
        let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        let entry = self.0.entry(edge).or_insert(0.0);
        *entry = entry.max(largest);
    }
    /// Largest magnitude on an edge; 0 when it was never seen.
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
