//! The commands of a comparison in order, and the figures from their reports.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::designs::{figure, model_inputs, place, simulate};
use super::parts::{PartFiles, parts, text};
use super::work::{Command, RESUME, Work};
use crate::commands::{self, AskedWidths, Judging, QuantizeRequest, RunRequest, TrainRequest};
use crate::compare::{
    Accuracy, BoardResult, CompareConfig, Comparison, LaneResult, Spread, System, SystemResult,
};
use crate::error::{Diagnostic, Result};
use crate::model::{Cores, Widths, identifier};
use crate::plan::PlanConfig;
use crate::report::{Evaluation, Inspection, Trained};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Runs everything that has not been done yet.
pub fn compare(config: &CompareConfig, work: &mut Work) -> Result<Comparison> {
    let data: Vec<PathBuf> = config.files.iter().map(|file| work.given(file)).collect();
    let first = config.system.first().map(|system| config.train_toml(system, 0, config.seeds[0]));
    let parts = parts(work, &data, &first.unwrap_or_default())?;
    let mut systems = Vec::new();
    let mut trained = None;
    for system in &config.system {
        let runs = train(config, work, system, &data)?;
        trained = runs.reports.first().cloned();
        systems.push(measure(config, work, system, &runs, &parts)?);
    }
    let trained = trained.expect("at least one system and seed");
    Ok(Comparison {
        name: config.name.clone(),
        title: config.title.clone(),
        about: config.about.clone(),
        training: trained.training.sequences as u64,
        validation: trained.validation.sequences as u64,
        tries: config.n_tries(),
        seeds: config.seeds.clone(),
        epochs: trained.epochs as u64,
        systems,
        commands: std::mem::take(&mut work.commands),
    })
}

/// The models of a system's best try, one per seed.
struct Runs {
    best_try: usize,
    models: Vec<PathBuf>,
    reports: Vec<Trained>,
}

fn train(
    config: &CompareConfig,
    work: &mut Work,
    system: &System,
    data: &[PathBuf],
) -> Result<Runs> {
    let mut best: Option<(f64, Runs)> = None;
    for tried in 0..config.n_tries() {
        let mut runs = Runs { best_try: tried, models: Vec::new(), reports: Vec::new() };
        let mut sum = 0.0;
        for &seed in &config.seeds {
            let name = format!("{}_t{tried}_s{seed}", system.name);
            let toml = work.path(&format!("{name}.toml"));
            work.write(&toml, &config.train_toml(system, tried, seed))?;
            let model = work.path(&format!("{name}.json"));
            let mut args = vec!["train".to_owned()];
            args.extend(data.iter().map(|path| text(path)));
            args.extend(["--config".into(), text(&toml), "-o".into(), text(&model)]);
            args.push("--safetensors".into());
            let resume = work.path(&format!("{name}.checkpoint")).exists();
            args.extend(resume.then(|| RESUME.to_owned()));
            let inputs = data.iter().cloned().chain([toml.clone()]).collect();
            let makes = std::slice::from_ref(&model);
            let request = TrainRequest {
                data,
                config: &toml,
                validation: &[],
                init: None,
                resume,
                name: &identifier(&name),
                cores: Cores::Safetensors,
                output: &model,
            };
            let command = Command { name: format!("train_{name}"), args, inputs, makes };
            let report =
                work.report(&command, |_| finished(commands::train(&request, &mut ())?))?;
            sum += report.validation.accuracy;
            runs.models.push(model);
            runs.reports.push(report);
        }
        if best.as_ref().is_none_or(|(most, _)| sum > *most) {
            best = Some((sum, runs));
        }
    }
    Ok(best.expect("at least one try").1)
}

/// A training whose loss stayed finite.
fn finished(report: Trained) -> Result<Trained> {
    match report.not_finite {
        None => Ok(report),
        Some(epoch) => Err(Diagnostic::new("", "the loss was not finite")
            .found(format!("epoch {epoch}"))
            .help("try a lower learning_rate")
            .into()),
    }
}

/// What a comparison takes from the report of `htgen run`.
#[derive(Deserialize, Serialize)]
struct RunFigures {
    accuracy: Option<f64>,
    accuracy_float: Option<f64>,
    balanced_accuracy_float: Option<f64>,
}

impl RunFigures {
    fn of(evaluation: &Evaluation) -> RunFigures {
        let decisions = evaluation.judgement.decisions.as_ref();
        let labelled = decisions.and_then(|decisions| decisions.labelled.as_ref());
        RunFigures {
            accuracy: labelled.map(|labelled| labelled.run.accuracy()),
            accuracy_float: labelled.map(|labelled| labelled.float.accuracy()),
            balanced_accuracy_float: labelled.map(|labelled| labelled.float.balanced_accuracy()),
        }
    }
}

