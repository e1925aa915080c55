//! Consistency rules of a model. Every rule is applied and every problem is collected with its key
//! path; nothing here stops at the first problem, and nothing here knows what later stages can
//! build.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::shape::{MAX_ELEMENTS, MAX_LAYERS, MAX_MATRICES, MAX_SIDE};
use super::{Cell, Columns, InputPrep, Layer, Linear, Matrix, ModelParts};
use crate::error::{Diagnostic, ErrorKind, Result};

mod chain;
mod collect;
mod core;
mod formats;
mod matrix;

pub(super) use collect::Found;

/// Longest name.
const MAX_NAME: usize = 48;
/// Largest magnitude of a number: a product of all cores of a tree stays far from infinity.
const MAX_VALUE: f64 = 1e15;
/// Largest absolute power-of-two shift of the input preparation.
pub const MOST_INPUT_SHIFT: i32 = 32;

/// Every problem of a model.
pub(super) fn problems(model: &ModelParts) -> Found {
    let mut found = Found::default();
    check_name(&model.name, &mut found);
    check_layers(&model.layers, &mut found);
    if let Some(first) = model.layers.first() {
        check_input(&model.input, first.inputs, &mut found);
    }
    if let (Some(head), Some(last)) = (&model.head, model.layers.last()) {
        check_head(head, last.hidden, &mut found);
    }
    if let Some(formats) = &model.formats {
        formats::check_formats(formats, model, &mut found);
    }
    found
}

/// Names are used in file names and Verilog, so only identifiers are accepted.
pub(super) fn check_name(name: &str, found: &mut Found) {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let rest = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !(starts && rest && name.len() <= MAX_NAME) {
        // `escape_debug` keeps control characters of a hostile name out of the terminal.
        let shown: String = name.chars().take(MAX_NAME + 1).collect();
        found.push(
            Diagnostic::new("name", "not an identifier")
                .found(format!("\"{}\"", shown.escape_debug()))
                .expected(format!("a letter, then letters, digits and _, at most {MAX_NAME}"))
                .help(format!("{} would do", identifier(name))),
        );
    }
}

/// The identifier derived from a text: letters and digits as they are, each run of other characters
/// between them as one underscore, `m` in front of a leading digit, at most 48 characters, and
/// `model` where nothing is left.
pub fn identifier(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut name = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_");
    name = name.trim_start_matches('_').to_owned();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, 'm');
    }
    name.truncate(MAX_NAME);
    if name.is_empty() { "model".to_owned() } else { name }
}

fn check_layers(layers: &[Layer], found: &mut Found) {
    found.range("layers", "number of layers", layers.len(), 1, MAX_LAYERS);
    for (k, layer) in layers.iter().enumerate().take(MAX_LAYERS) {
        check_layer(layer, &format!("layers[{k}]"), found);
    }
    for (k, pair) in layers.windows(2).enumerate().take(MAX_LAYERS) {
        if pair[1].inputs != pair[0].hidden {
            found.push(
                Diagnostic::new(
                    format!("layers[{}].inputs", k + 1),
                    "does not fit the layer below",
                )
                .found(pair[1].inputs)
                .expected(format!("{}, the hidden units of layers[{k}]", pair[0].hidden)),
            );
        }
    }
}

fn check_layer(layer: &Layer, place: &str, found: &mut Found) {
    let inputs_fit = found.range(&format!("{place}.inputs"), "inputs", layer.inputs, 1, MAX_SIDE);
    let hidden_fits =
        found.range(&format!("{place}.hidden"), "hidden units", layer.hidden, 1, MAX_SIDE);
    let matrices = format!("{place}.matrices");
    found.range(&matrices, "number of matrices", layer.matrices.len(), 1, MAX_MATRICES);
    if !(inputs_fit && hidden_fits) {
        // Every further rule multiplies or adds these two.
        return;
    }
    let gates = layer.cell.gates();
    check_vector(&layer.bias, gates * layer.hidden, &format!("{place}.bias"), found);
    let candidates = if layer.cell == Cell::Gru { layer.hidden } else { 0 };
    check_vector(&layer.candidate_bias, candidates, &format!("{place}.candidate_bias"), found);
    for (k, matrix) in layer.matrices.iter().enumerate().take(MAX_MATRICES) {
        check_matrix(layer, matrix, &format!("{matrices}[{k}]"), found);
    }
}

