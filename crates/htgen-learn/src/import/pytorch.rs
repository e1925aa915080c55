//! PyTorch's `nn.LSTM` and `nn.GRU`, and their cells: `weight_ih` (gates H, N), `weight_hh` (gates
//! H, H) and two biases per layer; gates i, f, g, o or r, z, n, each a block of H rows.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::dense::{lstm, matrix, sum};
use super::torch_names::{Name, parse, wrapped};
use crate::checkpoint::{Checkpoint, Part, escaped};
use crate::error::{Diagnostic, ErrorKind};
use crate::model::{Cell, Columns, Core, Layer, shape_text};
use std::collections::BTreeSet;

/// The prefix of the parameters of a layer. If a wrapper keeps parts of them in an outer module,
/// the inner module is meant.
pub(super) fn prefixes(names: &[String]) -> Vec<&str> {
    let is_weight = |name: &Name<'_>| ["weight_ih", "weight_hh"].contains(&name.stem);
    let found: Vec<Name<'_>> =
        names.iter().filter_map(|key| parse(key)).filter(is_weight).collect();
    let has_plain = |prefix: &str| found.iter().any(|n| n.prefix == prefix && n.end.is_empty());
    // Conventions with factors instead of weight_ih also have a weight_hh.
    let has_factors = |prefix: &str| {
        let begin = format!("{prefix}weight_ih.");
        names.iter().any(|key| key.starts_with(&begin))
    };
    let is_inside = |outer: &str| {
        found.iter().any(|n| n.end.is_empty() && n.prefix != outer && n.prefix.starts_with(outer))
    };
    let own = |prefix: &&str| !has_factors(prefix) && (has_plain(prefix) || !is_inside(prefix));
    found.iter().map(|name| name.prefix).filter(own).collect()
}

pub(super) fn read(checkpoint: &Checkpoint<'_>, prefix: &str) -> Part<Vec<Layer>> {
    let of_layer = |key: &str| parse(key).filter(|name| name.prefix == prefix)?.layer;
    let numbers: BTreeSet<usize> =
        checkpoint.names().iter().filter_map(|key| of_layer(key)).collect();
    if numbers.is_empty() {
        return Ok(vec![one(checkpoint, prefix, "")?]);
    }
    let mut layers: Vec<Layer> = Vec::new();
    for (expected, number) in numbers.iter().enumerate() {
        if expected != *number {
            let found: Vec<String> = numbers.iter().take(8).map(usize::to_string).collect();
            let key = format!("{prefix}weight_ih_l{expected}");
            return Err(Diagnostic::new(escaped(&key), "a layer is missing")
                .found(format!("layers {}", found.join(", ")))
                .expected("every layer from 0 on"));
        }
        let end = format!("_l{number}");
        let layer = one(checkpoint, prefix, &end)?;
        if let Some(below) = layers.last()
            && below.hidden != layer.inputs
        {
            let place = escaped(&format!("{prefix}weight_ih{end}"));
            return Err(Diagnostic::new(place, "does not fit the layer below")
                .found(format!("{} inputs", layer.inputs))
                .expected(format!("{}, its hidden units", below.hidden)));
        }
        layers.push(layer);
    }
    Ok(layers)
}

fn one(checkpoint: &Checkpoint<'_>, prefix: &str, end: &str) -> Part<Layer> {
    let name = |stem: &str| format!("{prefix}{stem}{end}");
    refuse_others(checkpoint, prefix, end)?;
    let of_x = checkpoint.of_axes(&name("weight_ih"), "gates x H, N", 2)?;
    let of_h = checkpoint.of_axes(&name("weight_hh"), "gates x H, H", 2)?;
    let (rows, hidden, inputs) = (of_h.shape[0], of_h.shape[1], of_x.shape[1]);
    if of_x.shape[0] != rows {
        return Err(Diagnostic::new(escaped(&name("weight_ih")), "wrong shape")
            .found(shape_text(&of_x.shape))
            .expected(format!("{rows} rows, those of weight_hh")));
    }
    let cell = cell(&of_h, &name("weight_hh"))?;
    let [bias, of_product] = ["bias_ih", "bias_hh"].map(|stem| checkpoint.bias(&name(stem), rows));
    let (bias, mut of_product) = (bias?, of_product?);
    let matrices = vec![matrix(of_x, Columns::Input), matrix(of_h, Columns::Hidden)];
    let mut layer = lstm(inputs, hidden, matrices, bias);
    layer.cell = cell;
    if cell == Cell::Gru {
        // r multiplies the candidate's hidden product with its bias, so these are not added up.
        layer.candidate_bias = of_product.split_off(2 * hidden);
    }
    layer.bias = sum(layer.bias, &of_product);
    Ok(layer)
}

/// The cell, given by the number of row blocks.
fn cell(of_h: &Core, name: &str) -> Part<Cell> {
    let (rows, hidden) = (of_h.shape[0], of_h.shape[1]);
    match rows / hidden {
        4 if rows == 4 * hidden => Ok(Cell::Lstm),
        3 if rows == 3 * hidden => Ok(Cell::Gru),
        _ => Err(Diagnostic::new(escaped(name), "neither an LSTM nor a GRU")
            .kind(ErrorKind::Unsupported)
            .found(shape_text(&of_h.shape))
            .expected("4H x H or 3H x H")),
    }
}

/// Refuses another direction, a projection, and parameters of which only parts are present.
fn refuse_others(checkpoint: &Checkpoint<'_>, prefix: &str, end: &str) -> Part<()> {
    for key in checkpoint.names() {
        let Some(name) = parse(key).filter(|name| name.prefix == prefix) else { continue };
        let own = name.layer.map_or_else(String::new, |layer| format!("_l{layer}"));
        if own != end {
            continue;
        }
        let what = match name {
            Name { is_reverse: true, .. } => "a bidirectional layer",
            Name { stem: "weight_hr", .. } => "a layer with a projection of h",
            Name { stem, end: part, .. } => {
                let parameter = format!("{stem}{end}");
                if !part.is_empty() && !checkpoint.has(&format!("{prefix}{parameter}")) {
                    return Err(wrapped(key, part, &parameter));
                }
                continue;
            }
        };
        return Err(Diagnostic::new(
            escaped(key),
            format!("{what}, which the hardware does not have"),
        )
        .expected("layers in one direction, h of as many elements as c"));
    }
    Ok(())
}
