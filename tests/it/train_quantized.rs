//! Training in integers: its forward pass has the integers of the fixed-point reference, its
//! gradient is that of floats when the words are wide, and what it reports is what `htgen run`
//! measures.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::train::{CONFIG, easy};
use crate::train_models::{Columned, FORMATS, data, model};
use htgen::config::OutputRate;
use htgen::data::LabelledSequences;
use htgen::evaluate;
use htgen::model::{Cell, GateActivation, Model, Widths};
use htgen::plan::{PlanConfig, Planned};
use htgen::quant;
use htgen::train::config::{FitConfig, QuantizationTable};
use htgen::train::{self, Split, SplitBy, Task};
use std::fs;
use tempfile::TempDir;

/// Every format, both cells, one and two layers, both gate activations.
fn models() -> Vec<(String, Model)> {
    let mut models = Vec::new();
    for cell in [Cell::Lstm, Cell::Gru] {
        for format in FORMATS {
            let own = model(format, Columned::Full, cell, GateActivation::Sigmoid, 1);
            models.push((format!("{format} {cell:?}"), own));
        }
        let two = model("tt", Columned::Full, cell, GateActivation::HardSigmoid, 2);
        models.push((format!("two layers {cell:?}"), two));
        let apart = model("ht", Columned::Apart, cell, GateActivation::Sigmoid, 1);
        models.push((format!("apart {cell:?}"), apart));
    }
    models
}

fn table(weight_bits: u32, activation_bits: u32) -> QuantizationTable {
    let Widths { weight, activation } = Widths::new(weight_bits, activation_bits).unwrap();
    QuantizationTable {
        weight_bits: weight,
        activation_bits: activation,
        ..QuantizationTable::default()
    }
}

/// The model with formats from the ranges of all data.
fn quantized(model: &Model, data: &LabelledSequences, table: &QuantizationTable) -> Model {
    let planned = Planned::new(model, &PlanConfig::UNLIMITED).unwrap();
    let ranges = evaluate::calibrate(&planned, &data.sequences, OutputRate::Sequence);
    let formats = quant::choose(&planned, table.widths(), &ranges);
    model.with_formats(Some(formats)).unwrap()
}

#[test]
fn the_forward_pass_has_the_integers_of_the_reference() {
    let folder = TempDir::new().unwrap();
    let data = data(&folder, 3);
    let all: Vec<usize> = (0..data.sequences.count()).collect();
    let (config, split) = (
        FitConfig::default(),
        Split { training: all.clone(), validation: vec![], by: SplitBy::Sequence },
    );
    for (what, model) in models() {
        for table in [table(8, 12), table(4, 5)] {
            let model = &quantized(&model, &data, &table);
            let planned = Planned::new(model, &PlanConfig::UNLIMITED).unwrap();
            let formats = model.formats.clone().unwrap();
            let quant = quant::quantize(&planned, formats).unwrap();
            let scale = (-f64::from(quant.output_frac())).exp2();
            let task = Task {
                model,
                data: &data,
                split: &split,
                config: &config,
                augment: None,
                quantization: Some(&table),
            };
            let found = train::outputs(task, &all).unwrap();
            let expected = evaluate::fixed_outputs(&quant, &data.sequences, OutputRate::Sequence);
            for (found, expected) in found.iter().zip(&expected) {
                let expected: Vec<f64> = expected.iter().map(|&q| f64::from(q) * scale).collect();
                assert_eq!(*found, expected, "{what}");
            }
        }
    }
}

