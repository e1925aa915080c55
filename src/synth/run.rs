//! Carries out a plan: every step in a folder that takes its place only when it is whole.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::cells::{self, CellTable, Cells};
use super::design::{DesignFiles, MAX_BYTES, file_name};
use super::placed;
use super::plan::{
    self, HARNESS_STAT, MODULES_STAT, REPORT, RTL, SCRIPT, STAT, Step, StepKind, SynthPlan,
};
use super::{Board, SynthConfig, SynthResult, harness};
use crate::error::{Diagnostic, Problems, Result};
use crate::files::{self, Staged};
use crate::tool::{self, Finished, Found, Hold};

/// Longest run of one program.
const STEP_LIMIT: Duration = Duration::from_secs(2 * 3600);

/// Carries out `plan` and puts all its files into the folder `out`, which stays as it was if
/// anything goes wrong, and when the plan's own counts say that the design cannot fit. `progress` is
/// told each step as it begins.
pub fn run(plan: &SynthPlan, out: &Path, progress: &mut dyn FnMut(&str)) -> Result<SynthResult> {
    if let Some(result) = SynthResult::foreseen(plan) {
        return Ok(result);
    }
    let _hold = Hold::new();
    files::check_replaceable(out, "a synthesis of htgen", || Ok(out.join(SCRIPT).is_file()))?;
    let tools = find_tools(plan)?;
    let staged = Staged::beside(out)?;
    let bench = Bench { plan, dir: staged.path() };
    bench.fill()?;
    let mut result = None;
    for (step, tool) in plan.steps.iter().zip(&tools) {
        let Some(tool) = tool else { continue };
        if result.as_ref().is_some_and(|result: &SynthResult| !result.fits) {
            break;
        }
        progress(step.kind.name());
        if let (StepKind::Place, Some(result)) = (step.kind, &mut result) {
            bench.place(step, tool, result, progress)?;
            continue;
        }
        let finished = bench.start(step, tool)?;
        match step.kind {
            StepKind::Synthesize => result = Some(bench.synthesized(finished)?),
            kind => {
                let result = result.as_mut().expect("a plan begins with synthesis");
                bench.add(kind, finished, result, out)?;
            }
        }
    }
    staged.commit()?;
    Ok(result.expect("a plan begins with synthesis"))
}

/// The cells of a design, module by module and without harness; yosys alone is needed.
pub fn cells_by_module(design: &DesignFiles, board: &Board) -> Result<CellTable> {
    let config = SynthConfig { by_module: true, ..SynthConfig::of(board) };
    let plan = plan::plan(design, board, config)?;
    let dir = tempfile::tempdir()
        .map_err(|error| Diagnostic::new("temporary folder", error.to_string()))?;
    let bench = Bench { plan: &plan, dir: dir.path().to_owned() };
    bench.fill()?;
    let step = plan.steps.iter().find(|step| step.kind == StepKind::CountModules);
    let step = step.expect("the table was asked for");
    bench.start(step, &tool::find_at_least(step.tool, step.minimum)?)?.ok()?;
    bench.table(MODULES_STAT, &plan.top)
}

/// The tools of the steps. The packer alone may be missing; every other one is needed.
fn find_tools(plan: &SynthPlan) -> Result<Vec<Option<Found>>> {
    let find = |step: &Step| match (tool::find_at_least(step.tool, step.minimum), step.kind) {
        (Ok(found), _) => Ok(Some(found)),
        (Err(_), StepKind::Pack) => Ok(None),
        (Err(problems), _) => Err(problems),
    };
    plan.steps.iter().map(find).collect()
}

/// A plan and the folder in which it runs.
struct Bench<'a> {
    plan: &'a SynthPlan,
    dir: PathBuf,
}

impl Bench<'_> {
    /// Writes the plan's files and copies the design's.
    fn fill(&self) -> Result<()> {
        let rtl = self.dir.join(RTL);
        fs::create_dir(&rtl).map_err(|error| {
            Diagnostic::new(rtl.display().to_string(), format!("cannot be made: {error}"))
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

    fn start(&self, step: &Step, tool: &Found) -> Result<Finished> {
        let log = self.dir.join(format!("{}.log", step.kind.name()));
        let run = tool.run().args(&step.args).cwd(&self.dir).log_file(log);
        run.keep_tail().limit(STEP_LIMIT).run()
    }

    fn read(&self, name: &str) -> Result<String> {
        files::read_text(&self.dir.join(name), MAX_BYTES).map_err(|problems| {
            let problem = Diagnostic::new(name, "the tool did not write it as it should");
            problem.found(problems).into()
        })
    }

    fn table(&self, stat: &str, top: &str) -> Result<CellTable> {
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
                let problem = Diagnostic::new(place, "the netlist differs from the plan");
                Some(problem.found(found).expected(expected).help(
                    "yosys has dropped logic or mapped it elsewhere: do not use this netlist",
                ))
            };
        let problems: Vec<_> = counts.iter().filter_map(differ).collect();
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }

    /// Places with one seed after the other until the clock is met; when none meets it, the best one
    /// is made again, so that the files are those of the result.
    fn place(
        &self,
        step: &Step,
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
        step: &Step,
        tool: &Found,
        seed: u32,
        result: &mut SynthResult,
    ) -> Result<()> {
        let config = SynthConfig { seed, ..self.plan.config };
        let args = plan::placer_args(&self.plan.board, config);
        let finished = self.start(&Step { args, ..step.clone() }, tool)?;
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

/// The placer's own words when it gave up for want of room. Any other failure is an error.
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
