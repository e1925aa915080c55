//! Plain cores under our own names: models are recovered from them, and what is refused.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::changed::changed;
use crate::cli_refusals::refused;
use crate::cli_support::Folder;
use crate::import::{check, flat, plain};
use crate::import_refusals::save;
use crate::models;
use expect_test::expect;
use htgen::import::{self, ImportOptions};
use htgen::model::{self, Columns, Cores, Element, Factors, GateActivation, HtNode};
use safetensors::tensor::{Dtype, TensorView};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The cores of a model are recovered by their names, whatever the tree.
#[test]
fn plain_cores_come_back() {
    let dir = TempDir::new().unwrap();
    for seed in 0..40 {
        let expected = models::model(&models::random_shape(seed));
        let expected = changed(&expected, |model| model.name = "m".into());
        model::save(&expected, &dir.path().join("m.json"), Cores::Safetensors).unwrap();
        let layer = &expected.layers[0];
        let Factors::HierarchicalTucker(root) = &layer.matrices[0].factors else {
            panic!("a tree")
        };
        let Columns::InputAndHidden { hidden_offset } = layer.matrices[0].columns else { continue };
        let options = ImportOptions {
            inputs: Some(layer.inputs),
            hidden_offset: Some(hidden_offset),
            tree: Some(tree(root)),
            element: Some(expected.input.element),
            shift: Some(expected.input.shift),
            ..plain()
        };
        let imported = import::import(&dir.path().join("m.safetensors"), &options).unwrap();
        assert_eq!((imported.model, imported.unused.len()), (expected, 0), "seed {seed}");
    }
}

fn tree(node: &HtNode) -> String {
    match node {
        HtNode::Leaf { mode, .. } => mode.to_string(),
        HtNode::Inner { left, right, .. } => format!("({},{})", tree(left), tree(right)),
    }
}

/// Every other format by our own names, in layers and matrices with numbers.
#[test]
fn cores_of_every_format_come_back() {
    let dir = TempDir::new().unwrap();
    let flat = flat();
    for (name, options) in [
        ("tednet_tt", &plain()),
        ("tednet_tr", &plain()),
        ("tednet_bt", &plain()),
        ("tensorized_rnn", &plain()),
        ("pytorch_lstm", &plain()),
        ("pytorch_gru", &plain()),
        ("tt_rnn", &flat),
    ] {
        let expected = check(name, options).model;
        model::save(&expected, &dir.path().join("m.json"), Cores::Safetensors).unwrap();
        assert_eq!(model::load(&dir.path().join("m.json")).unwrap(), expected, "{name}");
        let options = ImportOptions { inputs: Some(expected.layers[0].inputs), ..plain() };
        let again = import::import(&dir.path().join("m.safetensors"), &options).unwrap().model;
        // The one thing that names do not determine.
        let expected = changed(&expected, |model| {
            model.layers[0].gate_activation = GateActivation::Sigmoid;
        });
        assert_eq!(again, expected, "{name}");
    }
}

#[test]
fn the_cores_of_a_training_program_are_imported() {
    let options = ImportOptions { name: "digits".into(), element: Some(Element::U8), ..plain() };
    let imported = import::import(Path::new("tests/data/digits/model.safetensors"), &options);
    let shipped = model::load(Path::new("tests/data/digits/model.json")).unwrap();
    let imported = imported.unwrap().model;
    assert_eq!(imported.layers, shipped.layers);
    assert_eq!((&imported.head, &imported.input), (&shipped.head, &shipped.input));
}

