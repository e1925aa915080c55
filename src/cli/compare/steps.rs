//! The commands of a comparison in order, and the figures from their reports.

use super::work::{Command, RESUME, Work};
use crate::compare::{
    Accuracy, BoardResult, BoardRun, CompareConfig, Comparison, LaneResult, Spread, System,
    SystemResult,
};
use crate::error::{Diagnostic, Problems, Result};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Runs everything that has not been done yet.
pub fn compare(config: &CompareConfig, work: &mut Work) -> Result<Comparison> {
    let data: Vec<PathBuf> = config.files.iter().map(|file| work.given(file)).collect();
    let first = config.system.first().map(|system| config.train_toml(system, 0, config.seeds[0]));
    let parts = parts(work, &data, &first.unwrap_or_default())?;
    let mut systems = Vec::new();
    let mut trained = Value::Null;
    for system in &config.system {
        let runs = train(config, work, system, &data)?;
        trained.clone_from(&runs.reports[0]);
        systems.push(measure(config, work, system, &runs, &parts)?);
    }
    let count = |part: &str| number(&trained[part]["sequences"]).map(|n| n as u64);
    Ok(Comparison {
        name: config.name.clone(),
        title: config.title.clone(),
        about: config.about.clone(),
        training: count("training")?,
        validation: count("validation")?,
        tries: config.n_tries(),
        seeds: config.seeds.clone(),
        epochs: number(&trained["epochs"])? as u64,
        systems,
        commands: std::mem::take(&mut work.commands),
    })
}

/// The parts of the data, the same for every system.
struct Parts {
    training: PathBuf,
    validation: PathBuf,
    /// Steps of a sequence.
    steps: u64,
}

fn parts(work: &mut Work, data: &[PathBuf], train_toml: &str) -> Result<Parts> {
    let toml = work.path("split.toml");
    work.write(&toml, train_toml)?;
    let made = [work.path("training.npz"), work.path("validation.npz")];
    let mut args = vec!["data".to_owned(), "split".to_owned()];
    args.extend(data.iter().map(|path| text(path)));
    args.extend(["--config".into(), text(&toml), "-o".into(), text(&work.path(""))]);
    let inputs = data.iter().cloned().chain([toml]).collect();
    let makes = &made[..];
    let name = "split".to_owned();
    let report = work.report(&Command { name, args, inputs, makes, may_say_no: false })?;
    let [training, validation] = made;
    Ok(Parts { training, validation, steps: number(&report["steps"])? as u64 })
}

/// The models of a system's best try, one per seed.
struct Runs {
    best_try: usize,
    models: Vec<PathBuf>,
    reports: Vec<Value>,
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
            if work.path(&format!("{name}.checkpoint")).exists() {
                args.push(RESUME.into());
            }
            let inputs = data.iter().cloned().chain([toml]).collect();
            let makes = std::slice::from_ref(&model);
            let report = work.report(&Command {
                name: format!("train_{name}"),
                args,
                inputs,
                makes,
                may_say_no: false,
            })?;
            sum += number(&report["validation"]["accuracy"])?;
            runs.models.push(model);
            runs.reports.push(report);
        }
        if best.as_ref().is_none_or(|(most, _)| sum > *most) {
            best = Some((sum, runs));
        }
    }
    Ok(best.expect("at least one try").1)
}

fn measure(
    config: &CompareConfig,
    work: &mut Work,
    system: &System,
    runs: &Runs,
    parts: &Parts,
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
            work.report(&Command {
                name: format!("quantize_{name}"),
                args,
                inputs: vec![model.clone(), numbers, parts.training.clone()],
                makes: std::slice::from_ref(&quantized),
                may_say_no: false,
            })?;
            let words = ["run", &text(&quantized), "--inputs", &text(&parts.validation)];
            let report = work.report(&Command {
                name: format!("run_{name}"),
                args: words.map(str::to_owned).to_vec(),
                inputs: design_inputs(&quantized, &parts.validation),
                makes: &[],
                may_say_no: false,
            })?;
            fixed[k].push(number(&report["accuracy"])?);
            if k == 0 {
                float.push(number(&report["accuracy_float"])?);
                balanced.push(number(&report["balanced_accuracy_float"])?);
                shown.get_or_insert(quantized);
            }
        }
    }
    let shown = shown.expect("at least one seed and width");
    let inspect = work.report(&Command {
        name: format!("inspect_{}", system.name),
        args: vec!["inspect".into(), text(&shown)],
        inputs: design_inputs(&shown, &shown),
        makes: &[],
        may_say_no: false,
    })?;
    let count = |key: &str| number(&inspect[key]).map(|n| n as u64);
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
        parameters: count("parameters")?,
        recurrent_parameters: count("recurrent_parameters")?,
        dense_parameters: count("dense_parameters")?,
        float: Spread::of(&float),
        balanced: Spread::of(&balanced),
        fixed: config.widths.iter().zip(&fixed).map(accuracy).collect(),
        macs_per_step: count("macs_per_step")?,
        rom_bits: count("rom_words")? * weight_bits,
        buffer_bits: (count("peak_words")? + count("input_words")?) * activation_bits,
        lanes,
        boards,
    })
}