#[test]
fn gradients_of_wide_words_are_those_of_floats() {
    let folder = TempDir::new().unwrap();
    let data = data(&folder, 3);
    let all: Vec<usize> = (0..data.sequences.count()).collect();
    let (config, split) = (
        FitConfig::default(),
        Split { training: all.clone(), validation: vec![], by: SplitBy::Sequence },
    );
    for (what, model) in models() {
        let gradients = |quantization: Option<&QuantizationTable>| {
            let (data, split, config) = (&data, &split, &config);
            let task = Task { model: &model, data, split, config, augment: None, quantization };
            train::gradient(task, &all).unwrap().1
        };
        let (wide, narrow) = (table(16, 16), table(4, 5));
        let float = gradients(None);
        let distance = |table: &QuantizationTable| -> f64 {
            let found = gradients(Some(table));
            let pairs = found.iter().flatten().zip(float.iter().flatten());
            let squares: f64 = pairs.map(|(a, b)| (a - b) * (a - b)).sum();
            let norm: f64 = float.iter().flatten().map(|g| g * g).sum();
            (squares / norm).sqrt()
        };
        let (wide, narrow) = (distance(&wide), distance(&narrow));
        println!("{what}: {wide:.5} with 16 bits, {narrow:.5} with 4 and 5");
        assert!(wide < 0.01, "{what}: {wide}");
        assert!(narrow > wide, "{what}: {narrow}, {wide}");
    }
}

#[test]
fn what_training_reports_is_what_run_measures() {
    let shapes = [
        ("lstm", ""),
        ("gru", "cell = \"gru\"\nout_modes = [4, 3]\nin_modes = [4, 3]\nrank = 3\n"),
        ("two", "layers = 2\ngate_activation = \"hard-sigmoid\"\n"),
    ];
    for (what, extra) in shapes {
        let dir = Folder::new();
        easy(&dir);
        let mut config = CONFIG.to_owned();
        if what == "gru" {
            config = config.replace("out_modes = [4, 4]\nin_modes = [4, 3]\nrank = 3\n", "");
        }
        let config = config.replace("hidden = 4\n", &format!("hidden = 4\n{extra}"))
            + "\n[quantization]\nweight_bits = 5\nactivation_bits = 6\nafter = 8\n";
        fs::write(dir.path("train.toml"), config).unwrap();
        let report = dir.json("train easy.npz --config train.toml -o m.json");
        assert!(report["best_epoch"].as_u64().unwrap() > 8, "{what}: {report}");
        let run = dir.json("run m.json --inputs easy.npz");
        assert_eq!(run["formats"], "model", "{what}: {run}");
        let right = |part: &str, key: &str| {
            report[part][key].as_f64().unwrap() * report[part]["sequences"].as_f64().unwrap()
        };
        for (key, measured) in
            [("accuracy_in_integers", "accuracy"), ("accuracy", "accuracy_float")]
        {
            let reported = right("training", key) + right("validation", key);
            let measured = run[measured].as_f64().unwrap() * 90.0;
            assert!((reported - measured).abs() < 1e-6, "{what} {key}: {reported}, {measured}");
        }
        assert!(right("validation", "accuracy_in_integers") > 0.6 * 27.0, "{what}: {report}");
    }
}

/// Few bits cost decisions after training; training in them wins some of them back.
#[test]
fn training_in_few_bits_decides_more_than_rounding_afterwards() {
    let dir = Folder::new();
    easy(&dir);
    fs::write(dir.path("train.toml"), CONFIG).unwrap();
    dir.done("train easy.npz --config train.toml -o m.json");
    let widths = "--weight-bits 3 --activation-bits 4";
    dir.done(&format!("quantize m.json --calibrate easy.npz {widths} -o rounded.json"));
    let (_, rest) = CONFIG.split_once("[data]").unwrap();
    let rest = rest.replace("0.03", "0.01");
    let table = "[quantization]\nweight_bits = 3\nactivation_bits = 4\n";
    fs::write(dir.path("q.toml"), format!("[data]{rest}\n{table}")).unwrap();
    dir.done("train easy.npz --config q.toml --init m.json -o trained.json");
    let accuracy = |name: &str| {
        dir.json(&format!("run {name} --inputs easy.npz"))["accuracy"].as_f64().unwrap()
    };
    let (rounded, trained) = (accuracy("rounded.json"), accuracy("trained.json"));
    println!("{rounded} rounded afterwards, {trained} trained in integers");
    assert!(trained > rounded, "{trained}, {rounded}");
}
