//! Models: published parameter counts, files that round-trip, the schema and the documented
//! example.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::changed::changed;
use expect_test::{expect, expect_file};
use htgen::model::{
    self, ActivationBits, Columns, Cores, Element, Factors, Formats, HeadFormats, HtNode,
    LayerFormats, Matrix, Model, Ranks, StepFormats, Tree, WeightBits, preset,
};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

#[test]
fn presets_have_the_published_parameter_counts() {
    let rows: Vec<String> = preset::list()
        .iter()
        .map(|preset| {
            let model = preset::build(preset.name, 0).unwrap();
            let (parameters, dense) = (model.parameters(), model.dense_parameters());
            let ratio = (dense as f64 / parameters as f64).round();
            format!("{}: {parameters} of {dense}, {ratio}x", preset.name)
        })
        .collect();
    expect![[r#"
        bt-ucf11: 3392 of 58982400, 17389x
        digits: 1140 of 278528, 244x
        fdht-largest: 8808 of 59244544, 6726x
        fdht-smallest: 3132 of 33554432, 10713x
        fdht-ucf11: 1932 of 59244544, 30665x
        ht-ucf11: 1245 of 58982400, 47375x
        ht-youtube: 810 of 58982400, 72818x
        tr-ucf11: 1725 of 58982400, 34193x
        tt-ucf11: 3360 of 58982400, 17554x
        tt-youtube: 3392 of 58982400, 17389x"#]]
    .assert_eq(&rows.join("\n"));
}

#[test]
fn a_preset_is_the_same_on_every_machine() {
    let model = preset::build("fdht-smallest", 7).unwrap();
    assert_eq!(model, preset::build("fdht-smallest", 7).unwrap());
    assert_ne!(model, preset::build("fdht-smallest", 8).unwrap());
    assert_eq!(model.name, "fdht_smallest");
    let Factors::HierarchicalTucker(HtNode::Inner { core, .. }) =
        &model.layers[0].matrices[0].factors
    else {
        panic!("a preset of three modes has an inner root")
    };
    expect!["[0.2096092700958252, 0.2362479716539383, 0.27256783843040466, 0.25150904059410095]"]
        .assert_eq(&format!("{:?}", &core[..4]));
    expect!["[-0.00127495639026165, 0.03989499434828758, 0.9024285674095154, 1.0198332071304321]"]
        .assert_eq(&format!("{:?}", &model.layers[0].bias[2046..2050]));
}

/// The frame of a node: modes below it in order, then rows x columns x rank.
fn frame(node: &HtNode, matrix: &Matrix) -> (usize, usize, Vec<f64>) {
    match node {
        HtNode::Leaf { mode, core, .. } => {
            (matrix.out_modes[*mode], matrix.in_modes[*mode], core.clone())
        }
        HtNode::Inner { rank, core, left, right } => {
            let (n_left, n_right) = (left.rank(), right.rank());
            let (left_rows, left_columns, a) = frame(left, matrix);
            let (right_rows, right_columns, b) = frame(right, matrix);
            let (rows, columns) = (left_rows * right_rows, left_columns * right_columns);
            let mut out = vec![0.0; rows * columns * rank];
            for (at, value) in out.iter_mut().enumerate() {
                let (p, column, row) = (at % rank, at / rank % columns, at / rank / columns);
                let a_at = (row / right_rows * left_columns + column / right_columns) * n_left;
                let b_at = (row % right_rows * right_columns + column % right_columns) * n_right;
                for q in 0..n_left {
                    for r in 0..n_right {
                        *value += core[(p * n_left + q) * n_right + r] * a[a_at + q] * b[b_at + r];
                    }
                }
            }
            (rows, columns, out)
        }
    }
}

#[test]
fn an_untrained_matrix_has_the_wanted_spread() {
    let model = preset::build("digits", 5).unwrap();
    let matrix = &model.layers[0].matrices[0];
    let Factors::HierarchicalTucker(root) = &matrix.factors else { panic!("a tree") };
    let (rows, columns, dense) = frame(root, matrix);
    assert_eq!((rows, columns), (256, 2048));
    let mean_square = dense.iter().map(|value| value * value).sum::<f64>() / dense.len() as f64;
    let spread = mean_square.sqrt();
    assert!((spread - 0.125).abs() < 1e-5, "{spread} instead of 1/sqrt(64)");
}

#[test]
fn a_model_of_another_program_is_read() {
    let model = model::load(Path::new("tests/data/digits/model.json")).unwrap();
    assert_eq!(model.parameters(), 1140);
    assert_eq!(
        model.layers[0].matrices[0].columns,
        Columns::InputAndHidden { hidden_offset: 1024 }
    );
    assert_eq!((model.input.element, model.input.shift), (Element::U8, 9));
    assert_eq!(model.input.mean.len(), 1024);
    assert_eq!(model.head.as_ref().unwrap().outputs, 10);
}

/// Saves and loads, twice; the bytes of the file.
fn round_trip(model: &Model, cores: Cores) -> Vec<u8> {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("a.q.json");
    model::save(model, &path, cores).unwrap();
    assert_eq!(&model::load(&path).unwrap(), model);
    let first = fs::read(&path).unwrap();
    model::save(model, &path, cores).unwrap();
    assert_eq!(first, fs::read(&path).unwrap());
    first
}

#[test]
fn models_come_back() {
    for preset in preset::list() {
        let model = preset::build(preset.name, 11).unwrap();
        round_trip(&model, Cores::Inline);
        round_trip(&model, Cores::Safetensors);
    }
}

#[test]
fn values_come_back_exactly() {
    let model = model::load(Path::new("tests/data/tiny.json")).unwrap();
    let awkward =
        [0.1, 1.0 / 3.0, f64::MIN_POSITIVE, -5e-324, 9.87654321e14, f64::from(0.1f32), -0.0];
    let model = changed(&model, |model| model.layers[0].bias[..7].copy_from_slice(&awkward));
    round_trip(&model, Cores::Inline);
    round_trip(&model, Cores::Safetensors);
}

#[test]
fn a_quantized_model_of_several_layers_comes_back() {
    let mut model = model::load(Path::new("tests/data/tiny.json")).unwrap().into_parts();
    let mut second = model.layers[0].clone();
    second.inputs = 2;
    second.matrices.push(second.matrices[0].clone());
    second.matrices[1].columns = Columns::Input;
    model.layers.push(second);
    let step = StepFormats { weight_frac: 7, out_frac: -2 };
    let layer = LayerFormats { input_frac: 11, cell_frac: 8, steps: vec![step, step] };
    model.formats = Some(Formats {
        plan: Some("0123456789abcdef".into()),
        weight_bits: WeightBits::new(8).unwrap(),
        activation_bits: ActivationBits::new(12).unwrap(),
        max_rom_words: Some(4096),
        max_buffer_words: None,
        layers: vec![layer.clone(), layer],
        head: Some(HeadFormats { weight_frac: 6, out_frac: 8 }),
    });
    let model = Model::try_from(model).unwrap();
    round_trip(&model, Cores::Safetensors);
    let text = String::from_utf8(round_trip(&model, Cores::Inline)).unwrap();
    expect_file!["../golden/two_layers.json"].assert_eq(&text);
}

#[cfg(unix)]
#[test]
fn written_files_have_ordinary_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("m.json");
    model::save(&preset::build("digits", 1).unwrap(), &path, Cores::Safetensors).unwrap();
    let plain = dir.path().join("plain");
    fs::write(&plain, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path), mode(&plain));
    assert_eq!(mode(&path.with_extension("safetensors")), mode(&plain));
}