fn simulate(
    config: &CompareConfig,
    work: &mut Work,
    system: &System,
    model: &Path,
    parts: &Parts,
    lanes: usize,
) -> Result<LaneResult> {
    let name = format!("{}_{lanes}", system.name);
    let design = emit(work, &name, model, &["--pe", &lanes.to_string()])?;
    let limit = config.simulate.to_string();
    let words = ["sim", &text(&design), "--inputs", &text(&parts.validation), "--limit", &limit];
    let report = work.report(&Command {
        name: format!("sim_{name}"),
        args: words.map(str::to_owned).to_vec(),
        inputs: design_inputs(model, &parts.validation),
        makes: &[],
        may_say_no: true,
    })?;
    Ok(LaneResult {
        lanes,
        cycles_per_step: number(&report["cycles_per_step"])?,
        efficiency: number(&report["efficiency"])?,
        outputs_compared: number(&report["outputs_compared"])? as u64,
        bit_exact: report["bit_exact"] == true,
    })
}

fn place(
    config: &CompareConfig,
    work: &mut Work,
    system: &System,
    model: &Path,
    parts: &Parts,
    board: &BoardRun,
) -> Result<BoardResult> {
    let name = format!("{}_{}_{}", system.name, board.target, board.lanes);
    let more = ["--pe", &board.lanes.to_string(), "--target", &board.target];
    let design = emit(work, &name, model, &more)?;
    let steps = parts.steps.to_string();
    let placements = config.placements.to_string();
    let words = ["synth", &text(&design), "--target", &board.target, "--steps", &steps];
    let more = ["--placements", &placements];
    let report = work.report(&Command {
        name: format!("synth_{name}"),
        args: words.iter().chain(&more).map(|&word| word.to_owned()).collect(),
        inputs: design_inputs(model, model),
        makes: &[],
        may_say_no: true,
    })?;
    let foreseen = report["foreseen"] == true;
    let shortage = report["shortage"].as_array().into_iter().flatten();
    Ok(BoardResult {
        target: board.target.clone(),
        lanes: board.lanes,
        fits: report["fits"] == true,
        shortage: shortage.filter_map(|text| text.as_str().map(str::to_owned)).collect(),
        lut4: if foreseen { None } else { report["lut4"].as_u64() },
        dsp: number(&report["dsp"])? as u64,
        bram: number(&report["bram"])? as u64,
        fmax_mhz: report["fmax_mhz"].as_f64(),
        inferences_per_second: report["predicted_inferences_per_second"].as_f64(),
    })
}

fn emit(work: &mut Work, name: &str, model: &Path, more: &[&str]) -> Result<PathBuf> {
    let design = work.path(&format!("design_{name}"));
    let mut args = vec!["emit".to_owned(), text(model)];
    args.extend(more.iter().map(|&word| word.to_owned()));
    args.extend(["-o".into(), text(&design)]);
    let inputs = design_inputs(model, model);
    let makes = std::slice::from_ref(&design);
    let name = format!("emit_{name}");
    // A check fails when a design does not fit its board; synthesis reports that again.
    work.report(&Command { name, args, inputs, makes, may_say_no: true })?;
    Ok(design)
}

/// A model file with its numbers, and another file.
fn design_inputs(model: &Path, other: &Path) -> Vec<PathBuf> {
    vec![model.to_path_buf(), model.with_extension("safetensors"), other.to_path_buf()]
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// A number of a report.
fn number(value: &Value) -> Result<f64> {
    value.as_f64().ok_or_else(|| {
        Problems::from(
            Diagnostic::new("", "a report without a figure")
                .found(value)
                .help("remove the working folder, which was filled by an older htgen"),
        )
    })
}
