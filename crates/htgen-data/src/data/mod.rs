//! Sequences of inputs with optional labels, and arrays in npz and safetensors files.
//!
//! Responsible for reading a data set under size limits and for writing result arrays. Knows the
//! width and element type that a model wants, nothing else about it.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod array;
mod arrays;
mod class_labels;
mod keys;
mod labelled;
mod names;
mod npy;
mod npz;
mod pickle;
mod read;
mod set;
mod spans;
mod write;

pub use array::{Array, ArrayData};
pub use arrays::Arrays;
pub use keys::{Each, NamedClasses, SplitPart};
pub use labelled::{Groups, LabelledSequences};
pub use names::{check_name, group_of, natural};
pub use npz::Npz;
pub use read::Wanted;
pub use set::{Labels, RowWriter, write_set};
pub use write::write_npz;

use crate::model::Element;
use class_labels::ClassLabels;
use spans::Spans;

/// A data set: sequences of steps, each step a row of stream elements.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequences {
    /// Stream elements per step.
    inputs: usize,
    /// Where each sequence is among the rows.
    spans: Spans,
    /// All rows, one after another.
    values: Values,
    /// Labels, if the file has them.
    labels: Option<ClassLabels>,
    /// Names of the classes, if the file has them.
    class_names: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Values {
    U8(Vec<u8>),
    F32(Vec<f32>),
}

/// The stream elements of one time step, before input preparation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StepValues<'a> {
    /// Bytes, for [`Element::U8`].
    U8(&'a [u8]),
    /// Real numbers, for [`Element::Real`].
    F32(&'a [f32]),
}

impl Sequences {
    /// Number of sequences; at least one.
    pub fn count(&self) -> usize {
        self.spans.count()
    }

    /// Stream elements per step.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// What the elements are.
    pub fn element(&self) -> Element {
        match self.values {
            Values::U8(_) => Element::U8,
            Values::F32(_) => Element::Real,
        }
    }

    /// Number of steps of a sequence; at least one. `sequence` is below [`count`](Self::count).
    pub fn steps(&self, sequence: usize) -> usize {
        self.spans.of(sequence).n_steps
    }

    /// The elements of one step; `step` is below [`steps`](Self::steps).
    pub fn step(&self, sequence: usize, step: usize) -> StepValues<'_> {
        let span = self.spans.of(sequence);
        assert!(step < span.n_steps, "step {step} of a sequence of {}", span.n_steps);
        let start = (span.first + step) * self.inputs;
        let range = start..start + self.inputs;
        match &self.values {
            Values::U8(values) => StepValues::U8(&values[range]),
            Values::F32(values) => StepValues::F32(&values[range]),
        }
    }
}
