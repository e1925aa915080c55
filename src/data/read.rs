//! A data file as [`Sequences`]: `x` (sequences, steps, inputs...), optional labels `y`, optional
//! `length` with the steps in use of each sequence.

use super::keys::Each;
use super::{Array, ArrayData, Arrays, Sequences, Span, Values};
use crate::error::{Diagnostic, Result};
use crate::model::{Element, shape_text};
use std::path::Path;

impl Sequences {
    /// Reads the data set at `path` for a model of `inputs` stream elements a step.
    ///
    /// Axes of `x` behind the second are flattened. Real numbers are rounded to f32.
    pub fn load(path: &Path, inputs: usize, element: Element) -> Result<Sequences> {
        Arrays::load(path, |arrays| parse(arrays, inputs, element))
    }
}

pub(super) type Checked<T> = std::result::Result<T, Diagnostic>;

fn parse(arrays: &mut Arrays, inputs: usize, element: Element) -> Checked<Sequences> {
    let x = arrays.needed("x", "x of (sequences, steps, inputs)")?;
    let (n_sequences, n_steps) = check_shape(&x.shape, inputs)?;
    let values = values(x, inputs, element)?;
    let each = Each(n_sequences, "sequence");
    let lengths = arrays.array("length")?.map(|array| lengths(array, each, n_steps));
    let lengths = lengths.transpose()?.unwrap_or_else(|| vec![n_steps; n_sequences]);
    let labels = arrays.array("y")?.map(|array| each.integers(array, "y")).transpose()?;
    let spans = lengths
        .into_iter()
        .enumerate()
        .map(|(k, length)| Span { first: k * n_steps, n_steps: length })
        .collect();
    Ok(Sequences { inputs, spans, values, labels })
}

/// Sequences and steps of `x`.
fn check_shape(shape: &[usize], inputs: usize) -> Checked<(usize, usize)> {
    let (&[n_sequences, n_steps], rest) = match shape.split_first_chunk::<2>() {
        Some((first, rest)) if !rest.is_empty() => (first, rest),
        _ => {
            return Err(Diagnostic::new("x", "too few axes")
                .found(format!("shape {}", shape_text(shape)))
                .expected(format!("sequences x steps x {inputs}")));
        }
    };
    if n_sequences == 0 || n_steps == 0 {
        return Err(Diagnostic::new("x", "no data")
            .found(format!("shape {}", shape_text(shape)))
            .expected("at least one sequence of one step"));
    }
    let width: usize = rest.iter().product();
    if width != inputs {
        return Err(Diagnostic::new("x", "wrong width")
            .found(format!("{} = {width} elements a step", shape_text(rest)))
            .expected(format!("{inputs}, the inputs of the model")));
    }
    Ok((n_sequences, n_steps))
}

pub(super) fn values(x: Array, inputs: usize, element: Element) -> Checked<Values> {
    let found = match (element, x.data) {
        (Element::U8, ArrayData::U8(data)) => return Ok(Values::U8(data)),
        (Element::Real, ArrayData::F32(data)) => return finite(data, inputs).map(Values::F32),
        (Element::Real, ArrayData::F64(data)) => {
            let single = data.into_iter().map(|value| value as f32).collect();
            return finite(single, inputs).map(Values::F32);
        }
        (_, ArrayData::U8(_)) => "uint8",
        (_, ArrayData::I32(_) | ArrayData::I64(_)) => "integers",
        (_, ArrayData::F32(_)) => "float32",
        (_, ArrayData::F64(_)) => "float64",
    };
    let expected = match element {
        Element::U8 => "uint8, the stream element of the model",
        Element::Real => "float32 or float64, as the stream element of the model is real",
    };
    Err(Diagnostic::new("x", "wrong type").found(found).expected(expected))
}

fn finite(data: Vec<f32>, inputs: usize) -> Checked<Vec<f32>> {
    match data.iter().position(|value| !value.is_finite()) {
        None => Ok(data),
        Some(at) => Err(Diagnostic::new("x", "not finite")
            .found(format!("{} at element {} of row {}", data[at], at % inputs, at / inputs))
            .expected("finite single-precision numbers")),
    }
}

pub(super) fn lengths(array: Array, each: Each, n_steps: usize) -> Checked<Vec<usize>> {
    each.integers(array, "length")?
        .into_iter()
        .enumerate()
        .map(|(k, length)| match usize::try_from(length) {
            Ok(length) if (1..=n_steps).contains(&length) => Ok(length),
            _ => Err(Diagnostic::new(format!("length[{k}]"), "out of range")
                .found(length)
                .expected(format!("1 to {n_steps}"))),
        })
        .collect()
}
