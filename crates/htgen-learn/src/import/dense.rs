//! Dense matrices, linear heads and layers of dense matrices.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::checkpoint::{Checkpoint, Part, escaped};
use crate::error::Diagnostic;
use crate::model::{
    Cell, Columns, Core, Factors, GateActivation, Layer, Linear, Matrix, shape_text,
};

/// A dense matrix as stored in the file, rows x columns.
pub(super) fn matrix(core: Core, columns: Columns) -> Matrix {
    let (rows, width) = (core.shape[0], core.shape[1]);
    let factors = Factors::Dense(core.data);
    Matrix { columns, out_modes: vec![rows], in_modes: vec![width], factors }
}

/// A matrix with its axes exchanged.
pub(super) fn transposed(core: &Core) -> Core {
    let (rows, columns) = (core.shape[0], core.shape[1]);
    let at = |k: usize| core.data[k % rows * columns + k / rows];
    Core { shape: vec![columns, rows], data: (0..core.data.len()).map(at).collect() }
}

/// An LSTM layer with sigmoid gates.
pub(super) fn lstm(inputs: usize, hidden: usize, matrices: Vec<Matrix>, bias: Vec<f64>) -> Layer {
    Layer {
        cell: Cell::Lstm,
        gate_activation: GateActivation::Sigmoid,
        inputs,
        hidden,
        matrices,
        bias,
        candidate_bias: Vec::new(),
    }
}

/// The sum of two vectors of equal length.
pub(super) fn sum(mut a: Vec<f64>, b: &[f64]) -> Vec<f64> {
    a.iter_mut().zip(b).for_each(|(x, y)| *x += y);
    a
}

/// The linear layer `key`: `key.weight` (outputs x hidden) and `key.bias` as PyTorch has them, or
/// Keras' `key/kernel:0` (hidden x outputs) and `key/bias:0`.
pub(super) fn head(checkpoint: &Checkpoint<'_>, key: &str, hidden: usize) -> Part<Linear> {
    let keras = ["/kernel:0", "/kernel", ".kernel:0", ".kernel"].map(|end| format!("{key}{end}"));
    let (name, weight) = match keras.iter().find(|name| checkpoint.has(name)) {
        Some(name) => (name.clone(), transposed(&checkpoint.of_axes(name, "hidden, outputs", 2)?)),
        None => {
            let name = format!("{key}.weight");
            let weight = checkpoint.of_axes(&name, "outputs, hidden", 2)?;
            (name, weight)
        }
    };
    if weight.shape[1] != hidden {
        return Err(Diagnostic::new(escaped(&name), "a head of another layer")
            .found(format!("{} outputs x hidden", shape_text(&weight.shape)))
            .expected(format!("{hidden} hidden units, those of the last layer")));
    }
    let outputs = weight.shape[0];
    let biases = ["/bias:0", "/bias", ".bias:0", ".bias"].map(|end| format!("{key}{end}"));
    let bias = biases.iter().find(|name| checkpoint.has(name));
    let bias = checkpoint.bias(bias.unwrap_or(&biases[3]), outputs)?;
    Ok(Linear { outputs, weight: weight.data, bias })
}
