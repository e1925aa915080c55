//! Small models of every format and cell with random values, and a plain computation of their
//! outputs: the rebuilt matrices, one multiplication after another.
// SPDX-License-Identifier: MIT OR Apache-2.0

use htgen::data::{Array, ArrayData, LabelledSequences, StepValues, write_npz};
use htgen::model::{
    Block, Cell, Columns, Core, Element, Factors, GateActivation, HtNode, InputPrep, Layer, Linear,
    Matrix, Model, ModelParts,
};
use htgen::network;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

/// Inputs per step of the first layer, hidden units, classes.
pub const INPUTS: usize = 5;
pub const HIDDEN: usize = 4;
pub const CLASSES: usize = 3;
/// Names of the formats.
pub const FORMATS: [&str; 6] = ["ht", "tt", "tr", "bt", "bt-one", "dense"];

/// Which matrices a layer has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Columned {
    /// One for x and h, with h after a gap of one column.
    Full,
    /// One for x, and one for h.
    Apart,
    /// One for x only.
    Input,
    /// One for both, and another for x on top.
    Summed,
}

/// Random values.
pub struct Values(ChaCha8Rng);

impl Values {
    pub fn new(seed: u64) -> Values {
        Values(ChaCha8Rng::seed_from_u64(seed))
    }
    fn take(&mut self, count: usize, spread: f64) -> Vec<f64> {
        (0..count).map(|_| spread * (self.0.random::<f64>() * 2.0 - 1.0)).collect()
    }
    fn core(&mut self, shape: &[usize]) -> Core {
        Core { shape: shape.to_vec(), data: self.take(shape.iter().product(), 0.8) }
    }
}

/// A model with this many layers, all alike.
pub fn model(
    format: &str,
    columned: Columned,
    cell: Cell,
    gate_activation: GateActivation,
    layers: usize,
) -> Model {
    let values = &mut Values::new(7 + layers as u64);
    let layers = (0..layers)
        .map(|k| {
            layer(
                format,
                columned,
                cell,
                gate_activation,
                if k == 0 { INPUTS } else { HIDDEN },
                values,
            )
        })
        .collect();
    let model = ModelParts {
        name: "random".into(),
        layers,
        head: Some(Linear {
            outputs: CLASSES,
            weight: values.take(CLASSES * HIDDEN, 1.0),
            bias: values.take(CLASSES, 0.5),
        }),
        input: InputPrep { element: Element::U8, shift: 6, mean: vec![100.0; INPUTS] },
        formats: None,
    };
    Model::try_from(model).unwrap()
}

fn layer(
    format: &str,
    columned: Columned,
    cell: Cell,
    gate_activation: GateActivation,
    inputs: usize,
    values: &mut Values,
) -> Layer {
    let full = Columns::InputAndHidden { hidden_offset: inputs + 1 };
    let columns = match columned {
        Columned::Full => vec![full],
        Columned::Apart => vec![Columns::Input, Columns::Hidden],
        Columned::Input => vec![Columns::Input],
        Columned::Summed => vec![full, Columns::Input],
    };
    let matrices = columns.into_iter().map(|columns| matrix(format, columns, cell, values));
    let matrices: Vec<Matrix> = matrices.collect();
    Layer {
        cell,
        gate_activation,
        inputs,
        hidden: HIDDEN,
        matrices,
        bias: values.take(cell.gates() * HIDDEN, 0.5),
        candidate_bias: values.take(if cell == Cell::Gru { HIDDEN } else { 0 }, 0.5),
    }
}

fn matrix(format: &str, columns: Columns, cell: Cell, values: &mut Values) -> Matrix {
    // The first row mode is a multiple of the gates, or (GRU) is not.
    let m: Vec<usize> = if cell == Cell::Lstm { vec![4, 2, 2] } else { vec![2, 6, 1] };
    let n: Vec<usize> = if matches!(columns, Columns::InputAndHidden { .. }) {
        vec![2, 3, 2]
    } else {
        vec![2, 3, 1]
    };
    let factors = match format {
        "ht" => {
            let mut leaf = |mode: usize, rank: usize| {
                let core = values.take(m[mode] * n[mode] * rank, 0.8);
                Box::new(HtNode::Leaf { mode, rank, core })
            };
            let (left, right, last) = (leaf(0, 2), leaf(1, 3), leaf(2, 2));
            let inner = HtNode::Inner { rank: 2, core: values.take(2 * 2 * 3, 0.8), left, right };
            let core = values.take(2 * 2, 0.8);
            Factors::HierarchicalTucker(HtNode::Inner {
                rank: 1,
                core,
                left: Box::new(inner),
                right: last,
            })
        }
        "tt" => Factors::TensorTrain(vec![
            values.core(&[1, m[0], n[0], 2]),
            values.core(&[2, m[1], n[1], 3]),
            values.core(&[3, m[2], n[2], 1]),
        ]),
        "tr" => {
            let ranks = [2, 3, 2, 2, 3, 2, 2];
            let modes: Vec<usize> = n.iter().chain(&m).copied().collect();
            let core = |k: usize| values.core(&[ranks[k], modes[k], ranks[k + 1]]);
            Factors::TensorRing((0..6).map(core).collect())
        }
        "bt" => Factors::BlockTerm(vec![
            block(&m, &n, &[2, 2, 2], values),
            block(&m, &n, &[2, 1, 3], values),
        ]),
        "bt-one" => Factors::BlockTerm(vec![block(&m, &n, &[2, 3, 2], values)]),
        "dense" => {
            let count = m.iter().chain(&n).product();
            Factors::Dense(values.take(count, 0.6))
        }
        other => panic!("no format {other}"),
    };
    Matrix { columns, out_modes: m, in_modes: n, factors }
}