/// A matrix of a layer whose inputs and hidden units are in range.
fn check_matrix(layer: &Layer, matrix: &Matrix, place: &str, found: &mut Found) {
    let columns = match matrix.columns {
        Columns::Input => Some(layer.inputs),
        Columns::Hidden => Some(layer.hidden),
        Columns::InputAndHidden { hidden_offset } => {
            check_offset(hidden_offset, layer.inputs, place, found);
            hidden_offset.checked_add(layer.hidden)
        }
    };
    matrix::check_matrix(matrix, layer.cell.gates() * layer.hidden, columns, place, found);
}

/// A matrix as one of a layer, which nobody has checked either.
pub(super) fn matrix_of(layer: &Layer, matrix: &Matrix) -> Result<()> {
    let mut found = Found::default();
    let sizes = [("inputs", layer.inputs), ("hidden", layer.hidden)];
    if sizes.into_iter().all(|(name, size)| found.range(name, name, size, 1, MAX_SIDE)) {
        check_matrix(layer, matrix, "matrix", &mut found);
    }
    found.finish()
}

fn check_offset(offset: usize, inputs: usize, place: &str, found: &mut Found) {
    if offset < inputs {
        found.push(
            Diagnostic::new(format!("{place}.columns.hidden_offset"), "h would overlap the inputs")
                .found(offset)
                .expected(format!("at least {inputs}, the inputs")),
        );
    }
}

fn check_input(input: &InputPrep, inputs: usize, found: &mut Found) {
    if input.shift.unsigned_abs() > MOST_INPUT_SHIFT.unsigned_abs() {
        found.push(
            Diagnostic::new("input.shift", "out of range")
                .found(input.shift)
                .expected(format!("-{MOST_INPUT_SHIFT} to {MOST_INPUT_SHIFT}")),
        );
    }
    if !input.mean.is_empty() {
        check_vector(&input.mean, inputs, "input.mean", found);
    }
}

fn check_head(head: &Linear, hidden: usize, found: &mut Found) {
    if !found.range("head.outputs", "number of outputs", head.outputs, 1, MAX_SIDE) {
        return;
    }
    match head.outputs.checked_mul(hidden) {
        Some(weights) => check_vector(&head.weight, weights, "head.weight", found),
        None => found.push(too_large("head.weight", &format!("{} x {hidden}", head.outputs))),
    }
    check_vector(&head.bias, head.outputs, "head.bias", found);
}

/// A vector of the given length, all finite.
fn check_vector(values: &[f64], length: usize, place: &str, found: &mut Found) {
    if length > MAX_ELEMENTS {
        found.push(too_large(place, &length.to_string()));
    } else if values.len() != length {
        let problem = Diagnostic::new(place, "wrong number of elements");
        found.push(problem.found(values.len()).expected(length));
    }
    check_finite(values, place, found);
}

/// No NaN, no infinity, nothing so large that a product of cores could become infinite; the message
/// names the first.
fn check_finite(values: &[f64], place: &str, found: &mut Found) {
    let good = |value: &f64| value.abs() <= MAX_VALUE;
    if let Some(first) = values.iter().position(|value| !good(value)) {
        let is_finite = values[first].is_finite();
        let (what, expected) = match is_finite {
            false => ("not finite", "finite numbers".to_owned()),
            true => ("too large", format!("at most {MAX_VALUE:e} in magnitude")),
        };
        found.push(
            Diagnostic::new(place, what)
                .found(format!("{:e} at element {first}", values[first]))
                .expected(expected)
                .help("did the training diverge?"),
        );
    }
}

fn too_large(place: &str, size: &str) -> Diagnostic {
    Diagnostic::new(place, "too large")
        .kind(ErrorKind::Limit)
        .found(format!("{size} elements"))
        .expected(format!("at most {MAX_ELEMENTS}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_makes_an_identifier() {
        let long = "a".repeat(60);
        for (text, name) in [
            ("my-model", "my_model"),
            ("digits", "digits"),
            ("3d", "m3d"),
            ("a  b--c", "a_b_c"),
            ("-x-", "x"),
            ("_x_", "x_"),
            ("größe 2", "gr_e_2"),
            ("日本", "model"),
            ("", "model"),
            ("___", "model"),
            ("module", "module"),
            ("../etc\u{1b}[31m", "etc_31m"),
            (&long, &long[..MAX_NAME]),
        ] {
            assert_eq!(identifier(text), name, "{text:?}");
            let mut found = Found::default();
            check_name(&identifier(text), &mut found);
            found.finish().expect("an identifier is a name");
        }
    }
}
