//! Which keys an import uses, ignores and refuses to ignore, in every convention; several modules.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_refusals::refused;
use crate::cli_support::Folder;
use crate::import::fixture;
use crate::import_refusals::save;
use crate::import_support::dense_run;
use expect_test::expect;
use htgen::import::{self, ImportOptions, Imported};
use htgen::model::Cell;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use std::fs;

/// A tensor by its name and shape.
type Named = (&'static str, &'static [usize]);

/// An LSTM of 3 inputs and 2 hidden units under `rnn.`, and a linear layer.
const LSTM: [Named; 5] = [
    ("rnn.weight_ih_l0", &[8, 3]),
    ("rnn.weight_hh_l0", &[8, 2]),
    ("rnn.bias_ih_l0", &[8]),
    ("fc.weight", &[4, 2]),
    ("fc.bias", &[4]),
];

fn read(tensors: &[Named], options: &ImportOptions) -> Result<Imported, String> {
    let dir = Folder::new();
    save(&dir, "m.safetensors", tensors);
    import::import(&dir.path("m.safetensors"), options).map_err(|problems| {
        problems.to_string().replace(&format!("{}/", dir.0.path().display()), "")
    })
}

fn with(more: &[Named]) -> Vec<Named> {
    [&LSTM[..], more].concat()
}

#[track_caller]
fn is_refused(tensors: &[Named], key: &str) {
    let message = read(tensors, &ImportOptions::named("m")).expect_err(key);
    assert!(message.starts_with(&format!("m.safetensors: {key}: ")), "{key}: {message}");
    let ignore = vec![key.to_owned()];
    let imported =
        read(tensors, &ImportOptions { ignore, ..ImportOptions::named("m") }).expect(key);
    assert_eq!(imported.ignored, [key]);
}

/// Each belongs to the layer by its module or its name; ignoring it has to be requested.
#[test]
fn keys_of_the_layer_are_not_left_out_in_silence() {
    for key in [
        "rnn.weight_ci",
        "rnn.W_ci",
        "rnn.w_peephole",
        "rnn.peep_i",
        "rnn.ln.weight",
        "rnn.layernorm_i.weight",
        "rnn.norm",
        "rnn.anything",
        "rnn.weight_hh_l0_raw",
        "rnn.weight_ih_l0_g",
        "rnn.weight_hh_l0_mask",
        "rnn.weight_ih",
        "rnn._packed_params",
        "rnn.h0",
        "h0",
        "c_0",
        "weight_hh_l0_raw",
        "rnn_norm.weight",
        "rnn_peephole.weight",
    ] {
        is_refused(&with(&[(key, &[2])]), key);
    }
}

#[test]
fn keys_of_other_modules_are_told() {
    for key in [
        "conv.weight",
        "conv.0.bias",
        "embedding.weight",
        "encoder.norm.running_var",
        "rnn2.scale",
        "step",
    ] {
        let imported = read(&with(&[(key, &[7, 5])]), &ImportOptions::named("m")).expect(key);
        assert_eq!((imported.unused, imported.ignored.len()), (vec![key.to_owned()], 0));
        assert_eq!(imported.head.as_deref(), Some("fc"));
    }
}

/// If everything is in the layer's own module, names decide.
#[test]
fn without_a_prefix_names_decide() {
    let bare: [Named; 2] = [("weight_ih", &[8, 3]), ("weight_hh", &[8, 2])];
    for key in
        ["weight_ci", "extra", "ln_ih.weight", "norm.bias", "peephole.i", "gate_scale.weight"]
    {
        is_refused(&[&bare[..], &[(key, &[2])]].concat(), key);
    }
    for key in ["conv.weight", "pool.scale"] {
        let tensors = [&bare[..], &[(key, &[5, 5])]].concat();
        assert_eq!(read(&tensors, &ImportOptions::named("m")).unwrap().unused, [key]);
    }
}

/// A fixture with one more tensor.
fn grown(name: &str, key: &str) -> Folder {
    let dir = Folder::new();
    let bytes = fs::read(fixture(&format!("{name}.safetensors"))).unwrap();
    let (_, meta) = SafeTensors::read_metadata(&bytes).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let zeros = [0u8; 8];
    let more = (key.to_owned(), TensorView::new(Dtype::F32, vec![2], &zeros).unwrap());
    let all = file.tensors().into_iter().chain([more]);
    let whole = safetensors::serialize(all, meta.metadata().clone()).unwrap();
    fs::write(dir.path("m.safetensors"), whole).unwrap();
    dir
}

