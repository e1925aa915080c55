//! Outputs and gradients of training for every format, cell and arrangement of matrices: the
//! outputs against a plain computation, the gradients against finite differences, both in doubles.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::train_models::{Columned, FORMATS, data, model, plain};
use htgen::data::LabelledSequences;
use htgen::model::{Cell, GateActivation, Model};
use htgen::train::config::FitConfig;
use htgen::train::{self, Split, SplitBy, Task, parameters};
use tempfile::TempDir;

/// Half the distance of the two points of a difference.
const STEP: f64 = 1e-5;

#[track_caller]
fn check(model: &Model, data: &LabelledSequences, what: &str) {
    let all: Vec<usize> = (0..data.sequences.count()).collect();
    let config = FitConfig { label_smoothing: 0.1, ..FitConfig::default() };
    let split = Split { training: all.clone(), validation: vec![], by: SplitBy::Sequence };
    let task =
        Task { model, data, split: &split, config: &config, augment: None, quantization: None };
    let outputs = train::outputs(task, &all).unwrap();
    for (k, found) in outputs.iter().enumerate() {
        for (found, expected) in found.iter().zip(plain(model, data, k)) {
            assert!((found - expected).abs() < 1e-12, "{what}: {found} for {expected}");
        }
    }
    let loss = |model: &Model| train::gradient(Task { model, ..task }, &all).unwrap();
    let (_, gradients) = loss(model);
    let groups = parameters::of(model);
    assert_eq!(gradients.len(), groups.len());
    let mut largest = 0.0f64;
    for (g, group) in groups.iter().enumerate() {
        for k in 0..group.values.len() {
            let at = |step: f64| {
                let mut values: Vec<Vec<f64>> = groups.iter().map(|g| g.values.clone()).collect();
                values[g][k] += step;
                loss(&parameters::put(&values, model.clone()).unwrap()).0
            };
            let difference = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            let found = gradients[g][k];
            largest = largest.max(found.abs());
            let error = (found - difference).abs();
            assert!(error < 1e-8, "{what}: {} [{k}]: {found} for {difference}", group.name);
        }
    }
    assert!(largest > 1e-3, "{what}: the loss depends on the parameters");
}

#[test]
fn every_format_of_an_lstm() {
    let folder = TempDir::new().unwrap();
    let data = data(&folder, 3);
    for format in FORMATS {
        let model = model(format, Columned::Full, Cell::Lstm, GateActivation::Sigmoid, 1);
        check(&model, &data, format);
    }
}

#[test]
fn every_format_of_a_gru() {
    let folder = TempDir::new().unwrap();
    let data = data(&folder, 3);
    for format in FORMATS {
        let model = model(format, Columned::Full, Cell::Gru, GateActivation::Sigmoid, 1);
        check(&model, &data, format);
    }
}

#[test]
fn matrices_of_x_and_of_h() {
    let folder = TempDir::new().unwrap();
    let data = data(&folder, 3);
    for columned in [Columned::Apart, Columned::Input, Columned::Summed] {
        for cell in [Cell::Lstm, Cell::Gru] {
            for format in ["ht", "bt"] {
                let model = model(format, columned, cell, GateActivation::Sigmoid, 1);
                check(&model, &data, &format!("{format} {columned:?} {cell:?}"));
            }
        }
    }
}

#[test]
fn several_layers_and_hard_gates() {
    let folder = TempDir::new().unwrap();
    let data = data(&folder, 3);
    for cell in [Cell::Lstm, Cell::Gru] {
        for gates in [GateActivation::Sigmoid, GateActivation::HardSigmoid] {
            let model = model("tt", Columned::Full, cell, gates, 2);
            check(&model, &data, &format!("{cell:?} {gates:?}"));
        }
    }
}