#[test]
fn plain_cores() {
    let dir = Folder::new();
    let tree: Vec<(&str, &[usize])> = vec![
        ("leaf.0", &[4, 2, 2]),
        ("leaf.1", &[2, 3, 2]),
        ("leaf.2", &[1, 2, 3]),
        ("transfer.0-1", &[3, 2, 2]),
        ("root", &[3, 3]),
        ("bias", &[8]),
    ];
    save(&dir, "tree.safetensors", &tree);
    let mut ranks = tree.clone();
    ranks[4].1 = &[2, 3];
    save(&dir, "ranks.safetensors", &ranks);
    let mut bias = tree.clone();
    bias[5].1 = &[7];
    save(&dir, "bias.safetensors", &bias);
    save(
        &dir,
        "ring.safetensors",
        &[("cores.0", &[2, 4, 2]), ("cores.1", &[2, 3, 2]), ("bias", &[8])],
    );
    let noted = |name: &str, key: &str, value: &str| {
        let views = tree.iter().map(|(name, shape)| {
            let bytes: &'static [u8] = &[0; 128];
            let length = 4 * shape.iter().product::<usize>();
            (*name, TensorView::new(Dtype::F32, shape.to_vec(), &bytes[..length]).unwrap())
        });
        let notes = [(key.to_owned(), value.to_owned())].into();
        fs::write(dir.path(name), safetensors::serialize(views, Some(notes)).unwrap()).unwrap();
    };
    noted("inputs.safetensors", "inputs", "many");
    noted("cell.safetensors", "cell", "LSTM\u{7}");
    noted("forest.safetensors", "tree", "((0,1)");
    refused(
        &dir,
        &[
            "import tree.safetensors -o m.json",
            "import tree.safetensors --inputs 11 -o m.json",
            "import tree.safetensors --inputs 4 --hidden-offset 3 -o m.json",
            "import tree.safetensors --inputs 4 --tree (0,(1,2)) -o m.json",
            "import tree.safetensors --inputs 4 --tree (0,1) -o m.json",
            "import tree.safetensors --inputs 4 --cell gru -o m.json",
            "import ranks.safetensors --inputs 4 -o m.json",
            "import bias.safetensors --inputs 4 -o m.json",
            "import ring.safetensors --inputs 2 -o m.json",
            "import inputs.safetensors -o m.json",
            "import cell.safetensors --inputs 4 -o m.json",
            "import forest.safetensors --inputs 4 -o m.json",
        ],
        expect![[r#"
            $ htgen import tree.safetensors -o m.json
            error: tree.safetensors: the number of inputs is not in the file: expected --inputs, inputs in the metadata, or input.mean; columns may be padded, so shapes do not determine it
            $ htgen import tree.safetensors --inputs 11 -o m.json
            error: tree.safetensors: layers[0].matrices[0].in_modes: modes have the wrong product: found 2 x 3 x 2 = 12, expected at least 13, the columns in use
            $ htgen import tree.safetensors --inputs 4 --hidden-offset 3 -o m.json
            error: tree.safetensors: layers[0].matrices[0].columns.hidden_offset: h would overlap the inputs: found 3, expected at least 4, the inputs
            $ htgen import tree.safetensors --inputs 4 --tree (0,(1,2)) -o m.json
            error: tree.safetensors: transfer.1-2: no such tensor: expected one of bias, leaf.0, leaf.1, leaf.2, root, transfer.0-1; the tree is (0,(1,2)); --tree names another
            $ htgen import tree.safetensors --inputs 4 --tree (0,1) -o m.json
            error: tree.safetensors: tree: modes missing: found no 2, expected each of the 3 modes once
            $ htgen import tree.safetensors --inputs 4 --cell gru -o m.json
            error: tree.safetensors: bias: not a bias for each gate: found 8, expected a multiple of 3
            $ htgen import ranks.safetensors --inputs 4 -o m.json
            error: ranks.safetensors: root: ranks do not match: found 2 x 3, expected ranks 3 and 3 of the nodes below; the tree is ((0,1),2); --tree names another
            $ htgen import bias.safetensors --inputs 4 -o m.json
            error: bias.safetensors: bias: not a bias for each gate: found 7, expected a multiple of 4
            $ htgen import ring.safetensors --inputs 2 -o m.json
            error: ring.safetensors: cores.0: no row modes at the end of the ring: found modes 4 x 3, expected some whose product is the 8 rows
            $ htgen import inputs.safetensors -o m.json
            error: inputs.safetensors: __metadata__: inputs is not a whole number: found "many"
            $ htgen import cell.safetensors --inputs 4 -o m.json
            error: cell.safetensors: __metadata__: cell is an unknown word: found "LSTM\u{7}", expected lstm or gru
            $ htgen import forest.safetensors --inputs 4 -o m.json
            error: forest.safetensors: tree: not a tree: found the end of the text, expected a comma between the two halves; write it like ((0,1),(2,3)); every inner node has two halves
        "#]],
    );
    dir.done("import tree.safetensors --inputs 4 --hidden-offset 6 -o m.json");
}
