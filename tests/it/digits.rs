//! The shipped spoken-digits model against the logits of an independent program, and its decisions
//! in fixed point.

use crate::shared;
use htgen::data::Sequences;
use htgen::evaluate;
use htgen::model::{self, Element, Model};
use htgen::plan::PlanConfig;
use htgen::quant::{self, QuantPlan, Widths};
use std::path::{Path, PathBuf};

/// A file of the example.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/digits").join(name)
}

/// The example calibrated on its own voices.
pub fn digits(widths: Widths) -> (Model, QuantPlan, Sequences) {
    let model = model::load(&example("model.json")).expect("the example loads");
    let voices = Sequences::load(&example("voices_demo.npz"), 1024, Element::U8).expect("loads");
    let config = PlanConfig::UNLIMITED;
    let plan = evaluate::plan_of(&model, &config).expect("plans");
    let ranges = evaluate::calibrate(&model, &plan, &voices);
    let formats = quant::choose(&model, &plan, &config, widths, &ranges);
    let quant = quant::quantize(&model, plan, formats).expect("fits");
    (model, quant, voices)
}

const W8_A12: Widths = Widths { weight_bits: 8, activation_bits: 12 };

fn equal_decisions(model: &Model, quant: &QuantPlan, data: &Sequences) -> usize {
    let float = evaluate::float_outputs(model, quant.plan(), data);
    let fixed = evaluate::fixed_outputs(quant, data);
    let pairs = float.iter().zip(&fixed);
    pairs.filter(|(a, b)| evaluate::decision(a) == evaluate::decision(b)).count()
}

#[test]
fn every_voice_is_decided_as_in_float() {
    let (model, quant, voices) = digits(W8_A12);
    println!("{:#?}", quant.formats());
    for (site, e) in evaluate::edge_errors(&model, &quant, &voices, 48) {
        println!("{site:?} {e:?}");
    }
    assert_eq!((equal_decisions(&model, &quant, &voices), voices.count()), (48, 48));
}

#[test]
fn real_recordings_are_decided_as_in_float() {
    let Some(path) = shared::find("data/fsdd.npz") else { return };
    let (model, quant, _) = digits(W8_A12);
    let data = Sequences::load(&path, 1024, Element::U8).expect("loads");
    let equal = equal_decisions(&model, &quant, &data);
    let fixed = evaluate::fixed_outputs(&quant, &data);
    let right = (0..data.count())
        .filter(|&k| evaluate::decision(&fixed[k]).map(|d| d as i64) == data.label(k))
        .count();
    println!("equal {equal}, right {right} of {}", data.count());
    assert!(equal * 100 >= 99 * data.count(), "{equal} of {}", data.count());
}
