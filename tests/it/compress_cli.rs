//! `htgen compress`: dense checkpoints in PyTorch's names, what is refused, the command end to end.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use expect_test::expect;
use htgen::import::{Head, ImportOptions, Imported, import};
use htgen::model::{Cell, Columns, Factors};
use safetensors::tensor::{Dtype, TensorView};
use std::fs;

/// A tensor of the file: name, shape, first value; the others follow in steps of 1/8.
type Named<'a> = (&'a str, &'a [usize], f32);

fn checkpoint(dir: &Folder, name: &str, tensors: &[Named<'_>]) {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, shape, first)| {
            let count = shape.iter().product::<usize>() as u32;
            (0..count).flat_map(|k| (first + (k % 7) as f32 / 8.0).to_le_bytes()).collect()
        })
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        (*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap())
    });
    fs::write(dir.path(name), safetensors::serialize(views, None).unwrap()).unwrap();
}

const LSTM: [Named<'static>; 6] = [
    ("net.lstm.weight_ih_l0", &[8, 3], 0.5),
    ("net.lstm.weight_hh_l0", &[8, 2], -0.25),
    ("net.lstm.bias_ih_l0", &[8], 1.0),
    ("net.lstm.bias_hh_l0", &[8], -0.5),
    ("net.fc.weight", &[4, 2], 0.0),
    ("net.fc.bias", &[4], -1.0),
];

/// What `compress` makes of a checkpoint: it reads what `import` reads.
fn read(dir: &Folder, prefix: Option<&str>, head: &Head) -> htgen::error::Result<Imported> {
    let prefixes = prefix.into_iter().map(str::to_owned).collect();
    let options = ImportOptions { prefixes, head: head.clone(), ..ImportOptions::named("d") };
    import(&dir.path("d.safetensors"), &options)
}

#[test]
fn an_lstm_with_a_head_is_read() {
    let dir = Folder::new();
    checkpoint(&dir, "d.safetensors", &LSTM);
    let Imported { model, unused, head, .. } = read(&dir, None, &Head::Found).unwrap();
    assert_eq!((unused.len(), head.as_deref()), (0, Some("net.fc")));
    let [layer] = &model.layers[..] else { panic!("one layer") };
    assert_eq!((layer.cell, layer.inputs, layer.hidden), (Cell::Lstm, 3, 2));
    let eighths = |first: f64, count: u32| -> Vec<f64> {
        (0..count).map(|k| first + f64::from(k % 7) / 8.0).collect()
    };
    assert_eq!(layer.matrices[0].factors, Factors::Dense(eighths(0.5, 24)));
    assert_eq!(layer.matrices[1].factors, Factors::Dense(eighths(-0.25, 16)));
    let columns = layer.matrices.iter().map(|matrix| matrix.columns).collect::<Vec<_>>();
    assert_eq!(columns, [Columns::Input, Columns::Hidden]);
    let sum: Vec<f64> = eighths(1.0, 8).iter().zip(eighths(-0.5, 8)).map(|(a, b)| a + b).collect();
    assert_eq!(layer.bias, sum);
    let head = model.head.clone().unwrap();
    assert_eq!((head.outputs, head.weight, head.bias), (4, eighths(0.0, 8), eighths(-1.0, 4)));
}

#[test]
fn a_gru_of_two_layers_keeps_the_bias_of_its_candidate_apart() {
    let dir = Folder::new();
    let tensors: [Named<'_>; 8] = [
        ("weight_ih_l0", &[6, 5], 0.5),
        ("weight_hh_l0", &[6, 2], 0.25),
        ("bias_ih_l0", &[6], 1.0),
        ("bias_hh_l0", &[6], 10.0),
        ("weight_ih_l1", &[6, 2], 0.125),
        ("weight_hh_l1", &[6, 2], 0.0),
        ("conv.other", &[2, 2, 2], 0.0),
        ("conv.more", &[3], 0.0),
    ];
    checkpoint(&dir, "d.safetensors", &tensors);
    let Imported { model, unused, .. } = read(&dir, None, &Head::Found).unwrap();
    assert_eq!(unused, ["conv.more", "conv.other"]);
    assert!(model.head.is_none());
    let [first, second] = &model.layers[..] else { panic!("two layers") };
    assert_eq!((first.cell, first.inputs, second.inputs), (Cell::Gru, 5, 2));
    assert_eq!(first.bias, [11.0, 11.25, 11.5, 11.75, 1.5, 1.625]);
    assert_eq!(first.candidate_bias, [10.5, 10.625]);
    assert_eq!((&second.bias, &second.candidate_bias), (&vec![0.0; 6], &vec![0.0; 2]));
}

