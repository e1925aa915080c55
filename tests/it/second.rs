//! docs/second_implementation.py, written in NumPy using only docs/numerics.md, gives the integers
//! of `htgen run`: on the spoken digits and on random models of every format, cell and number of
//! layers; and the merged weights to the last bit.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::{Ended, Folder};
use crate::digits;
use crate::formats::{self, FORMATS, PLAIN, Split, Wanted};
use crate::models;
use crate::support::absent;
use htgen::config::OutputRate;
use htgen::data::{Array, ArrayData, Sequences, write_npz};
use htgen::evaluate;
use htgen::model::{self, Cell, Cores, Element, GateActivation, Model, Widths};
use htgen::plan::walk;
use htgen::plan::{PlanConfig, Planned};
use htgen::quant;
use htgen::tool::Run;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

const SEQUENCES: usize = 5;
const STEPS: usize = 6;

/// A Python that has NumPy and safetensors; `None` if there is none.
#[track_caller]
fn python() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let venv = env::var_os("HTGEN_TOOLS").map_or(root.join(".tools/venv"), PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let places = [venv.join("bin")].into_iter().chain(env::split_paths(&path));
    let answers = |python: &PathBuf| {
        let run = Run::new(python).args(["-c", "import numpy, safetensors.numpy"]);
        python.is_file() && run.run().is_ok_and(|finished| finished.status.success())
    };
    let found = places.map(|place| place.join("python3")).find(answers);
    if found.is_none() {
        absent("python3 with numpy and safetensors: scripts/setup.sh installs them");
    }
    found
}

/// Compares the second implementation with `htgen run` on `q.json` and `data.npz` of the folder.
fn compare(python: &Path, dir: &Folder) -> Ended {
    dir.done("run q.json --inputs data.npz --outputs out.npz");
    script(python, dir)
}

