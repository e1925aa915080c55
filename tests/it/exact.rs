//! The fixed-point reference and the interpreter of the program agree on random networks.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::models;
use htgen::config::{ElementsPerBeat, HwConfig, Lanes};
use htgen::fixed::{Executor, Observer, Site};
use htgen::model::{Element, Model, Widths};
use htgen::plan::{PlanConfig, Planned};
use htgen::quant::{self, QuantPlan};
use htgen::sched::{self, Interpreter};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Safe formats for a model.
pub fn quantized(model: &Model, widths: Widths) -> QuantPlan {
    let planned = Planned::new(model, &PlanConfig::UNLIMITED).expect("a random network plans");
    let formats = quant::safe(&planned, widths);
    let quant = quant::quantize(&planned, formats).expect("safe formats fit");
    assert!(quant.cell_format().is_supported(), "{:?}", quant.cell_format());
    quant
}

/// Random stream elements of one time step.
pub fn elements(quant: &QuantPlan, rng: &mut ChaCha8Rng) -> Vec<i32> {
    let bits = quant.input().stream_bits;
    let extreme = rng.random::<u32>() % 6;
    let (low, high) = match quant.input().element {
        Element::U8 => (0i64, 255i64),
        Element::Real => (-(1i64 << (bits - 1)), (1i64 << (bits - 1)) - 1),
    };
    (0..quant.input().count)
        .map(|_| match extreme {
            0 => low as i32,
            1 => high as i32,
            _ => (low + (u64::from(rng.random::<u32>()) % (high - low + 1) as u64) as i64) as i32,
        })
        .collect()
}

/// Hardware with so many lanes and stream elements per beat.
pub fn hardware(lanes: usize, elements_per_beat: usize) -> HwConfig {
    let elements_per_beat = ElementsPerBeat::new(elements_per_beat).unwrap();
    HwConfig { lanes: Lanes::new(lanes).unwrap(), elements_per_beat, ..HwConfig::default() }
}

/// The reference and the interpreter on the random network `seed`, at many numbers of lanes.
#[track_caller]
pub fn check(seed: u64, widths: Widths) {
    agree(&models::model(&models::random_shape(seed)), widths, seed);
}

/// The reference and the interpreter on a model, at many numbers of lanes.
#[track_caller]
pub fn agree(model: &Model, widths: Widths, seed: u64) {
    let quant = quantized(model, widths);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for lanes in [1, 2, 4, 8, 16, 32, 128] {
        let beat = 1usize << (rng.random::<u32>() % 4);
        let hw = hardware(lanes, beat);
        let program = sched::schedule(&quant, &hw).expect("a random network schedules");
        let mut reference = Executor::new(&quant);
        let mut interpreter = Interpreter::new(&program);
        for sequence in 0..3 {
            reference.reset();
            interpreter.reset();
            for t in 0..3 {
                let x = elements(&quant, &mut rng);
                reference.step(&x, &mut ());
                let want = reference.output(&mut ());
                let got = interpreter.step(&x);
                assert_eq!(want, got, "seed {seed}, {lanes} lanes, {sequence}:{t}\n{program}");
            }
        }
    }
}

#[test]
fn random_networks_agree() {
    for seed in 0..60 {
        let widths = match seed % 3 {
            0 => Widths::default(),
            1 => Widths::new(6, 6).unwrap(),
            _ => Widths::new(16, 16).unwrap(),
        };
        check(seed, widths);
    }
}

#[test]
fn an_input_shift_that_the_loader_does_not_have_is_refused() {
    let shapes = (0..).map(models::random_shape);
    let mut bytes = shapes.map(|s| models::model(&s)).filter(|m| m.input.element == Element::U8);
    let model = bytes.next().expect("a network with bytes");
    let planned = Planned::new(&model, &PlanConfig::UNLIMITED).expect("a random network plans");
    let mut formats = quant::safe(&planned, Widths::default());
    formats.layers[0].input_frac = model.input.shift + 33;
    let refusal = quant::quantize(&planned, formats).expect_err("33 bits").to_string();
    let text = "expected a difference of -32 to 32";
    assert!(
        refusal.contains("formats.layers[0].input_frac") && refusal.contains(text),
        "{refusal}"
    );
}

/// Predicted efficiency with everything included: input, element-wise units, waits.
#[test]
fn golden_networks_keep_the_lanes_busy() {
    for (name, lanes, elements_per_beat, least) in [
        ("digits", 4, 1, 0.95),
        ("digits", 8, 1, 0.92),
        ("digits", 16, 1, 0.88),
        ("digits", 32, 1, 0.88),
        ("fdht-largest", 16, 1, 0.97),
        ("fdht-largest", 64, 4, 0.93),
        ("fdht-smallest", 16, 1, 0.97),
        ("fdht-smallest", 64, 4, 0.93),
        ("ht-ucf11", 16, 1, 0.95),
        ("ht-ucf11", 64, 4, 0.93),
        ("ht-youtube", 16, 1, 0.90),
        ("fdht-ucf11", 16, 1, 0.74),
        ("fdht-ucf11", 64, 4, 0.74),
    ] {
        let model = models::model(&models::golden(name));
        let quant = quantized(&model, Widths::default());
        let hw = hardware(lanes, elements_per_beat);
        let program = sched::schedule(&quant, &hw).expect("schedules");
        let ideal = quant.plan().macs_per_step() as f64 / lanes as f64;
        let (busy, whole) = (program.busy_cycles(), program.timing().cycles_per_step);
        let efficiency = ideal / whole as f64;
        println!("{name} {lanes}: busy {busy}, whole {whole}, efficiency {efficiency:.4}");
        assert!(efficiency >= least, "{name} at {lanes} lanes: {efficiency:.4}\n{program}");
    }
}

/// Asserts that only values of the last step and of the gates are clipped.
struct Clips {
    last: Site,
}

impl Observer for Clips {
    fn see(&mut self, site: Site, values: &[i32], clipped: usize) {
        assert!(clipped == 0 || [self.last, Site::Gate(0)].contains(&site), "{site:?}: {values:?}");
    }
}

/// With safe formats the largest operand and the largest column of weights stay below the limit
/// of the result in every step but the last; the reference sees the same.
#[test]
fn safe_formats_clip_gates_alone() {
    for (seed, bits) in (0..60).flat_map(|seed| [(4, 8), (6, 6), (8, 12)].map(|b| (seed, b))) {
        let model = models::model(&models::random_shape(seed));
        let (weight_bits, activation_bits) = bits;
        let quant = quantized(&model, Widths::new(weight_bits, activation_bits).unwrap());
        let one = 1i64 << quant.input().frac.clamp(0, 15);
        let mut operand = match quant.input().element {
            Element::U8 => i64::from(quant.input_word(255)),
            Element::Real => one,
        };
        operand = operand.max(if quant.input().hidden_offset.is_some() { one } else { 0 });
        let last = quant.plan().step_count() - 1;
        for step in quant.steps().take(last) {
            let new = step.walk.new_out.len();
            let column =
                |o: usize| step.weights[o..].iter().step_by(new).map(|w| i64::from(w.abs())).sum();
            let sum: i64 = (0..new).map(column).max().unwrap();
            assert!(!step.requantize.clips(operand * sum), "seed {seed}, {bits:?}: {step:?}");
            operand = i64::from(step.requantize.apply(operand * sum));
        }
        if quant.input().element == Element::U8 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut reference = Executor::new(&quant);
            for _ in 0..12 {
                reference.step(&elements(&quant, &mut rng), &mut Clips { last: Site::Step(last) });
                reference.output(&mut Clips { last: Site::Step(last) });
            }
        }
    }
}
