//! Two spoken-digits models, that of the examples and one trained by another program: their float
//! outputs against those of independent programs, and their decisions in fixed point.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::data_support;
use crate::shared;
use htgen::config::OutputRate;
use htgen::data::{Sequences, Wanted};
use htgen::evaluate;
use htgen::fixed::Site;
use htgen::model::{self, Element, Widths};
use htgen::plan::{PlanConfig, Planned};
use htgen::quant::{self, QuantPlan};
use std::path::{Path, PathBuf};

/// A file of the example.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/digits").join(name)
}

/// Model and voices, with logits, of the example and of the other program.
fn both() -> [(PathBuf, PathBuf); 2] {
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/digits");
    [
        (example("model.json"), example("voices_demo.npz")),
        (other.join("model.json"), other.join("voices.npz")),
    ]
}

/// The example calibrated on its own voices.
pub fn digits(widths: Widths) -> (QuantPlan, Sequences) {
    calibrated(&example("model.json"), &example("voices_demo.npz"), widths)
}

fn calibrated(model: &Path, voices: &Path, widths: Widths) -> (QuantPlan, Sequences) {
    let model = model::load(model).expect("the model loads");
    let voices = Sequences::load(voices, Wanted::all(1024, Element::U8)).expect("loads");
    let planned = Planned::new(&model, &PlanConfig::UNLIMITED).expect("plans");
    let ranges = evaluate::calibrate(&planned, &voices, OutputRate::Sequence);
    let formats = quant::choose(&planned, widths, &ranges);
    let quant = quant::quantize(&planned, formats).expect("fits");
    (quant, voices)
}

fn equal_decisions(quant: &QuantPlan, data: &Sequences) -> usize {
    let float = evaluate::float_outputs(quant.planned(), data, OutputRate::Sequence);
    let fixed = evaluate::fixed_outputs(quant, data, OutputRate::Sequence);
    let pairs = float.iter().zip(&fixed);
    pairs.filter(|(a, b)| evaluate::decision(a) == evaluate::decision(b)).count()
}

#[test]
fn float_outputs_are_those_of_independent_programs() {
    for (model, voices) in both() {
        let logits = data_support::arrays(&voices);
        let logits = data_support::reals(&logits, "logits", &[48, 10]);
        let (quant, data) = calibrated(&model, &voices, Widths::default());
        let found = evaluate::float_outputs(quant.planned(), &data, OutputRate::Sequence);
        let apart = found.iter().flatten().zip(&logits).map(|(a, b)| (a - b).abs());
        let most = apart.fold(0.0, f64::max);
        assert!(found.len() == 48 && most < 1e-4, "{}: {most}", voices.display());
    }
}

#[test]
fn every_voice_is_decided_as_in_float() {
    for (model, voices) in both() {
        let (quant, voices) = calibrated(&model, &voices, Widths::default());
        for (site, e) in evaluate::edge_errors(&quant, &voices, 48, OutputRate::Sequence) {
            let (rms, largest) = if site == Site::Input { (0.0, 0.0) } else { (0.15, 0.8) };
            assert!(e.clipped == 0 && e.rms <= rms && e.largest <= largest, "{site:?}: {e:?}");
        }
        assert_eq!((equal_decisions(&quant, &voices), voices.count()), (48, 48));
    }
}

#[test]
fn real_recordings_are_decided_as_in_float() {
    let Some(path) = shared::find("data/fsdd.npz") else { return };
    let data = Sequences::load(&path, Wanted::all(1024, Element::U8)).expect("loads");
    for ((model, voices), wanted) in both().into_iter().zip([(2699, 2688), (2700, 2695)]) {
        let (quant, _) = calibrated(&model, &voices, Widths::default());
        let equal = equal_decisions(&quant, &data);
        let fixed = evaluate::fixed_outputs(&quant, &data, OutputRate::Sequence);
        let right = (0..data.count())
            .filter(|&k| evaluate::decision(&fixed[k]).map(|d| d as i64) == data.label(k))
            .count();
        assert_eq!((equal, right), wanted, "as in float, and right, of {}", data.count());
    }
}
