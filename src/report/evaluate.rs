//! What `htgen run` measured, and the arrays that it writes.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::formats::FormatsOrigin;
use super::number::ratio;
use crate::config::OutputRate;
use crate::data::{Array, ArrayData, Sequences};
use crate::evaluate::{Classes, Decider, InputClips, Judged, Judgement};
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// Outputs, decisions and speed over a data set.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// The model's name.
    pub name: String,
    /// Both references side by side.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// What the format of the inputs clips.
    pub inputs: InputClips,
    /// Sequences per second of the fixed-point reference only.
    pub sequences_per_second: f64,
    /// Where the formats came from.
    pub formats: FormatsOrigin,
}

impl Evaluation {
    /// Describes a run whose fixed-point part took `elapsed`.
    pub fn of(
        name: &str,
        judgement: Judgement,
        inputs: InputClips,
        elapsed: Duration,
        formats: FormatsOrigin,
    ) -> Evaluation {
        let sequences_per_second = ratio(judgement.sequences as f64, elapsed.as_secs_f64());
        Evaluation { name: name.to_owned(), judgement, inputs, sequences_per_second, formats }
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} sequences", self.name, self.judgement.sequences)?;
        self.inputs.fmt(f)?;
        self.judgement.fmt(f)?;
        writeln!(f, "  speed        {:.0} sequences per second", self.sequences_per_second)?;
        writeln!(f, "  formats      from {}", self.formats)?;
        Classes(&self.judgement).fmt(f)
    }
}

/// `fixed` (sequences x outputs, i32), `float` (the same in f64) and, if the outputs are classes,
/// `decision` (sequences, that of the fixed-point reference). For every step, they have an axis of
/// steps after that of the sequences, with zeros after the end of a sequence.
pub fn output_arrays(
    judged: &Judged<'_>,
    float: &[Vec<f64>],
    fixed: &[Vec<i32>],
    real: &[Vec<f64>],
) -> Vec<(&'static str, Array)> {
    let width = fixed.first().map_or(0, Vec::len);
    let layout = Layout::of(judged.data, judged.rate);
    let array = |mut shape: Vec<usize>, more: &[usize], data| {
        shape.extend(more);
        Array { shape, data }
    };
    let mut arrays = vec![
        ("fixed", array(layout.shape(), &[width], ArrayData::I32(layout.padded(fixed).concat()))),
        ("float", array(layout.shape(), &[width], ArrayData::F64(layout.padded(float).concat()))),
    ];
    if let Some(decider) = judged.decider {
        let decide = |output: &Vec<f64>| vec![Decider::decide(decider, output) as i64];
        let decisions: Vec<Vec<i64>> = real.iter().map(decide).collect();
        let data = ArrayData::I64(layout.padded(&decisions).concat());
        arrays.push(("decision", array(layout.shape(), &[], data)));
    }
    arrays
}

/// Where output vectors are placed in an array.
struct Layout {
    lengths: Vec<usize>,
    /// Steps of the longest sequence; none if each has one vector.
    n_steps: Option<usize>,
}

impl Layout {
    fn of(data: &Sequences, rate: OutputRate) -> Layout {
        let steps: Vec<usize> = (0..data.count()).map(|k| data.steps(k)).collect();
        match rate {
            OutputRate::Sequence => Layout { lengths: vec![1; steps.len()], n_steps: None },
            OutputRate::Step => Layout { n_steps: steps.iter().max().copied(), lengths: steps },
        }
    }

    fn shape(&self) -> Vec<usize> {
        [self.lengths.len()].into_iter().chain(self.n_steps).collect()
    }

    /// The vectors of every sequence; those missing after its end are zeros.
    fn padded<T: Clone + Default>(&self, vectors: &[Vec<T>]) -> Vec<Vec<T>> {
        let most = self.n_steps.unwrap_or(1);
        let zeros = vec![T::default(); vectors.first().map_or(0, Vec::len)];
        let mut vectors = vectors.iter().cloned();
        let mut padded = Vec::with_capacity(self.lengths.len() * most);
        for &length in &self.lengths {
            padded.extend(vectors.by_ref().take(length));
            padded.extend(std::iter::repeat_n(zeros.clone(), most - length));
        }
        padded
    }
}
