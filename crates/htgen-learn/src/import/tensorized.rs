//! LSTMs of tensorized-rnn: `cellL.input_weights` and `cellL.hidden_weights`, each a tensor train
//! (`parameters.K`, cores left rank x m x n x right rank), one train per gate
//! (`gateG.parameters.K`) or a dense matrix (`weight`); gates i, f, g, o.
//!
//! The cell cuts the product into four blocks of H rows whatever `new_core` was, so a train whose
//! last row mode is an added 4 is read like any other. For a cell that takes every fourth row
//! instead, the gate is moved to the front.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::MAX_LAYERS;
use super::dense::{self, lstm, sum};
use super::train::{self, deinterleaved, deinterleaved_rows};
use crate::checkpoint::{Checkpoint, Part, escaped};
use crate::error::{Diagnostic, ErrorKind};
use crate::model::{Columns, Core, Layer, Matrix};

/// Gates of an LSTM.
const GATES: usize = 4;

pub(super) fn prefixes(names: &[String]) -> Vec<&str> {
    let ends = ["parameters.0", "gate0.parameters.0", "weight"];
    let keys = ends.map(|end| format!("cell0.input_weights.{end}"));
    let fits = |name: &&String| keys.iter().any(|key| name.ends_with(key.as_str()));
    let prefix = |name: &String| name.rfind("cell0.input_weights.");
    names
        .iter()
        .filter(fits)
        .filter_map(|name| Some(&name[..prefix(name)?]))
        .filter(|prefix| prefix.is_empty() || prefix.ends_with('.'))
        .collect()
}

pub(super) fn read(
    checkpoint: &Checkpoint<'_>,
    prefix: &str,
    interleaved: bool,
) -> Part<Vec<Layer>> {
    let mut layers: Vec<Layer> = Vec::new();
    loop {
        let cell = format!("{prefix}cell{}", layers.len());
        let begins = format!("{cell}.");
        let is_there = checkpoint.names().iter().any(|name| name.starts_with(&begins));
        if !is_there || layers.len() > MAX_LAYERS {
            return Ok(layers);
        }
        layers.push(one(checkpoint, &cell, interleaved)?);
    }
}

fn one(checkpoint: &Checkpoint<'_>, cell: &str, interleaved: bool) -> Part<Layer> {
    let side = |name: &str, columns: Columns| {
        weights(checkpoint, &format!("{cell}.{name}"), columns, interleaved)
    };
    let of_x = side("input_weights", Columns::Input)?;
    let of_h = side("hidden_weights", Columns::Hidden)?;
    let product = |modes: &[usize]| modes.iter().try_fold(1usize, |p, &m| p.checked_mul(m));
    let place = escaped(&format!("{cell}.hidden_weights"));
    let sizes = (product(&of_h.out_modes), product(&of_h.in_modes), product(&of_x.in_modes));
    let (Some(rows), Some(hidden), Some(inputs)) = sizes else {
        return Err(Diagnostic::new(place, "too large").kind(ErrorKind::Limit));
    };
    if hidden.checked_mul(3) == Some(rows) {
        return Err(Diagnostic::new(place, "a GRU")
            .kind(ErrorKind::Unsupported)
            .expected("an LSTM, 4H rows")
            .help(
                "its cell weights the old state with r instead of z, which is not a GRU that \
                 htgen supports",
            ));
    }
    if hidden.checked_mul(GATES) != Some(rows) {
        return Err(Diagnostic::new(place, "not an LSTM")
            .kind(ErrorKind::Unsupported)
            .found(format!("{rows} rows of {hidden} columns"))
            .expected("4H rows of H columns"));
    }
    let bias = |name: &str| checkpoint.bias(&format!("{cell}.{name}.bias"), rows);
    let mut bias = sum(bias("input_weights")?, &bias("hidden_weights")?);
    if interleaved {
        bias = deinterleaved_rows(&bias, 1, GATES);
    }
    Ok(lstm(inputs, hidden, vec![of_x, of_h], bias))
}

fn weights(
    checkpoint: &Checkpoint<'_>,
    name: &str,
    columns: Columns,
    interleaved: bool,
) -> Part<Matrix> {
    let dense = format!("{name}.weight");
    if checkpoint.has(&dense) {
        let mut core = checkpoint.of_axes(&dense, "4H, columns", 2)?;
        if interleaved {
            core.data = deinterleaved_rows(&core.data, core.shape[1], GATES);
        }
        return Ok(dense::matrix(core, columns));
    }
    if !checkpoint.has(&format!("{name}.gate0.parameters.0")) {
        let mut cores = cores(checkpoint, &format!("{name}.parameters"))?;
        if interleaved {
            cores = deinterleaved(&cores, GATES).map_err(|mut problem| {
                problem.place = escaped(name);
                problem
            })?;
        }
        return Ok(train::matrix(cores, columns));
    }
    if interleaved {
        let problem = Diagnostic::new(escaped(name), "one train per gate has no interleaved rows");
        return Err(problem.help("leave `gate_rows` out"));
    }
    let gate = |gate: usize| cores(checkpoint, &format!("{name}.gate{gate}.parameters"));
    let trains = (0..GATES).map(gate).collect::<Part<Vec<Vec<Core>>>>()?;
    if let Some(gate) = (1..GATES).find(|&gate| modes(&trains[gate]) != modes(&trains[0])) {
        return Err(Diagnostic::new(escaped(&format!("{name}.gate{gate}")), "other modes")
            .expected("the modes of gate0"));
    }
    Ok(train::matrix(train::stacked(&trains)?, columns))
}

/// Row and column modes of a train.
fn modes(cores: &[Core]) -> Vec<(usize, usize)> {
    cores.iter().map(|core| (core.shape[1], core.shape[2])).collect()
}

/// The cores `name.0`, `name.1` and so on; at least one.
fn cores(checkpoint: &Checkpoint<'_>, name: &str) -> Part<Vec<Core>> {
    let mut cores = Vec::new();
    while cores.is_empty() || checkpoint.has(&format!("{name}.{}", cores.len())) {
        let name = format!("{name}.{}", cores.len());
        cores.push(checkpoint.of_axes(&name, "left rank, m, n, right rank", 4)?);
    }
    train::check_ranks(&cores, |k| format!("{name}.{k}"))?;
    Ok(cores)
}
