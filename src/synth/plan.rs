//! The synthesis plan: every file written and every program run, as text, before any tool runs.
//!
//! Assumptions about yosys: `logger -werror` is the command for the option `-e`; a `$readmemh`
//! image is found beside the Verilog file that names it; a script of the same text on the same
//! files gives the same netlist. All paths in a plan are relative to the folder it runs in, where
//! the files of the design are in `rtl/`, so that WebAssembly tools can see them.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::design::{DesignFiles, file_name};
use super::{Board, harness};
use crate::error::Result;
use crate::tool::{Tool, Version};

/// Where the files of the design are during a run.
pub(super) const RTL: &str = "rtl";
/// The statistics of the whole netlist, of the harness only, and module by module.
pub(super) const STAT: &str = "stat.json";
/// Statistics of only the harness.
pub(super) const HARNESS_STAT: &str = "stat_pins.json";
/// Statistics with the hierarchy kept.
pub(super) const MODULES_STAT: &str = "stat_modules.json";
/// The script of the synthesis itself.
pub(super) const SCRIPT: &str = "synthesize.ys";
/// nextpnr's report.
pub(super) const REPORT: &str = "report.json";

/// Whether a run, of any plan, leaves a file or folder of this name.
pub(super) fn writes(name: &str) -> bool {
    let known = [RTL, STAT, HARNESS_STAT, MODULES_STAT, REPORT, "ht_board.v", "ht_pins.v"];
    let of_a_step = |stem: &str| {
        let steps = ["synthesize", "count-pins", "count-modules", "place", "pack"];
        steps.contains(&stem)
    };
    match name.rsplit_once('.') {
        _ if known.contains(&name) => true,
        Some((stem, "ys" | "log")) => of_a_step(stem),
        Some(("pins", "pcf" | "lpf" | "cst")) => true,
        Some(("design", ending)) => ["json", "asc", "bin", "config", "bit"].contains(&ending),
        _ => false,
    }
}

/// What a caller may choose about a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SynthConfig {
    /// The clock that placement and routing aim at.
    pub clock_mhz: f64,
    /// Seed of the placer.
    pub seed: u32,
    /// Maximum number of placements, each with the next seed, until one meets the clock.
    pub placements: u32,
    /// Whether a second synthesis counts cells module by module.
    pub by_module: bool,
}

impl SynthConfig {
    /// The board's clock, one placement with seed 1, no table.
    pub fn of(board: &Board) -> Self {
        SynthConfig { clock_mhz: board.clock_mhz, seed: 1, placements: 1, by_module: false }
    }
}

/// A planned synthesis.
#[derive(Debug, Clone, PartialEq)]
pub struct SynthPlan {
    /// The board.
    pub board: Board,
    /// What the caller chose.
    pub config: SynthConfig,
    /// The design's top module.
    pub top: String,
    /// The design's files, copied to `rtl/`.
    pub sources: Vec<PathBuf>,
    /// Files written before the first step, by name.
    pub files: BTreeMap<&'static str, String>,
    /// The programs, in order.
    pub steps: Vec<ToolStep>,
    /// Multiplier blocks to expect.
    pub expected_dsp: Option<usize>,
    /// Block memories to expect.
    pub expected_bram: Option<usize>,
}

/// One program of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolStep {
    /// What the step does; also the name of its log.
    pub kind: StepKind,
    /// The program.
    pub tool: Tool,
    /// The oldest suitable version, if this is more than in general.
    pub minimum: Option<Version>,
    /// Its arguments.
    pub args: Vec<String>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepKind {
    /// Design to netlist.
    Synthesize,
    /// Only the harness, to know its share.
    CountHarness,
    /// The design with its hierarchy kept.
    CountModules,
    /// Netlist to placed and routed part.
    Place,
    /// Placed part to bitstream.
    Pack,
}

impl StepKind {
    /// The step in a word.
    pub fn name(self) -> &'static str {
        match self {
            StepKind::Synthesize => "synthesize",
            StepKind::CountHarness => "count-pins",
            StepKind::CountModules => "count-modules",
            StepKind::Place => "place",
            StepKind::Pack => "pack",
        }
    }
}

