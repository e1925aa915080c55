//! Budgets of `compress`: kept, and used as far as a larger rank would lower the error.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::compress::{base, full_rank, options};
use htgen::compress::{
    CompressOptions, Compressed, FactorFormat, Goal, Modes, RecurrentFactors, compress,
};
use htgen::model::{self, Cell, Factors, Model, NewSpec, Ranks};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Errors below this are those of double precision.
const ROUNDING: f64 = 1e-12;

/// A dense model without structure: its singular values hardly fall, so every rank counts.
fn noise(inputs: usize, hidden: usize, seed: u64) -> Model {
    let spec = NewSpec {
        inputs,
        hidden,
        format: model::Format::Dense,
        tree: String::new(),
        out_modes: vec![],
        in_modes: vec![],
        ranks: Ranks::PerNode(vec![]),
        recurrent: model::Recurrent::Dense,
        seed,
        ..base()
    };
    model::new(&spec).unwrap()
}

fn counted(format: FactorFormat, modes: usize, goal: Goal) -> CompressOptions {
    CompressOptions { modes: Modes::Count(modes), ..options(format, goal) }
}

/// Checks the ranks of the cores using only the factors: no rank may be larger than the rest of its
/// core can fill, or values would be paid for that have no effect.
fn parameters(found: &Compressed) -> usize {
    found
        .model
        .layers
        .iter()
        .flat_map(|layer| &layer.matrices)
        .map(|m| m.factors.parameters())
        .sum()
}

/// Nine tenths of a budget are used, unless no rank can grow by one within it and lower the error.
#[track_caller]
fn is_used(model: &Model, format: &FactorFormat, modes: usize, most: usize) {
    let run = |goal| compress(model, &counted(format.clone(), modes, goal)).unwrap();
    let found = run(Goal::Parameters(most));
    let used = parameters(&found);
    assert!(used <= most, "{format:?} {modes}: {used} of {most}");
    if found.error < ROUNDING || 10 * used >= 9 * most {
        return;
    }
    let message = format!("{format:?}, {modes} modes: {used} of {most}, error {}", found.error);
    // The ranks of a ring are listed from another core than it begins with.
    assert!(*format != FactorFormat::TensorRing, "{message}");
    let ranks: Vec<usize> = found.matrices[0].nodes.iter().map(|node| node.rank).collect();
    let halves = (0..ranks.len()).flat_map(|k| (k..ranks.len()).map(move |l| (k, l)));
    for (k, l) in halves {
        let mut larger = ranks.clone();
        larger[k] += 1;
        if l != k {
            larger[l] += 1;
        }
        let options = counted(format.clone(), modes, Goal::Ranks(Ranks::PerNode(larger.clone())));
        // Ranks above the full rank are refused.
        let Ok(other) = compress(model, &options) else { continue };
        let gains = other.error < found.error * (1.0 - 1e-9);
        assert!(!gains || parameters(&other) > most, "{message}; {ranks:?}, {larger:?} fits");
    }
}

/// The report that found it: the root of a tree above a full leaf.
#[test]
fn a_tree_grows_to_full_rank() {
    let model = noise(24, 16, 0);
    for tree in ["", "(0,(1,2))", "((2,0),1)"] {
        let format = FactorFormat::HierarchicalTucker(tree.to_owned());
        let found = compress(&model, &counted(format, 3, Goal::Parameters(400_000))).unwrap();
        assert!(found.error < ROUNDING, "{tree}: {}", found.error);
        assert!(parameters(&found) > 64 * 40, "{tree}: {}", parameters(&found));
    }
}

#[test]
fn budgets_are_used() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let trees = ["", "((0,1),(2,3))", "(0,(1,(2,3)))", "((1,3),(0,2))", "(((0,1),2),3)"];
    for seed in 0..12 {
        let (inputs, hidden) = (rng.random_range(8..40), [8, 12, 16][rng.random_range(0..3)]);
        let model = noise(inputs, hidden, seed);
        let tree = trees[rng.random_range(0..trees.len())].to_owned();
        let formats = [
            FactorFormat::HierarchicalTucker(tree),
            FactorFormat::TensorTrain,
            FactorFormat::TensorRing,
        ];
        for format in formats {
            for share in [0.3, 0.7, 1.5, 20.0] {
                let dense = (4 * hidden * (inputs + hidden)) as f64;
                is_used(&model, &format, 4, (share * dense) as usize);
            }
        }
    }
}

/// What is exactly of low rank takes no more parameters than that.
#[test]
fn nothing_is_paid_for_rounding() {
    for (own, format) in [
        (model::Format::HierarchicalTucker, FactorFormat::HierarchicalTucker(String::new())),
        (model::Format::TensorTrain, FactorFormat::TensorTrain),
    ] {
        let ranks = Ranks::Uniform { leaf: 2, inner: 2 };
        let given = model::new(&NewSpec { format: own, ranks, ..base() }).unwrap();
        let dense = crate::compress::dense(&given);
        let found = compress(&dense, &options(format, Goal::Parameters(5000))).unwrap();
        assert!(found.error < 1e-9, "{}", found.error);
        assert_eq!(parameters(&found), given.parameters());
    }
}

/// Several matrices share one budget.
#[test]
fn matrices_share_a_budget() {
    let given = full_rank(24, Cell::Gru);
    for format in [
        FactorFormat::HierarchicalTucker(String::new()),
        FactorFormat::TensorTrain,
        FactorFormat::TensorRing,
    ] {
        let goal = Goal::Parameters(600);
        let options = CompressOptions {
            recurrent: RecurrentFactors::Factored,
            ..counted(format.clone(), 3, goal)
        };
        let found = compress(&given, &options).unwrap();
        let used: usize = found.matrices.iter().map(|matrix| matrix.parameters).sum();
        assert!((540..=600).contains(&used), "{format:?}: {used}");
        assert!(found.matrices.iter().all(|matrix| matrix.error < 1.0));
        let dense =
            found.model.layers[0].matrices.iter().any(|m| matches!(m.factors, Factors::Dense(_)));
        assert!(!dense);
    }
}
