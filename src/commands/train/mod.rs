//! A model from labelled sequences: configuration, data, model, epochs, files.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod files;
mod keeper;

use super::training_data::{config, data, division};
use crate::data::LabelledSequences;
use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use crate::evaluate;
use crate::model::{self, Cores, Model};
use crate::report::{PartReport, Trained};
use crate::train::{self, End, Split, Task, TrainConfig, TrainState};
use files::Files;
use keeper::Keeper;
use std::path::{Path, PathBuf};

pub use keeper::TrainWatch;

/// What is trained, on what, and where the results go.
#[derive(Debug, Clone, Copy)]
pub struct TrainRequest<'a> {
    /// The data: npz or safetensors files with x and y, taken together.
    pub data: &'a [PathBuf],
    /// What is trained and how, a `train.toml`.
    pub config: &'a Path,
    /// Held-out data in files of its own; if there are none, a part of `data` is held out.
    pub validation: &'a [PathBuf],
    /// The model whose values are the start, instead of new ones.
    pub init: Option<&'a Path>,
    /// Whether to continue from the last complete epoch of an interrupted run.
    pub resume: bool,
    /// The name of a new model.
    pub name: &'a str,
    /// Where the numbers of the model go.
    pub cores: Cores,
    /// The model file to write; checkpoint, history and loss curve are beside it.
    pub output: &'a Path,
}

/// Trains a model and writes it with its history; after every epoch a checkpoint.
///
/// # Errors
/// Configuration, data and model that do not fit each other, a checkpoint of another run, a file
/// that cannot be written, a signal. A loss that is not finite is a result.
pub fn train(args: &TrainRequest<'_>, watch: &mut dyn TrainWatch) -> Result<Trained> {
    let files = Files::claim(args.output, args.cores)?;
    let config = config(args.config)?;
    let data = if args.validation.is_empty() {
        data(args.data, &config)?
    } else {
        config.data.check_parted().map_err(|p| p.in_file(args.config.display()))?;
        LabelledSequences::load_parted(args.data, args.validation)?
    };
    let inputs = data.sequences.inputs();
    config.check_inputs(inputs).map_err(|p| p.in_file(args.config.display()))?;
    let split = Split::of(&data, &config.data).map_err(|p| in_data(p, args))?;
    let model = start(args, &config, &data, &split)?;
    let files = files.for_numbers(model.numbers())?;
    let run = train::fingerprint(&config, &model, &data);
    let mut state = files.state(args.resume, &run, &model)?;

    let augment = config.augment.as_ref();
    let quantization = config.quantization.as_ref();
    let task = Task {
        model: &model,
        data: &data,
        split: &split,
        config: &config.train,
        augment,
        quantization,
    };
    watch.begin(state.history.len(), config.train.epochs);
    let end = train::fit(task, &mut state, &mut Keeper::new(&run, &files.checkpoint, watch))?;
    watch.end();
    if end == End::Stopped {
        let done = state.history.len();
        let problem = Diagnostic::new("", format!("interrupted in epoch {}", done + 1))
            .kind(ErrorKind::Interrupted);
        let help = match done {
            0 => "no epoch was completed, so nothing is stored".to_owned(),
            _ => format!("--resume continues after epoch {done}"),
        };
        return Err(problem.help(help).into());
    }

    let best = train::best_model(task, &state)?;
    let report = report(&best, task, &state, end, args)?;
    if report.file.is_some() {
        files.write(&report, &config, &state, args)?;
        files.model.save(&best)?;
    }
    if end == End::Done {
        files.checkpoint.remove()?;
    }
    Ok(report)
}

fn in_data(problems: Problems, args: &TrainRequest<'_>) -> Problems {
    problems.in_file(args.data[0].display())
}

/// The model to start from: from a file, or a new one of the shape in the configuration.
fn start(
    args: &TrainRequest<'_>,
    config: &TrainConfig,
    data: &LabelledSequences,
    split: &Split,
) -> Result<Model> {
    let place = |problems: Problems| problems.in_file(args.config.display());
    match (args.init, &config.model) {
        (Some(path), None) => {
            let model = model::load(path)?;
            fits(&model, data).map_err(|p| p.in_file(path.display()))?;
            Ok(model)
        }
        (None, Some(table)) => {
            let (centred, shift) = (config.data.mean, config.data.shift);
            let input = train::preparation(data, &split.training, table.hidden, (centred, shift));
            let spec = table.spec(args.name, data, input, config.train.seed);
            let model = spec.and_then(|spec| model::new(&spec));
            let model = model.map_err(|p| place(p.in_file("model")))?;
            train::fill(model, config.train.seed)
        }
        (Some(_), Some(_)) => Err(place(
            Diagnostic::new("model", "the model comes from --init")
                .help("leave the table [model] out, or --init")
                .into(),
        )),
        (None, None) => Err(place(
            Diagnostic::new("model", "table missing")
                .help("describe the model in [model], or start from one with --init")
                .into(),
        )),
    }
}

/// Whether a model takes the data and has one output per class.
fn fits(model: &Model, data: &LabelledSequences) -> Result<()> {
    let mut problems = Vec::new();
    let mut need = |place: &str, found: String, expected: String| {
        if found != expected {
            problems.push(
                Diagnostic::new(place, "does not fit the data").found(found).expected(expected),
            );
        }
    };
    let (inputs, element) = (data.sequences.inputs(), data.sequences.element());
    need("layers[0].inputs", model.layers[0].inputs.to_string(), inputs.to_string());
    need("input.element", format!("{:?}", model.input.element), format!("{element:?}"));
    let outputs = model.head.as_ref().map_or(0, |head| head.outputs);
    let enough = if outputs < data.classes { data.classes } else { outputs };
    need("head.outputs", outputs.to_string(), enough.to_string());
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

fn report(
    model: &Model,
    task: Task<'_>,
    state: &TrainState,
    end: End,
    args: &TrainRequest<'_>,
) -> Result<Trained> {
    let by_files = !args.validation.is_empty();
    let best = state.best_epoch().map_or(0, |epoch| epoch.epoch);
    let outputs = model.head.as_ref().map_or(task.data.classes, |head| head.outputs);
    let names = evaluate::class_names(&task.data.sequences, outputs);
    let part = |sequences: &[usize]| -> Result<PartReport> {
        let measured = train::measure(Task { model, ..task }, sequences);
        let in_integers = train::measure_integers(Task { model, ..task }, sequences)?;
        let integers = in_integers.as_ref().map(|measured| &measured.confusion);
        Ok(PartReport::of(&names, measured.loss, &measured.confusion, integers))
    };
    Ok(Trained {
        name: model.name.clone(),
        file: (best > 0).then(|| args.output.to_path_buf()),
        parameters: model.parameters(),
        epochs: state.history.len(),
        best_epoch: best,
        training: part(&task.split.training)?,
        validation: part(&task.split.validation)?,
        division: division(task.data, task.split, by_files),
        not_finite: match end {
            End::NotFinite(epoch) => Some(epoch),
            End::Done | End::Stopped => None,
        },
    })
}
