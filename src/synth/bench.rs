//! The steps of a plan in the folder where they run, and the guards against what yosys may lose.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Cells;
use super::cells::{self, CellTable};
use super::design::{MAX_BYTES, file_name};
use super::placed;
use super::plan::{
    self, HARNESS_STAT, MODULES_STAT, REPORT, RTL, STAT, StepKind, SynthPlan, ToolStep,
};
use super::{SynthConfig, SynthResult, harness};
use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use crate::files::{self, Staged};
use crate::tool::{Finished, Found};

/// Longest run time of one program.
const STEP_LIMIT: Duration = Duration::from_secs(2 * 3600);

/// A plan and the folder in which it runs.
pub(super) struct Bench<'a> {
    plan: &'a SynthPlan,
    dir: PathBuf,
    /// Name of the log of the last program that was started.
    log: RefCell<Option<String>>,
}

impl<'a> Bench<'a> {
    /// A folder in which nothing has run yet.
    pub fn new(plan: &'a SynthPlan, dir: PathBuf) -> Self {
        Bench { plan, dir, log: RefCell::default() }
    }

    /// Runs all steps, or those up to the one that finds that the design does not fit.
    pub fn steps(
        &self,
        tools: &[Option<Found>],
        out: &Path,
        progress: &mut dyn FnMut(&str),
    ) -> Result<SynthResult> {
        let mut result = None;
        for (step, tool) in self.plan.steps.iter().zip(tools) {
            let Some(tool) = tool else { continue };
            if result.as_ref().is_some_and(|result: &SynthResult| !result.fits) {
                break;
            }
            progress(step.kind.name());
            if let (StepKind::Place, Some(result)) = (step.kind, &mut result) {
                self.place(step, tool, result, progress)?;
                continue;
            }
            let finished = self.start(step, tool)?;
            match step.kind {
                StepKind::Synthesize => result = Some(self.synthesized(finished)?),
                kind => {
                    let result = result.as_mut().expect("a plan begins with synthesis");
                    self.add(kind, finished, result, out)?;
                }
            }
        }
        Ok(result.expect("a plan begins with synthesis"))
    }

    /// Keeps the files of a failed run, and says where its last log is.
    pub fn keep(&self, staged: Staged, failed: &Path, mut problems: Problems) -> Problems {
        let Some(log) = self.log.take() else { return problems };
        if let (Ok(()), Some(last)) = (staged.commit_to(failed), problems.0.last_mut()) {
            let log = format!("the log is {}", failed.join(log).display());
            match last.what.contains('\n') {
                // The last lines of the tool itself are there.
                true => last.what += &format!("\n  {log}"),
                false => {
                    let help = last.help.take();
                    let help = help.map_or(log.clone(), |help| format!("{help}; {log}"));
                    last.help = Some(help.into())
                }
            }
        }
        problems
    }

    /// Writes the plan's files and copies the design's.
    pub fn fill(&self) -> Result<()> {
        let rtl = self.dir.join(RTL);
        fs::create_dir(&rtl).map_err(|error| {
            Diagnostic::new(rtl.display().to_string(), format!("cannot be made: {error}"))
                .kind(ErrorKind::Io)
        })?;
        for source in &self.plan.sources {
            let name = file_name(source).expect("the plan checked the names");
            files::copy(source, &rtl.join(name), MAX_BYTES)?;
        }
        for (name, text) in &self.plan.files {
            files::write(&self.dir.join(name), text.as_bytes())?;
        }
        Ok(())
    }

    pub fn start(&self, step: &ToolStep, tool: &Found) -> Result<Finished> {
        let log = format!("{}.log", step.kind.name());
        let run = tool.run().args(&step.args).cwd(&self.dir).log_file(self.dir.join(&log));
        self.log.replace(Some(log));
        run.keep_tail().limit(STEP_LIMIT).run()
    }

    fn read(&self, name: &str) -> Result<String> {
        files::read_text(&self.dir.join(name), MAX_BYTES).map_err(|problems| {
            let problem = Diagnostic::new(name, "the tool did not write it as it should")
                .kind(ErrorKind::Tool);
            problem.found(problems).into()
        })
    }

    pub fn table(&self, stat: &str, top: &str) -> Result<CellTable> {
        cells::table(self.plan.board.family, top, &self.read(stat)?)
    }

