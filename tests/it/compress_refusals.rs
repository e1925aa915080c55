//! What `compress` refuses: ranks above the full rank, modes that do not cover, goals out of reach.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::compress::{IN, OUT, base, full_rank, options};
use expect_test::expect;
use htgen::compress::{CompressOptions, FactorFormat, Goal, Modes, RecurrentFactors, compress};
use htgen::model::{self, Cell, Ranks};

#[test]
fn refusals() {
    let given = full_rank(24, Cell::Lstm);
    let tree = |text: &str| FactorFormat::HierarchicalTucker(text.to_owned());
    let list = |ranks: &[usize]| Goal::Ranks(Ranks::PerNode(ranks.to_vec()));
    let modes = |out: &[usize], columns: &[usize]| CompressOptions {
        modes: Modes::Given { out: out.to_vec(), columns: columns.to_vec() },
        ..options(FactorFormat::TensorTrain, Goal::Tolerance(0.1))
    };
    let bad = [
        options(tree(""), list(&[3, 13, 4, 3])),
        options(tree(""), list(&[5, 2, 2, 3])),
        options(tree(""), list(&[1, 0, 2, 3])),
        options(FactorFormat::TensorTrain, list(&[12, 61])),
        options(FactorFormat::TensorTrain, list(&[12])),
        options(tree("(0,1)"), Goal::Tolerance(0.1)),
        options(tree(""), Goal::Tolerance(0.0)),
        options(tree(""), Goal::Tolerance(f64::NAN)),
        options(tree(""), Goal::Tolerance(1e-300)),
        options(tree(""), Goal::Parameters(27)),
        modes(&[4, 3, 3], &IN),
        modes(&OUT, &[3, 2, 4]),
        modes(&OUT, &[30]),
        modes(&OUT, &[1 << 20, 1 << 20, 1]),
        CompressOptions { modes: Modes::Count(9), ..modes(&OUT, &IN) },
        CompressOptions { recurrent: RecurrentFactors::Shared(Some(23)), ..modes(&OUT, &IN) },
    ];
    let messages: Vec<String> =
        bad.iter().map(|bad| compress(&given, bad).unwrap_err().to_string()).collect();
    expect![[r#"
        layers[0], input-and-hidden: rank of modes 0: above the full rank: found 13, expected 1 to 12
        layers[0], input-and-hidden: rank of modes 0-1: above the full rank: found 5, expected 1 to 4
        layers[0], input-and-hidden: rank of modes 0: empty rank: found 0, expected 1 to 12
        layers[0], input-and-hidden: rank of modes 0-1: above the full rank: found 61, expected 1 to 10
        ranks: wrong number of ranks: found 1, expected 2, one between two cores
        tree: modes missing: found no 2, expected each of the 3 modes once
        `tolerance`: out of range: found 0, expected above 0 and below 1, the error relative to the norm
        `tolerance`: out of range: found NaN, expected above 0 and below 1, the error relative to the norm
        `tolerance`: below what double precision reaches: found 1e-300, measured 2.2452290769126297e-15; take at least 1e-13
        `parameters`: too few: found 27, expected at least 30, those of rank 1; more modes make smaller cores
        layers[0]: `out_modes`: modes have the wrong product: found 4 x 3 x 3, expected 24, gates times hidden units
        layers[0]: `in_modes`: modes have the wrong product: found 3 x 2 x 4, expected at least 30, the columns in use
        layers[0]: `in_modes`: modes come in pairs: found 1 of them, expected 3, as in `out_modes`
        layers[0]: `in_modes`: too large: found 24 x 1099511627776 elements, padding included, expected at most 268435456
        modes: number of modes out of range: found 9, expected 1 to 8
        layers[0]: hidden_offset: h would overlap the inputs: found 23, expected at least 24, the inputs"#]].assert_eq(&messages.join("\n"));
    let factored = model::new(&base()).unwrap();
    let message = compress(&factored, &modes(&OUT, &IN)).unwrap_err().to_string();
    expect!["layers[0].matrices[0]: already factored: found hierarchical-tucker, expected dense"]
        .assert_eq(&message);
}
