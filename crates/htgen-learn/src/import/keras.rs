//! LSTM and GRU layers of Keras: `kernel` (N, gates H), `recurrent_kernel` (H, gates H) and `bias`;
//! gates i, f, c, o for an LSTM, z, r, h for a GRU, whose bias has a row for x and one for h.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::ImportOptions;
use super::dense::{lstm, matrix, sum, transposed};
use super::prefixes::before;
use crate::checkpoint::{Checkpoint, Part, escaped};
use crate::error::{Diagnostic, ErrorKind};
use crate::model::{Cell, Columns, Core, Layer, shape_text};

/// Suffixes of the names of variables: as in a saved file, or with the number of the output.
const ENDS: [&str; 2] = ["", ":0"];

pub(super) fn prefixes(names: &[String]) -> Vec<&str> {
    let keys = ["recurrent_kernel", "recurrent_kernel:0"];
    keys.iter().flat_map(|key| before(names, key)).collect()
}

/// The name of a variable as the file spells it.
pub(super) fn name(checkpoint: &Checkpoint<'_>, prefix: &str, key: &str) -> String {
    let names = ENDS.map(|end| format!("{prefix}{key}{end}"));
    let found = names.iter().find(|name| checkpoint.has(name));
    found.unwrap_or(&names[0]).clone()
}

/// Whether the kernel is one vector, all cores of a train.
pub(super) fn is_flat(checkpoint: &Checkpoint<'_>, prefix: &str) -> bool {
    let shape = checkpoint.shape(&name(checkpoint, prefix, "kernel"));
    shape.is_some_and(|shape| shape.len() == 1)
}

pub(super) fn read(
    checkpoint: &Checkpoint<'_>,
    prefix: &str,
    options: &ImportOptions,
) -> Part<Vec<Layer>> {
    let [kernel, recurrent, bias] =
        ["kernel", "recurrent_kernel", "bias"].map(|key| name(checkpoint, prefix, key));
    let of_h = checkpoint.of_axes(&recurrent, "H, gates x H", 2)?;
    let (hidden, rows) = (of_h.shape[0], of_h.shape[1]);
    let cell = match rows / hidden {
        4 if rows == 4 * hidden => Cell::Lstm,
        3 if rows == 3 * hidden => Cell::Gru,
        _ => {
            return Err(Diagnostic::new(escaped(&recurrent), "neither an LSTM nor a GRU")
                .kind(ErrorKind::Unsupported)
                .found(shape_text(&of_h.shape))
                .expected("H x 4H or H x 3H"));
        }
    };
    let of_x = checkpoint.of_axes(&kernel, "N, gates x H", 2)?;
    if of_x.shape[1] != rows {
        return Err(Diagnostic::new(escaped(&kernel), "wrong shape")
            .found(shape_text(&of_x.shape))
            .expected(format!("{rows} columns, those of recurrent_kernel")));
    }
    let inputs = of_x.shape[0];
    let (of_x, of_h) = (transposed(&of_x), transposed(&of_h));
    let layer = match cell {
        Cell::Lstm => {
            let bias = lstm_bias(checkpoint, &bias, rows)?;
            dense(inputs, hidden, of_x, of_h, bias)
        }
        Cell::Gru => {
            let [of_input, mut of_product] = gru_biases(checkpoint, &bias, rows)?;
            let candidate_bias = of_product.split_off(2 * hidden);
            let bias = sum(of_input, &of_product);
            let [of_x, of_h] = [of_x, of_h].map(r_first);
            let bias = r_first(Core { shape: vec![rows, 1], data: bias }).data;
            Layer { cell, candidate_bias, ..dense(inputs, hidden, of_x, of_h, bias) }
        }
    };
    let gate_activation = options.gates.unwrap_or_default();
    Ok(vec![Layer { gate_activation, ..layer }])
}

fn dense(inputs: usize, hidden: usize, of_x: Core, of_h: Core, bias: Vec<f64>) -> Layer {
    let matrices = vec![matrix(of_x, Columns::Input), matrix(of_h, Columns::Hidden)];
    lstm(inputs, hidden, matrices, bias)
}

fn lstm_bias(checkpoint: &Checkpoint<'_>, name: &str, rows: usize) -> Part<Vec<f64>> {
    if checkpoint.shape(name).is_some_and(|shape| shape == [2 * rows]) {
        return Err(Diagnostic::new(
            escaped(name),
            "the bias of a CuDNNLSTM, whose kernels have axes of their own",
        )
        .found(2 * rows)
        .expected(rows)
        .help("load its weights into a keras.layers.LSTM and save those"));
    }
    checkpoint.bias(name, rows)
}

/// The biases of x and of h.
fn gru_biases(checkpoint: &Checkpoint<'_>, name: &str, rows: usize) -> Part<[Vec<f64>; 2]> {
    match checkpoint.shape(name).as_deref() {
        None if !checkpoint.has(name) => {
            Err(Diagnostic::new(escaped(name), "missing, so it is unclear where r multiplies")
                .expected(format!("2 x {rows}, as reset_after=True has it"))
                .help("if the layer has reset_after=True and no bias, store zeros of that shape"))
        }
        Some(shape) if shape == [rows] => Err(Diagnostic::new(
            escaped(name),
            "the bias of a GRU with reset_after=False, which is not a GRU that htgen supports",
        )
        .found(rows)
        .expected(format!("2 x {rows}"))
        .help("it multiplies by r before the hidden product; train with reset_after=True")),
        _ => {
            let mut both = checkpoint.values(name, &[2, rows])?;
            let of_product = both.split_off(rows);
            Ok([both, of_product])
        }
    }
}

/// The blocks of rows z, r, h as r, z, h.
fn r_first(mut core: Core) -> Core {
    let block = core.data.len() / 3;
    let (z, r) = core.data[..2 * block].split_at_mut(block);
    z.swap_with_slice(r);
    core
}
