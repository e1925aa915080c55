//! What is streamed in: sequences of integers, from a data set or drawn.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::data::Sequences;
use crate::error::{Diagnostic, Result};
use crate::evaluate::stream_elements;
use crate::model::Element;
use crate::quant::QuantPlan;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Longest random sequence, in steps.
const MAX_STEPS: u32 = 40;
/// Maximum total number of elements: half a gigabyte of vectors.
const MAX_ELEMENTS: usize = 1 << 28;
/// Out of this many random sequences, three are extreme.
const CYCLE: usize = 8;

/// Sequences of stream elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stimulus {
    inputs: usize,
    sequences: Vec<Vec<i32>>,
}

impl Stimulus {
    /// A data set as the stream carries it.
    ///
    /// # Errors
    /// When its width or element type is not that of the model, or it is too large.
    pub fn from_data(quant: &QuantPlan, data: &Sequences) -> Result<Self> {
        let input = quant.input();
        if data.inputs() != input.count {
            return Err(Diagnostic::new("inputs", "wrong width")
                .found(data.inputs())
                .expected(input.count)
                .into());
        }
        if data.element() != input.element {
            return Err(Diagnostic::new("inputs", "wrong element type")
                .found(format!("{:?}", data.element()))
                .expected(format!("{:?}", input.element))
                .into());
        }
        let lengths: Vec<usize> = (0..data.count()).map(|k| data.steps(k)).collect();
        check_size(&lengths, input.count)?;
        let sequence = |k: usize| {
            (0..data.steps(k)).flat_map(|t| stream_elements(quant, data.step(k, t))).collect()
        };
        let sequences = (0..data.count()).map(sequence).collect();
        Ok(Stimulus { inputs: input.count, sequences })
    }

    /// Seeded sequences of 1 to 40 steps, the first two of them 1 and 40; contents as in
    /// [`with_lengths`](Self::with_lengths).
    ///
    /// # Errors
    /// When there is no sequence, or they are too large.
    pub fn random(quant: &QuantPlan, sequences: usize, seed: u64) -> Result<Self> {
        let most = MAX_ELEMENTS / MAX_STEPS as usize / quant.input().count.max(1);
        if sequences == 0 || sequences > most {
            return Err(Diagnostic::new("random", "number of sequences out of range")
                .found(sequences)
                .expected(format!("1 to {most} for {} inputs", quant.input().count))
                .into());
        }
        let mut source = ChaCha8Rng::seed_from_u64(seed);
        let lengths: Vec<usize> = (0..sequences)
            .map(|k| match k {
                0 => 1,
                1 => MAX_STEPS as usize,
                _ => 1 + (source.next_u32() % MAX_STEPS) as usize,
            })
            .collect();
        Self::with_lengths(quant, &lengths, seed)
    }

    /// Seeded sequences of the given lengths: out of eight, one consists of smallest values, one of
    /// largest, one only of these two, and the others are uniform over the range of the element.
    ///
    /// # Errors
    /// When there is no sequence, one is empty, or they are too large.
    pub fn with_lengths(quant: &QuantPlan, lengths: &[usize], seed: u64) -> Result<Self> {
        let inputs = quant.input().count;
        check_size(lengths, inputs)?;
        let (low, high) = range(quant);
        let mut source = ChaCha8Rng::seed_from_u64(seed ^ 0x7374_696d);
        let mut uniform = || low + (source.next_u32() % (high - low + 1) as u32) as i32;
        let mut element = |kind: usize| match kind {
            2 => low,
            3 => high,
            4 => {
                if uniform() & 1 == 0 {
                    low
                } else {
                    high
                }
            }
            _ => uniform(),
        };
        let sequences = lengths
            .iter()
            .enumerate()
            .map(|(k, steps)| (0..steps * inputs).map(|_| element(k % CYCLE)).collect())
            .collect();
        Ok(Stimulus { inputs, sequences })
    }

    /// Number of sequences, at least one.
    pub fn count(&self) -> usize {
        self.sequences.len()
    }

    /// Time steps of a sequence, at least one.
    pub fn steps(&self, sequence: usize) -> usize {
        self.sequences[sequence].len() / self.inputs
    }

    /// Time steps of all sequences.
    pub fn lengths(&self) -> Vec<usize> {
        (0..self.count()).map(|k| self.steps(k)).collect()
    }

    /// The elements of one time step.
    pub fn step(&self, sequence: usize, step: usize) -> &[i32] {
        &self.sequences[sequence][step * self.inputs..(step + 1) * self.inputs]
    }

    /// The elements of a whole sequence.
    pub(super) fn elements(&self, sequence: usize) -> &[i32] {
        &self.sequences[sequence]
    }
}

/// Smallest and largest stream element.
fn range(quant: &QuantPlan) -> (i32, i32) {
    match quant.input().element {
        Element::U8 => (0, 255),
        Element::Real => {
            let top = 1i32 << (quant.input().stream_bits - 1);
            (-top, top - 1)
        }
    }
}

fn check_size(lengths: &[usize], inputs: usize) -> Result<()> {
    let steps = lengths.iter().try_fold(0usize, |sum, &n| sum.checked_add(n));
    let elements = steps.and_then(|steps| steps.checked_mul(inputs));
    if lengths.is_empty() || lengths.contains(&0) || elements.is_none_or(|n| n > MAX_ELEMENTS) {
        return Err(Diagnostic::new("stimulus", "number of elements out of range")
            .found(elements.map_or("more than can be counted".into(), |n| n.to_string()))
            .expected(format!("sequences of at least one step, at most {MAX_ELEMENTS} elements"))
            .into());
    }
    Ok(())
}
