//! Compression by singular values: matrices of exactly low rank are recovered, tolerances and
//! budgets are kept, and errors are as reported.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::changed::changed;
use htgen::compress::FactorFormat::{HierarchicalTucker, TensorTrain};
use htgen::compress::RecurrentFactors::{Dense, Factored, Shared};
use htgen::compress::{
    CompressOptions, Compressed, FactorFormat, Goal, Modes, Runner, compress, outputs,
};
use htgen::config::OutputRate;
use htgen::data::{Array, ArrayData, Sequences, Wanted, write_npz};
use htgen::model::{
    self, Cell, Columns, Element, Factors, Layer, Matrix, Model, NewSpec, Ranks, preset,
};
use htgen::plan::{PlanConfig, Planned};
use htgen::{evaluate, network};
use tempfile::TempDir;

/// Odd modes that cover the columns exactly: 24 inputs and 6 hidden units.
pub const OUT: [usize; 3] = [4, 3, 2];
pub const IN: [usize; 3] = [3, 2, 5];

pub fn base() -> NewSpec {
    NewSpec {
        inputs: 24,
        hidden: 6,
        out_modes: OUT.to_vec(),
        in_modes: IN.to_vec(),
        tree: String::new(),
        recurrent: model::Recurrent::Shared { hidden_offset: None },
        head: Some(4),
        ..preset::spec("digits", 3).unwrap()
    }
}

/// The matrix itself.
fn rebuilt(layer: &Layer, matrix: &Matrix) -> Vec<f64> {
    network::build(layer, matrix).unwrap().dense().data().to_vec()
}

/// The same model with every matrix dense and without padding.
pub fn dense(model: &Model) -> Model {
    changed(model, |model| {
        for layer in &mut model.layers {
            let all = layer.clone();
            for matrix in &mut layer.matrices {
                let (rows, padded) = (matrix.rows(), matrix.columns_padded());
                matrix.factors = Factors::Dense(rebuilt(&all, matrix));
                (matrix.out_modes, matrix.in_modes) = (vec![rows], vec![padded]);
            }
        }
    })
}

pub fn options(format: FactorFormat, goal: Goal) -> CompressOptions {
    let modes = Modes::Given { out: OUT.to_vec(), columns: IN.to_vec() };
    CompressOptions { format, recurrent: Shared(None), modes, goal }
}

/// Relative distance of the rebuilt first matrices of x and h of two models.
pub fn distance(a: &Model, b: &Model) -> f64 {
    let columns = |model: &Model| {
        let layer = &model.layers[0];
        let matrix = &layer.matrices[0];
        let Columns::InputAndHidden { hidden_offset } = matrix.columns else { panic!("shared") };
        let whole = rebuilt(layer, matrix);
        let used = (0..layer.inputs).chain(hidden_offset..hidden_offset + layer.hidden);
        let used: Vec<usize> = used.collect();
        let rows = whole.chunks_exact(matrix.columns_padded());
        rows.flat_map(|row| used.iter().map(|&k| row[k]).collect::<Vec<_>>()).collect::<Vec<f64>>()
    };
    let (a, b) = (columns(a), columns(b));
    let norm = a.iter().map(|value| value * value).sum::<f64>();
    (a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / norm).sqrt()
}

fn ranks(compressed: &Compressed) -> Vec<usize> {
    compressed.matrices[0].nodes.iter().map(|node| node.rank).collect()
}

#[test]
fn exactly_low_rank_matrices_come_back() {
    let tree = |text: &str| HierarchicalTucker(text.to_owned());
    let cases = [
        (tree("((0,1),2)"), vec![3, 2, 4, 3]),
        (tree("(0,(1,2))"), vec![2, 2, 4, 2]),
        (tree("((2,0),1)"), vec![2, 3, 2, 2]),
        (tree("(1,(2,0))"), vec![4, 4, 2, 5]),
        (TensorTrain, vec![3, 2]),
        (TensorTrain, vec![1, 4]),
    ];
    for (format, list) in cases {
        let (own, text) = match &format {
            HierarchicalTucker(tree) => (model::Format::HierarchicalTucker, tree.clone()),
            _ => (model::Format::TensorTrain, String::new()),
        };
        let ranks_of = Ranks::PerNode(list.clone());
        let spec = NewSpec { format: own, tree: text, ranks: ranks_of.clone(), ..base() };
        let given = model::new(&spec).unwrap();
        for goal in [Goal::Ranks(ranks_of), Goal::Tolerance(1e-9)] {
            let found = compress(&dense(&given), &options(format.clone(), goal)).unwrap();
            assert_eq!(ranks(&found), list, "{format:?}");
            assert_eq!(found.model.parameters(), given.parameters());
            let far = distance(&given, &found.model);
            assert!(far < 1e-6 && found.error < 1e-9, "{format:?}: {far:e}, {:e}", found.error);
            assert_eq!(found.model.layers[0].bias, given.layers[0].bias);
            assert_eq!(found.model.head, given.head);
        }
    }
}

