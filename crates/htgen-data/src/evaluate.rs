//! Runs whole data sets through the float and the fixed-point reference: calibration, outputs and
//! their agreement, saturation counts. All cores are used; the result does not depend on their
//! number.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod agreement;
mod classes;
mod confusion;
mod edges;
mod inputs;
mod judgement;

pub use agreement::{Agreement, MeanAndWorst};
pub use classes::{ClassReport, ClassRow};
pub use confusion::Confusion;
pub use edges::{EdgeError, edge_errors};
pub use inputs::{ChannelRange, InputClips, Outlier, Outliers, input_clips, outliers};
pub use judgement::{Classes, Decider, Decisions, Judged, Judgement, Labelled, class_names};

use crate::config::OutputRate;
use crate::data::{Sequences, StepValues};
use crate::fixed::Executor;
use crate::float::{Edge, Ranges, Reference};
use crate::model::{Element, Model};
use crate::plan::Planned;
use crate::quant::QuantPlan;
use rayon::prelude::*;

/// Ranges of every edge over a data set, that of the outputs at `rate`.
pub fn calibrate(planned: &Planned, data: &Sequences, rate: OutputRate) -> Ranges {
    let all: Vec<usize> = (0..data.count()).collect();
    calibrate_on(planned, data, &all, rate)
}

/// Ranges of every edge over some sequences of a data set, that of the outputs at `rate`.
pub fn calibrate_on(
    planned: &Planned,
    data: &Sequences,
    sequences: &[usize],
    rate: OutputRate,
) -> Ranges {
    let reference = Reference::new(planned);
    let one = |&sequence: &usize| {
        let mut ranges = Ranges::default();
        let mut see = |edge: Edge, values: &[f64]| ranges.see(edge, values);
        float_sequence(&reference, data, sequence, rate, &mut see);
        ranges
    };
    sequences.par_iter().map(one).reduce(Ranges::default, Ranges::join)
}

/// Output vectors of every sequence in float: those of the last steps, or those of all steps in
/// their order.
pub fn float_outputs(planned: &Planned, data: &Sequences, rate: OutputRate) -> Vec<Vec<f64>> {
    let reference = Reference::new(planned);
    let one = |sequence: usize| float_sequence(&reference, data, sequence, rate, &mut |_, _| {});
    (0..data.count()).into_par_iter().flat_map_iter(one).collect()
}

/// Output vectors of every sequence in integers: those of the last steps, or those of all steps in
/// their order.
pub fn fixed_outputs(quant: &QuantPlan, data: &Sequences, rate: OutputRate) -> Vec<Vec<i32>> {
    let one = |executor: &mut Executor<'_>, sequence: usize| {
        fixed_sequence(executor, quant, data, sequence, rate)
    };
    let sequences = (0..data.count()).into_par_iter();
    sequences.map_init(|| Executor::new(quant), one).flatten_iter().collect()
}

/// Output vectors of the last step of some sequences, in integers.
pub fn fixed_outputs_on(quant: &QuantPlan, data: &Sequences, sequences: &[usize]) -> Vec<Vec<i32>> {
    let one = |executor: &mut Executor<'_>, &sequence: &usize| {
        fixed_sequence(executor, quant, data, sequence, OutputRate::Sequence).swap_remove(0)
    };
    sequences.par_iter().map_init(|| Executor::new(quant), one).collect()
}

fn fixed_sequence(
    executor: &mut Executor<'_>,
    quant: &QuantPlan,
    data: &Sequences,
    sequence: usize,
    rate: OutputRate,
) -> Vec<Vec<i32>> {
    executor.reset();
    let mut outputs = Vec::new();
    for step in 0..data.steps(sequence) {
        executor.step(&stream_elements(quant, data.step(sequence, step)), &mut ());
        if sends(rate, data, sequence, step) {
            outputs.push(executor.output(&mut ()));
        }
    }
    outputs
}

/// Output vectors in integers, converted to the numbers they stand for.
pub fn real_outputs(quant: &QuantPlan, outputs: &[Vec<i32>]) -> Vec<Vec<f64>> {
    let scale = (-f64::from(quant.output_frac())).exp2();
    let real = |output: &Vec<i32>| output.iter().map(|&value| f64::from(value) * scale).collect();
    outputs.iter().map(real).collect()
}

/// Whether an output vector comes out after a step.
fn sends(rate: OutputRate, data: &Sequences, sequence: usize, step: usize) -> bool {
    rate == OutputRate::Step || step + 1 == data.steps(sequence)
}

/// The stream elements of a step as integers.
pub fn stream_elements(quant: &QuantPlan, step: StepValues<'_>) -> Vec<i32> {
    match step {
        StepValues::U8(bytes) => bytes.iter().map(|&b| i32::from(b)).collect(),
        StepValues::F32(values) => {
            let stream = inputs::RealStream::of(quant.input());
            values.iter().map(|&value| stream.word(value)).collect()
        }
    }
}

/// Index of the largest value, the first if several are equal; none for an empty vector.
pub fn decision<T: PartialOrd>(values: &[T]) -> Option<usize> {
    (0..values.len()).reduce(|best, k| if values[k] > values[best] { k } else { best })
}

fn raw_elements(step: StepValues<'_>) -> Vec<f64> {
    match step {
        StepValues::U8(bytes) => bytes.iter().map(|&b| f64::from(b)).collect(),
        StepValues::F32(values) => values.iter().map(|&v| f64::from(v)).collect(),
    }
}

fn float_sequence(
    reference: &Reference,
    data: &Sequences,
    sequence: usize,
    rate: OutputRate,
    see: &mut impl FnMut(Edge, &[f64]),
) -> Vec<Vec<f64>> {
    let mut state = reference.start();
    let mut outputs = Vec::new();
    for step in 0..data.steps(sequence) {
        reference.step(&raw_elements(data.step(sequence, step)), &mut state, see);
        if sends(rate, data, sequence, step) {
            outputs.push(reference.output(&state, see));
        }
    }
    outputs
}

/// Whether a model's stream carries bytes.
pub fn is_bytes(model: &Model) -> bool {
    model.input.element == Element::U8
}