    /// The counts of the netlist, guarded against losses.
    fn synthesized(&self, finished: Finished) -> Result<SynthResult> {
        finished.ok()?;
        let cells = self.table(STAT, harness::TOP)?.sum(|_| true);
        self.guard(cells)?;
        Ok(SynthResult::of_netlist(&self.plan.board, self.plan.config.clock_mhz, cells))
    }

    /// Refuses a netlist whose multipliers or block memories are not those of the plan.
    fn guard(&self, cells: Cells) -> Result<()> {
        let counts = [
            ("dsp", cells.dsp, self.plan.expected_dsp),
            ("bram", cells.bram, self.plan.expected_bram),
        ];
        let differ =
            |&(name, found, expected): &(&str, usize, Option<usize>)| {
                let expected = expected.filter(|&expected| expected != found)?;
                let place = format!("{} on {}: {name}", self.plan.top, self.plan.board.name);
                let problem = Diagnostic::new(place, "the netlist differs from the plan")
                    .kind(ErrorKind::Check);
                Some(problem.found(found).expected(expected).help(
                    "yosys has dropped logic or mapped it elsewhere: do not use this netlist",
                ))
            };
        let problems: Vec<_> = counts.iter().filter_map(differ).collect();
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }

    /// Places with one seed after another until the clock is met; if none meets it, the best one is
    /// repeated, so that the files are those of the result.
    fn place(
        &self,
        step: &ToolStep,
        tool: &Found,
        result: &mut SynthResult,
        progress: &mut dyn FnMut(&str),
    ) -> Result<()> {
        let config = self.plan.config;
        for seed in (config.seed..).take(config.placements.max(1) as usize) {
            if seed > config.seed {
                progress(&format!("{}, seed {seed}", step.kind.name()));
            }
            self.place_once(step, tool, seed, result)?;
            let Some(fmax) = result.fmax_mhz else { return Ok(()) };
            result.placements_mhz.push(fmax);
            if result.clock_met() == Some(true) {
                return Ok(());
            }
        }
        let clocks = (config.seed..).zip(&result.placements_mhz);
        let best = clocks.max_by(|a, b| a.1.total_cmp(b.1)).map(|(seed, _)| seed);
        match best.filter(|&best| result.seed != Some(best)) {
            Some(best) => self.place_once(step, tool, best, result),
            None => Ok(()),
        }
    }

    fn place_once(
        &self,
        step: &ToolStep,
        tool: &Found,
        seed: u32,
        result: &mut SynthResult,
    ) -> Result<()> {
        let config = SynthConfig { seed, ..self.plan.config };
        let args = plan::placer_args(&self.plan.board, config);
        let finished = self.start(&ToolStep { args, ..step.clone() }, tool)?;
        if let Some(reason) = does_not_fit(&finished) {
            result.fits = false;
            result.shortage.push(reason);
            return Ok(());
        }
        finished.ok()?;
        let placed = placed::placed(&self.read(REPORT)?)?;
        result.place(placed, self.plan.board.family.logic_cells());
        result.seed = Some(seed);
        Ok(())
    }

    /// Adds what a later step found.
    fn add(
        &self,
        kind: StepKind,
        finished: Finished,
        result: &mut SynthResult,
        out: &Path,
    ) -> Result<()> {
        match kind {
            StepKind::Synthesize | StepKind::Place => {}
            StepKind::CountHarness => {
                finished.ok()?;
                result.take_off(self.table(HARNESS_STAT, "ht_pins")?.sum(|_| true));
            }
            StepKind::CountModules => {
                finished.ok()?;
                result.modules = Some(self.table(MODULES_STAT, &self.plan.top)?);
            }
            StepKind::Pack => {
                finished.ok()?;
                let packed = self.plan.steps.iter().find(|step| step.kind == StepKind::Pack);
                result.bitstream = packed.and_then(|s| s.args.last()).map(|file| out.join(file));
            }
        }
        Ok(())
    }
}

/// The placer's own words if it gave up for lack of space. Any other failure is an error.
fn does_not_fit(finished: &Finished) -> Option<String> {
    const WORDS: [&str; 6] = [
        "no bels remaining",
        "unable to place",
        "failed to place",
        "unable to find legal placement",
        "unable to find a placement",
        "failed to route",
    ];
    if finished.status.success() {
        return None;
    }
    let gave_up = |line: &&str| {
        let line = line.to_lowercase();
        line.contains("error") && WORDS.iter().any(|words| line.contains(words))
    };
    let mut lines = finished.stderr.lines().chain(finished.stdout.lines());
    lines.find(gave_up).map(|line| line.trim_start_matches("ERROR: ").to_owned())
}
