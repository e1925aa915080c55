//! Carries out a plan: every step runs in a folder that takes its place only when it is complete.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::path::{Path, PathBuf};

use super::bench::Bench;
use super::cells::CellTable;
use super::design::DesignFiles;
use super::plan::{self, MODULES_STAT, SCRIPT, StepKind, SynthPlan, ToolStep};
use super::{Board, SynthConfig, SynthResult};
use crate::error::{Diagnostic, ErrorKind, Result};
use crate::files::{self, OutputFolder, Scratch, Staged};
use crate::tool::{self, Found, Hold};

/// Carries out `plan` and puts all its files into the folder `out`, which stays as it was if
/// anything goes wrong, or if the plan's own counts show that the design cannot fit. The files of a
/// failed run are kept beside it, in `out.failed`, until the next result. `progress` receives each
/// step as it begins.
pub fn run(
    plan: &SynthPlan,
    output: &OutputFolder,
    progress: &mut dyn FnMut(&str),
) -> Result<SynthResult> {
    let hold = Hold::new();
    let out = output.path();
    let failed = failed_beside(out);
    for folder in [out, &failed] {
        files::check_replaceable(folder, "a synthesis of htgen", || Ok(is_ours(folder)))?;
        check_contents(folder)?;
    }
    let result = match SynthResult::foreseen(plan) {
        Some(result) => result,
        None => {
            let tools = find_tools(plan)?;
            let staged = Staged::of(output)?;
            let bench = Bench::new(plan, staged.path());
            match bench.fill().and_then(|()| bench.steps(&tools, out, progress)) {
                Ok(result) => staged.commit().map(|()| result)?,
                Err(problems) if hold.is_interrupted() => return Err(problems),
                Err(problems) => return Err(bench.keep(staged, &failed, problems)),
            }
        }
    };
    clear(&failed)?;
    Ok(result)
}

/// The folder that keeps the files of a failed run for `out`.
fn failed_beside(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".failed");
    out.with_file_name(name)
}

/// Whether a folder was written by a run.
fn is_ours(folder: &Path) -> bool {
    folder.join(SCRIPT).is_file()
}

/// Refuses a folder that contains something no run writes.
fn check_contents(folder: &Path) -> Result<()> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut strangers: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !plan::writes(name))
        .collect();
    strangers.sort();
    let Some(first) = strangers.first() else { return Ok(()) };
    Err(Diagnostic::new("", "a synthesis with files that htgen did not write is not replaced")
        .kind(ErrorKind::Conflict)
        .found(first.escape_debug())
        .help("move that away, or choose another place with -o")
        .in_file(folder.display())
        .into())
}

/// Removes what an earlier run has left, if anything.
fn clear(failed: &Path) -> Result<()> {
    if !is_ours(failed) {
        return Ok(());
    }
    fs::remove_dir_all(failed).map_err(|error| {
        Diagnostic::new("", format!("cannot be removed ({error})"))
            .kind(ErrorKind::Io)
            .in_file(failed.display())
            .into()
    })
}

/// The cells of a design, module by module and without harness; only yosys is needed.
pub fn cells_by_module(design: &DesignFiles, board: &Board) -> Result<CellTable> {
    let config = SynthConfig { by_module: true, ..SynthConfig::of(board) };
    let plan = plan::plan(design, board, config)?;
    let dir = Scratch::new()?;
    let bench = Bench::new(&plan, dir.path().to_owned());
    bench.fill()?;
    let step = plan.steps.iter().find(|step| step.kind == StepKind::CountModules);
    let step = step.expect("the table was asked for");
    bench.start(step, &tool::find_at_least(step.tool, step.minimum)?)?.ok()?;
    bench.table(MODULES_STAT, &plan.top)
}

/// The tools of the steps. Only the packer may be missing; every other one is needed.
fn find_tools(plan: &SynthPlan) -> Result<Vec<Option<Found>>> {
    let find = |step: &ToolStep| match (tool::find_at_least(step.tool, step.minimum), step.kind) {
        (Ok(found), _) => Ok(Some(found)),
        (Err(_), StepKind::Pack) => Ok(None),
        (Err(problems), _) => Err(problems),
    };
    plan.steps.iter().map(find).collect()
}