#[test]
fn the_schema_is_up_to_date() {
    expect_file!["../../docs/model.schema.json"].assert_eq(&model::schema());
}

#[test]
fn the_documented_example_is_a_model() {
    let text = fs::read_to_string("docs/model-format.md").unwrap();
    let (_, rest) = text.split_once("```json\n").expect("an example in JSON");
    let (example, _) = rest.split_once("```").expect("the end of the example");
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("example.json");
    fs::write(&path, example).unwrap();
    let model = model::load(&path).unwrap();
    assert_eq!(model.parameters(), 32);
}

#[test]
fn trees_come_back() {
    for text in ["0", "(1,0)", "((0,1),(2,3))", "(((((((7,6),5),4),3),2),1),0)"] {
        let tree = Tree::parse(text, text.matches(',').count() + 1).unwrap();
        assert_eq!(tree.to_string(), text);
    }
    let spaced = Tree::parse(" ( ( 0 , 1 ) , 2 ) ", 3).unwrap();
    assert_eq!(spaced.to_string(), "((0,1),2)");
    let balanced: Vec<String> = (1..=8).map(|n| Tree::balanced(n).to_string()).collect();
    expect![[r#"
        0
        (0,1)
        ((0,1),2)
        ((0,1),(2,3))
        (((0,1),2),(3,4))
        (((0,1),2),((3,4),5))
        (((0,1),(2,3)),((4,5),6))
        (((0,1),(2,3)),((4,5),(6,7)))"#]]
    .assert_eq(&balanced.join("\n"));
    assert_eq!(Tree::parse("", 5).unwrap(), Tree::balanced(5));
}

#[test]
fn ranks_follow_the_text_of_the_tree() {
    let mut spec = preset::spec("fdht-smallest", 1).unwrap();
    spec.ranks = Ranks::PerNode(vec![2, 3, 4, 5]);
    let model = model::new(&spec).unwrap();
    let Factors::HierarchicalTucker(root) = &model.layers[0].matrices[0].factors else {
        panic!("a tree")
    };
    let HtNode::Inner { left, right, .. } = root else { panic!("three modes") };
    let HtNode::Inner { left: first, right: second, .. } = left.as_ref() else {
        panic!("a pair left")
    };
    assert_eq!([left.rank(), first.rank(), second.rank(), right.rank()], [2, 3, 4, 5]);
}

#[test]
fn one_mode_is_a_tree_too() {
    let mut spec = preset::spec("digits", 1).unwrap();
    (spec.inputs, spec.hidden) = (5, 2);
    (spec.out_modes, spec.in_modes) = (vec![8], vec![7]);
    (spec.tree, spec.ranks) = (String::new(), Ranks::PerNode(vec![]));
    let model = model::new(&spec).unwrap();
    assert_eq!(model.parameters(), 56);
    round_trip(&model, Cores::Inline);
    round_trip(&model, Cores::Safetensors);
}
