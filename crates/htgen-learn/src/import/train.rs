//! Tensor trains: cores with their axes in our order, interleaved gates, and one train combined
//! from one train per gate.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::checkpoint::{Part, check_size, escaped};
use crate::error::Diagnostic;
use crate::model::{Columns, Core, Factors, Matrix};

/// Axes of a tensor in another order: axis k of the result is axis `order[k]` of `core`.
pub(super) fn permuted(core: &Core, order: &[usize]) -> Core {
    let shape: Vec<usize> = order.iter().map(|&axis| core.shape[axis]).collect();
    let stride = |axis: usize| core.shape[axis + 1..].iter().product::<usize>();
    let strides: Vec<usize> = order.iter().map(|&axis| stride(axis)).collect();
    let offset = |index: usize| {
        let mut rest = index;
        let mut offset = 0;
        for (size, stride) in shape.iter().zip(&strides).rev() {
            offset += rest % size * stride;
            rest /= size;
        }
        offset
    };
    let data = (0..core.data.len()).map(|index| core.data[offset(index)]).collect();
    Core { shape, data }
}

/// The matrix of cores of left rank x m x n x right rank.
pub(super) fn matrix(cores: Vec<Core>, columns: Columns) -> Matrix {
    let out_modes = cores.iter().map(|core| core.shape[1]).collect();
    let in_modes = cores.iter().map(|core| core.shape[2]).collect();
    Matrix { columns, out_modes, in_modes, factors: Factors::TensorTrain(cores) }
}

/// Converts a train whose row number has the gate as its fastest part to one that has it as its
/// slowest. The ranks are `gates` times as large, and nothing is rounded.
pub(super) fn deinterleaved(cores: &[Core], gates: usize) -> Part<Vec<Core>> {
    let Some((last, before)) = cores.split_last() else { return Ok(Vec::new()) };
    if !last.shape[1].is_multiple_of(gates) {
        let problem = Diagnostic::new("", "the gate is not a part of the last row mode");
        return Err(problem
            .found(last.shape[1])
            .expected(format!("a multiple of {gates}, to take every {gates}th row out of")));
    }
    let of_gate = |gate: usize| {
        let mut cores = before.to_vec();
        cores.push(every(last, gates, gate));
        cores
    };
    let trains: Vec<Vec<Core>> = (0..gates).map(of_gate).collect();
    stacked(&trains)
}

/// The slices first, first + step, ... of axis 1.
fn every(core: &Core, step: usize, first: usize) -> Core {
    let (left, m) = (core.shape[0], core.shape[1]);
    let slice = core.shape[2] * core.shape[3];
    let rows = (0..left).flat_map(|l| (first..m).step_by(step).map(move |i| l * m + i));
    let data = rows.flat_map(|row| core.data[row * slice..(row + 1) * slice].iter().copied());
    let shape = vec![left, m / step, core.shape[2], core.shape[3]];
    Core { shape, data: data.collect() }
}

/// Combines several trains of the same modes, whose ranks match, into one train over the rows of
/// all; the index of the train is the slowest part of the row number. This is a direct sum, in
/// which each train keeps its own ranks.
pub(super) fn stacked(trains: &[Vec<Core>]) -> Part<Vec<Core>> {
    let n_cores = trains.iter().map(Vec::len).min().unwrap_or(0);
    (0..n_cores)
        .map(|k| {
            let cores: Vec<&Core> = trains.iter().map(|train| &train[k]).collect();
            beside(&cores, k == 0, k + 1 == n_cores)
        })
        .collect()
}

/// Checks that the ranks of a train match and end in 1; `key` is the name of a core.
pub(super) fn check_ranks(cores: &[Core], key: impl Fn(usize) -> String) -> Part<()> {
    let mut right = 1;
    for (k, core) in cores.iter().enumerate() {
        if core.shape[0] != right {
            let of = if k == 0 { "of the end of a train" } else { "of the core before" };
            return Err(ranks(key(k), core.shape[0], &format!("{right}, that {of}")));
        }
        right = core.shape[3];
    }
    match cores.len().checked_sub(1) {
        Some(last) if right != 1 => Err(ranks(key(last), right, "1, that of the end of a train")),
        _ => Ok(()),
    }
}

fn ranks(key: String, found: usize, expected: &str) -> Diagnostic {
    Diagnostic::new(escaped(&key), "ranks do not match").found(found).expected(expected)
}

/// The cores of one mode as blocks: on the diagonal of both ranks; but side by side in the rows of
/// the first mode, whose left rank stays 1, and one below the other where the right rank stays 1.
fn beside(cores: &[&Core], is_first: bool, is_last: bool) -> Part<Core> {
    let total = |axis: usize| cores.iter().map(|core| core.shape[axis]).sum::<usize>();
    let (m, n) = (cores[0].shape[1], cores[0].shape[2]);
    let shape = vec![
        if is_first { 1 } else { total(0) },
        if is_first { total(1) } else { m },
        n,
        if is_last { 1 } else { total(3) },
    ];
    check_size("cores with the gates side by side", &shape)?;
    let mut data = vec![0.0; shape.iter().product()];
    let (mut left, mut row, mut right) = (0, 0, 0);
    for core in cores {
        let [core_left, _, _, core_right] = core.shape[..] else { continue };
        for (at, value) in core.data.iter().enumerate() {
            let (r, j, i) = (at % core_right, at / core_right % n, at / core_right / n % m);
            let l = at / core_right / n / m;
            let at = (((left + l) * shape[1] + row + i) * n + j) * shape[3] + right + r;
            data[at] = *value;
        }
        left += if is_first { 0 } else { core_left };
        row += if is_first { m } else { 0 };
        right += if is_last { 0 } else { core_right };
    }
    Ok(Core { shape, data })
}

/// Converts biases with the gate as the fastest part to biases with it as the slowest.
pub(super) fn deinterleaved_rows(values: &[f64], width: usize, gates: usize) -> Vec<f64> {
    let rows = values.len() / width;
    let order = (0..gates).flat_map(|gate| (gate..rows).step_by(gates));
    order.flat_map(|row| values[row * width..(row + 1) * width].iter().copied()).collect()
}
