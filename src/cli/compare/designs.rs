//! The designs of a comparison: emitted, simulated, placed.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::parts::{PartFiles, text};
use super::work::{Command, Work};
use crate::commands::{
    self, AskedWidths, EmitRequest, HardwareRequest, SimulationRequest, Streamed, SynthesisRequest,
};
use crate::compare::{BoardResult, BoardRun, CompareConfig, LaneResult, System};
use crate::design::{self, EditPolicy};
use crate::error::{Diagnostic, Problems, Result};
use crate::files::OutputFolder;
use crate::report::{Emission, Simulation, Synthesis};
use crate::synth::{Board, SynthConfig};
use std::path::{Path, PathBuf};

/// Simulates a system on this many lanes.
pub fn simulate(
    config: &CompareConfig,
    work: &mut Work,
    system: &System,
    model: &Path,
    parts: &PartFiles,
    lanes: usize,
) -> Result<LaneResult> {
    let name = format!("{}_{lanes}", system.name);
    let design = emit(work, &name, model, lanes, None)?;
    let limit = config.simulate.to_string();
    let words = ["sim", &text(&design), "--inputs", &text(&parts.validation), "--limit", &limit];
    let command = Command {
        name: format!("sim_{name}"),
        args: words.map(str::to_owned).to_vec(),
        inputs: model_inputs(model, &parts.validation),
        makes: &[],
    };
    let simulate = |_: &Work| {
        let read = design::read(&design, EditPolicy::Refuse)?;
        let streamed = Streamed::Data { path: &parts.validation, limit: Some(config.simulate) };
        let (seed, has_gaps, wave) = (1, false, None);
        let request = SimulationRequest { design: &read, streamed, seed, has_gaps, wave };
        commands::simulate(request, &mut ())
    };
    let Simulation { result, .. } = work.report(&command, simulate)?;
    Ok(LaneResult {
        lanes,
        cycles_per_step: figure(result.cycles_per_step)?,
        efficiency: figure(result.efficiency)?,
        outputs_compared: result.outputs_compared,
        bit_exact: result.bit_exact,
    })
}

/// Synthesizes and places a system on a board.
pub fn place(
    config: &CompareConfig,
    work: &mut Work,
    system: &System,
    model: &Path,
    parts: &PartFiles,
    board: &BoardRun,
) -> Result<BoardResult> {
    let name = format!("{}_{}_{}", system.name, board.target, board.lanes);
    let design = emit(work, &name, model, board.lanes, Some(&board.target))?;
    let steps = parts.steps.to_string();
    let placements = config.placements.to_string();
    let words = ["synth", &text(&design), "--target", &board.target, "--steps", &steps];
    let more = ["--placements", &placements];
    let command = Command {
        name: format!("synth_{name}"),
        args: words.iter().chain(&more).map(|&word| word.to_owned()).collect(),
        inputs: model_inputs(model, model),
        makes: &[],
    };
    let synthesize = |_: &Work| {
        let read = design::read(&design, EditPolicy::Refuse)?;
        let on = Board::load(&board.target)?;
        let config = SynthConfig { placements: config.placements as u32, ..SynthConfig::of(&on) };
        let (design, steps) = (&read, parts.steps);
        let request = SynthesisRequest { design, board: &on, config, steps, output: None };
        commands::synthesize(request, &mut ())
    };
    let report: Synthesis = work.report(&command, synthesize)?;
    let result = report.result;
    Ok(BoardResult {
        target: board.target.clone(),
        lanes: board.lanes,
        fits: result.fits,
        shortage: result.shortage,
        lut4: if result.foreseen { None } else { Some(result.lut4 as u64) },
        dsp: result.dsp as u64,
        bram: result.bram as u64,
        fmax_mhz: result.fmax_mhz,
        inferences_per_second: report.predicted_inferences_per_second,
    })
}

fn emit(
    work: &mut Work,
    name: &str,
    model: &Path,
    lanes: usize,
    target: Option<&str>,
) -> Result<PathBuf> {
    let design = work.path(&format!("design_{name}"));
    let mut args = vec!["emit".to_owned(), text(model), "--pe".into(), lanes.to_string()];
    args.extend(target.iter().flat_map(|target| ["--target".to_owned(), (*target).to_owned()]));
    args.extend(["-o".into(), text(&design)]);
    let inputs = model_inputs(model, model);
    let makes = std::slice::from_ref(&design);
    let command = Command { name: format!("emit_{name}"), args, inputs, makes };
    // A design that does not fit its board is a result; synthesis reports that again.
    let emit = |_: &Work| {
        let lanes = Some(lanes);
        let hardware = HardwareRequest { lanes, target, ..HardwareRequest::default() };
        let widths = AskedWidths::default();
        let dir = Some(OutputFolder::claim(&design)?);
        commands::emit(EmitRequest { model, hardware, widths, dir }, &mut ())
    };
    let _: Emission = work.report(&command, emit)?;
    Ok(design)
}

/// A model file with its numbers, and another file.
pub fn model_inputs(model: &Path, other: &Path) -> Vec<PathBuf> {
    vec![model.to_path_buf(), model.with_extension("safetensors"), other.to_path_buf()]
}

/// A figure that a report may lack.
pub fn figure(value: Option<f64>) -> Result<f64> {
    value.ok_or_else(|| {
        Problems::from(
            Diagnostic::new("", "a report without a figure")
                .help("remove the working folder, which was filled by an older htgen"),
        )
    })
}
