//! Checkpoints of other programs: the imported model does what the original layer did. Layers and
//! outputs come from scripts/fixtures_import.py.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::import_support::{dense_head, dense_matrix, dense_run};
use expect_test::expect;
use htgen::import::{self, Convention, Head, ImportOptions, Imported};
use htgen::model::{self, Cell, Columns, Element, Factors, GateActivation, Model};
use std::fs::File;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// How far an output may be from the original's.
const TOLERANCE: f64 = 1e-5;

/// A file of the fixtures.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import").join(name)
}

/// Rows of a matrix of doubles in an npz file, read in a different way from the library.
pub fn rows(path: &Path, name: &str) -> Vec<Vec<f64>> {
    let mut npz = npyz::npz::NpzArchive::open(path).unwrap();
    let array = npz.by_name(name).unwrap().expect("the array is there");
    let width = array.shape()[1] as usize;
    let values: Vec<f64> = array.into_vec().unwrap();
    values.chunks(width).map(<[f64]>::to_vec).collect()
}

/// Imports a fixture and compares every hidden vector with the original's.
#[track_caller]
pub fn check(name: &str, options: &ImportOptions) -> Imported {
    let imported = import::import(&fixture(&format!("{name}.safetensors")), options).unwrap();
    agrees(name, &imported.model);
    imported
}

#[track_caller]
fn agrees(name: &str, model: &Model) {
    let io = fixture(&format!("{name}.io.npz"));
    let (x, h) = (rows(&io, "x"), rows(&io, "h"));
    let found = dense_run(model, &x);
    assert_eq!((found.len(), found[0].len()), (h.len(), h[0].len()));
    let difference = found
        .iter()
        .flatten()
        .zip(h.iter().flatten())
        .map(|(a, b)| (a - b).abs())
        .fold(0.0f64, f64::max);
    assert!(difference <= TOLERANCE, "{name}: {difference:e}");
    // Outputs that hardly change would agree with anything.
    let moves = h.windows(2).any(|w| w[0].iter().zip(&w[1]).any(|(a, b)| (a - b).abs() > 0.05));
    assert!(moves, "{name}: nothing happens in the original");
}

/// Compares the outputs of the head after the last step.
#[track_caller]
fn agrees_in_logits(name: &str, model: &Model) {
    let io = fixture(&format!("{name}.io.npz"));
    let h = dense_run(model, &rows(&io, "x"));
    let (found, expected) = (dense_head(model, h.last().unwrap()), &rows(&io, "logits")[0]);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= TOLERANCE, "{name}: {found} not {expected}");
    }
}

/// Only a name is given.
pub fn plain() -> ImportOptions {
    ImportOptions::named("m")
}

/// Format, rows and columns of each matrix.
fn shapes(model: &Model) -> String {
    let matrices = model.layers.iter().flat_map(|layer| &layer.matrices);
    let line = |matrix: &model::Matrix| {
        let kind = matrix.factors.kind();
        format!("{:?} {kind} {:?} x {:?}\n", matrix.columns, matrix.out_modes, matrix.in_modes)
    };
    matrices.map(line).collect()
}

