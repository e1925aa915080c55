//! Recurrent cells in f64.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::model::{Cell, GateActivation, Layer};

/// The recurrent state of one layer.
#[derive(Debug, Clone)]
pub struct CellState {
    /// Hidden vector.
    pub h: Vec<f64>,
    /// Cell state of an LSTM.
    pub c: Vec<f64>,
}

impl CellState {
    pub(super) fn start(hidden: usize) -> CellState {
        CellState { h: vec![0.0; hidden], c: vec![0.0; hidden] }
    }
}

/// The products of a layer, gate-major, without bias.
pub(super) struct Products {
    /// Of x, and of h where it shares the matrix.
    pub x: Vec<f64>,
    /// Of h; zero where there is none.
    pub h: Vec<f64>,
}

/// Activation of all gates except the candidate.
pub(super) fn gate(activation: GateActivation, z: f64) -> f64 {
    match activation {
        GateActivation::Sigmoid => 1.0 / (1.0 + (-z).exp()),
        GateActivation::HardSigmoid => (0.2 * z + 0.5).clamp(0.0, 1.0),
    }
}

/// The next state; `bias` is gate-major.
///
/// LSTM: c' = f c + i g, h' = o tanh(c').
/// GRU in PyTorch's form: n = tanh(x_n + b_n + r (h_n + b'_n)), h' = (1 - z) n + z h.
pub(super) fn step(layer: &Layer, bias: &[f64], products: &Products, state: &mut CellState) {
    let units = layer.hidden;
    let gate = |z| gate(layer.gate_activation, z);
    for j in 0..units {
        let at = |g: usize| g * units + j;
        let sum = |g: usize| products.x[at(g)] + products.h[at(g)] + bias[at(g)];
        match layer.cell {
            Cell::Lstm => {
                let c = gate(sum(1)) * state.c[j] + gate(sum(0)) * sum(2).tanh();
                state.c[j] = c;
                state.h[j] = gate(sum(3)) * c.tanh();
            }
            Cell::Gru => {
                let (r, z) = (gate(sum(0)), gate(sum(1)));
                let of_h = products.h[at(2)] + layer.candidate_bias[j];
                let n = (products.x[at(2)] + bias[at(2)] + r * of_h).tanh();
                state.h[j] = (1.0 - z) * n + z * state.h[j];
            }
        }
    }
}
