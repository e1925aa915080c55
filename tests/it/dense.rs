//! The plain evaluation of `import_support` against values computed by hand, and against the float
//! reference where both can run.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::changed::changed;
use crate::formats::{self, Split, Wanted};
use crate::import_support::{dense_head, dense_matrix, dense_run, plain_model};
use crate::models;
use htgen::float::Reference;
use htgen::model::{
    Block, Cell, Columns, Core, Element, Factors, GateActivation, Layer, Matrix, Model,
};
use htgen::plan::{PlanConfig, Planned};

fn core(shape: &[usize], data: &[f64]) -> Core {
    assert_eq!(shape.iter().product::<usize>(), data.len());
    Core { shape: shape.to_vec(), data: data.to_vec() }
}

fn matrix(out_modes: &[usize], in_modes: &[usize], factors: Factors) -> Matrix {
    let (out_modes, in_modes) = (out_modes.to_vec(), in_modes.to_vec());
    Matrix { columns: Columns::Input, out_modes, in_modes, factors }
}

const A: [f64; 6] = [1.0, 2.0, -3.0, 0.5, 0.0, 4.0];
const B: [f64; 4] = [2.0, -1.0, 1.0, 3.0];

/// The Kronecker product of A (2 x 3) and B (2 x 2).
fn kronecker() -> Vec<f64> {
    let at = |row: usize, column: usize| A[row / 2 * 3 + column / 2] * B[row % 2 * 2 + column % 2];
    (0..24).map(|k| at(k / 6, k % 6)).collect()
}

#[test]
fn a_train_of_rank_one_is_a_kronecker_product() {
    let cores = vec![core(&[1, 2, 3, 1], &A), core(&[1, 2, 2, 1], &B)];
    assert_eq!(dense_matrix(&matrix(&[2, 2], &[3, 2], Factors::TensorTrain(cores))), kronecker());
}

#[test]
fn a_train_of_rank_two_is_a_sum_of_two() {
    let twice = |v: &f64| [*v, 10.0 * v];
    let first: Vec<f64> = A.iter().flat_map(twice).collect();
    let second: Vec<f64> = B.iter().chain(&B).copied().collect();
    let cores = vec![core(&[1, 2, 3, 2], &first), core(&[2, 2, 2, 1], &second)];
    let expected: Vec<f64> = kronecker().iter().map(|v| 11.0 * v).collect();
    assert_eq!(dense_matrix(&matrix(&[2, 2], &[3, 2], Factors::TensorTrain(cores))), expected);
}

#[test]
fn blocks_are_added_and_the_core_is_read_in_the_order_of_the_modes() {
    let plain = Block {
        core: core(&[1, 1], &[1.0]),
        factors: vec![core(&[2, 3, 1], &A), core(&[2, 2, 1], &B)],
    };
    // Ranks 2 and 1: of the two copies of A the core takes the second, five times.
    let second: Vec<f64> = A.iter().flat_map(|v| [7.0 * v, *v]).collect();
    let ranked = Block {
        core: core(&[2, 1], &[0.0, 5.0]),
        factors: vec![core(&[2, 3, 2], &second), core(&[2, 2, 1], &B)],
    };
    let expected: Vec<f64> = kronecker().iter().map(|v| 6.0 * v).collect();
    let sum = matrix(&[2, 2], &[3, 2], Factors::BlockTerm(vec![plain, ranked]));
    assert_eq!(dense_matrix(&sum), expected);
}

#[test]
fn a_ring_is_the_trace_of_a_product() {
    // Column mode 2, row mode 2: W[i, j] = trace(P_j Q_i), where the axes are left, mode, right.
    let p = [1.0, 2.0, 5.0, 6.0, 3.0, 4.0, 7.0, 8.0];
    let q = [1.0, -1.0, 0.0, 2.0, 0.0, 1.0, 1.0, 0.0];
    let ring = Factors::TensorRing(vec![core(&[2, 2, 2], &p), core(&[2, 2, 2], &q)]);
    let product = |j: usize, i: usize| {
        let at = |core: &[f64], left: usize, mode: usize, right: usize| {
            core[left * 4 + mode * 2 + right]
        };
        (0..4).map(|k| at(&p, k / 2, j, k % 2) * at(&q, k % 2, i, k / 2)).sum::<f64>()
    };
    let expected = [product(0, 0), product(1, 0), product(0, 1), product(1, 1)];
    assert_eq!(dense_matrix(&matrix(&[2], &[2], ring)), expected);
    assert_eq!(expected[0], 1.0 - 3.0 + 0.0 * 2.0 + 4.0);
}

fn layer(cell: Cell, matrices: Vec<Matrix>, bias: &[f64], candidate_bias: &[f64]) -> Layer {
    Layer {
        cell,
        gate_activation: GateActivation::HardSigmoid,
        inputs: 1,
        hidden: 1,
        matrices,
        bias: bias.to_vec(),
        candidate_bias: candidate_bias.to_vec(),
    }
}