/// Plans the synthesis of a design for a board.
pub fn plan(design: &DesignFiles, board: &Board, config: SynthConfig) -> Result<SynthPlan> {
    design.check()?;
    let family = board.family;
    let mut files = BTreeMap::from([
        ("ht_board.v", harness::board_verilog(design)),
        ("ht_pins.v", harness::PINS_VERILOG.to_owned()),
        (SCRIPT, synthesize_script(design, board)),
        ("count-pins.ys", harness_script(design, board)),
        (family.pins_file(), board.pins_text()),
    ]);
    let mut steps = vec![yosys(board, StepKind::Synthesize), yosys(board, StepKind::CountHarness)];
    if config.by_module {
        files.insert("count-modules.ys", modules_script(design, board));
        steps.push(yosys(board, StepKind::CountModules));
    }
    if let Some(tool) = family.placer() {
        let args = placer_args(board, config);
        steps.push(ToolStep { kind: StepKind::Place, tool, minimum: None, args });
    }
    if let Some(tool) = family.packer() {
        let args = family.packer_args();
        steps.push(ToolStep { kind: StepKind::Pack, tool, minimum: None, args });
    }
    Ok(SynthPlan {
        board: board.clone(),
        config,
        top: design.top.clone(),
        sources: design.files().cloned().collect(),
        files,
        steps,
        expected_dsp: design.expected_dsp,
        expected_bram: design.expected_bram,
    })
}

fn yosys(board: &Board, kind: StepKind) -> ToolStep {
    let args = vec!["-Q".to_owned(), "-T".to_owned(), format!("{}.ys", kind.name())];
    ToolStep { kind, tool: Tool::Yosys, minimum: board.family.yosys_minimum(), args }
}

/// The placer's arguments; the seed is that of `config`.
pub(super) fn placer_args(board: &Board, config: SynthConfig) -> Vec<String> {
    let mut args = board.placer_args();
    args.extend(["--json".into(), "design.json".into()]);
    args.extend(["--freq".into(), config.clock_mhz.to_string()]);
    args.extend(["--seed".into(), config.seed.to_string()]);
    args.extend(["--timing-allow-fail".into(), "--report".into(), REPORT.into()]);
    args
}

/// A conflict of drivers is an error: yosys would resolve it with a constant and drop the logic.
pub(super) const GUARD: &str = "logger -werror \"Driver-driver conflict\"\n";

/// The commands that read the design's own files.
pub(super) fn read_design(design: &DesignFiles) -> String {
    let names = design.verilog.iter().filter_map(|path| file_name(path));
    names.map(|name| format!("read_verilog {RTL}/{name}\n")).collect()
}

fn synthesize_script(design: &DesignFiles, board: &Board) -> String {
    format!(
        "{GUARD}{read}read_verilog ht_pins.v\nread_verilog ht_board.v\n\
         {synth} -top {top}\n\
         # nextpnr 0.4 knows no such cells, which newer versions of yosys leave behind\n\
         delete t:$scopeinfo\n\
         write_json design.json\n\
         tee -q -o {STAT} stat -json\n",
        read = read_design(design),
        synth = board.synth_command(),
        top = harness::TOP,
    )
}

fn harness_script(design: &DesignFiles, board: &Board) -> String {
    let bits = |ports: &[super::Port]| ports.iter().map(|port| port.bits).sum::<usize>();
    format!(
        "read_verilog ht_pins.v\n\
         chparam -set IN_W {in_bits} -set OUT_W {out_bits} ht_pins\n\
         {synth} -top ht_pins\n\
         tee -q -o {HARNESS_STAT} stat -json\n",
        in_bits = bits(&design.inputs),
        out_bits = bits(&design.outputs),
        synth = board.synth_command(),
    )
}

fn modules_script(design: &DesignFiles, board: &Board) -> String {
    format!(
        "{GUARD}{read}{synth} -noflatten -top {top}\n\
         tee -q -o {MODULES_STAT} stat -json\n",
        read = read_design(design),
        synth = board.synth_command(),
        top = design.top,
    )
}

impl fmt::Display for SynthPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {} on {}", self.top, self.board.title)?;
        for ToolStep { kind, tool, args, .. } in &self.steps {
            writeln!(f, "{}: {} {}", kind.name(), tool.name(), args.join(" "))?;
        }
        for (name, text) in &self.files {
            if *name != "ht_pins.v" {
                write!(f, "\n== {name}\n{text}")?;
            }
        }
        Ok(())
    }
}