#[test]
fn every_convention_refuses_keys_of_its_layers() {
    for (name, keys) in [
        ("pytorch_gru", &["weight_ih_l0_g", "ln.weight"][..]),
        ("tednet_tt", &["cell.weight_ih.node5", "cell.ln.weight", "cell.weight_ci"]),
        ("tednet_tr", &["cell.weight_ih.node9"]),
        ("tednet_bt", &["cell.weight_ih.core_block7", "cell.weight_ih.factor0_block7"]),
        (
            "tensorized_rnn",
            &["cell3.bias", "cell0.input_weights.parameters.7", "cell0.norm.weight"],
        ),
        ("from_pytorch", &["leaf.9", "peephole", "transfer.5-6", "layernorm.weight"]),
    ] {
        for key in keys {
            let prefixed = match name {
                "pytorch_gru" => {
                    let first = import::import(
                        &fixture("pytorch_gru.safetensors"),
                        &ImportOptions::named("m"),
                    );
                    format!("{}{key}", first.unwrap().prefixes[0])
                }
                _ => (*key).to_owned(),
            };
            let dir = grown(name, &prefixed);
            let read =
                |options: &ImportOptions| import::import(&dir.path("m.safetensors"), options);
            let message = read(&ImportOptions::named("m")).expect_err(&prefixed).to_string();
            assert!(
                message.contains(&format!("m.safetensors: {prefixed}: belongs to")),
                "{message}"
            );
            let ignore = vec![prefixed.clone()];
            let imported =
                read(&ImportOptions { ignore, ..ImportOptions::named("m") }).expect(name);
            assert_eq!(imported.ignored, [prefixed]);
        }
    }
}

/// A second bias without the first counts as one.
#[test]
fn one_bias_of_two_is_taken() {
    let only =
        |key| read(&[LSTM[0], LSTM[1], (key, &[8])], &ImportOptions::named("m")).unwrap().model;
    let (first, second) = (only("rnn.bias_ih_l0"), only("rnn.bias_hh_l0"));
    assert_eq!(first, second);
    assert!(first.layers[0].bias.iter().any(|value| *value != 0.0));
}

