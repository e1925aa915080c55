//! The fixed-point reference and the interpreter of the program agree on random networks.

use crate::models;
use htgen::config::HwConfig;
use htgen::fixed::Executor;
use htgen::model::{Element, Model};
use htgen::network;
use htgen::plan::{self, PlanConfig};
use htgen::quant::{self, QuantPlan, Widths};
use htgen::sched::{self, Interpreter};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Safe formats for a model.
pub fn quantized(model: &Model, widths: Widths) -> QuantPlan {
    let config = PlanConfig::UNLIMITED;
    let network = network::build(&model.layers[0], &model.layers[0].matrices[0]);
    let plan = plan::contract(network, &config).expect("a random network plans");
    let formats = quant::safe(model, &plan, &config, widths);
    let quant = quant::quantize(model, plan, formats).expect("safe formats fit");
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

/// The reference and the interpreter on the random network `seed`, at many numbers of lanes.
#[track_caller]
pub fn check(seed: u64, widths: Widths) {
    let shape = models::random_shape(seed);
    let model = models::model(&shape);
    let quant = quantized(&model, widths);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for lanes in [1, 2, 4, 8, 16, 32, 128] {
        let beat = 1usize << (rng.random::<u32>() % 4);
        let hw = HwConfig { lanes, elements_per_beat: beat, ..HwConfig::default() };
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
                assert_eq!(
                    want, got,
                    "seed {seed}, {lanes} lanes, {sequence}:{t}\n{shape:?}\n{program}"
                );
            }
        }
    }
}

#[test]
fn random_networks_agree() {
    for seed in 0..60 {
        let widths = match seed % 3 {
            0 => Widths { weight_bits: 8, activation_bits: 12 },
            1 => Widths { weight_bits: 6, activation_bits: 6 },
            _ => Widths { weight_bits: 16, activation_bits: 16 },
        };
        check(seed, widths);
    }
}

#[test]
fn an_input_shift_that_the_loader_does_not_have_is_refused() {
    let shapes = (0..).map(models::random_shape);
    let mut bytes = shapes.map(|s| models::model(&s)).filter(|m| m.input.element == Element::U8);
    let model = bytes.next().expect("a network with bytes");
    let config = PlanConfig::UNLIMITED;
    let network = network::build(&model.layers[0], &model.layers[0].matrices[0]);
    let plan = plan::contract(network, &config).expect("a random network plans");
    let widths = Widths { weight_bits: 8, activation_bits: 12 };
    let mut formats = quant::safe(&model, &plan, &config, widths);
    formats.layers[0].input_frac = model.input.shift + 33;
    let refusal = quant::quantize(&model, plan, formats).expect_err("33 bits").to_string();
    let text = "expected at most 32 more or less than the input's shift";
    assert!(
        refusal.contains("formats.layers[0].input_frac") && refusal.contains(text),
        "{refusal}"
    );
}

#[test]
fn golden_networks_keep_the_lanes_busy() {
    for (name, lanes) in [
        ("digits", 4),
        ("digits", 8),
        ("digits", 16),
        ("digits", 32),
        ("fdht-largest", 16),
        ("fdht-largest", 64),
        ("fdht-smallest", 16),
        ("fdht-smallest", 64),
        ("ht-ucf11", 16),
        ("ht-ucf11", 64),
        ("ht-youtube", 16),
        ("fdht-ucf11", 16),
        ("fdht-ucf11", 64),
    ] {
        let model = models::model(&models::golden(name));
        let quant = quantized(&model, Widths { weight_bits: 8, activation_bits: 12 });
        let hw = HwConfig {
            lanes,
            elements_per_beat: if lanes > 16 { 4 } else { 1 },
            ..HwConfig::default()
        };
        let program = sched::schedule(&quant, &hw).expect("schedules");
        let macs = quant.plan().macs_per_step();
        let ideal = macs as f64 / lanes as f64;
        println!(
            "{name} {lanes}: busy {} efficiency {:.4} acc {}\n{program}",
            program.busy_cycles(),
            ideal / program.busy_cycles() as f64,
            quant.acc_bits()
        );
        let least = if name == "fdht-ucf11" { 0.75 } else { 0.95 };
        assert!(ideal / program.busy_cycles() as f64 > least);
    }
}
