//! Random small models of every tensor format, cell, gate activation and number of layers.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::{exact, models};
use htgen::model::{
    Block, Cell, Columns, Core, Element, Factors, GateActivation, InputPrep, Layer, Linear, Matrix,
    Model, ModelParts, Widths,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How a layer's weights are split into matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// x and h in one matrix.
    Together,
    /// One matrix for x, one for h.
    Apart,
    /// Only x.
    InputOnly,
}

/// The required properties of a random model.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Format of the matrices that multiply x: `ht`, `tt`, `tr`, `bt`, `dense`.
    pub format: &'static str,
    /// How weights are split.
    pub split: Split,
    /// The cell.
    pub cell: Cell,
    /// The activation of its gates.
    pub activation: GateActivation,
    /// Number of layers.
    pub layers: usize,
}

/// The formats by name.
pub const FORMATS: [&str; 5] = ["ht", "tt", "tr", "bt", "dense"];

struct Draw(ChaCha8Rng);

impl Draw {
    fn pick(&mut self, from: usize, to: usize) -> usize {
        from + (self.0.random::<u32>() as usize) % (to - from + 1)
    }
    fn values(&mut self, count: usize, scale: f64) -> Vec<f64> {
        (0..count).map(|_| scale * (self.0.random::<f64>() * 2.0 - 1.0)).collect()
    }
    fn core(&mut self, shape: &[usize], fan: usize) -> Core {
        let data = self.values(shape.iter().product(), 1.7 / (fan as f64).sqrt());
        Core { shape: shape.to_vec(), data }
    }

    fn factors(&mut self, format: &str, out_modes: &[usize], in_modes: &[usize]) -> Factors {
        let d = out_modes.len();
        match format {
            "ht" => {
                let shape = models::Shape {
                    inputs: 0,
                    hidden: 0,
                    hidden_offset: None,
                    out_modes: out_modes.to_vec(),
                    in_modes: in_modes.to_vec(),
                    tree: models::random_tree(d, |from, to| self.pick(from, to)),
                    outputs: 0,
                    element: Element::Real,
                    seed: self.pick(0, 1 << 20) as u64,
                };
                Factors::HierarchicalTucker(models::root(&shape))
            }
            "tt" => {
                let mut ranks: Vec<usize> = (0..=d).map(|_| self.pick(1, 4)).collect();
                (ranks[0], ranks[d]) = (1, 1);
                let cores = (0..d).map(|k| {
                    let shape = [ranks[k], out_modes[k], in_modes[k], ranks[k + 1]];
                    self.core(&shape, in_modes[k] * ranks[k])
                });
                Factors::TensorTrain(cores.collect())
            }
            "tr" => {
                let modes: Vec<usize> = in_modes.iter().chain(out_modes).copied().collect();
                let ranks: Vec<usize> = modes.iter().map(|_| self.pick(1, 4)).collect();
                let cores = modes.iter().enumerate().map(|(k, &mode)| {
                    let shape = [ranks[k], mode, ranks[(k + 1) % ranks.len()]];
                    let fan = if k < in_modes.len() { mode * ranks[k] } else { ranks[k] };
                    self.core(&shape, fan)
                });
                Factors::TensorRing(cores.collect())
            }
            "bt" => {
                let blocks = self.pick(1, 3);
                let blocks = (0..blocks).map(|_| {
                    let ranks: Vec<usize> = (0..d).map(|_| self.pick(1, 3)).collect();
                    let factors = (0..d).map(|k| {
                        let shape = [out_modes[k], in_modes[k], ranks[k]];
                        self.core(&shape, in_modes[k])
                    });
                    let factors: Vec<Core> = factors.collect();
                    Block { core: self.core(&ranks, ranks.iter().product()), factors }
                });
                Factors::BlockTerm(blocks.collect())
            }
            _ => {
                let columns: usize = in_modes.iter().product();
                let rows: usize = out_modes.iter().product();
                Factors::Dense(self.values(rows * columns, 1.7 / (columns as f64).sqrt()))
            }
        }
    }

    /// A matrix of `gates` x `hidden` rows that covers `columns` columns.
    fn matrix(
        &mut self,
        format: &str,
        [gates, hidden, columns]: [usize; 3],
        of: Columns,
    ) -> Matrix {
        let d = self.pick(1, 3);
        let mut out_modes = vec![1; d];
        let mut rest = hidden;
        for prime in [2, 3, 5, 7] {
            while rest.is_multiple_of(prime) {
                rest /= prime;
                let k = self.pick(0, d - 1);
                out_modes[k] *= prime;
            }
        }
        out_modes[0] *= gates * rest;
        let mut in_modes: Vec<usize> = (0..d).map(|_| self.pick(1, 3)).collect();
        while in_modes.iter().product::<usize>() < columns {
            let k = self.pick(0, d - 1);
            in_modes[k] += self.pick(1, 3);
        }
        let factors = self.factors(format, &out_modes, &in_modes);
        Matrix { columns: of, out_modes, in_modes, factors }
    }