#[test]
fn pytorch_lstm_of_two_layers_in_a_module_with_a_head() {
    let imported = check("pytorch_lstm", &plain());
    assert_eq!(
        (imported.convention, &imported.prefixes[..]),
        (Convention::Pytorch, &["rnn.".to_owned()][..])
    );
    assert_eq!((imported.unused.len(), imported.head.as_deref()), (0, Some("fc")));
    let without = check("pytorch_lstm", &ImportOptions { head: Head::None, ..plain() });
    assert_eq!(without.unused, ["fc.bias", "fc.weight"]);
    assert!(without.model.head.is_none());
    let head = imported.model.head.clone().unwrap();
    assert_eq!((head.outputs, head.weight.len(), head.bias.len()), (3, 12, 3));
    expect![[r#"
        Input dense [16] x [6]
        Hidden dense [16] x [4]
        Input dense [16] x [4]
        Hidden dense [16] x [4]
    "#]]
    .assert_eq(&shapes(&check("pytorch_lstm", &plain()).model));
}

#[test]
fn pytorch_gru() {
    let model = check("pytorch_gru", &plain()).model;
    assert_eq!(model.layers.len(), 2);
    assert!(model.layers.iter().all(|l| l.cell == Cell::Gru && l.candidate_bias.len() == 4));
    assert_eq!(check("pytorch_gru_cell", &plain()).model.layers.len(), 1);
    let model = check("pytorch_gru_no_bias", &plain()).model;
    assert!(model.layers[0].bias.iter().chain(&model.layers[0].candidate_bias).all(|b| *b == 0.0));
}

#[test]
fn tednet_train() {
    let imported = check("tednet_tt", &plain());
    assert_eq!((imported.convention, imported.prefixes[0].as_str()), (Convention::Tednet, "cell."));
    expect![[r#"
        Input tensor-train [8, 3, 2] x [4, 3, 5]
        Hidden dense [48] x [12]
    "#]]
    .assert_eq(&shapes(&imported.model));
    assert!(matches!(
        check("tednet_tt2", &plain()).model.layers[0].matrices[0].factors,
        Factors::TensorTrain(_)
    ));
}

#[test]
fn tednet_ring() {
    expect![[r#"
        Input tensor-ring [8, 6] x [4, 3, 5]
        Hidden dense [48] x [12]
    "#]]
    .assert_eq(&shapes(&check("tednet_tr", &plain()).model));
    assert!(matches!(
        check("tednet_tr2", &plain()).model.layers[0].matrices[0].factors,
        Factors::TensorRing(_)
    ));
}

#[test]
fn tednet_block_term() {
    let model = check("tednet_bt", &plain()).model;
    let Factors::BlockTerm(blocks) = &model.layers[0].matrices[0].factors else { panic!("blocks") };
    assert_eq!((blocks.len(), &blocks[0].core.shape), (2, &vec![2, 3, 4]));
}

#[test]
fn tensorized_rnn() {
    let imported = check("tensorized_rnn", &plain());
    assert_eq!(imported.convention, Convention::TensorizedRnn);
    expect![[r#"
        Input tensor-train [4, 2, 3] x [2, 3, 4]
        Hidden tensor-train [4, 6] x [2, 3]
        Input tensor-train [4, 6] x [2, 3]
        Hidden dense [24] x [6]
    "#]]
    .assert_eq(&shapes(&imported.model));
}

/// Where a core only for the gates was added, the cell still cuts blocks of H rows.
#[test]
fn tensorized_rnn_with_a_core_for_the_gates() {
    check("tensorized_rnn_first", &plain());
    expect![[r#"
        Input tensor-train [2, 3, 4] x [3, 4, 1]
        Hidden tensor-train [6, 4] x [6, 1]
    "#]]
    .assert_eq(&shapes(&check("tensorized_rnn_last", &plain()).model));
}

#[test]
fn interleaved_gates_are_moved_to_the_front() {
    let interleaved = ImportOptions { interleaved: true, ..plain() };
    let imported = check("tensorized_rnn_interleaved", &interleaved);
    expect![[r#"
        Input tensor-train [8, 3, 1] x [3, 4, 1]
        Hidden tensor-train [24, 1] x [6, 1]
    "#]]
    .assert_eq(&shapes(&imported.model));
    // Exactly the same values in another order of rows.
    let blocks = import::import(&fixture("tensorized_rnn_interleaved.safetensors"), &plain());
    let blocks = blocks.unwrap().model;
    for (moved, stored) in imported.model.layers[0].matrices.iter().zip(&blocks.layers[0].matrices)
    {
        let width = stored.columns_padded();
        let (moved, stored) = (dense_matrix(moved), dense_matrix(stored));
        for row in 0..24 {
            let (gate, unit) = (row / 6, row % 6);
            let from = (unit * 4 + gate) * width;
            assert_eq!(moved[row * width..(row + 1) * width], stored[from..from + width]);
        }
    }
}

#[test]
fn a_train_for_each_gate_becomes_one() {
    let model = check("tensorized_rnn_naive", &plain()).model;
    expect![[r#"
        Input tensor-train [8, 3] x [3, 4]
        Hidden tensor-train [8, 3] x [2, 3]
    "#]]
    .assert_eq(&shapes(&model));
}

/// Modes and ranks of the fixture of TT_RNN.
pub fn flat() -> ImportOptions {
    let (in_modes, out_modes) = (vec![4, 3, 2], vec![2, 2, 3]);
    ImportOptions { in_modes, out_modes, ranks: vec![1, 2, 3, 1], ..plain() }
}

#[test]
fn tt_rnn_of_keras() {
    let imported = check("tt_rnn", &flat());
    assert_eq!(
        (imported.convention, imported.prefixes[0].as_str()),
        (Convention::TtRnn, "tt_lstm/")
    );
    assert_eq!(imported.model.layers[0].gate_activation, GateActivation::HardSigmoid);
    let with_gates = ImportOptions { out_modes: vec![8, 2, 3], ranks: vec![2, 3], ..flat() };
    assert_eq!(check("tt_rnn", &with_gates).model, imported.model);
    assert_eq!((imported.unused.len(), imported.head.as_deref()), (0, Some("fc")));
    let with_head = ImportOptions { head: Head::Named("fc".into()), ..flat() };
    assert_eq!(check("tt_rnn", &with_head).model, imported.model);
    agrees_in_logits("tt_rnn", &imported.model);
    let npz = import::import(&fixture("tt_rnn.npz"), &with_head).unwrap();
    assert_eq!((npz.model, npz.prefixes[0].as_str()), (imported.model, "tt_lstm."));
}

/// The model that docs/from-pytorch.md saves.
#[test]
fn fdht_saved_from_pytorch() {
    let imported = check("from_pytorch", &plain());
    assert_eq!((imported.convention, imported.unused.len()), (Convention::Cores, 0));
    let model = imported.model;
    assert_eq!((model.input.element, model.input.shift), (Element::Real, 1));
    assert_eq!(model.layers[0].matrices[0].columns, Columns::InputAndHidden { hidden_offset: 20 });
    agrees_in_logits("from_pytorch", &model);
}

/// A file of the other kind, recognized by its first bytes, not by its name.
#[test]
fn npz_is_told_by_its_content() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("weights.bin");
    std::io::copy(
        &mut File::open(fixture("tt_rnn.npz")).unwrap(),
        &mut File::create(&path).unwrap(),
    )
    .unwrap();
    agrees("tt_rnn", &import::import(&path, &flat()).unwrap().model);
}
