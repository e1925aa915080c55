//! A model evaluated in doubles without any of the library's stages: every matrix is rebuilt
//! element by element from its cores, and the cells are written out. Slow, and independent.
// SPDX-License-Identifier: MIT OR Apache-2.0

use htgen::model::{
    Block, Cell, Columns, Core, Element, Factors, GateActivation, HtNode, InputPrep, Layer, Linear,
    Matrix, Model, ModelParts,
};

/// The hidden vector of the last layer after each time step, from a zero state; `steps` holds raw
/// elements, one vector per time step, which the input preparation turns into inputs.
pub fn dense_run(model: &Model, steps: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let scale = (-f64::from(model.input.shift)).exp2();
    let mean = |k: usize| model.input.mean.get(k).copied().unwrap_or(0.0);
    let prepare = |raw: &Vec<f64>| -> Vec<f64> {
        raw.iter().enumerate().map(|(k, value)| (value - mean(k)) * scale).collect()
    };
    let mut sequence: Vec<Vec<f64>> = steps.iter().map(prepare).collect();
    for layer in &model.layers {
        let mut unrolled = Unrolled::of(layer);
        sequence = sequence.iter().map(|x| unrolled.step(x)).collect();
    }
    sequence
}

/// Outputs of the model's head for a hidden vector; the hidden vector itself for a model without a
/// head.
pub fn dense_head(model: &Model, hidden: &[f64]) -> Vec<f64> {
    let Some(Linear { outputs, weight, bias }) = &model.head else { return hidden.to_vec() };
    (0..*outputs).map(|k| bias[k] + dot(&weight[k * hidden.len()..], hidden)).collect()
}

/// The matrix that the factors stand for: rows x padded columns, row-major.
pub fn dense_matrix(matrix: &Matrix) -> Vec<f64> {
    let rows: usize = matrix.out_modes.iter().product();
    let columns: usize = matrix.in_modes.iter().product();
    let mut dense = Vec::with_capacity(rows * columns);
    for row in 0..rows {
        let i = digits(row, &matrix.out_modes);
        for column in 0..columns {
            let j = digits(column, &matrix.in_modes);
            dense.push(match &matrix.factors {
                Factors::HierarchicalTucker(root) => frame(root, matrix, &i, &j)[0],
                Factors::TensorTrain(cores) => train(cores, &i, &j),
                Factors::TensorRing(cores) => ring(cores, &i, &j),
                Factors::BlockTerm(blocks) => blocks.iter().map(|b| tucker(b, &i, &j)).sum(),
                Factors::Dense(weight) => weight[row * columns + column],
            });
        }
    }
    dense
}

/// A model around one or more layers that does nothing to its input.
pub fn plain_model(layers: Vec<Layer>) -> Model {
    let input = InputPrep { element: Element::Real, shift: 0, mean: vec![] };
    let name = "plain".into();
    Model::try_from(ModelParts { name, layers, head: None, input, formats: None }).unwrap()
}

/// An index decomposed over modes, mode 0 slowest.
fn digits(index: usize, modes: &[usize]) -> Vec<usize> {
    let mut rest = index;
    let mut digits: Vec<usize> = modes
        .iter()
        .rev()
        .map(|mode| {
            let digit = rest % mode;
            rest /= mode;
            digit
        })
        .collect();
    digits.reverse();
    digits
}

/// U_s[i, j, :] of a node, one value per rank.
fn frame(node: &HtNode, matrix: &Matrix, i: &[usize], j: &[usize]) -> Vec<f64> {
    match node {
        HtNode::Leaf { mode, rank, core } => {
            let at = (i[*mode] * matrix.in_modes[*mode] + j[*mode]) * rank;
            core[at..at + rank].to_vec()
        }
        HtNode::Inner { rank, core, left, right } => {
            let (a, b) = (frame(left, matrix, i, j), frame(right, matrix, i, j));
            let mut out = vec![0.0; *rank];
            for (p, sum) in out.iter_mut().enumerate() {
                for (q, x) in a.iter().enumerate() {
                    for (r, y) in b.iter().enumerate() {
                        *sum += core[(p * a.len() + q) * b.len() + r] * x * y;
                    }
                }
            }
            out
        }
    }
}

/// A product of r x r matrices, one from each core, from the left.
fn train(cores: &[Core], i: &[usize], j: &[usize]) -> f64 {
    let mut row = vec![1.0];
    for (k, core) in cores.iter().enumerate() {
        let [_, m, n, right] = core.shape[..] else { panic!("four axes") };
        row = (0..right)
            .map(|to| {
                let at = |from: usize| ((from * m + i[k]) * n + j[k]) * right + to;
                row.iter().enumerate().map(|(from, x)| x * core.data[at(from)]).sum()
            })
            .collect();
    }
    row[0]
}

