//! Checkpoints that are not imported: the message, and nothing written.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_refusals::refused;
use crate::cli_support::Folder;
use crate::import::{fixture, flat, plain};
use expect_test::expect;
use htgen::import;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::tensor::{Dtype, TensorView};
use std::fs;
use tempfile::TempDir;

/// A file of F32 tensors of the given shapes, filled with small numbers.
pub fn save(dir: &Folder, name: &str, tensors: &[(&str, &[usize])]) {
    write(dir, name, tensors, |k| (k % 7) as f32 / 8.0);
}

fn write(dir: &Folder, name: &str, tensors: &[(&str, &[usize])], value: impl Fn(usize) -> f32) {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, shape)| {
            (0..shape.iter().product()).flat_map(|k| value(k).to_le_bytes()).collect()
        })
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape), bytes)| {
        (*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap())
    });
    let file = safetensors::serialize(views, None).unwrap();
    fs::write(dir.path(name), file).unwrap();
}

/// Bytes of a file with this header and `n_data` zeros.
fn with_header(header: &str, n_data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + n_data, 0);
    bytes
}

#[test]
fn files_that_are_no_checkpoints() {
    let dir = Folder::new();
    fs::write(dir.path("text.safetensors"), "weights, many of them\n").unwrap();
    fs::write(dir.path("short.safetensors"), [9, 0, 0]).unwrap();
    fs::write(dir.path("empty.safetensors"), with_header("{}", 0)).unwrap();
    let huge = r#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#;
    fs::write(dir.path("huge.safetensors"), with_header(huge, 0)).unwrap();
    let behind = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,0]}}"#;
    fs::write(dir.path("behind.safetensors"), with_header(behind, 4)).unwrap();
    // An empty zip archive, like the beginning of a container for other things.
    let mut zip = b"PK\x05\x06".to_vec();
    zip.resize(22, 0);
    fs::write(dir.path("model.pt"), &zip).unwrap();
    fs::write(dir.path("broken.npz"), b"PK\x03\x04 and no more").unwrap();
    refused(
        &dir,
        &[
            "import nowhere.safetensors -o m.json",
            "import text.safetensors -o m.json",
            "import short.safetensors -o m.json",
            "import empty.safetensors -o m.json",
            "import huge.safetensors -o m.json",
            "import behind.safetensors -o m.json",
            "import model.pt -o m.json",
            "import broken.npz -o m.json",
        ],
        expect![[r#"
            $ htgen import nowhere.safetensors -o m.json
            error: nowhere.safetensors: cannot be read (No such file or directory (os error 2)); check the path
            $ htgen import text.safetensors -o m.json
            error: text.safetensors: not a whole safetensors file (the header ends too early): expected a safetensors or npz file; docs/import.md says how to write one from PyTorch or Keras
            $ htgen import short.safetensors -o m.json
            error: short.safetensors: not a whole safetensors file (shorter than its header length): expected a safetensors or npz file; docs/import.md says how to write one from PyTorch or Keras
            $ htgen import empty.safetensors -o m.json
            error: empty.safetensors: the keys match no known convention: found no tensor, expected pytorch (weight_ih_l0 and weight_hh_l0, or weight_ih and weight_hh); tednet (weight_ih.node0 or weight_ih.core_block0, and weight_hh); tensorized-rnn (cell0.input_weights and cell0.hidden_weights); keras (kernel, recurrent_kernel and bias); tt-rnn (a flat kernel and recurrent_kernel); cores (leaf.0, cores.0 or blocks.0.core, and bias); name one with --from to see what it misses; docs/import.md describes them
            $ htgen import huge.safetensors -o m.json
            error: huge.safetensors: not a whole safetensors file (overflow computing buffer size from shape and/or element type): expected a safetensors or npz file; docs/import.md says how to write one from PyTorch or Keras
            $ htgen import behind.safetensors -o m.json
            error: behind.safetensors: not a whole safetensors file (invalid offset for tensor `a`): expected a safetensors or npz file; docs/import.md says how to write one from PyTorch or Keras
            $ htgen import model.pt -o m.json
            error: model.pt: by its name a torch.save file, which htgen does not read; load it in PyTorch and write its state_dict() with safetensors.torch.save_file; docs/import.md shows how
            $ htgen import broken.npz -o m.json
            error: broken.npz: not a whole npz file (invalid Zip archive: Could not find EOCD): expected arrays written by numpy.savez or savez_compressed; was it copied whole?
        "#]],
    );
}

#[test]
fn keys_that_fit_nothing_or_too_much() {
    let dir = Folder::new();
    save(&dir, "conv.safetensors", &[("conv.weight", &[2, 2]), ("conv.\u{1b}[31mbias", &[2])]);
    let pair: [(&str, &[usize]); 4] = [
        ("a.weight_ih_l0", &[8, 3]),
        ("a.weight_hh_l0", &[8, 2]),
        ("b.weight_ih_l0", &[8, 3]),
        ("b.weight_hh_l0", &[8, 2]),
    ];
    save(&dir, "two.safetensors", &pair);
    save(
        &dir,
        "cp.safetensors",
        &[("weight_ih.node0", &[2, 2]), ("weight_ih.node_core", &[2, 2]), ("weight_hh", &[8, 2])],
    );
    refused(
        &dir,
        &[
            "import conv.safetensors -o m.json",
            "import conv.safetensors --from tednet -o m.json",
            "import conv.safetensors --from keras -o m.json",
            "import two.safetensors -o m.json",
            "import two.safetensors --prefix c. -o m.json",
            "import two.safetensors --prefix c. --from pytorch -o m.json",
            "import two.safetensors --prefix a. --head fc -o m.json",
            "import two.safetensors --prefix a. --rank 3 -o m.json",
            "import two.safetensors --prefix a. --gate-rows interleaved -o m.json",
            "import two.safetensors --prefix a. --shift 99 -o m.json",
            "import cp.safetensors -o m.json",
        ],
        expect![[r#"
            $ htgen import conv.safetensors -o m.json
            error: conv.safetensors: the keys match no known convention: found conv.\u{1b}[31mbias, conv.weight, expected pytorch (weight_ih_l0 and weight_hh_l0, or weight_ih and weight_hh); tednet (weight_ih.node0 or weight_ih.core_block0, and weight_hh); tensorized-rnn (cell0.input_weights and cell0.hidden_weights); keras (kernel, recurrent_kernel and bias); tt-rnn (a flat kernel and recurrent_kernel); cores (leaf.0, cores.0 or blocks.0.core, and bias); name one with --from to see what it misses; docs/import.md describes them
            $ htgen import conv.safetensors --from tednet -o m.json
            error: conv.safetensors: not the keys of tednet: found conv.\u{1b}[31mbias, conv.weight, expected weight_ih.node0 or weight_ih.core_block0, and weight_hh
            $ htgen import conv.safetensors --from keras -o m.json
            error: conv.safetensors: not the keys of keras: found conv.\u{1b}[31mbias, conv.weight, expected kernel, recurrent_kernel and bias
            $ htgen import two.safetensors -o m.json
            error: two.safetensors: more than one layer could be meant: found pytorch at "a.", pytorch at "b."; choose one with --prefix a. or --prefix b., or name several from input to output, as layers one after another
            $ htgen import two.safetensors --prefix c. -o m.json
            error: two.safetensors: --prefix c.: no layer has keys with this prefix: expected --prefix a., --prefix b.
            $ htgen import two.safetensors --prefix c. --from pytorch -o m.json
            error: two.safetensors: --prefix c.: no layer has keys with this prefix: expected --prefix a., --prefix b.
            $ htgen import two.safetensors --prefix a. --head fc -o m.json
            error: two.safetensors: fc.weight: no such tensor: expected one of a.weight_hh_l0, a.weight_ih_l0, b.weight_hh_l0, b.weight_ih_l0
            $ htgen import two.safetensors --prefix a. --rank 3 -o m.json
            error: two.safetensors: --rank does not apply here; the keys of pytorch and their shapes determine it; leave it out
            $ htgen import two.safetensors --prefix a. --gate-rows interleaved -o m.json
            error: two.safetensors: --gate-rows does not apply here; the keys of pytorch and their shapes determine it; leave it out
            $ htgen import two.safetensors --prefix a. --shift 99 -o m.json
            error: input.shift: out of range: found 99, expected -32 to 32
            $ htgen import cp.safetensors -o m.json
            error: cp.safetensors: weight_ih.node0: Tucker-2 or CP factors of tednet: expected a tensor train, a tensor ring or a block term
        "#]],
    );
    // The other prefix is a model; everything that does not belong to it is reported.
    let report = dir.json("import two.safetensors --prefix b. -o m.json");
    assert_eq!(report["unused"], serde_json::json!(["a.weight_hh_l0", "a.weight_ih_l0"]));
}

#[test]
fn pytorch() {
    let dir = Folder::new();
    let lstm: Vec<(&str, &[usize])> = vec![("weight_ih_l0", &[8, 3]), ("weight_hh_l0", &[8, 2])];
    let with =
        |name: &str, more: &[(&str, &[usize])]| save(&dir, name, &[&lstm[..], more].concat());
    save(&dir, "lonely.safetensors", &lstm[..1]);
    save(&dir, "rnn.safetensors", &[("weight_ih_l0", &[2, 3]), ("weight_hh_l0", &[2, 2])]);
    save(&dir, "rows.safetensors", &[("weight_ih_l0", &[12, 3]), ("weight_hh_l0", &[8, 2])]);
    save(&dir, "axes.safetensors", &[("weight_ih_l0", &[8, 3, 1]), ("weight_hh_l0", &[8, 2])]);
    save(&dir, "hollow.safetensors", &[("weight_ih_l0", &[8, 0]), ("weight_hh_l0", &[8, 2])]);
    with("both_ways.safetensors", &[("weight_ih_l0_reverse", &[8, 3])]);
    with("projected.safetensors", &[("weight_hr_l0", &[1, 2])]);
    with("bias.safetensors", &[("bias_ih_l0", &[6])]);
    with("second.safetensors", &[("weight_ih_l1", &[8, 3]), ("weight_hh_l1", &[8, 2])]);
    with("gap.safetensors", &[("weight_ih_l2", &[8, 2]), ("weight_hh_l2", &[8, 2])]);
    save(&dir, "upper.safetensors", &[("weight_ih_l1", &[8, 2]), ("weight_hh_l1", &[8, 2])]);
    with("head.safetensors", &[("fc.weight", &[3, 4])]);
    let nan = |k: usize| if k == 5 { f32::NAN } else { 0.0 };
    write(&dir, "nan.safetensors", &lstm, nan);
    write(&dir, "large.safetensors", &lstm, |k| if k == 5 { 1e30 } else { 0.0 });
    let of = |end| vec![0u8; end];
    let ints = TensorView::new(Dtype::I32, vec![8, 3], &[0; 96]).unwrap();
    let other = of(64);
    let floats = TensorView::new(Dtype::F32, vec![8, 2], &other).unwrap();
    let file = safetensors::serialize([("weight_ih_l0", ints), ("weight_hh_l0", floats)], None);
    fs::write(dir.path("ints.safetensors"), file.unwrap()).unwrap();
    let files = [
        "lonely",
        "rnn",
        "rows",
        "axes",
        "hollow",
        "both_ways",
        "projected",
        "bias",
        "second",
        "gap",
        "upper",
        "nan",
        "large",
        "ints",
    ];
    let lines: Vec<String> =
        files.iter().map(|name| format!("import {name}.safetensors -o m.json")).collect();
    let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    lines.push("import head.safetensors --head fc -o m.json");
    refused(
        &dir,
        &lines,
        expect![[r#"
            $ htgen import lonely.safetensors -o m.json
            error: lonely.safetensors: weight_hh_l0: no such tensor: expected one of weight_ih_l0
            $ htgen import rnn.safetensors -o m.json
            error: rnn.safetensors: weight_hh_l0: neither an LSTM nor a GRU: found 2 x 2, expected 4H x H or 3H x H
            $ htgen import rows.safetensors -o m.json
            error: rows.safetensors: weight_ih_l0: wrong shape: found 12 x 3, expected 8 rows, those of weight_hh
            $ htgen import axes.safetensors -o m.json
            error: axes.safetensors: weight_ih_l0: wrong number of axes: found 8 x 3 x 1, expected 2 axes: gates x H, N
            $ htgen import hollow.safetensors -o m.json
            error: hollow.safetensors: weight_ih_l0: an empty tensor: found 8 x 0
            $ htgen import both_ways.safetensors -o m.json
            error: both_ways.safetensors: weight_ih_l0_reverse: a bidirectional layer, which the hardware does not have: expected layers in one direction, h of as many elements as c
            $ htgen import projected.safetensors -o m.json
            error: projected.safetensors: weight_hr_l0: a layer with a projection of h, which the hardware does not have: expected layers in one direction, h of as many elements as c
            $ htgen import bias.safetensors -o m.json
            error: bias.safetensors: bias_ih_l0: wrong shape: found 6, expected 8
            $ htgen import second.safetensors -o m.json
            error: second.safetensors: weight_ih_l1: does not fit the layer below: found 3 inputs, expected 2, its hidden units
            $ htgen import gap.safetensors -o m.json
            error: gap.safetensors: weight_ih_l1: a layer is missing: found layers 0, 2, expected every layer from 0 on
            $ htgen import upper.safetensors -o m.json
            error: upper.safetensors: weight_ih_l0: a layer is missing: found layers 1, expected every layer from 0 on
            $ htgen import nan.safetensors -o m.json
            error: nan.safetensors: weight_ih_l0: not finite: found NaN at element 5, expected finite numbers; did the training diverge?
            $ htgen import large.safetensors -o m.json
            error: large.safetensors: layers[0].matrices[0].factors.weight: too large: found 1.0000000150474662e30 at element 5, expected at most 1e15 in magnitude; did the training diverge?
            error: large.safetensors: layers[0].matrices[1].factors.weight: too large: found 1.0000000150474662e30 at element 5, expected at most 1e15 in magnitude; did the training diverge?
            $ htgen import ints.safetensors -o m.json
            error: ints.safetensors: weight_ih_l0: wrong type: found I32, expected F16, BF16, F32 or F64
            $ htgen import head.safetensors --head fc -o m.json
            error: head.safetensors: fc.weight: a head of another layer: found 3 x 4 outputs x hidden, expected 2 hidden units, those of the last layer
        "#]],
    );
}

/// Damaged files are refused or read; nothing panics.
#[test]
fn random_damage() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("damaged.safetensors");
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut n_read = 0;
    for name in ["pytorch_gru", "tednet_tt", "tednet_tr", "tednet_bt", "tensorized_rnn", "tt_rnn"] {
        let whole = fs::read(fixture(&format!("{name}.safetensors"))).unwrap();
        let header = whole.windows(2).position(|w| w == b"}}").unwrap() + 2;
        for _ in 0..150 {
            let mut bytes = whole.clone();
            for _ in 0..rng.random_range(1..4) {
                // Digits replaced by digits: shapes and offsets that still parse.
                let at = rng.random_range(0..header);
                let is_digit = bytes[at].is_ascii_digit();
                bytes[at] = if is_digit { rng.random_range(b'0'..=b'9') } else { rng.random() };
            }
            if rng.random_range(0..4) == 0 {
                bytes.truncate(rng.random_range(0..bytes.len()));
            }
            fs::write(&path, &bytes).unwrap();
            let options = if name == "tt_rnn" { flat() } else { plain() };
            n_read += usize::from(import::import(&path, &options).is_ok());
        }
    }
    assert!((1..900).contains(&n_read), "{n_read} of 900 were read");
}
