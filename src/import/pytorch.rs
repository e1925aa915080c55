//! PyTorch's `nn.LSTM` and `nn.GRU`, and their cells: `weight_ih` (gates H, N), `weight_hh`
//! (gates H, H) and two biases a layer; gates i, f, g, o or r, z, n, each a block of H rows.

use super::checkpoint::{Checkpoint, Part, escaped};
use super::convention::before;
use super::dense::{lstm, matrix, sum};
use crate::error::Diagnostic;
use crate::model::{Cell, Columns, Core, Layer, shape_text};

pub(super) fn prefixes(names: &[String]) -> Vec<&str> {
    before(names, "weight_ih_l0").chain(before(names, "weight_ih")).collect()
}

pub(super) fn read(checkpoint: &Checkpoint<'_>, prefix: &str) -> Part<Vec<Layer>> {
    let is_cell = !checkpoint.has(&format!("{prefix}weight_ih_l0"));
    let mut layers: Vec<Layer> = Vec::new();
    loop {
        let end = if is_cell { String::new() } else { format!("_l{}", layers.len()) };
        let layer = one(checkpoint, prefix, &end)?;
        if let Some(below) = layers.last()
            && below.hidden != layer.inputs
        {
            return Err(Diagnostic::new(
                escaped(&format!("{prefix}weight_ih{end}")),
                "does not fit the layer below",
            )
            .found(format!("{} inputs", layer.inputs))
            .expected(format!("{}, its hidden units", below.hidden)));
        }
        layers.push(layer);
        if is_cell || !checkpoint.has(&format!("{prefix}weight_ih_l{}", layers.len())) {
            return Ok(layers);
        }
    }
}

fn one(checkpoint: &Checkpoint<'_>, prefix: &str, end: &str) -> Part<Layer> {
    let name = |stem: &str| format!("{prefix}{stem}{end}");
    refuse(checkpoint, &format!("{prefix}weight_ih{end}_reverse"), "a bidirectional layer")?;
    refuse(checkpoint, &name("weight_hr"), "a layer with a projection of h")?;
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
        // r multiplies the candidate's hidden product with its bias, so these are not added.
        layer.candidate_bias = of_product.split_off(2 * hidden);
    }
    layer.bias = sum(layer.bias, &of_product);
    Ok(layer)
}

/// The cell that the number of row blocks tells.
fn cell(of_h: &Core, name: &str) -> Part<Cell> {
    let (rows, hidden) = (of_h.shape[0], of_h.shape[1]);
    match rows / hidden {
        4 if rows == 4 * hidden => Ok(Cell::Lstm),
        3 if rows == 3 * hidden => Ok(Cell::Gru),
        _ => Err(Diagnostic::new(escaped(name), "neither an LSTM nor a GRU")
            .found(shape_text(&of_h.shape))
            .expected("4H x H or 3H x H")),
    }
}

fn refuse(checkpoint: &Checkpoint<'_>, key: &str, what: &str) -> Part<()> {
    if !checkpoint.has(key) {
        return Ok(());
    }
    let problem =
        Diagnostic::new(escaped(key), format!("{what}, which the hardware does not have"));
    Err(problem.expected("layers in one direction, h of as many elements as c"))
}
