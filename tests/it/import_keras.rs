//! Ordinary layers of Keras: the imported model does what plain loops over Keras' own kernels do.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_refusals::refused;
use crate::cli_support::Folder;
use crate::import_support::dense_run;
use expect_test::expect;
use htgen::data::{Array, ArrayData, write_npz};
use htgen::import::{self, Convention, ImportOptions};
use htgen::model::{GateActivation, Model};

const N: usize = 3;
const H: usize = 4;

/// Numbers between -1 and 1, a different sequence for every seed.
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    let value = |k: usize| ((k * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0;
    (0..count).map(value).collect()
}

fn array(shape: &[usize], seed: usize) -> Array {
    Array { shape: shape.to_vec(), data: ArrayData::F32(numbers(shape.iter().product(), seed)) }
}

fn file(dir: &Folder, name: &str, arrays: &[(&str, Array)]) {
    write_npz(&dir.path(name), arrays).unwrap();
}

fn values(shape: &[usize], seed: usize) -> Vec<f64> {
    numbers(shape.iter().product(), seed).into_iter().map(f64::from).collect()
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// z[column] = bias + x . kernel, with the kernel as Keras has it, inputs x units.
fn product(x: &[f64], kernel: &[f64], width: usize) -> Vec<f64> {
    (0..width).map(|k| x.iter().enumerate().map(|(i, x)| x * kernel[i * width + k]).sum()).collect()
}

fn inputs() -> Vec<Vec<f64>> {
    (0..6).map(|t| values(&[N], 90 + t)).collect()
}

/// An LSTM by the formulas of Keras' documentation: gates i, f, c, o.
fn lstm(gate: impl Fn(f64) -> f64) -> Vec<Vec<f64>> {
    let (kernel, recurrent, bias) =
        (values(&[N, 4 * H], 1), values(&[H, 4 * H], 2), values(&[4 * H], 3));
    let (mut h, mut c) = (vec![0.0; H], vec![0.0; H]);
    let step = |x: Vec<f64>| {
        let (of_x, of_h) = (product(&x, &kernel, 4 * H), product(&h, &recurrent, 4 * H));
        let z = |block: usize, k: usize| {
            of_x[block * H + k] + of_h[block * H + k] + bias[block * H + k]
        };
        for (k, c) in c.iter_mut().enumerate() {
            *c = gate(z(1, k)) * *c + gate(z(0, k)) * z(2, k).tanh();
        }
        h = (0..H).map(|k| gate(z(3, k)) * c[k].tanh()).collect();
        h.clone()
    };
    inputs().into_iter().map(step).collect()
}

/// A GRU with reset_after: gates z, r, h, and h = z h + (1 - z) candidate.
fn gru() -> Vec<Vec<f64>> {
    let (kernel, recurrent, bias) =
        (values(&[N, 3 * H], 1), values(&[H, 3 * H], 2), values(&[2, 3 * H], 3));
    let mut h = vec![0.0; H];
    let step = |x: Vec<f64>| {
        let (of_x, of_h) = (product(&x, &kernel, 3 * H), product(&h, &recurrent, 3 * H));
        let a = |block: usize, k: usize| of_x[block * H + k] + bias[block * H + k];
        let u = |block: usize, k: usize| of_h[block * H + k] + bias[3 * H + block * H + k];
        h = (0..H)
            .map(|k| {
                let (z, r) = (sigmoid(a(0, k) + u(0, k)), sigmoid(a(1, k) + u(1, k)));
                z * h[k] + (1.0 - z) * (a(2, k) + r * u(2, k)).tanh()
            })
            .collect();
        h.clone()
    };
    inputs().into_iter().map(step).collect()
}

#[track_caller]
fn agrees(model: &Model, expected: &[Vec<f64>]) {
    let found = dense_run(model, &inputs());
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        assert!((found - expected).abs() < 1e-12, "{found} not {expected}");
    }
}

#[test]
fn an_lstm() {
    let dir = Folder::new();
    // Names of tf.keras, of Keras 3 by path, and of a layer's own weights.
    for [kernel, recurrent, bias, prefix] in [
        [
            "lstm.lstm_cell.kernel:0",
            "lstm.lstm_cell.recurrent_kernel:0",
            "lstm.lstm_cell.bias:0",
            "lstm.lstm_cell.",
        ],
        [
            "lstm/lstm_cell/kernel",
            "lstm/lstm_cell/recurrent_kernel",
            "lstm/lstm_cell/bias",
            "lstm/lstm_cell/",
        ],
        ["kernel", "recurrent_kernel", "bias", ""],
    ] {
        let arrays = [
            (kernel, array(&[N, 4 * H], 1)),
            (recurrent, array(&[H, 4 * H], 2)),
            (bias, array(&[4 * H], 3)),
            ("dense/kernel:0", array(&[H, 5], 4)),
            ("dense/bias:0", array(&[5], 5)),
        ];
        file(&dir, "m.npz", &arrays);
        let read = |options: &ImportOptions| import::import(&dir.path("m.npz"), options).unwrap();
        let imported = read(&ImportOptions::named("m"));
        assert_eq!(
            (imported.convention, imported.prefixes[0].as_str()),
            (Convention::Keras, prefix)
        );
        assert_eq!((imported.head.as_deref(), imported.unused.len()), (Some("dense"), 0));
        agrees(&imported.model, &lstm(sigmoid));
        let gates = Some(GateActivation::HardSigmoid);
        let hard = read(&ImportOptions { gates, ..ImportOptions::named("m") });
        agrees(&hard.model, &lstm(|z| (0.2 * z + 0.5).clamp(0.0, 1.0)));
        let head = imported.model.head.clone().unwrap();
        let kernel = values(&[H, 5], 4);
        let transposed: Vec<f64> = (0..5)
            .flat_map(|o| (0..H).map(move |k| (k, o)))
            .map(|(k, o)| kernel[k * 5 + o])
            .collect();
        assert_eq!((head.weight, head.bias), (transposed, values(&[5], 5)));
    }
}

#[test]
fn a_gru_with_reset_after() {
    let dir = Folder::new();
    let arrays = [
        ("gru/kernel", array(&[N, 3 * H], 1)),
        ("gru/recurrent_kernel", array(&[H, 3 * H], 2)),
        ("gru/bias", array(&[2, 3 * H], 3)),
    ];
    file(&dir, "m.npz", &arrays);
    agrees(&import::import(&dir.path("m.npz"), &ImportOptions::named("m")).unwrap().model, &gru());
}

#[test]
fn what_is_refused() {
    let dir = Folder::new();
    let layer = |gates: usize, bias: Option<&[usize]>, more: Option<(&'static str, usize)>| {
        let mut arrays = vec![
            ("l/kernel", array(&[N, gates * H], 1)),
            ("l/recurrent_kernel", array(&[H, gates * H], 2)),
        ];
        arrays.extend(bias.map(|shape| ("l/bias", array(shape, 3))));
        arrays.extend(more.map(|(name, count)| (name, array(&[count], 4))));
        arrays
    };
    file(&dir, "before.npz", &layer(3, Some(&[3 * H]), None));
    file(&dir, "unsaid.npz", &layer(3, None, None));
    file(&dir, "cudnn.npz", &layer(4, Some(&[8 * H]), None));
    file(&dir, "simple.npz", &layer(1, Some(&[H]), None));
    file(&dir, "norm.npz", &layer(4, Some(&[4 * H]), Some(("l/kernel_norm/gamma", 4 * H))));
    file(&dir, "peep.npz", &layer(4, Some(&[4 * H]), Some(("l/input_gate_peephole_weights:0", H))));
    let both = |direction: &str, seed| {
        ["kernel", "recurrent_kernel"].map(|key| {
            let shape = if key == "kernel" { [N, 4 * H] } else { [H, 4 * H] };
            (format!("b/{direction}_lstm/lstm_cell/{key}"), array(&shape, seed))
        })
    };
    let all: Vec<(String, Array)> =
        both("forward", 1).into_iter().chain(both("backward", 2)).collect();
    let all: Vec<(&str, Array)> =
        all.iter().map(|(name, array)| (name.as_str(), array.clone())).collect();
    file(&dir, "both.npz", &all);
    refused(
        &dir,
        &[
            "import before.npz -o m.json",
            "import unsaid.npz -o m.json",
            "import cudnn.npz -o m.json",
            "import simple.npz -o m.json",
            "import norm.npz -o m.json",
            "import peep.npz -o m.json",
            "import both.npz -o m.json",
            "import both.npz --prefix b/forward_lstm/lstm_cell -o m.json",
            "import cudnn.npz --from tt-rnn --in-modes 3 --out-modes 4 --rank 1 -o m.json",
            "import cudnn.npz --rank 2 -o m.json",
        ],
        expect![[r#"
            $ htgen import before.npz -o m.json
            error: before.npz: l/bias: the bias of a GRU with reset_after=False, which is not a GRU that htgen supports: found 12, expected 2 x 12; it multiplies by r before the hidden product; train with reset_after=True
            $ htgen import unsaid.npz -o m.json
            error: unsaid.npz: l/bias: missing, so it is unclear where r multiplies: expected 2 x 12, as reset_after=True has it; if the layer has reset_after=True and no bias, store zeros of that shape
            $ htgen import cudnn.npz -o m.json
            error: cudnn.npz: l/bias: the bias of a CuDNNLSTM, whose kernels have axes of their own: found 32, expected 16; load its weights into a keras.layers.LSTM and save those
            $ htgen import simple.npz -o m.json
            error: simple.npz: l/recurrent_kernel: neither an LSTM nor a GRU: found 4 x 4, expected H x 4H or H x 3H
            $ htgen import norm.npz -o m.json
            error: norm.npz: l/kernel_norm/gamma: belongs to a layer and is not used; a norm within or after a layer is not supported; --ignore l/kernel_norm/gamma leaves it out anyway
            $ htgen import peep.npz -o m.json
            error: peep.npz: l/input_gate_peephole_weights:0: belongs to a layer and is not used; peepholes are not supported; --ignore l/input_gate_peephole_weights:0 leaves it out anyway
            $ htgen import both.npz -o m.json
            error: both.npz: more than one layer could be meant: found keras at "b/backward_lstm/lstm_cell/", keras at "b/forward_lstm/lstm_cell/"; choose one with --prefix b/backward_lstm/lstm_cell/ or --prefix b/forward_lstm/lstm_cell/, or name several from input to output, as layers one after another
            $ htgen import both.npz --prefix b/forward_lstm/lstm_cell -o m.json
            error: both.npz: b/backward_lstm/lstm_cell/kernel: belongs to a layer and is not used, nor are others: found b/backward_lstm/lstm_cell/kernel, b/backward_lstm/lstm_cell/recurrent_kernel; a model has layers in one direction only; --ignore b/backward_lstm/lstm_cell/kernel leaves it out anyway
            $ htgen import cudnn.npz --from tt-rnn --in-modes 3 --out-modes 4 --rank 1 -o m.json
            error: cudnn.npz: l/kernel: wrong number of axes: found 3 x 16, expected 1 axes: all cores of the train, flat
            $ htgen import cudnn.npz --rank 2 -o m.json
            error: cudnn.npz: --rank does not apply here; the keys of keras and their shapes determine it; leave it out
        "#]],
    );
}