#[test]
fn what_is_refused_says_why() {
    let dir = Folder::new();
    save(&dir, "peep.safetensors", &with(&[("rnn.weight_ci", &[2]), ("rnn.weight_cf", &[2])]));
    let drop: [Named; 4] = [
        ("rnn.module.weight_ih_l0", &[8, 3]),
        ("rnn.module.weight_hh_l0", &[8, 2]),
        ("rnn.weight_hh_l0_raw", &[8, 2]),
        ("rnn.module.bias_ih_l0", &[8]),
    ];
    save(&dir, "drop.safetensors", &drop);
    let bare: [Named; 2] = [("weight_ih_l0", &[8, 3]), ("weight_hh_l0_g", &[8, 1])];
    save(&dir, "norm.safetensors", &[&bare[..], &[("weight_hh_l0_v", &[8, 2])]].concat());
    let parametrized: [Named; 3] = [
        ("r.weight_ih_l0", &[8, 3]),
        ("r.parametrizations.weight_hh_l0.original0", &[8, 1]),
        ("r.parametrizations.weight_hh_l0.original1", &[8, 2]),
    ];
    save(&dir, "parametrized.safetensors", &parametrized);
    let pruned: [Named; 3] =
        [("weight_ih_l0", &[8, 3]), ("weight_hh_l0_orig", &[8, 2]), ("weight_hh_l0_mask", &[8, 2])];
    save(&dir, "pruned.safetensors", &pruned);
    save(&dir, "mlp.safetensors", &with(&[("out.weight", &[3, 4])]));
    save(&dir, "between.safetensors", &with(&[("norm.weight", &[2]), ("norm.bias", &[2])]));
    let split: [Named; 4] = [
        ("rnn.weight_ih_l0", &[8, 3]),
        ("rnn.weight_hh_l0", &[8, 2]),
        ("fc.weight_g", &[4, 1]),
        ("fc.weight_v", &[4, 2]),
    ];
    save(&dir, "split.safetensors", &split);
    refused(
        &dir,
        &[
            "import peep.safetensors -o m.json",
            "import peep.safetensors --ignore rnn.weight_c -o m.json",
            "import drop.safetensors -o m.json",
            "import norm.safetensors -o m.json",
            "import parametrized.safetensors -o m.json",
            "import pruned.safetensors -o m.json",
            "import mlp.safetensors -o m.json",
            "import between.safetensors -o m.json",
            "import split.safetensors -o m.json",
        ],
        expect![[r#"
            $ htgen import peep.safetensors -o m.json
            error: peep.safetensors: rnn.weight_cf: belongs to a layer and is not used, nor are others: found rnn.weight_cf, rnn.weight_ci; peepholes are not supported; --ignore rnn.weight_cf leaves it out anyway
            $ htgen import peep.safetensors --ignore rnn.weight_c -o m.json
            error: peep.safetensors: --ignore rnn.weight_c: no such key: expected one of fc.bias, fc.weight, rnn.bias_ih_l0, rnn.weight_cf, rnn.weight_ci, rnn.weight_hh_l0, rnn.weight_ih_l0; * stands for any characters
            $ htgen import drop.safetensors -o m.json
            error: drop.safetensors: rnn.weight_hh_l0_raw: belongs to a layer and is not used; under weight drop this is the matrix and the other a copy with a part dropped; save this one under the name without _raw; --ignore rnn.weight_hh_l0_raw leaves it out anyway
            $ htgen import norm.safetensors -o m.json
            error: norm.safetensors: weight_hh_l0_g: a part of a weight under weight norm: expected weight_hh_l0 itself; call torch.nn.utils.remove_weight_norm(module, "weight_hh_l0") first, then save
            $ htgen import parametrized.safetensors -o m.json
            error: parametrized.safetensors: r.parametrizations.weight_hh_l0.original0: a part of a parametrized weight: expected weight_hh_l0 itself; call torch.nn.utils.parametrize.remove_parametrizations(module, "weight_hh_l0") first, then save
            $ htgen import pruned.safetensors -o m.json
            error: pruned.safetensors: weight_hh_l0_mask: a part of a pruned weight or of one under spectral norm: expected weight_hh_l0 itself; call torch.nn.utils.prune.remove or torch.nn.utils.remove_spectral_norm(module, "weight_hh_l0") first, then save
            $ htgen import mlp.safetensors -o m.json
            error: mlp.safetensors: the head may be more than one linear layer: found fc, out; name one with --head, or take none with --no-head
            $ htgen import between.safetensors -o m.json
            error: between.safetensors: something may lie between the layers and the head: found norm.weight and fc; if this is the head, name it with --head, or take none with --no-head
            $ htgen import split.safetensors -o m.json
            error: split.safetensors: fc.weight_v: a part of a linear layer that may be the head: expected its weight as a whole; remove weight norm, spectral norm, pruning or parametrization before saving, or take no head with --no-head
        "#]],
    );
    let report = dir.json("import peep.safetensors --ignore rnn.weight_c* -o m.json");
    assert_eq!(report["ignored"], serde_json::json!(["rnn.weight_cf", "rnn.weight_ci"]));
}

const CELLS: [Named; 5] = [
    ("cells.0.weight_ih", &[8, 4]),
    ("cells.0.weight_hh", &[8, 2]),
    ("cells.1.weight_ih", &[12, 2]),
    ("cells.1.weight_hh", &[12, 3]),
    ("cells.1.bias_hh", &[12]),
];

#[test]
fn several_modules_are_layers_one_after_the_other() {
    let dir = Folder::new();
    save(&dir, "two.safetensors", &CELLS);
    let named = |prefixes: [&str; 2]| ImportOptions {
        prefixes: prefixes.map(str::to_owned).to_vec(),
        ..ImportOptions::named("m")
    };
    let path = dir.path("two.safetensors");
    let imported = import::import(&path, &named(["cells.0.", "cells.1"])).unwrap();
    let [first, second] = &imported.model.layers[..] else { panic!("two layers") };
    assert_eq!((first.inputs, first.hidden, second.inputs, second.hidden), (4, 2, 2, 3));
    assert_eq!((first.cell, imported.unused.len()), (Cell::Lstm, 0));
    // The second does the same with the outputs of the first as it does by itself with such inputs.
    let one = |prefix: &str| {
        let prefixes = vec![prefix.to_owned()];
        import::import(&path, &ImportOptions { prefixes, ..ImportOptions::named("m") })
            .unwrap()
            .model
    };
    let x: Vec<Vec<f64>> = (0..5).map(|t| (0..4).map(|k| f64::from(t - k)).collect()).collect();
    let expected = dense_run(&one("cells.1"), &dense_run(&one("cells.0"), &x));
    assert_eq!(dense_run(&imported.model, &x), expected);
    refused(
        &dir,
        &[
            "import two.safetensors -o m.json",
            "import two.safetensors --prefix cells.1 --prefix cells.0 -o m.json",
            "import two.safetensors --prefix cells.0 --prefix cells.0. -o m.json",
            "import two.safetensors --prefix cells -o m.json",
        ],
        expect![[r#"
            $ htgen import two.safetensors -o m.json
            error: two.safetensors: more than one layer could be meant: found pytorch at "cells.0.", pytorch at "cells.1."; choose one with --prefix cells.0. or --prefix cells.1., or name several from input to output, as layers one after another
            $ htgen import two.safetensors --prefix cells.1 --prefix cells.0 -o m.json
            error: two.safetensors: the layer at "cells.0.": does not fit the layer before it: found 4 inputs, expected 3, its hidden units; name the modules from input to output
            $ htgen import two.safetensors --prefix cells.0 --prefix cells.0. -o m.json
            error: two.safetensors: --prefix cells.0.: named twice
            $ htgen import two.safetensors --prefix cells -o m.json
            error: two.safetensors: --prefix cells: no layer has keys with this prefix: expected --prefix cells.0., --prefix cells.1.
        "#]],
    );
}