fn block(m: &[usize], n: &[usize], ranks: &[usize], values: &mut Values) -> Block {
    let core = values.core(ranks);
    let factors = (0..3).map(|k| values.core(&[m[k], n[k], ranks[k]])).collect();
    Block { core, factors }
}

/// Sequences of up to four steps, of different lengths, with labels.
pub fn data(folder: &TempDir, count: usize) -> LabelledSequences {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let bytes = (0..count * 4 * INPUTS).map(|_| rng.random::<u8>()).collect();
    let ints = |values: Vec<i64>| Array { shape: vec![count], data: ArrayData::I64(values) };
    let arrays = [
        ("x", Array { shape: vec![count, 4, INPUTS], data: ArrayData::U8(bytes) }),
        ("y", ints((0..count).map(|k| (k % CLASSES) as i64).collect())),
        ("length", ints((0..count).map(|k| [4, 2, 3, 4, 1][k % 5]).collect())),
        ("group", ints((0..count).map(|k| (k / CLASSES % 4) as i64).collect())),
    ];
    let path = folder.path().join("data.npz");
    write_npz(&path, &arrays).unwrap();
    LabelledSequences::load(&path, None).unwrap()
}

/// The output of the model for a sequence, computed with the rebuilt matrices.
pub fn plain(model: &Model, data: &LabelledSequences, sequence: usize) -> Vec<f64> {
    let scale = (-f64::from(model.input.shift)).exp2();
    let mut xs: Vec<Vec<f64>> = (0..data.sequences.steps(sequence))
        .map(|step| match data.sequences.step(sequence, step) {
            StepValues::U8(bytes) => bytes
                .iter()
                .zip(&model.input.mean)
                .map(|(b, m)| (f64::from(*b) - m) * scale)
                .collect(),
            StepValues::F32(_) => panic!("the data are bytes"),
        })
        .collect();
    for layer in &model.layers {
        xs = run_layer(layer, &xs);
    }
    let head = model.head.as_ref().unwrap();
    let h = xs.last().unwrap();
    let row =
        |(row, bias): (&[f64], &f64)| bias + row.iter().zip(h).map(|(w, h)| w * h).sum::<f64>();
    head.weight.chunks(HIDDEN).zip(&head.bias).map(row).collect()
}

fn run_layer(layer: &Layer, xs: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let (n, rows) = (layer.hidden, layer.cell.gates() * layer.hidden);
    let dense: Vec<Vec<f64>> = layer.matrices.iter().map(|m| rebuilt(layer, m)).collect();
    let (mut h, mut c) = (vec![0.0; n], vec![0.0; n]);
    let gate = |z: f64| match layer.gate_activation {
        GateActivation::Sigmoid => 1.0 / (1.0 + (-z).exp()),
        GateActivation::HardSigmoid => (0.2 * z + 0.5).clamp(0.0, 1.0),
    };
    let mut all = Vec::new();
    for x in xs {
        let (mut from_x, mut from_h) = (layer.bias.clone(), vec![0.0; rows]);
        for (matrix, w) in layer.matrices.iter().zip(&dense) {
            let width = matrix.columns_padded();
            let add = |vector: &[f64], first: usize, out: &mut [f64]| {
                for (row, out) in out.iter_mut().enumerate() {
                    let w = &w[row * width + first..][..vector.len()];
                    *out += w.iter().zip(vector).map(|(w, v)| w * v).sum::<f64>();
                }
            };
            match matrix.columns {
                Columns::InputAndHidden { hidden_offset } => {
                    add(x, 0, &mut from_x);
                    add(&h, hidden_offset, &mut from_h);
                }
                Columns::Input => add(x, 0, &mut from_x),
                Columns::Hidden => add(&h, 0, &mut from_h),
            }
        }
        for j in 0..n {
            let z = |k: usize| from_x[k * n + j] + from_h[k * n + j];
            match layer.cell {
                Cell::Lstm => {
                    c[j] = gate(z(1)) * c[j] + gate(z(0)) * z(2).tanh();
                    h[j] = gate(z(3)) * c[j].tanh();
                }
                Cell::Gru => {
                    let inner = from_h[2 * n + j] + layer.candidate_bias[j];
                    let candidate = (from_x[2 * n + j] + gate(z(0)) * inner).tanh();
                    h[j] = (1.0 - gate(z(1))) * candidate + gate(z(1)) * h[j];
                }
            }
        }
        all.push(h.clone());
    }
    all
}

/// The matrix itself; for block terms the sum of the matrices of each.
fn rebuilt(layer: &Layer, matrix: &Matrix) -> Vec<f64> {
    let Factors::BlockTerm(blocks) = &matrix.factors else {
        return network::build(layer, matrix).unwrap().dense().data().to_vec();
    };
    let term = |block: &Block| {
        let factors = Factors::BlockTerm(vec![block.clone()]);
        let matrix = Matrix { factors, ..matrix.clone() };
        network::build(layer, &matrix).unwrap().dense().data().to_vec()
    };
    let add = |sum: Vec<f64>, term: Vec<f64>| sum.iter().zip(&term).map(|(a, b)| a + b).collect();
    blocks.iter().map(term).reduce(add).unwrap_or_default()
}
