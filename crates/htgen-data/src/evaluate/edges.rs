//! The error on every edge: both references step by step, their values side by side.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{inputs, raw_elements, sends, stream_elements};
use crate::config::OutputRate;
use crate::data::Sequences;
use crate::fixed::{Executor, Observer, Site};
use crate::float::{Edge, Reference};
use crate::quant::QuantPlan;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Clipped values and the error against float on every edge.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize)]
pub struct EdgeError {
    /// Values seen.
    pub values: u64,
    /// Values that saturated.
    pub clipped: u64,
    /// Root mean square of the difference to float.
    pub rms: f64,
    /// Largest difference to float.
    pub largest: f64,
}

/// Compares the two references edge by edge over at most `most` sequences, the outputs at `rate`.
pub fn edge_errors(
    quant: &QuantPlan,
    data: &Sequences,
    most: usize,
    rate: OutputRate,
) -> BTreeMap<Site, EdgeError> {
    let reference = Reference::new(quant.planned());
    let one = |sequence: usize| {
        let mut executor = Executor::new(quant);
        let mut state = reference.start();
        let mut seen = Differences::new(quant);
        for step in 0..data.steps(sequence) {
            let raw = data.step(sequence, step);
            seen.clipped_inputs = inputs::clips(quant, raw);
            seen.float.clear();
            reference.step(&raw_elements(raw), &mut state, &mut |edge, v| {
                seen.float.insert(edge, v.to_vec());
            });
            executor.step(&stream_elements(quant, raw), &mut seen);
            if sends(rate, data, sequence, step) {
                reference.output(&state, &mut |edge, v| {
                    seen.float.insert(edge, v.to_vec());
                });
                executor.output(&mut seen);
            }
        }
        seen.errors
    };
    let parts: Vec<BTreeMap<Site, Sums>> =
        (0..data.count().min(most)).into_par_iter().map(one).collect();
    let mut all: BTreeMap<Site, Sums> = BTreeMap::new();
    for (site, sums) in parts.into_iter().flatten() {
        all.entry(site).or_default().add(sums);
    }
    all.into_iter().map(|(site, sums)| (site, sums.finish())).collect()
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    values: u64,
    clipped: u64,
    squares: f64,
    largest: f64,
}

impl Sums {
    fn add(&mut self, other: Sums) {
        self.values += other.values;
        self.clipped += other.clipped;
        self.squares += other.squares;
        self.largest = self.largest.max(other.largest);
    }
    fn finish(self) -> EdgeError {
        EdgeError {
            values: self.values,
            clipped: self.clipped,
            rms: (self.squares / self.values.max(1) as f64).sqrt(),
            largest: self.largest,
        }
    }
}

struct Differences<'a> {
    quant: &'a QuantPlan,
    float: BTreeMap<Edge, Vec<f64>>,
    /// Inputs of the step that did not fit; the executor receives them clipped.
    clipped_inputs: usize,
    errors: BTreeMap<Site, Sums>,
}

impl<'a> Differences<'a> {
    fn new(quant: &'a QuantPlan) -> Self {
        Differences { quant, float: BTreeMap::new(), clipped_inputs: 0, errors: BTreeMap::new() }
    }
}

impl Observer for Differences<'_> {
    fn see(&mut self, site: Site, values: &[i32], clipped: usize) {
        let quant = self.quant;
        let (edge, frac) = match site {
            Site::Input => (Edge::Input, quant.input().frac),
            Site::Step(k) => (Edge::Step(k), quant.step(k).out_frac),
            Site::Cell(k) => (Edge::Cell(k), quant.cell_format().c_frac as i32),
            Site::Output => (Edge::Output, quant.output_frac()),
            Site::Gate(_) | Site::Hidden(_) => return,
        };
        let scale = (-f64::from(frac)).exp2();
        let float = self.float.get(&edge).map_or(&[][..], Vec::as_slice);
        let clipped = if site == Site::Input { self.clipped_inputs } else { clipped };
        let differences = values.iter().zip(float).map(|(&q, f)| (f64::from(q) * scale - f).abs());
        let mut sums =
            Sums { values: values.len() as u64, clipped: clipped as u64, ..Sums::default() };
        for d in differences {
            sums.squares += d * d;
            sums.largest = sums.largest.max(d);
        }
        self.errors.entry(site).or_default().add(sums);
    }
}
