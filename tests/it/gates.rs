//! Gate sums whose terms are far larger than the sum: bytes far from zero, whose mean is in the
//! bias.
// SPDX-License-Identifier: MIT OR Apache-2.0

use htgen::fixed::{Executor, Observer, Site};
use htgen::float::{Ranges, Reference};
use htgen::model::{
    Cell, Columns, Element, Factors, GateActivation, InputPrep, Layer, Matrix, Model, ModelParts,
    Widths,
};
use htgen::plan::{PlanConfig, Planned};
use htgen::quant::{self, QuantPlan};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const INPUTS: usize = 32;
const HIDDEN: usize = 8;
/// Mean of the bytes; divided by 8 they lie around 25.
const MEAN: u8 = 200;
const SHIFT: i32 = 3;

/// A layer with dense matrices for x and for h.
fn model(cell: Cell, rng: &mut ChaCha8Rng) -> Model {
    let rows = cell.gates() * HIDDEN;
    let mut values = |count: usize, most: f64| -> Vec<f64> {
        (0..count).map(|_| rng.random_range(-most..most)).collect()
    };
    let matrix = |columns: Columns, count: usize, weights: Vec<f64>| Matrix {
        columns,
        out_modes: vec![rows],
        in_modes: vec![count],
        factors: Factors::Dense(weights),
    };
    let of_x = matrix(Columns::Input, INPUTS, values(rows * INPUTS, 0.7));
    let of_h = matrix(Columns::Hidden, HIDDEN, values(rows * HIDDEN, 0.5));
    let layer = Layer {
        cell,
        gate_activation: GateActivation::Sigmoid,
        inputs: INPUTS,
        hidden: HIDDEN,
        matrices: vec![of_x, of_h],
        bias: values(rows, 2.0),
        candidate_bias: if cell == Cell::Gru { values(HIDDEN, 2.0) } else { Vec::new() },
    };
    let mean = vec![f64::from(MEAN); INPUTS];
    let input = InputPrep { element: Element::U8, shift: SHIFT, mean };
    let parts =
        ModelParts { name: "far".into(), layers: vec![layer], head: None, input, formats: None };
    Model::try_from(parts).unwrap()
}

/// Bytes near the mean.
fn steps(rng: &mut ChaCha8Rng, count: usize) -> Vec<Vec<u8>> {
    let byte = |rng: &mut ChaCha8Rng| rng.random_range(MEAN - 12..=MEAN + 12);
    (0..count).map(|_| (0..INPUTS).map(|_| byte(rng)).collect()).collect()
}

fn raw(step: &[u8]) -> Vec<f64> {
    step.iter().map(|&byte| f64::from(byte)).collect()
}

/// The model in integers, its formats from the ranges of some steps.
fn quantized(model: &Model, steps: &[Vec<u8>], weight_bits: u32) -> QuantPlan {
    let planned = Planned::new(model, &PlanConfig::UNLIMITED).unwrap();
    let reference = Reference::new(&planned);
    let (mut state, mut ranges) = (reference.start(), Ranges::default());
    for step in steps {
        reference.step(&raw(step), &mut state, &mut |edge, values| ranges.see(edge, values));
    }
    let widths = Widths::new(weight_bits, 12).unwrap();
    quant::quantize(&planned, quant::choose(&planned, widths, &ranges)).unwrap()
}

/// The gate sums of a time step, and whether a value was clipped anywhere.
#[derive(Default)]
struct Sums {
    gates: Vec<i32>,
    clipped: usize,
}

impl Observer for Sums {
    fn see(&mut self, site: Site, values: &[i32], clipped: usize) {
        if matches!(site, Site::Gate(_)) {
            self.gates = values.to_vec();
        }
        self.clipped += clipped;
    }
}

/// The integers follow the float reference over some steps: h within `most`; what is seen goes to
/// `check`.
#[track_caller]
fn follows(quant: &QuantPlan, steps: &[Vec<u8>], most: f64, check: impl Fn(&Sums)) {
    let reference = Reference::new(quant.planned());
    let (mut state, mut executor) = (reference.start(), Executor::new(quant));
    for (k, step) in steps.iter().enumerate() {
        reference.step(&raw(step), &mut state, &mut |_, _| {});
        let elements: Vec<i32> = step.iter().map(|&byte| byte.into()).collect();
        let mut sums = Sums::default();
        executor.step(&elements, &mut sums);
        check(&sums);
        let h = reference.output(&state, &mut |_, _| {});
        for (exact, found) in h.iter().zip(executor.output(&mut ())) {
            let found = f64::from(found) / 2f64.powi(11);
            assert!((found - exact).abs() < most, "step {k}: {exact} {found}");
        }
    }
}

#[test]
fn large_terms_cancel() {
    for (seed, cell) in (0..10).flat_map(|seed| [(seed, Cell::Lstm), (seed, Cell::Gru)]) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let model = model(cell, &mut rng);
        let steps = steps(&mut rng, 40);
        let quant = quantized(&model, &steps, 16);
        let shift = quant.gate_shift();
        assert!((1..=5).contains(&shift), "terms beyond 16: {shift}");
        let unclipped = |sums: &Sums| assert_eq!(sums.clipped, 0, "{cell:?}, seed {seed}");
        follows(&quant, &steps, 0.02, unclipped);
    }
}

/// Formats without data leave room for the bias: results are clipped only where the sum is beyond
/// the end of its function, whatever the bias. Here biases are 15 and results -64, or the other way
/// round.
#[test]
fn formats_without_data_keep_the_gates() {
    let mut parts = model(Cell::Lstm, &mut ChaCha8Rng::seed_from_u64(1)).into_parts();
    parts.input.mean = vec![60.0; INPUTS];
    let layer = &mut parts.layers[0];
    layer.bias.fill(0.0);
    // For the candidate the other way round, so that all gates open and c falls.
    let weight = |k: usize| if k / (INPUTS * HIDDEN) == 2 { -0.0625 } else { 0.0625 };
    let rows = Cell::Lstm.gates() * HIDDEN;
    layer.matrices[0].factors = Factors::Dense((0..rows * INPUTS).map(weight).collect());
    layer.matrices[1].factors = Factors::Dense(vec![1e-4; rows * HIDDEN]);
    let model = Model::try_from(parts).unwrap();
    let planned = Planned::new(&model, &PlanConfig::UNLIMITED).unwrap();
    let formats = quant::safe(&planned, Widths::new(16, 12).unwrap());
    let quant = quant::quantize(&planned, formats).unwrap();
    follows(&quant, &vec![vec![255; INPUTS]; 4], 0.01, |_| ());
}

/// If every input is the mean, the products and what was subtracted from the biases cancel up to
/// their roundings, however coarse the weights.
#[test]
fn the_mean_leaves_no_error_of_weights() {
    for (seed, bits) in (0..10).flat_map(|seed| [2, 4, 8].map(|bits| (seed, bits))) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let model = model(Cell::Lstm, &mut rng);
        let quant = quantized(&model, &steps(&mut rng, 10), bits);
        let mut sums = Sums::default();
        Executor::new(&quant).step(&[MEAN.into(); INPUTS], &mut sums);
        let least = f64::from(1 << quant.gate_shift());
        for (bias, found) in model.layers[0].bias.iter().zip(&sums.gates) {
            let off = (f64::from(*found) - bias * 2048.0).abs();
            assert!(off <= least + 1e-6, "seed {seed}, {bits} bits: {off} of 2048, {least}");
        }
    }
}