    fn layer(&mut self, wanted: Wanted, inputs: usize) -> Layer {
        let gates = wanted.cell.gates();
        let hidden = [1, 2, 3, 4, 6, 8, 10, 12][self.pick(0, 7)];
        let matrices = match wanted.split {
            Split::Together => {
                let hidden_offset = inputs + self.pick(0, 3);
                let size = [gates, hidden, hidden_offset + hidden];
                vec![self.matrix(wanted.format, size, Columns::InputAndHidden { hidden_offset })]
            }
            Split::InputOnly => {
                vec![self.matrix(wanted.format, [gates, hidden, inputs], Columns::Input)]
            }
            Split::Apart => {
                let of_h = if self.pick(0, 1) == 0 { "dense" } else { wanted.format };
                let mut both = vec![
                    self.matrix(wanted.format, [gates, hidden, inputs], Columns::Input),
                    self.matrix(of_h, [gates, hidden, hidden], Columns::Hidden),
                ];
                if self.pick(0, 1) == 0 {
                    both.reverse();
                }
                both
            }
        };
        let of_gru = if wanted.cell == Cell::Gru { hidden } else { 0 };
        Layer {
            cell: wanted.cell,
            gate_activation: wanted.activation,
            inputs,
            hidden,
            matrices,
            bias: self.values(gates * hidden, 1.0),
            candidate_bias: self.values(of_gru, 0.5),
        }
    }
}

/// A random checked model.
pub fn model(wanted: Wanted, seed: u64) -> Model {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(seed));
    let first = draw.pick(2, 40);
    let mut layers: Vec<Layer> = Vec::new();
    for _ in 0..wanted.layers {
        let inputs = layers.last().map_or(first, |below| below.hidden);
        layers.push(draw.layer(wanted, inputs));
    }
    let hidden = layers.last().map_or(0, |layer| layer.hidden);
    let outputs = if draw.pick(0, 2) == 0 { 0 } else { draw.pick(1, 9) };
    let byte = draw.pick(0, 1) == 0;
    let model = ModelParts {
        name: "random".into(),
        layers,
        head: (outputs > 0).then(|| Linear {
            outputs,
            weight: draw.values(outputs * hidden, 0.5),
            bias: draw.values(outputs, 0.5),
        }),
        input: InputPrep {
            element: if byte { Element::U8 } else { Element::Real },
            shift: if byte { 8 } else { 0 },
            mean: if byte { vec![100.0; first] } else { vec![] },
        },
        formats: None,
    };
    Model::try_from(model).expect("a random model is consistent")
}

const WIDTHS: [(u32, u32); 3] = [(8, 12), (6, 8), (16, 16)];

fn agree(wanted: Wanted, seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let (weight_bits, activation_bits) = WIDTHS[(seed % 3) as usize];
        exact::agree(
            &model(wanted, seed),
            Widths::new(weight_bits, activation_bits).unwrap(),
            seed,
        );
    }
}

/// One layer of an LSTM in one tree.
pub const PLAIN: Wanted = Wanted {
    format: "ht",
    split: Split::Together,
    cell: Cell::Lstm,
    activation: GateActivation::Sigmoid,
    layers: 1,
};

#[test]
fn every_format_fully_decomposed() {
    for format in FORMATS {
        agree(Wanted { format, ..PLAIN }, 0..12);
    }
}

#[test]
fn matrices_of_x_and_of_h_apart() {
    for format in FORMATS {
        agree(Wanted { format, split: Split::Apart, ..PLAIN }, 20..26);
        agree(Wanted { format, split: Split::InputOnly, ..PLAIN }, 30..33);
    }
}

#[test]
fn gated_recurrent_units_and_hard_sigmoids() {
    let gru = Wanted { cell: Cell::Gru, ..PLAIN };
    let hard = Wanted { activation: GateActivation::HardSigmoid, ..PLAIN };
    for (k, format) in FORMATS.into_iter().enumerate() {
        let seeds = 40 + 4 * k as u64..43 + 4 * k as u64;
        for split in [Split::Together, Split::Apart, Split::InputOnly] {
            agree(Wanted { format, split, ..gru }, seeds.clone());
            agree(Wanted { format, split, activation: hard.activation, ..gru }, seeds.clone());
        }
        agree(Wanted { format, ..hard }, seeds.clone());
        agree(Wanted { format, split: Split::Apart, ..hard }, seeds);
    }
}

#[test]
fn several_layers() {
    for (k, format) in FORMATS.into_iter().enumerate() {
        let seeds = 60 + 4 * k as u64..63 + 4 * k as u64;
        for split in [Split::Together, Split::Apart, Split::InputOnly] {
            for cell in [Cell::Lstm, Cell::Gru] {
                agree(Wanted { format, split, cell, layers: 2, ..PLAIN }, seeds.clone());
            }
        }
        agree(Wanted { format, layers: 3, ..PLAIN }, seeds);
    }
}
