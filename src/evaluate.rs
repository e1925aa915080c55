//! Whole data sets through the float and the fixed-point reference: calibration, decisions,
//! saturation counts. All cores are used; the result does not depend on their number.

use crate::data::{Sequences, Step};
use crate::error::Result;
use crate::fixed::{Executor, Observer, Site};
use crate::float::{Edge, Ranges, Reference};
use crate::model::{Element, Model};
use crate::network;
use crate::plan::{self, ModelPlan, PlanConfig};
use crate::quant::QuantPlan;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Plans a model's contraction.
///
/// # Errors
/// When the model has a shape that this version does not run, or no plan keeps the limits.
pub fn plan_of(model: &Model, config: &PlanConfig) -> Result<ModelPlan> {
    plan::contract_model(parts(model)?, config)
}

/// A plan of a model of the same shape with this model's values.
///
/// # Errors
/// When the model has another shape.
pub fn replan(plan: &ModelPlan, model: &Model) -> Result<ModelPlan> {
    plan.with_values(parts(model)?)
}

fn parts(model: &Model) -> Result<Vec<Vec<network::Part>>> {
    let layers = model.layers.iter().enumerate();
    layers.map(|(k, layer)| network::parts(layer, k)).collect()
}

/// Ranges of every edge over a data set.
pub fn calibrate(model: &Model, plan: &ModelPlan, data: &Sequences) -> Ranges {
    let all: Vec<usize> = (0..data.count()).collect();
    calibrate_on(model, plan, data, &all)
}

/// Ranges of every edge over some sequences of a data set.
pub fn calibrate_on(
    model: &Model,
    plan: &ModelPlan,
    data: &Sequences,
    sequences: &[usize],
) -> Ranges {
    let reference = Reference::new(model, plan);
    let one = |&sequence: &usize| {
        let mut ranges = Ranges::default();
        float_sequence(&reference, data, sequence, &mut |edge, values| ranges.see(edge, values));
        ranges
    };
    sequences.par_iter().map(one).reduce(Ranges::default, Ranges::join)
}

/// Output vectors of the last step of every sequence, in float.
pub fn float_outputs(model: &Model, plan: &ModelPlan, data: &Sequences) -> Vec<Vec<f64>> {
    let reference = Reference::new(model, plan);
    let one = |sequence: usize| float_sequence(&reference, data, sequence, &mut |_, _| {});
    (0..data.count()).into_par_iter().map(one).collect()
}

/// Output vectors of the last step of every sequence, in integers.
pub fn fixed_outputs(quant: &QuantPlan, data: &Sequences) -> Vec<Vec<i32>> {
    let all: Vec<usize> = (0..data.count()).collect();
    fixed_outputs_on(quant, data, &all)
}

/// Output vectors of the last step of some sequences, in integers.
pub fn fixed_outputs_on(quant: &QuantPlan, data: &Sequences, sequences: &[usize]) -> Vec<Vec<i32>> {
    let one = |executor: &mut Executor<'_>, &sequence: &usize| {
        executor.reset();
        for step in 0..data.steps(sequence) {
            executor.step(&stream_elements(quant, data.step(sequence, step)), &mut ());
        }
        executor.output(&mut ())
    };
    sequences.par_iter().map_init(|| Executor::new(quant), one).collect()
}

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

/// Compares the two references edge by edge over at most `most` sequences.
pub fn edge_errors(
    model: &Model,
    quant: &QuantPlan,
    data: &Sequences,
    most: usize,
) -> BTreeMap<Site, EdgeError> {
    let reference = Reference::new(model, quant.plan());
    let one = |sequence: usize| {
        let mut executor = Executor::new(quant);
        let mut state = reference.start();
        let mut seen = Differences { quant, float: BTreeMap::new(), errors: BTreeMap::new() };
        for step in 0..data.steps(sequence) {
            let raw = raw_elements(data.step(sequence, step));
            seen.float.clear();
            reference.step(&raw, &mut state, &mut |edge, v| {
                seen.float.insert(edge, v.to_vec());
            });
            executor.step(&stream_elements(quant, data.step(sequence, step)), &mut seen);
        }
        reference.output(&state, &mut |edge, v| {
            seen.float.insert(edge, v.to_vec());
        });
        executor.output(&mut seen);
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

/// The stream elements of a step as integers.
pub fn stream_elements(quant: &QuantPlan, step: Step<'_>) -> Vec<i32> {
    let input = quant.input();
    match step {
        Step::U8(bytes) => bytes.iter().map(|&b| i32::from(b)).collect(),
        Step::F32(values) => {
            let scale = f64::from(input.frac - input.prep_shift).exp2();
            let top = f64::from((1i32 << (input.stream_bits - 1)) - 1);
            let word =
                |v: &f32| (f64::from(*v) * scale + 0.5).floor().clamp(-top - 1.0, top) as i32;
            values.iter().map(word).collect()
        }
    }
}

/// Index of the largest value, the first of equal ones; none of an empty vector.
pub fn decision<T: PartialOrd>(values: &[T]) -> Option<usize> {
    (0..values.len()).reduce(|best, k| if values[k] > values[best] { k } else { best })
}

fn raw_elements(step: Step<'_>) -> Vec<f64> {
    match step {
        Step::U8(bytes) => bytes.iter().map(|&b| f64::from(b)).collect(),
        Step::F32(values) => values.iter().map(|&v| f64::from(v)).collect(),
    }
}

fn float_sequence(
    reference: &Reference,
    data: &Sequences,
    sequence: usize,
    see: &mut impl FnMut(Edge, &[f64]),
) -> Vec<f64> {
    let mut state = reference.start();
    for step in 0..data.steps(sequence) {
        reference.step(&raw_elements(data.step(sequence, step)), &mut state, see);
    }
    reference.output(&state, see)
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
    errors: BTreeMap<Site, Sums>,
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

/// Whether a model's stream carries bytes.
pub fn is_bytes(model: &Model) -> bool {
    model.input.element == Element::U8
}
