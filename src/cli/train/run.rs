//! The stages of `htgen train`: configuration, data, model, epochs, files.

use super::super::options::{cores, stem};
use super::super::{Outcome, out};
use super::Train;
use super::show::Show;
use crate::data::Labelled;
use crate::error::{Diagnostic, Problems, Result};
use crate::evaluate;
use crate::files::{self, Output};
use crate::model::{self, Model, Place};
use crate::report::{Division, PartReport, Trained};
use crate::train::{self, Checkpoint, End, Split, SplitBy, State, Task, TrainConfig};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Largest configuration.
const MAX_BYTES: u64 = 1 << 20;

pub(super) fn run(args: &Train) -> anyhow::Result<Outcome> {
    let files = Files::claim(&args.output, args.safetensors)?;
    let config = config(&args.config)?;
    let data = if args.validation.is_empty() {
        data(&args.data, &config)?
    } else {
        config.data.check_parted().map_err(|p| p.in_file(args.config.display()))?;
        Labelled::load_parted(&args.data, &args.validation)?
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
    let mut show = Show::new(&run, &files.checkpoint, &state, config.train.epochs);
    let end = train::fit(task, &mut state, &mut show)?;
    drop(show);
    if end == End::Stopped {
        let done = state.history.len();
        let problem = Diagnostic::new("", format!("interrupted in epoch {}", done + 1));
        let help = match done {
            0 => "no epoch was completed, so nothing is stored".to_owned(),
            _ => format!("--resume continues after epoch {done}"),
        };
        return Err(Problems::from(problem.help(help)).into());
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
    out::report(&report, args.json)?;
    Ok(if end == End::Done { Outcome::Done } else { Outcome::No })
}

/// Reads a `train.toml`.
pub(in crate::cli) fn config(path: &Path) -> Result<TrainConfig> {
    let bytes = files::read(path, MAX_BYTES)?;
    let in_file = |problems: Problems| problems.in_file(path.display());
    let text = String::from_utf8(bytes)
        .map_err(|_| in_file(Diagnostic::new("", "not a text").expected("TOML in UTF-8").into()))?;
    TrainConfig::parse(&text).map_err(in_file)
}

/// Reads the data sets as one.
pub(in crate::cli) fn data(paths: &[PathBuf], config: &TrainConfig) -> Result<Labelled> {
    Labelled::load_all(paths, config.data.group.as_deref())
}

/// How the data were split; `by_files`: by the option --validation.
pub(in crate::cli) fn division(data: &Labelled, split: &Split, by_files: bool) -> Division {
    let by = match split.by {
        SplitBy::Group => "group",
        SplitBy::Sequence => "sequence",
        SplitBy::Split if by_files => "files",
        SplitBy::Split => "split",
    };
    let groups = data.groups.as_ref().filter(|_| split.by == SplitBy::Group);
    let names = |part: &[usize]| -> Vec<String> {
        let Some(groups) = groups else { return Vec::new() };
        let of: BTreeSet<usize> = part.iter().map(|&k| groups.of[k]).collect();
        of.into_iter().map(|group| groups.names[group].clone()).collect()
    };
    let spare = data.groups.iter().filter(|_| groups.is_none()).flat_map(|g| g.arrays.clone());
    let mut arrays_not_used: Vec<String> = data.unused.iter().cloned().chain(spare).collect();
    arrays_not_used.sort();
    Division {
        by,
        arrays: groups.map_or(Vec::new(), |groups| groups.arrays.clone()),
        training_groups: names(&split.training),
        validation_groups: names(&split.validation),
        arrays_not_used,
    }
}

fn in_data(problems: Problems, args: &Train) -> Problems {
    problems.in_file(args.data[0].display())
}

/// The model to start from: from a file, or a new one of the shape in the configuration.
fn start(args: &Train, config: &TrainConfig, data: &Labelled, split: &Split) -> Result<Model> {
    let place = |problems: Problems| problems.in_file(args.config.display());
    match (&args.init, &config.model) {
        (Some(path), None) => {
            let model = model::load(path)?;
            fits(&model, data).map_err(|p| p.in_file(path.display()))?;
            Ok(model)
        }
        (None, Some(table)) => {
            let (centred, shift) = (config.data.mean, config.data.shift);
            let input = train::preparation(data, &split.training, table.hidden, (centred, shift));
            let spec = table.spec(&stem(&args.output), data, input, config.train.seed);
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
fn fits(model: &Model, data: &Labelled) -> Result<()> {
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

fn report(model: &Model, task: Task<'_>, state: &State, end: End, args: &Train) -> Result<Trained> {
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
        file: (best > 0).then(|| args.output.clone()),
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

/// Where the results go.
struct Files {
    model: Place,
    checkpoint: Output,
    record: Output,
    curve: Output,
}

/// What `NAME.train.json` holds.
#[derive(Serialize)]
struct Record<'a> {
    #[serde(flatten)]
    report: &'a Trained,
    data: &'a [PathBuf],
    #[serde(skip_serializing_if = "<[PathBuf]>::is_empty")]
    validation_data: &'a [PathBuf],
    config: &'a TrainConfig,
    history: &'a [train::Epoch],
}

impl Files {
    fn claim(output: &Path, safetensors: bool) -> Result<Files> {
        let name = output.file_stem().and_then(|name| name.to_str());
        let is_json = output.extension().is_some_and(|extension| extension == "json");
        let Some(name) = name.filter(|_| is_json) else {
            return Err(Diagnostic::new("", "not a name for a model file")
                .expected("a name in Unicode that ends in .json")
                .in_file(output.display())
                .into());
        };
        let beside =
            |end: &str| Output::claim(&files::folder(output).join(format!("{name}.{end}")));
        Ok(Files {
            model: Place::claim(output, cores(safetensors))?,
            checkpoint: beside("checkpoint")?,
            record: beside("train.json")?,
            curve: beside("train.svg")?,
        })
    }

    fn for_numbers(self, count: usize) -> Result<Files> {
        Ok(Files { model: self.model.for_numbers(count)?, ..self })
    }

    /// The state to continue from.
    fn state(&self, resume: bool, run: &str, model: &Model) -> Result<State> {
        let refuse = |what: &str, help: &str| {
            Err(Diagnostic::new("", what)
                .help(help)
                .in_file(self.checkpoint.path().display())
                .into())
        };
        match (self.checkpoint.path().exists(), resume) {
            (false, false) => Ok(State::start(model)),
            (false, true) => refuse("no checkpoint to continue from", "leave --resume out"),
            (true, false) => {
                refuse("from a run that has not finished", "continue with --resume, or remove it")
            }
            (true, true) => {
                let stored = Checkpoint::load(&self.checkpoint, model)?;
                if stored.run != run {
                    let help = "use those, or remove the checkpoint to start over";
                    return refuse("from a run with another configuration, data or model", help);
                }
                Ok(stored.state)
            }
        }
    }

    fn write(
        &self,
        report: &Trained,
        config: &TrainConfig,
        state: &State,
        args: &Train,
    ) -> anyhow::Result<()> {
        let (data, validation_data) = (&args.data, &args.validation);
        let record = Record { report, data, validation_data, config, history: &state.history };
        let text = serde_json::to_string_pretty(&record)? + "\n";
        let curve = train::loss_curve(&report.name, &state.history);
        let both =
            [(self.record.clone(), text.into_bytes()), (self.curve.clone(), curve.into_bytes())];
        Ok(files::write_all(&both)?)
    }
}
