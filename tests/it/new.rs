//! Untrained models of every tensor format and cell: shapes, spread of the rebuilt matrices, files
//! that round-trip.
// SPDX-License-Identifier: MIT OR Apache-2.0

use htgen::model::{
    self, Cell, Columns, Cores, Factors, Format, GateActivation, Layer, Matrix, Model, NewSpec,
    Ranks, Recurrent, preset,
};
use htgen::network;
use tempfile::TempDir;

/// Every format, with ranks that differ where they may.
pub fn formats() -> Vec<(Format, Ranks)> {
    let tree = Ranks::PerNode(vec![3, 2, 4, 5, 2, 3]);
    vec![
        (Format::HierarchicalTucker, tree),
        (Format::TensorTrain, Ranks::PerNode(vec![3, 4, 2])),
        (Format::TensorTrain, Ranks::Uniform { leaf: 1, inner: 1 }),
        (Format::TensorRing { closing_rank: Some(4) }, Ranks::Uniform { leaf: 3, inner: 3 }),
        (Format::TensorRing { closing_rank: None }, Ranks::PerNode(vec![2, 3, 4, 3, 5, 3, 4, 3])),
        (Format::BlockTerm { blocks: 3 }, Ranks::PerNode(vec![2, 3, 1, 4])),
        (Format::BlockTerm { blocks: 1 }, Ranks::Uniform { leaf: 3, inner: 3 }),
        (Format::Dense, Ranks::PerNode(vec![])),
    ]
}

fn small(format: Format, ranks: Ranks) -> NewSpec {
    NewSpec {
        inputs: 50,
        hidden: 12,
        out_modes: vec![4, 2, 3, 2],
        in_modes: vec![3, 5, 2, 4],
        tree: String::new(),
        format,
        ranks,
        head: Some(3),
        ..preset::spec("digits", 4).unwrap()
    }
}

/// The matrix itself; for block terms the sum of the matrices of each.
fn dense(layer: &Layer, matrix: &Matrix) -> Vec<f64> {
    let Factors::BlockTerm(blocks) = &matrix.factors else {
        return network::build(layer, matrix).unwrap().dense().data().to_vec();
    };
    let mut sum = vec![0.0; matrix.rows() * matrix.columns_padded()];
    for block in blocks {
        let one = Matrix { factors: Factors::BlockTerm(vec![block.clone()]), ..matrix.clone() };
        let term = network::build(layer, &one).unwrap().dense();
        sum.iter_mut().zip(term.data()).for_each(|(sum, value)| *sum += value);
    }
    sum
}

#[test]
fn rebuilt_matrices_of_every_format_have_the_wanted_spread() {
    for (format, ranks) in formats() {
        for recurrent in [
            Recurrent::Shared { hidden_offset: Some(60) },
            Recurrent::None,
            Recurrent::Dense,
            Recurrent::Factored,
        ] {
            let spec = NewSpec { recurrent, layers: 2, ..small(format, ranks.clone()) };
            let model = model::new(&spec).unwrap();
            for layer in &model.layers {
                let several = matches!(recurrent, Recurrent::Dense | Recurrent::Factored);
                assert_eq!(layer.matrices.len(), 1 + usize::from(several));
                for matrix in &layer.matrices {
                    let dense = dense(layer, matrix);
                    let squares: f64 = dense.iter().map(|w| w * w).sum();
                    let square = 12.0 * squares / dense.len() as f64;
                    // Rounding to f32 is all that is left.
                    assert!((square - 1.0).abs() < 1e-6, "{format:?} {recurrent:?}: {square}");
                }
            }
        }
    }
}