/// The second implementation against `out.npz` of the folder.
fn script(python: &Path, dir: &Folder) -> Ended {
    fs::write(dir.path("plan.json"), dir.done("inspect q.json --json")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/second_implementation.py");
    let files = ["q.json", "plan.json", "data.npz", "out.npz"];
    dir.run(Run::new(python).arg(script).args(files))
}

#[track_caller]
fn agrees(ended: &Ended, integers: usize) {
    let said = format!("{integers} integers, 0 differ\n");
    assert_eq!((ended.code, &ended.stdout), (Some(0), &said), "{}", ended.stderr);
}

/// Sequences of 1 to 6 steps for a model, including all-smallest and all-largest ones.
fn write_data(dir: &Folder, model: &Model, rng: &mut ChaCha8Rng) {
    let shape = vec![SEQUENCES, STEPS, model.layers[0].inputs];
    let elements = STEPS * model.layers[0].inputs;
    let mut bytes = |k: usize| match k / elements {
        1 => 0,
        2 => u8::MAX,
        _ => rng.random::<u8>(),
    };
    let bytes: Vec<u8> = (0..SEQUENCES * elements).map(&mut bytes).collect();
    let data = match model.input.element {
        Element::U8 => ArrayData::U8(bytes),
        // Some lie outside the range of the words.
        Element::Real => {
            ArrayData::F32(bytes.iter().map(|&b| (f32::from(b) - 127.3) / 60.0).collect())
        }
    };
    let length = (0..SEQUENCES).map(|k| (k * 4 % STEPS + 1) as i64).collect();
    let length = Array { shape: vec![SEQUENCES], data: ArrayData::I64(length) };
    let arrays = [("x", Array { shape, data }), ("length", length)];
    write_npz(&dir.path("data.npz"), &arrays).unwrap();
}

/// A random model with data in the folder; every other one with formats from its data, every third
/// one with its numbers in a safetensors file.
fn random(dir: &Folder, seed: u64) -> Model {
    saved(dir, models::model(&models::random_shape(seed)), seed)
}

fn saved(dir: &Folder, model: Model, seed: u64) -> Model {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    write_data(dir, &model, &mut rng);
    let widths = [(8, 12), (6, 8), (16, 16), (12, 10)][seed as usize % 4];
    let widths = Widths::new(widths.0, widths.1).unwrap();
    let planned = Planned::new(&model, &PlanConfig::UNLIMITED).unwrap();
    let formats = Some(if seed.is_multiple_of(2) {
        quant::safe(&planned, widths)
    } else {
        let inputs = model.layers[0].inputs;
        let all = htgen::data::Wanted::all(inputs, model.input.element);
        let data = Sequences::load(&dir.path("data.npz"), all).unwrap();
        let ranges = evaluate::calibrate(&planned, &data, OutputRate::Sequence);
        quant::choose(&planned, widths, &ranges)
    });
    let model = model.with_formats(formats).unwrap();
    let cores = if seed.is_multiple_of(3) { Cores::Safetensors } else { Cores::Inline };
    model::save(&model, &dir.path("q.json"), cores).unwrap();
    model
}

fn outputs(model: &Model) -> usize {
    let hidden = model.layers.last().expect("a model has a layer").hidden;
    model.head.as_ref().map_or(hidden, |head| head.outputs)
}

#[test]
fn random_models_agree() {
    let Some(python) = python() else { return };
    for seed in 0..24 {
        let dir = Folder::new();
        let model = random(&dir, seed);
        agrees(&compare(&python, &dir), SEQUENCES * outputs(&model));
    }
}

#[test]
fn every_format_cell_and_number_of_layers_agrees() {
    let Some(python) = python() else { return };
    let mut seed = 300;
    for format in FORMATS {
        for cell in [Cell::Lstm, Cell::Gru] {
            for split in [Split::Together, Split::Apart, Split::InputOnly] {
                seed += 1;
                let activation =
                    [GateActivation::Sigmoid, GateActivation::HardSigmoid][seed as usize % 2];
                let layers = seed as usize % 3 + 1;
                let wanted = Wanted { format, split, cell, activation, layers };
                let dir = Folder::new();
                let model = saved(&dir, formats::model(wanted, seed), seed);
                agrees(&compare(&python, &dir), SEQUENCES * outputs(&model));
            }
        }
    }
}

/// Prints the merged weights of all steps, the columns of the text: bits of doubles.
const MERGED: &str = "\
import sys, json, numpy
sys.path.insert(0, sys.argv[1])
import second_implementation, second_network
model, plan = second_implementation.load(sys.argv[2]), json.load(open(sys.argv[3]))
for step in plan['steps']:
    network = second_network.parts(model['layers'][0], 0)[step['part']][1]
    merged = network.merged(step['cores'])
    order = step['batch_indices'], step['contracted_indices'], step['out_indices']
    print(*(value.hex() for value in merged.arranged(*order)[0].ravel().tolist()))
";

/// The order of merging shows in the last bits of a double.
#[test]
fn merged_weights_agree_to_the_last_bit() {
    let Some(python) = python() else { return };
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut merged = 0;
    for (k, format) in FORMATS.into_iter().enumerate() {
        for seed in 0..5 {
            let dir = Folder::new();
            let model = formats::model(Wanted { format, ..PLAIN }, 400 + 10 * k as u64 + seed);
            model::save(&model, &dir.path("m.json"), Cores::Inline).unwrap();
            // All columns, as the script merges them.
            let inspect = "inspect m.json --json --keep-zero-columns";
            fs::write(dir.path("plan.json"), dir.done(inspect)).unwrap();
            let config = PlanConfig { drop_zero_columns: false, ..PlanConfig::UNLIMITED };
            let planned = Planned::new(&model, &config).unwrap();
            let run = Run::new(&python).args(["-c", MERGED]).arg(&docs);
            let ended = dir.run(run.args(["m.json", "plan.json"]));
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            let own = planned.plan().layers()[0][0].plan();
            for (k, line) in ended.stdout.lines().enumerate() {
                let theirs: Vec<f64> = line.split(' ').map(from_hex).collect();
                assert_eq!(theirs, walk::weights(own, k), "{format} {seed}, step {k}");
                merged += usize::from(own.steps()[k].nodes.len() > 2);
            }
        }
    }
    assert!(merged >= 5, "{merged} steps have an order at all");
}

/// A double as Python writes it in hexadecimal, `-0x1.8p+1`.
fn from_hex(text: &str) -> f64 {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text),
    };
    let digits = digits.strip_prefix("0x").expect("hexadecimal");
    let (mantissa, exponent) = digits.split_once('p').expect("an exponent");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let bits = u64::from_str_radix(&format!("{whole}{fraction}"), 16).unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    sign * bits as f64 * f64::from(exponent - 4 * fraction.len() as i32).exp2()
}

#[test]
fn the_spoken_digits_agree() {
    let Some(python) = python() else { return };
    let dir = Folder::new();
    let (quant, _) = digits::digits(Widths::default());
    let model = quant.planned().model().with_formats(Some(quant.formats().clone())).unwrap();
    model::save(&model, &dir.path("q.json"), Cores::Safetensors).unwrap();
    fs::copy(digits::example("voices_demo.npz"), dir.path("data.npz")).unwrap();
    agrees(&compare(&python, &dir), 480);
}

#[test]
fn one_changed_integer_or_format_is_noticed() {
    let Some(python) = python() else { return };
    let dir = Folder::new();
    let model = random(&dir, 4);
    agrees(&compare(&python, &dir), SEQUENCES * outputs(&model));
    let text = fs::read_to_string(dir.path("q.json")).unwrap();
    let mut changed: Value = serde_json::from_str(&text).unwrap();
    let cell = &mut changed["formats"]["layers"][0]["cell_frac"];
    *cell = (cell.as_i64().unwrap() - 1).into();
    fs::write(dir.path("q.json"), changed.to_string()).unwrap();
    let ended = script(&python, &dir);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout + &ended.stderr);
    assert!(!ended.stdout.contains(", 0 differ"), "{}", ended.stdout);
}