fn dense(columns: Columns, rows: usize, weight: &[f64]) -> Matrix {
    let factors = Factors::Dense(weight.to_vec());
    Matrix { columns, ..matrix(&[rows], &[weight.len() / rows], factors) }
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "{found} instead of {expected}");
}

#[test]
fn a_gru_of_one_unit_by_hand() {
    let matrices = vec![
        dense(Columns::Input, 3, &[1.0, 0.5, -1.0]),
        dense(Columns::Hidden, 3, &[0.5, 1.0, 2.0]),
    ];
    let model = plain_model(vec![layer(Cell::Gru, matrices, &[0.0, 1.0, 0.25], &[0.5])]);
    let h = dense_run(&model, &[vec![1.0], vec![-4.0]]);
    // r = 0.2 * 1 + 0.5, z = 0.2 * 1.5 + 0.5.
    let first = 0.2 * (-1.0f64 + 0.25 + 0.7 * 0.5).tanh();
    near(h[0][0], first);
    // r is clipped at 0 only below -2.5: here it is 0.2 * (-4 + first / 2) + 0.5 < 0.
    let z = 0.2 * (-2.0 + 1.0 + first) + 0.5;
    near(h[1][0], (1.0 - z) * (4.0f64 + 0.25).tanh() + z * first);
}

#[test]
fn an_lstm_of_one_unit_by_hand() {
    let both = Columns::InputAndHidden { hidden_offset: 2 };
    let weight = [1.0, 9.0, 0.5, 0.0, 9.0, 1.0, 2.0, 9.0, 0.0, 1.0, 9.0, -1.0];
    let model = plain_model(vec![layer(Cell::Lstm, vec![dense(both, 4, &weight)], &[0.5; 4], &[])]);
    let model = changed(&model, |model| {
        model.layers[0].gate_activation = GateActivation::Sigmoid;
        (model.input.shift, model.input.mean) = (1, vec![3.0]);
    });
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    let h = dense_run(&model, &[vec![5.0], vec![3.0]]);
    let c = sigmoid(1.5) * 2.5f64.tanh();
    let first = sigmoid(1.5) * c.tanh();
    near(h[0][0], first);
    let c = sigmoid(0.5 + first) * c + sigmoid(0.5 + first / 2.0) * 0.5f64.tanh();
    near(h[1][0], sigmoid(0.5 - first) * c.tanh());
}

/// The float reference on a model, along its plan, against the plain evaluation.
#[track_caller]
pub fn check_reference(model: &Model, seed: u64) {
    let planned = Planned::new(model, &PlanConfig::UNLIMITED).unwrap();
    let reference = Reference::new(&planned);
    let byte = model.input.element == Element::U8;
    let steps: Vec<Vec<f64>> = (0..3)
        .map(|t| {
            let value = |k: usize| ((k * 7 + t * 5) % 11) as f64;
            (0..model.layers[0].inputs)
                .map(|k| if byte { 20.0 * value(k) } else { value(k) / 8.0 })
                .collect()
        })
        .collect();
    let mut state = reference.start();
    for (x, hidden) in steps.iter().zip(dense_run(model, &steps)) {
        reference.step(x, &mut state, &mut |_, _| {});
        for (found, expected) in hidden.iter().zip(&state.0.last().unwrap().h) {
            assert!((found - expected).abs() < 1e-9, "seed {seed}: {found} not {expected}");
        }
        let outputs = reference.output(&state, &mut |_, _| {});
        for (found, expected) in dense_head(model, &hidden).iter().zip(&outputs) {
            assert!((found - expected).abs() < 1e-9, "seed {seed}: {found} not {expected}");
        }
    }
}

#[test]
fn trees_run_as_in_the_float_reference() {
    for seed in [3, 17, 40, 41] {
        check_reference(&models::model(&models::random_shape(seed)), seed);
    }
}

#[test]
fn every_kind_of_model_runs_as_in_the_float_reference() {
    for (k, format) in formats::FORMATS.into_iter().enumerate() {
        for split in [Split::Together, Split::Apart, Split::InputOnly] {
            for (cell, activation, layers) in [
                (Cell::Lstm, GateActivation::Sigmoid, 1),
                (Cell::Gru, GateActivation::HardSigmoid, 1),
                (Cell::Gru, GateActivation::Sigmoid, 2),
                (Cell::Lstm, GateActivation::HardSigmoid, 3),
            ] {
                let wanted = Wanted { format, split, cell, activation, layers };
                for seed in 100 + 2 * k as u64..102 + 2 * k as u64 {
                    check_reference(&formats::model(wanted, seed), seed);
                }
            }
        }
    }
}