#[test]
fn models_of_every_format_and_cell_come_back() {
    let dir = TempDir::new().unwrap();
    for (format, ranks) in formats() {
        for (cell, recurrent) in [
            (Cell::Lstm, Recurrent::Shared { hidden_offset: None }),
            (Cell::Lstm, Recurrent::Dense),
            (Cell::Gru, Recurrent::Factored),
        ] {
            let gate_activation = match cell {
                Cell::Lstm => GateActivation::Sigmoid,
                Cell::Gru => GateActivation::HardSigmoid,
            };
            let mut spec = small(format, ranks.clone());
            spec.out_modes[0] = cell.gates();
            let spec = NewSpec { cell, recurrent, gate_activation, layers: 3, ..spec };
            let spec = NewSpec { hidden: 12, ..spec };
            let model = model::new(&spec).unwrap();
            assert_eq!(model, model::new(&spec).unwrap());
            assert_eq!((model.layers.len(), model.layers[2].inputs), (3, 12));
            for (name, cores) in [("in", Cores::Inline), ("beside", Cores::Safetensors)] {
                let path = dir.path().join(format!("{name}.json"));
                model::save(&model, &path, cores).unwrap();
                assert_eq!(model::load(&path).unwrap(), model);
            }
        }
    }
}

/// Modes of all matrices as text.
fn modes(model: &Model) -> Vec<String> {
    let matrices = model.layers.iter().flat_map(|layer| &layer.matrices);
    matrices.map(|m| format!("{:?} {:?} {:?}", m.columns, m.out_modes, m.in_modes)).collect()
}

#[test]
fn layers_above_and_matrices_of_h_get_modes_of_their_own() {
    let spec = small(Format::TensorTrain, Ranks::Uniform { leaf: 2, inner: 2 });
    let shared = Recurrent::Shared { hidden_offset: Some(60) };
    let model = model::new(&NewSpec { recurrent: shared, layers: 2, ..spec.clone() }).unwrap();
    assert_eq!(
        modes(&model),
        [
            "InputAndHidden { hidden_offset: 60 } [4, 2, 3, 2] [3, 5, 2, 4]",
            "InputAndHidden { hidden_offset: 12 } [4, 2, 3, 2] [2, 2, 2, 3]",
        ]
    );
    let model = model::new(&NewSpec { recurrent: Recurrent::Factored, ..spec.clone() }).unwrap();
    assert_eq!(
        modes(&model),
        ["Input [4, 2, 3, 2] [3, 5, 2, 4]", "Hidden [4, 2, 3, 2] [1, 2, 2, 3]"]
    );
    // A dense model needs no modes.
    let spec = NewSpec {
        format: Format::Dense,
        ranks: Ranks::PerNode(vec![]),
        out_modes: vec![],
        in_modes: vec![],
        ..spec
    };
    let model = model::new(&NewSpec { layers: 2, ..spec.clone() }).unwrap();
    assert_eq!(
        modes(&model),
        [
            "InputAndHidden { hidden_offset: 50 } [48] [62]",
            "InputAndHidden { hidden_offset: 12 } [48] [24]",
        ]
    );
    let model = model::new(&NewSpec { recurrent: Recurrent::Factored, ..spec }).unwrap();
    assert_eq!(modes(&model), ["Input [48] [50]", "Hidden [48] [12]"]);
}

#[test]
fn a_gru_has_a_bias_for_its_candidate() {
    let spec = NewSpec {
        cell: Cell::Gru,
        out_modes: vec![3, 2, 3, 2],
        recurrent: Recurrent::Dense,
        ..small(Format::BlockTerm { blocks: 2 }, Ranks::Uniform { leaf: 2, inner: 2 })
    };
    let model = model::new(&spec).unwrap();
    let layer = &model.layers[0];
    assert_eq!((layer.bias.len(), layer.candidate_bias.len()), (36, 12));
    // z keeps the state, as f does in an LSTM.
    assert!(layer.bias[12..24].iter().all(|bias| *bias > 0.8));
    assert!(layer.bias[24..].iter().chain(&layer.candidate_bias).all(|bias| bias.abs() <= 0.125));
    assert!(layer.candidate_bias.iter().any(|bias| *bias != 0.0));
    assert_eq!(layer.matrices[1].columns, Columns::Hidden);
    assert_eq!(layer.matrices[1].factors.parameters(), 36 * 12);
    let Factors::BlockTerm(blocks) = &layer.matrices[0].factors else { panic!("block terms") };
    assert_ne!(blocks[0], blocks[1]);
}
