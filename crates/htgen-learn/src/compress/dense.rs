//! The dense weights of a layer, and a plain run of dense layers to compare decisions with.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::data::{Sequences, StepValues};
use crate::error::{Diagnostic, Result};
use crate::model::{Cell, Columns, Factors, GateActivation, Layer, Matrix, Model};
use crate::network;
use rayon::prelude::*;

/// Weights of a layer, separated by what they multiply, each row-major.
pub(super) struct Weights {
    /// gates H x N.
    pub of_x: Vec<f64>,
    /// gates H x H, when h is fed back.
    pub of_h: Option<Vec<f64>>,
    inputs: usize,
    hidden: usize,
}

impl Weights {
    /// The weights of a layer whose matrices are all dense.
    pub(super) fn of(layer: &Layer, index: usize) -> Result<Weights> {
        let dense = |(k, matrix): (usize, &Matrix)| match &matrix.factors {
            Factors::Dense(weight) => Ok(weight.clone()),
            factors => {
                Err(Diagnostic::new(format!("layers[{index}].matrices[{k}]"), "already factored")
                    .found(factors.kind())
                    .expected("dense")
                    .into())
            }
        };
        Weights::from(layer, dense)
    }

    /// The weights of any layer, rebuilt.
    fn rebuilt(layer: &Layer) -> Weights {
        let whole = |(_, matrix): (usize, &Matrix)| {
            Ok(network::build(layer, matrix)?.dense().data().to_vec())
        };
        Weights::from(layer, whole).expect("the matrices of a model are consistent")
    }

    fn from(
        layer: &Layer,
        whole: impl Fn((usize, &Matrix)) -> Result<Vec<f64>>,
    ) -> Result<Weights> {
        let (rows, inputs, hidden) =
            (layer.cell.gates() * layer.hidden, layer.inputs, layer.hidden);
        let mut of_x = vec![0.0; rows * inputs];
        let mut of_h = layer.feeds_back().then(|| vec![0.0; rows * hidden]);
        for (k, matrix) in layer.matrices.iter().enumerate() {
            let padded = matrix.columns_padded();
            let weight = whole((k, matrix))?;
            let add = |to: &mut [f64], width: usize, from: usize| {
                for (to, row) in to.chunks_exact_mut(width).zip(weight.chunks_exact(padded)) {
                    to.iter_mut().zip(&row[from..]).for_each(|(to, value)| *to += value);
                }
            };
            if matrix.columns != Columns::Hidden {
                add(&mut of_x, inputs, 0);
            }
            let first = match matrix.columns {
                Columns::InputAndHidden { hidden_offset } => Some(hidden_offset),
                Columns::Hidden => Some(0),
                Columns::Input => None,
            };
            if let (Some(of_h), Some(first)) = (&mut of_h, first) {
                add(of_h, hidden, first);
            }
        }
        Ok(Weights { of_x, of_h, inputs, hidden })
    }

    /// The columns of x, then those of h.
    pub(super) fn beside(&self) -> Vec<f64> {
        let of_h = self.of_h.as_deref().unwrap_or_default();
        let rows = self.of_x.chunks_exact(self.inputs).zip(of_h.chunks_exact(self.hidden));
        rows.flat_map(|(x, h)| x.iter().chain(h)).copied().collect()
    }
}

/// A model ready to run in doubles on its rebuilt weights.
pub struct Runner<'a> {
    model: &'a Model,
    weights: Vec<Weights>,
}

impl<'a> Runner<'a> {
    /// Rebuilds every matrix of the model.
    pub fn new(model: &'a Model) -> Runner<'a> {
        Runner { model, weights: model.layers.iter().map(Weights::rebuilt).collect() }
    }

    /// The output of the last step of a sequence.
    fn run(&self, data: &Sequences, sequence: usize) -> Vec<f64> {
        let layers = &self.model.layers;
        let mut states: Vec<[Vec<f64>; 2]> =
            layers.iter().map(|layer| [vec![0.0; layer.hidden], vec![0.0; layer.hidden]]).collect();
        for step in 0..data.steps(sequence) {
            let mut x = self.inputs(data.step(sequence, step));
            for ((layer, weights), state) in layers.iter().zip(&self.weights).zip(&mut states) {
                advance(layer, weights, &x, state);
                x.clone_from(&state[0]);
            }
        }
        let h = &states[states.len() - 1][0];
        match &self.model.head {
            None => h.clone(),
            Some(head) => {
                let rows = head.weight.chunks_exact(h.len()).zip(&head.bias);
                rows.map(|(row, bias)| bias + dot(row, h)).collect()
            }
        }
    }

    fn inputs(&self, step: StepValues<'_>) -> Vec<f64> {
        let raw: Vec<f64> = match step {
            StepValues::U8(bytes) => bytes.iter().map(|&byte| f64::from(byte)).collect(),
            StepValues::F32(values) => values.iter().map(|&value| f64::from(value)).collect(),
        };
        let input = &self.model.input;
        let scale = 2f64.powi(-input.shift);
        let mean = |k: usize| input.mean.get(k).copied().unwrap_or(0.0);
        raw.iter().enumerate().map(|(k, value)| (value - mean(k)) * scale).collect()
    }
}

/// The output vectors of all sequences.
pub fn outputs(runner: &Runner<'_>, data: &Sequences) -> Vec<Vec<f64>> {
    (0..data.count()).into_par_iter().map(|sequence| runner.run(data, sequence)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A time step of a layer; the state is h and c, as docs/model-format.md has it.
fn advance(layer: &Layer, weights: &Weights, x: &[f64], [h, c]: &mut [Vec<f64>; 2]) {
    let n = layer.hidden;
    let product = |weight: &[f64], vector: &[f64]| -> Vec<f64> {
        weight.chunks_exact(vector.len()).map(|row| dot(row, vector)).collect()
    };
    let of_x = product(&weights.of_x, x);
    let of_h = weights.of_h.as_ref().map_or(vec![0.0; of_x.len()], |weight| product(weight, h));
    let gate = |z: f64| match layer.gate_activation {
        GateActivation::Sigmoid => 1.0 / (1.0 + (-z).exp()),
        GateActivation::HardSigmoid => (0.2 * z + 0.5).clamp(0.0, 1.0),
    };
    let a = |block: usize, k: usize| of_x[block * n + k] + layer.bias[block * n + k];
    let u = |block: usize, k: usize| of_h[block * n + k];
    let z = |block: usize, k: usize| a(block, k) + u(block, k);
    match layer.cell {
        Cell::Lstm => {
            for k in 0..n {
                c[k] = gate(z(1, k)) * c[k] + gate(z(0, k)) * z(2, k).tanh();
                h[k] = gate(z(3, k)) * c[k].tanh();
            }
        }
        Cell::Gru => {
            for (k, h) in h.iter_mut().enumerate() {
                let candidate =
                    (a(2, k) + gate(z(0, k)) * (u(2, k) + layer.candidate_bias[k])).tanh();
                let keep = gate(z(1, k));
                *h = (1.0 - keep) * candidate + keep * *h;
            }
        }
    }
}