/// The refusal of a checkpoint.
fn message(tensors: &[Named<'_>], prefix: Option<&str>, head: &Head) -> String {
    let dir = Folder::new();
    checkpoint(&dir, "d.safetensors", tensors);
    let refused = read(&dir, prefix, head).unwrap_err();
    refused.to_string().replace(&dir.0.path().display().to_string(), "DIR")
}

#[test]
fn checkpoints_that_are_refused() {
    let with = |k: usize, tensor: Named<'static>| {
        let mut tensors = LSTM;
        tensors[k] = tensor;
        tensors.to_vec()
    };
    let more = |tensor: Named<'static>| [&LSTM[..], &[tensor]].concat();
    let nan = with(0, ("net.lstm.weight_ih_l0", &[8, 3], f32::NAN));
    let found = Head::Found;
    let all = [
        message(&[("a", &[1], 0.0), ("b", &[2], 0.0)], None, &found),
        message(&[], None, &found),
        message(&more(("gru.weight_ih_l0", &[6, 3], 0.0)), None, &found),
        message(&LSTM, Some("lstm."), &found),
        message(&with(1, ("weight_hh_l0", &[8, 2], 0.0)), None, &found),
        message(&with(1, ("net.lstm.weight_hh_l0", &[6, 2], 0.0)), None, &found),
        message(&with(1, ("net.lstm.weight_hh_l0", &[8, 8], 0.0)), None, &found),
        message(&with(0, ("net.lstm.weight_ih_l0", &[24], 0.0)), None, &found),
        message(&with(2, ("net.lstm.bias_ih_l0", &[6], 0.0)), None, &found),
        message(&more(("net.lstm.weight_ih_l0_reverse", &[8, 3], 0.0)), None, &found),
        message(&more(("net.lstm.weight_hr_l0", &[1, 2], 0.0)), None, &found),
        message(&more(("net.out.weight", &[4, 2], 0.0)), None, &found),
        message(&LSTM, None, &Head::Named("net.no".into())),
        message(&with(4, ("net.fc.weight", &[4, 3], 0.0)), None, &Head::Named("net.fc".into())),
        message(&nan, None, &found),
        message(&more(("net.lstm.weight_ih_l1", &[8, 3], 0.0)), None, &found),
    ];
    expect![[r#"
        DIR/d.safetensors: the keys match no known convention: found a, b, expected pytorch (weight_ih_l0 and weight_hh_l0, or weight_ih and weight_hh); tednet (weight_ih.node0 or weight_ih.core_block0, and weight_hh); tensorized-rnn (cell0.input_weights and cell0.hidden_weights); keras (kernel, recurrent_kernel and bias); tt-rnn (a flat kernel and recurrent_kernel); cores (leaf.0, cores.0 or blocks.0.core, and bias); name one with `from` to see what it misses; docs/import.md describes them
        DIR/d.safetensors: the keys match no known convention: found no tensor, expected pytorch (weight_ih_l0 and weight_hh_l0, or weight_ih and weight_hh); tednet (weight_ih.node0 or weight_ih.core_block0, and weight_hh); tensorized-rnn (cell0.input_weights and cell0.hidden_weights); keras (kernel, recurrent_kernel and bias); tt-rnn (a flat kernel and recurrent_kernel); cores (leaf.0, cores.0 or blocks.0.core, and bias); name one with `from` to see what it misses; docs/import.md describes them
        DIR/d.safetensors: more than one layer could be meant: found pytorch at "gru.", pytorch at "net.lstm."; choose one with `prefix` gru. or `prefix` net.lstm., or name several from input to output, as layers one after another
        DIR/d.safetensors: `prefix` lstm.: no layer has keys with this prefix: expected `prefix` net.lstm.
        DIR/d.safetensors: more than one layer could be meant: found pytorch at the top, pytorch at "net.lstm."; choose one with `prefix` "" or `prefix` net.lstm., or name several from input to output, as layers one after another
        DIR/d.safetensors: net.lstm.weight_ih_l0: wrong shape: found 8 x 3, expected 6 rows, those of weight_hh
        DIR/d.safetensors: net.lstm.weight_hh_l0: neither an LSTM nor a GRU: found 8 x 8, expected 4H x H or 3H x H
        DIR/d.safetensors: net.lstm.weight_ih_l0: wrong number of axes: found 24, expected 2 axes: gates x H, N
        DIR/d.safetensors: net.lstm.bias_ih_l0: wrong shape: found 6, expected 8
        DIR/d.safetensors: net.lstm.weight_ih_l0_reverse: a bidirectional layer, which the hardware does not have: expected layers in one direction, h of as many elements as c
        DIR/d.safetensors: net.lstm.weight_hr_l0: a layer with a projection of h, which the hardware does not have: expected layers in one direction, h of as many elements as c
        DIR/d.safetensors: several linear layers could be the head: found net.fc, net.out; name one with `head`, or take none with `no_head`
        DIR/d.safetensors: net.no.weight: no such tensor: expected one of net.fc.bias, net.fc.weight, net.lstm.bias_hh_l0, net.lstm.bias_ih_l0, net.lstm.weight_hh_l0, net.lstm.weight_ih_l0
        DIR/d.safetensors: net.fc.weight: a head of another layer: found 4 x 3 outputs x hidden, expected 2 hidden units, those of the last layer
        DIR/d.safetensors: net.lstm.weight_ih_l0: not finite: found NaN at element 0, expected finite numbers; did the training diverge?
        DIR/d.safetensors: net.lstm.weight_hh_l1: no such tensor: expected one of net.fc.bias, net.fc.weight, net.lstm.bias_hh_l0, net.lstm.bias_ih_l0, net.lstm.weight_hh_l0, net.lstm.weight_ih_l0, net.lstm.weight_ih_l1"#]].assert_eq(&all.join("\n"));
}

#[cfg(not(feature = "compress"))]
#[test]
fn without_the_feature_the_command_says_how_to_get_it() {
    let dir = Folder::new();
    checkpoint(&dir, "d.safetensors", &LSTM);
    crate::cli_refusals::refused(
        &dir,
        &["compress d.safetensors --tolerance 0.1 -o m.json"],
        expect![[r#"
            $ htgen compress d.safetensors --tolerance 0.1 -o m.json
            error: this htgen was built without `compress`; build it with `cargo build --release --features compress`
        "#]],
    );
}

#[cfg(feature = "compress")]
mod with_singular_values {
    use super::{LSTM, checkpoint};
    use crate::cli_refusals::refused;
    use crate::cli_support::{Folder, keys};
    use expect_test::expect;
    use htgen::data::{Array, ArrayData, write_npz};
    use std::fs;

    #[test]
    fn the_command_end_to_end() {
        let dir = Folder::new();
        checkpoint(&dir, "d.safetensors", &LSTM);
        let bytes = (0..6 * 4 * 3).map(|k| ((k * 37 % 64) as f32 - 32.0) / 16.0).collect();
        let x = Array { shape: vec![6, 4, 3], data: ArrayData::F32(bytes) };
        let y = Array { shape: vec![6], data: ArrayData::I64(vec![0, 1, 2, 3, 0, 1]) };
        write_npz(&dir.path("data.npz"), &[("x", x), ("y", y)]).unwrap();
        let line = "compress d.safetensors --modes 2 --tolerance 0.2 --inputs data.npz \
                    --scree s.svg -o m.json";
        expect![[r#"
            m: 51 parameters for 40 dense ones, 1.3 times as many, in m.json
              error        1.66e-1 of the norm, measured
              layer 0, input-and-hidden: rows 4 x 2, columns 2 x 3, 51 parameters, error 1.66e-1, bound 1.73e-1
                modes             rank    full       error       bound
                0                    3       6     1.73e-1     1.73e-1
                1                    3       6           0           0
              outputs      cosine 0.998531 on average, 0.996465 at worst, largest difference 1.06e-1, over 6 sequences
              decisions    6 of 6 as before
              accuracy     16.67 % (dense 16.67 %)
              balanced     25.00 % (dense 25.00 %)
        "#]].assert_eq(&dir.done(line));
        expect![[r##"
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 728 428" font-family="sans-serif" font-size="12">
            <rect width="728" height="428" fill="white"/>
            <path d="M64.0 24.0H704.0" stroke="#ddd"/><text x="58.0" y="28.0" text-anchor="end">1e-0</text>
            <path d="M64.0 184.0H704.0" stroke="#ddd"/><text x="58.0" y="188.0" text-anchor="end">1e-1</text>
            <path d="M64.0 344.0H704.0" stroke="#ddd"/><text x="58.0" y="348.0" text-anchor="end">1e-2</text>
            <text x="64.0" y="360.0" text-anchor="middle">1</text>
            <text x="311.6" y="360.0" text-anchor="middle">2</text>
            <text x="559.2" y="360.0" text-anchor="middle">4</text>
            <text x="384.0" y="376.0" text-anchor="middle">number of the singular value</text>
            <polyline points="64.0,28.2 311.6,122.1 456.4,154.7 559.2,165.5 638.9,179.6 704.0,245.5" fill="none" stroke="#1f77b4"/>
            <circle cx="456.4" cy="154.7" r="3.5" fill="#1f77b4"/>
            <text x="64.0" y="393.0" fill="#1f77b4">layer 0, 0: rank 3 of 6, error 1.7e-1</text>
            <polyline points="64.0,28.2 311.6,122.1 456.4,154.7" fill="none" stroke="#d62728"/>
            <circle cx="456.4" cy="154.7" r="3.5" fill="#d62728"/>
            <text x="64.0" y="411.0" fill="#d62728">layer 0, 1: rank 3 of 6, error 2.9e-16</text>
            </svg>
        "##]].assert_eq(&fs::read_to_string(dir.path("s.svg")).unwrap());
        let report = dir.json(&line.replace("--tolerance 0.2", "--rank 2 --format tt"));
        assert_eq!(
            keys(&report),
            [
                "decisions",
                "dense_parameters",
                "error",
                "file",
                "matrices",
                "name",
                "parameters",
                "ratio"
            ]
        );
        assert_eq!(report["matrices"][0]["nodes"][0]["rank"], 2);
        assert_eq!(report["decisions"]["sequences"], 6);
        // The result is an ordinary model, and one with dense matrices can be compressed again.
        dir.done("inspect m.json");
        dir.done("new --inputs 9 --hidden 4 --format dense --recurrent dense -o dense.json");
        dir.done(
            "compress dense.json --parameters 120 --modes 2 --recurrent factored -o small.json",
        );
        let small = dir
            .json("compress dense.json --tolerance 1e-9 --modes 2 --recurrent dense -o all.json");
        assert!(small["error"].as_f64().unwrap() <= 1e-9);
    }

    #[test]
    fn command_lines_that_are_refused() {
        let dir = Folder::new();
        let other: super::Named<'_> = ("conv.kernel", &[1, 1, 3], 0.0);
        checkpoint(&dir, "d.safetensors", &LSTM);
        checkpoint(&dir, "o.safetensors", &[&LSTM[..], &[other]].concat());
        dir.tiny();
        fs::write(dir.path("not.safetensors"), "no").unwrap();
        refused(
            &dir,
            &[
                "compress d.safetensors -o m.json",
                "compress d.safetensors --rank 2 --tolerance 0.1 -o m.json",
                "compress d.safetensors --rank 9 --modes 2 -o m.json",
                "compress d.safetensors --tolerance 2 -o m.json",
                "compress d.safetensors --tolerance 0.1 --format tt --tree (0,1) -o m.json",
                "compress d.safetensors --tolerance 0.1 --recurrent dense --hidden-offset 4 \
                 -o m.json",
                "compress d.safetensors --tolerance 0.1 --out-modes 4,2 --in-modes 2,2 -o m.json",
                "compress d.safetensors --tolerance 0.1 --inputs no.npz -o m.json",
                "compress o.safetensors --tolerance 0.1 --ignore conv -o m.json",
                "compress not.safetensors --tolerance 0.1 -o m.json",
                "compress tiny.json --tolerance 0.1 -o m.json",
                "compress tiny.json --tolerance 0.1 --bytes -o m.json",
                "compress no.safetensors --tolerance 0.1 -o m.json",
                "compress d.safetensors --tolerance 0.1 -o no/m.json",
            ],
            expect![[r#"
                $ htgen compress d.safetensors -o m.json
                error: the following required arguments were not provided:
                  <--rank <RANK>|--tolerance <ERROR>|--parameters <COUNT>>
                $ htgen compress d.safetensors --rank 2 --tolerance 0.1 -o m.json
                error: the argument '--rank <RANK>' cannot be used with '--tolerance <ERROR>'
                $ htgen compress d.safetensors --rank 9 --modes 2 -o m.json
                error: layers[0], input-and-hidden: rank of modes 0: above the full rank: found 9, expected 1 to 6
                $ htgen compress d.safetensors --tolerance 2 -o m.json
                error: --tolerance: out of range: found 2, expected above 0 and below 1, the error relative to the norm
                $ htgen compress d.safetensors --tolerance 0.1 --format tt --tree (0,1) -o m.json
                error: --tree: only with --format ht; leave it out
                $ htgen compress d.safetensors --tolerance 0.1 --recurrent dense --hidden-offset 4 -o m.json
                error: --hidden-offset: only with --recurrent shared; leave it out
                $ htgen compress d.safetensors --tolerance 0.1 --out-modes 4,2 --in-modes 2,2 -o m.json
                error: layers[0]: --in-modes: modes have the wrong product: found 2 x 2, expected at least 5, the columns in use
                $ htgen compress d.safetensors --tolerance 0.1 --inputs no.npz -o m.json
                error: no.npz: cannot be read (No such file or directory (os error 2)); check the path
                $ htgen compress o.safetensors --tolerance 0.1 --ignore conv -o m.json
                error: o.safetensors: --ignore conv: no such key: expected one of conv.kernel, net.fc.bias, net.fc.weight, net.lstm.bias_hh_l0, net.lstm.bias_ih_l0, net.lstm.weight_hh_l0, net.lstm.weight_ih_l0; * stands for any characters
                $ htgen compress not.safetensors --tolerance 0.1 -o m.json
                error: not.safetensors: not a whole safetensors file (shorter than its header length): expected a safetensors or npz file; docs/import.md says how to write one from PyTorch or Keras
                $ htgen compress tiny.json --tolerance 0.1 -o m.json
                error: layers[0].matrices[0]: already factored: found hierarchical-tucker, expected dense
                $ htgen compress tiny.json --tolerance 0.1 --bytes -o m.json
                error: --bytes: not for a model file; the file says this itself; leave the option out
                $ htgen compress no.safetensors --tolerance 0.1 -o m.json
                error: no.safetensors: cannot be read (No such file or directory (os error 2)); check the path
                $ htgen compress d.safetensors --tolerance 0.1 -o no/m.json
                error: no/m.json: cannot be written (entity not found); check that the folder exists and can be written to
            "#]],
        );
        let ended = dir.htgen("compress o.safetensors --tolerance 0.1 -o m.json");
        assert_eq!(ended.code, Some(0));
        assert_eq!(ended.messages(), "note: o.safetensors: not used: conv.kernel\n");
    }
}