#[test]
fn one_mode_and_rank_one_come_back() {
    let given = model::new(&NewSpec { ranks: Ranks::Uniform { leaf: 1, inner: 1 }, ..base() });
    let given = dense(&given.unwrap());
    let one = Modes::Given { out: vec![24], columns: vec![30] };
    for format in [TensorTrain, HierarchicalTucker(String::new())] {
        let whole = CompressOptions { modes: one.clone(), ..options(format, Goal::Tolerance(0.5)) };
        let found = compress(&given, &whole).unwrap();
        assert_eq!((found.error, found.matrices[0].nodes.len()), (0.0, 0));
        assert_eq!(found.model.parameters(), 720);
    }
    let tree = HierarchicalTucker(String::new());
    let found = compress(&given, &options(tree, Goal::Tolerance(1e-9))).unwrap();
    assert_eq!(ranks(&found), [1, 1, 1, 1]);
}

/// A dense model of full rank with decreasing singular values and this many inputs.
pub fn full_rank(inputs: usize, cell: Cell) -> Model {
    let spec = NewSpec {
        cell,
        inputs,
        format: model::Format::Dense,
        tree: String::new(),
        out_modes: vec![],
        in_modes: vec![],
        ranks: Ranks::PerNode(vec![]),
        recurrent: model::Recurrent::Dense,
        ..base()
    };
    changed(&model::new(&spec).unwrap(), |model| {
        for matrix in &mut model.layers[0].matrices {
            let columns = matrix.columns_padded();
            let Factors::Dense(weight) = &mut matrix.factors else { panic!("dense") };
            for (k, value) in weight.iter_mut().enumerate() {
                *value += (0.1 * (k / columns) as f64).sin() * (0.3 * (k % columns) as f64).cos();
            }
        }
    })
}

fn formats() -> [FactorFormat; 3] {
    [HierarchicalTucker(String::new()), HierarchicalTucker("(2,(0,1))".to_owned()), TensorTrain]
}

#[test]
fn tolerances_are_kept() {
    let given = full_rank(20, Cell::Lstm);
    for format in formats() {
        for recurrent in [Shared(Some(22)), Factored, Dense] {
            let mut before = 0;
            for tolerance in [0.7, 0.3, 0.1, 0.01, 1e-6, 1e-12] {
                let goal = Goal::Tolerance(tolerance);
                let options = CompressOptions { recurrent, ..options(format.clone(), goal) };
                let found = compress(&given, &options).unwrap();
                assert!(found.matrices.iter().all(|m| m.error <= tolerance), "{tolerance}");
                assert!(found.error <= tolerance);
                assert!(found.model.parameters() >= before);
                before = found.model.parameters();
            }
            // Hardly anything may be lost: the factors no longer save anything.
            assert!(before >= 24 * 20);
        }
    }
}

#[test]
fn errors_of_nodes_are_what_is_discarded() {
    for format in formats() {
        // No padding, so the whole tensor is the matrix.
        let given = full_rank(24, Cell::Lstm);
        let found = compress(&given, &options(format.clone(), Goal::Tolerance(0.4))).unwrap();
        let [matrix] = &found.matrices[..] else { panic!("one matrix") };
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        let squares = matrix.nodes.iter().map(|node| node.error.powi(2)).sum::<f64>();
        assert!(matrix.error > 0.1 && close(squares.sqrt(), matrix.error), "{format:?}");
        assert!(close(matrix.bound, matrix.error));
        for node in &matrix.nodes {
            let tail = node.values[node.rank..].iter().map(|v| v * v).sum::<f64>().sqrt();
            assert!(close(node.error, node.bound) && close(tail, node.bound), "{}", node.name);
            assert!(node.values.is_sorted_by(|a, b| a >= b) && node.rank <= node.full_rank);
        }
        assert!(close(distance(&join(&given), &found.model), found.error));
    }
}