/// The trace of a product of matrices: all column modes, then all row modes.
fn ring(cores: &[Core], i: &[usize], j: &[usize]) -> f64 {
    let mode: Vec<usize> = j.iter().chain(i).copied().collect();
    let close = cores[0].shape[0];
    let mut trace = 0.0;
    for start in 0..close {
        let mut row: Vec<f64> = (0..close).map(|k| f64::from(u8::from(k == start))).collect();
        for (core, digit) in cores.iter().zip(&mode) {
            let [_, size, right] = core.shape[..] else { panic!("three axes") };
            row = (0..right)
                .map(|to| {
                    let at = |from: usize| (from * size + digit) * right + to;
                    row.iter().enumerate().map(|(from, x)| x * core.data[at(from)]).sum()
                })
                .collect();
        }
        trace += row[start];
    }
    trace
}

/// One Tucker term at an element.
fn tucker(block: &Block, i: &[usize], j: &[usize]) -> f64 {
    let mut sum = 0.0;
    for (at, value) in block.core.data.iter().enumerate() {
        let mut term = *value;
        for (k, rank) in digits(at, &block.core.shape).into_iter().enumerate() {
            let [_, n, r] = block.factors[k].shape[..] else { panic!("three axes") };
            term *= block.factors[k].data[(i[k] * n + j[k]) * r + rank];
        }
        sum += term;
    }
    sum
}

/// One layer as two dense matrices, with its state.
struct Unrolled<'a> {
    layer: &'a Layer,
    /// 4H or 3H rows of N columns.
    of_x: Vec<Vec<f64>>,
    /// As many rows of H columns.
    of_h: Vec<Vec<f64>>,
    h: Vec<f64>,
    c: Vec<f64>,
}

impl Unrolled<'_> {
    fn of(layer: &Layer) -> Unrolled<'_> {
        let (gates, hidden) = (if layer.cell == Cell::Gru { 3 } else { 4 }, layer.hidden);
        let mut of_x = vec![vec![0.0; layer.inputs]; gates * hidden];
        let mut of_h = vec![vec![0.0; hidden]; gates * hidden];
        for matrix in &layer.matrices {
            let dense = dense_matrix(matrix);
            let width: usize = matrix.in_modes.iter().product();
            let (x_at, h_at) = match matrix.columns {
                Columns::InputAndHidden { hidden_offset } => (Some(0), Some(hidden_offset)),
                Columns::Input => (Some(0), None),
                Columns::Hidden => (None, Some(0)),
            };
            for row in 0..gates * hidden {
                let values = &dense[row * width..(row + 1) * width];
                for (sums, at) in [(&mut of_x[row], x_at), (&mut of_h[row], h_at)] {
                    let Some(at) = at else { continue };
                    sums.iter_mut().zip(&values[at..]).for_each(|(sum, value)| *sum += value);
                }
            }
        }
        Unrolled { layer, of_x, of_h, h: vec![0.0; hidden], c: vec![0.0; hidden] }
    }

    fn step(&mut self, x: &[f64]) -> Vec<f64> {
        let (layer, n) = (self.layer, self.layer.hidden);
        let x: Vec<f64> = self.of_x.iter().map(|row| dot(row, x)).collect();
        let h: Vec<f64> = self.of_h.iter().map(|row| dot(row, &self.h)).collect();
        let gate = |z: f64| match layer.gate_activation {
            GateActivation::Sigmoid => 1.0 / (1.0 + (-z).exp()),
            GateActivation::HardSigmoid => (0.2 * z + 0.5).clamp(0.0, 1.0),
        };
        for j in 0..n {
            let z = |k: usize| x[k * n + j] + layer.bias[k * n + j] + h[k * n + j];
            match layer.cell {
                Cell::Lstm => {
                    self.c[j] = gate(z(1)) * self.c[j] + gate(z(0)) * z(2).tanh();
                    self.h[j] = gate(z(3)) * self.c[j].tanh();
                }
                Cell::Gru => {
                    let (reset, update) = (gate(z(0)), gate(z(1)));
                    let product = h[2 * n + j] + layer.candidate_bias[j];
                    let candidate = (x[2 * n + j] + layer.bias[2 * n + j] + reset * product).tanh();
                    self.h[j] = (1.0 - update) * candidate + update * self.h[j];
                }
            }
        }
        self.h.clone()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