fn measure(
    config: &CompareConfig,
    work: &mut Work,
    system: &System,
    runs: &Runs,
    parts: &PartFiles,
) -> Result<SystemResult> {
    let (mut float, mut balanced) = (Vec::new(), Vec::new());
    let mut fixed: Vec<Vec<f64>> = vec![Vec::new(); config.widths.len()];
    let mut shown = None;
    for (model, seed) in runs.models.iter().zip(&config.seeds) {
        for (k, [weights, activations]) in config.widths.iter().enumerate() {
            let name = format!("{}_s{seed}_w{weights}_a{activations}", system.name);
            let quantized = work.path(&format!("{name}.json"));
            let numbers = model.with_extension("safetensors");
            let args = ["quantize", &text(model), "--calibrate", &text(&parts.training)]
                .map(str::to_owned)
                .into_iter()
                .chain(["--weight-bits".into(), weights.to_string()])
                .chain(["--activation-bits".into(), activations.to_string()])
                .chain(["--safetensors".into(), "-o".into(), text(&quantized)])
                .collect();
            let command = Command {
                name: format!("quantize_{name}"),
                args,
                inputs: vec![model.clone(), numbers, parts.training.clone()],
                makes: std::slice::from_ref(&quantized),
            };
            let widths = Widths::new(*weights, *activations)?;
            let request = QuantizeRequest {
                model,
                calibrate: &parts.training,
                judging: Judging::default(),
                widths: AskedWidths {
                    weight: Some(widths.weight),
                    activation: Some(widths.activation),
                },
                limits: PlanConfig::UNLIMITED,
                cores: Cores::Safetensors,
                output: &quantized,
            };
            work.report(&command, |_| commands::quantize(request, &mut ()).map(drop))?;
            let words = ["run", &text(&quantized), "--inputs", &text(&parts.validation)];
            let command = Command {
                name: format!("run_{name}"),
                args: words.map(str::to_owned).to_vec(),
                inputs: model_inputs(&quantized, &parts.validation),
                makes: &[],
            };
            let request = RunRequest {
                model: &quantized,
                inputs: &parts.validation,
                outputs: None,
                limit: None,
                judging: Judging::default(),
                widths: AskedWidths::default(),
                limits: PlanConfig::UNLIMITED,
            };
            let report: RunFigures = work.report(&command, |_| {
                commands::run(request, &mut ()).map(|evaluation| RunFigures::of(&evaluation))
            })?;
            fixed[k].push(figure(report.accuracy)?);
            if k == 0 {
                float.push(figure(report.accuracy_float)?);
                balanced.push(figure(report.balanced_accuracy_float)?);
                shown.get_or_insert(quantized);
            }
        }
    }
    let shown = shown.expect("at least one seed and width");
    let command = Command {
        name: format!("inspect_{}", system.name),
        args: vec!["inspect".into(), text(&shown)],
        inputs: model_inputs(&shown, &shown),
        makes: &[],
    };
    let inspect: Inspection = work.report(&command, |_| commands::inspect(&shown, None, false))?;
    let [weight_bits, activation_bits] = config.widths[0].map(u64::from);
    let lanes =
        config.lanes.iter().map(|&lanes| simulate(config, work, system, &shown, parts, lanes));
    let lanes = lanes.collect::<Result<Vec<LaneResult>>>()?;
    let boards = config.board.iter().map(|board| place(config, work, system, &shown, parts, board));
    let boards = boards.collect::<Result<Vec<BoardResult>>>()?;
    let accuracy = |(widths, values): (&[u32; 2], &Vec<f64>)| Accuracy {
        weight_bits: widths[0],
        activation_bits: widths[1],
        accuracy: Spread::of(values),
    };
    Ok(SystemResult {
        name: system.name.clone(),
        label: system.label.clone(),
        best_try: runs.best_try,
        parameters: inspect.parameters as u64,
        recurrent_parameters: inspect.recurrent_parameters as u64,
        dense_parameters: inspect.dense_parameters as u64,
        float: Spread::of(&float),
        balanced: Spread::of(&balanced),
        fixed: config.widths.iter().zip(&fixed).map(accuracy).collect(),
        macs_per_step: inspect.macs_per_step,
        rom_bits: inspect.rom_words * weight_bits,
        buffer_bits: (inspect.peak_words + inspect.input_words as u64) * activation_bits,
        lanes,
        boards,
    })
}