/// Dense matrices of x and of h side by side in one.
pub fn join(model: &Model) -> Model {
    let layer = &model.layers[0];
    let [of_x, of_h] = &layer.matrices[..] else { panic!("two matrices") };
    let (Factors::Dense(x), Factors::Dense(h)) = (&of_x.factors, &of_h.factors) else {
        panic!("dense")
    };
    let rows = x.chunks_exact(layer.inputs).zip(h.chunks_exact(layer.hidden));
    let weight = rows.flat_map(|(x, h)| [x, h].concat()).collect();
    let matrix = Matrix {
        columns: Columns::InputAndHidden { hidden_offset: layer.inputs },
        out_modes: of_x.out_modes.clone(),
        in_modes: vec![layer.inputs + layer.hidden],
        factors: Factors::Dense(weight),
    };
    changed(model, |model| model.layers[0].matrices = vec![matrix])
}

#[test]
fn padding_does_not_count() {
    // 19 inputs, a gap of 2, 6 hidden units, followed by 3 columns.
    let given = full_rank(19, Cell::Gru);
    let modes = Modes::Given { out: vec![3, 3, 2], columns: IN.to_vec() };
    for format in formats() {
        for rank in [2, 3] {
            let goal = Goal::Ranks(Ranks::Uniform { leaf: rank, inner: rank });
            let recurrent = Shared(Some(21));
            let modes = modes.clone();
            let options = CompressOptions { recurrent, modes, ..options(format.clone(), goal) };
            let found = compress(&given, &options).unwrap();
            let far = distance(&join(&given), &found.model);
            assert!((far - found.error).abs() < 1e-12 && far > 1e-3, "{far} {}", found.error);
            assert!(found.error < found.matrices[0].bound);
            assert_eq!(found.model.layers[0].candidate_bias, given.layers[0].candidate_bias);
        }
    }
}

#[test]
fn budgets_are_kept_and_used() {
    let given = full_rank(24, Cell::Lstm);
    for format in formats() {
        for recurrent in [Shared(None), Factored] {
            let mut before = f64::INFINITY;
            for most in [120, 200, 400, 700] {
                let goal = Goal::Parameters(most);
                let options = CompressOptions { recurrent, ..options(format.clone(), goal) };
                let found = compress(&given, &options).unwrap();
                let parameters = found.model.parameters();
                assert!(parameters <= most && 4 * parameters > 3 * most, "{parameters} of {most}");
                assert!(found.error < before, "{format:?} {recurrent:?} {most}");
                before = found.error;
            }
        }
    }
}

#[test]
fn several_layers_get_modes_of_their_own() {
    let spec = NewSpec {
        layers: 2,
        format: model::Format::Dense,
        out_modes: vec![],
        in_modes: vec![],
        ranks: Ranks::PerNode(vec![]),
        recurrent: model::Recurrent::Dense,
        ..base()
    };
    let given = model::new(&spec).unwrap();
    let goal = Goal::Tolerance(0.9);
    let both = CompressOptions { recurrent: Factored, ..options(TensorTrain, goal.clone()) };
    let found = compress(&given, &both).unwrap();
    let modes: Vec<_> = found.matrices.iter().map(|m| (m.layer, m.in_modes.clone())).collect();
    let own = vec![1, 2, 3];
    let expected = vec![(0, IN.to_vec()), (0, own.clone()), (1, own.clone()), (1, own)];
    assert_eq!(modes, expected);
    let counted = CompressOptions { modes: Modes::Count(2), ..options(TensorTrain, goal) };
    let found = compress(&given, &counted).unwrap();
    assert_eq!(found.matrices[0].out_modes, [4, 6]);
    assert_eq!(found.matrices[1].in_modes, [3, 4]);
}

/// The plain run agrees with the float reference of the stages.
#[test]
fn decisions_come_from_the_right_outputs() {
    let model = model::new(&NewSpec { ranks: Ranks::Uniform { leaf: 2, inner: 2 }, ..base() });
    let model = model.unwrap();
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("d.npz");
    let bytes = (0..3 * 5 * 24u32).map(|k| (k * 37 % 256) as u8).collect();
    let x = Array { shape: vec![3, 5, 24], data: ArrayData::U8(bytes) };
    write_npz(&path, &[("x", x)]).unwrap();
    let data = Sequences::load(&path, Wanted::all(24, Element::U8)).unwrap();
    let planned = Planned::new(&model, &PlanConfig::UNLIMITED).unwrap();
    let expected = evaluate::float_outputs(&planned, &data, OutputRate::Sequence);
    let found = outputs(&Runner::new(&model), &data);
    for (a, b) in expected.iter().flatten().zip(found.iter().flatten()) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }
    assert_eq!((found.len(), found[0].len()), (3, 4));
}
