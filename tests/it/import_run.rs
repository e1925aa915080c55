//! Imported models through the library's own stages: the float reference does what the original
//! layer did, and reference and interpreter of the integers agree.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::exact;
use crate::import::{fixture, flat, plain, rows};
use htgen::float::Reference;
use htgen::import::{self, Head, ImportOptions};
use htgen::model::{Model, Widths};
use htgen::plan::{PlanConfig, Planned};

/// How far an output may be from the original's.
const TOLERANCE: f64 = 1e-5;

/// Every fixture with the options required to import it.
fn all() -> Vec<(&'static str, ImportOptions)> {
    let interleaved = ImportOptions { interleaved: true, ..plain() };
    vec![
        ("pytorch_lstm", plain()),
        ("pytorch_gru", plain()),
        ("pytorch_gru_cell", plain()),
        ("pytorch_gru_no_bias", plain()),
        ("tednet_tt", plain()),
        ("tednet_tt2", plain()),
        ("tednet_tr", plain()),
        ("tednet_tr2", plain()),
        ("tednet_bt", plain()),
        ("tensorized_rnn", plain()),
        ("tensorized_rnn_first", plain()),
        ("tensorized_rnn_last", plain()),
        ("tensorized_rnn_interleaved", interleaved),
        ("tensorized_rnn_naive", plain()),
        ("tt_rnn", flat()),
    ]
}

/// The layers without a head, whose outputs the fixtures hold.
fn model(name: &str, options: &ImportOptions) -> Model {
    let options = ImportOptions { head: Head::None, ..options.clone() };
    import::import(&fixture(&format!("{name}.safetensors")), &options).unwrap().model
}

#[test]
fn the_float_reference_does_what_the_original_did() {
    for (name, options) in all() {
        let model = model(name, &options);
        let planned = Planned::new(&model, &PlanConfig::UNLIMITED).unwrap();
        let reference = Reference::new(&planned);
        let io = fixture(&format!("{name}.io.npz"));
        let mut state = reference.start();
        for (x, h) in rows(&io, "x").iter().zip(rows(&io, "h")) {
            reference.step(x, &mut state, &mut |_, _| {});
            let found = reference.output(&state, &mut |_, _| {});
            assert_eq!(found.len(), h.len(), "{name}");
            for (found, expected) in found.iter().zip(&h) {
                assert!((found - expected).abs() <= TOLERANCE, "{name}: {found} not {expected}");
            }
        }
    }
}

#[test]
fn the_program_does_what_the_fixed_reference_does() {
    let widths = Widths::default();
    for (seed, (name, options)) in all().into_iter().enumerate() {
        println!("{name}");
        exact::agree(&model(name, &options), widths, seed as u64);
    }
}
