//! A data file as [`Sequences`]: `x` (sequences, steps, inputs...), optional labels `y`, one per
//! sequence or one per step, optional `length` with the steps in use of each sequence.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::arrays::Checked;
use super::class_labels::ClassLabels;
use super::keys::Each;
use super::{Array, ArrayData, Arrays, Sequences, Spans, Values};
use crate::error::{Diagnostic, Result};
use crate::model::{Element, shape_text};
use std::path::Path;

/// What is requested from a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Stream elements per step.
    pub inputs: usize,
    /// What they are.
    pub element: Element,
    /// Maximum number of sequences to read; all when absent.
    pub limit: Option<usize>,
}

impl Wanted {
    /// All sequences.
    pub fn all(inputs: usize, element: Element) -> Wanted {
        Wanted { inputs, element, limit: None }
    }
}

impl Sequences {
    /// Reads a data set, no more of it than requested.
    ///
    /// Axes of `x` after the second are flattened. Real numbers are rounded to f32. Data after the
    /// steps in use of a sequence are ignored.
    ///
    /// # Errors
    /// Arrays that are missing, of the wrong shape or type, or have values out of range.
    pub fn load(path: &Path, wanted: Wanted) -> Result<Sequences> {
        Arrays::load(path, |arrays| parse(arrays, wanted))
    }
}

fn parse(arrays: &mut Arrays, wanted: Wanted) -> Checked<Sequences> {
    let Wanted { inputs, element, limit } = wanted;
    arrays.first(limit.map(|limit| limit.max(1)));
    let x = arrays.needed("x", "x of (sequences, steps, inputs)")?;
    let (n_sequences, n_steps) = check_shape(&x.shape, inputs)?;
    let values = values(x, element)?;
    let each = Each(n_sequences, "sequence");
    let lengths = arrays.array("length")?.map(|array| lengths(array, each, n_steps));
    let spans = Spans::new(n_sequences, n_steps, lengths.transpose()?);
    let labels = arrays.array("y")?.map(|array| ClassLabels::of(array, each, n_steps));
    let labels = labels.transpose()?;
    let class_names = arrays.listed("classes")?.unwrap_or_default();
    let sequences = Sequences { inputs, spans, values, labels, class_names };
    sequences.check_finite()?;
    Ok(sequences)
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
            .found(format!("{} = {width} elements per step", shape_text(rest)))
            .expected(format!("{inputs}, the inputs of the model")));
    }
    Ok((n_sequences, n_steps))
}

pub(super) fn values(x: Array, element: Element) -> Checked<Values> {
    let found = match (element, x.data) {
        (Element::U8, ArrayData::U8(data)) => return Ok(Values::U8(data)),
        (Element::Real, ArrayData::F32(data)) => return Ok(Values::F32(data)),
        (Element::Real, ArrayData::F64(data)) => {
            let single = data.into_iter().map(|value| value as f32).collect();
            return Ok(Values::F32(single));
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

impl Sequences {
    /// Checks the elements in use.
    pub(super) fn check_finite(&self) -> Checked<()> {
        let Values::F32(values) = &self.values else { return Ok(()) };
        for sequence in 0..self.count() {
            let span = self.spans.of(sequence);
            let used = &values[span.first * self.inputs..][..span.n_steps * self.inputs];
            if let Some(at) = used.iter().position(|value| !value.is_finite()) {
                let (step, element) = (at / self.inputs, at % self.inputs);
                return Err(Diagnostic::new(format!("x[{sequence}, {step}]"), "not finite")
                    .found(format!("{} at element {element}", used[at]))
                    .expected("finite single-precision numbers")
                    .help("if it pads a shorter sequence, give its number of steps in `length`"));
            }
        }
        Ok(())
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
