//! Tensor rings as a target of `compress`: errors are those of the rebuilt matrix, goals are kept.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::compress::{base, distance, full_rank, join, options};
use crate::import_support::dense_matrix;
use htgen::compress::{CompressOptions, FactorFormat, Goal, Modes, RecurrentFactors, compress};
use htgen::model::{self, Cell, Factors, NewSpec, Ranks};

fn ring(goal: Goal) -> CompressOptions {
    options(FactorFormat::TensorRing, goal)
}

#[test]
fn a_train_is_a_ring_and_comes_back() {
    let spec = NewSpec {
        format: model::Format::TensorRing { closing_rank: Some(1) },
        ranks: Ranks::Uniform { leaf: 2, inner: 2 },
        ..base()
    };
    let given = model::new(&spec).unwrap();
    let found = compress(&crate::compress::dense(&given), &ring(Goal::Tolerance(1e-9))).unwrap();
    assert!(found.error < 1e-9, "{}", found.error);
    assert!(found.model.parameters() <= given.parameters(), "{}", found.model.parameters());
}

/// The reported error is the distance of the matrices, rebuilt in a different way.
#[test]
fn errors_are_measured_on_the_rebuilt_matrix() {
    let given = full_rank(24, Cell::Lstm);
    for goal in [
        Goal::Tolerance(0.4),
        Goal::Parameters(300),
        Goal::Ranks(Ranks::Uniform { leaf: 2, inner: 2 }),
        Goal::Ranks(Ranks::PerNode(vec![2, 3, 2, 4, 3, 2])),
    ] {
        let found = compress(&given, &ring(goal.clone())).unwrap();
        let far = distance(&join(&given), &found.model);
        assert!((far - found.error).abs() < 1e-9 && far > 1e-3, "{goal:?}: {far} {}", found.error);
        let [matrix] = &found.matrices[..] else { panic!("one matrix") };
        let squares: f64 = matrix.nodes.iter().map(|node| node.error.powi(2)).sum();
        // Without padding the errors of the nodes add up.
        assert!(
            (squares.sqrt() - matrix.error).abs() < 1e-9
                && (matrix.bound - matrix.error).abs() < 1e-9
        );
        let factored = &found.model.layers[0].matrices[0];
        assert!(matches!(factored.factors, Factors::TensorRing(_)));
        // The plain evaluation of a ring, element by element, gives the same matrix.
        let plain = dense_matrix(factored);
        let joined = dense_matrix(&join(&given).layers[0].matrices[0]);
        let norm: f64 = joined.iter().map(|v| v * v).sum();
        let lost: f64 = joined.iter().zip(&plain).map(|(a, b)| (a - b).powi(2)).sum();
        assert!(((lost / norm).sqrt() - found.error).abs() < 1e-9);
    }
}

#[test]
fn tolerances_and_ranks_are_kept() {
    let given = full_rank(20, Cell::Gru);
    let modes = Modes::Given { out: vec![3, 3, 2], columns: vec![3, 2, 5] };
    for recurrent in
        [RecurrentFactors::Shared(Some(22)), RecurrentFactors::Factored, RecurrentFactors::Dense]
    {
        let mut before = 0;
        for tolerance in [0.7, 0.3, 0.1, 0.01, 1e-12] {
            let goal = Goal::Tolerance(tolerance);
            let found = compress(
                &given,
                &CompressOptions { recurrent, modes: modes.clone(), ..ring(goal) },
            )
            .unwrap();
            assert!(found.matrices.iter().all(|m| m.error <= tolerance), "{tolerance}");
            assert!(found.model.parameters() >= before);
            before = found.model.parameters();
        }
    }
    let ranks = Ranks::PerNode(vec![2, 2, 3, 4, 3, 2]);
    let found = compress(&given, &CompressOptions { modes, ..ring(Goal::Ranks(ranks)) }).unwrap();
    let Factors::TensorRing(cores) = &found.model.layers[0].matrices[0].factors else {
        panic!("a ring")
    };
    for (core, most) in cores.iter().zip([2, 2, 3, 4, 3, 2]) {
        assert!(core.shape[0] <= most, "{:?}", core.shape);
    }
}

/// A ring may have any number of column modes.
#[test]
fn modes_need_not_come_in_pairs() {
    let given = full_rank(24, Cell::Lstm);
    let modes = Modes::Given { out: vec![24], columns: vec![5, 6] };
    let found =
        compress(&given, &CompressOptions { modes, ..ring(Goal::Tolerance(1e-9)) }).unwrap();
    let matrix = &found.model.layers[0].matrices[0];
    assert_eq!((&matrix.out_modes, &matrix.in_modes), (&vec![24], &vec![5, 6]));
    assert!(distance(&join(&given), &found.model) < 1e-9);
}
