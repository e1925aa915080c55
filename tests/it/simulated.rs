//! Emitted designs for the tests of simulation: made once below cargo's folder for tests, where an
//! unchanged design keeps its compiled model.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::path::{Path, PathBuf};

use htgen::config::HwConfig;
use htgen::data::{Sequences, Wanted};
use htgen::model::{Element, Widths};
use htgen::quant::QuantPlan;
use htgen::sched::{self, Program};
use htgen::sim::{self, Build, SimOptions, SimResult, Stimulus};
use htgen::tool::Tool;
use htgen::verilog::{self, About};

use crate::digits::digits;
use crate::exact::{hardware, quantized};
use crate::models;
use crate::shared;
use crate::support::needs;

/// A design on disk with its program.
pub struct Design {
    pub dir: PathBuf,
    pub program: Program,
}

impl Design {
    /// Emits the random network `seed`; `None` if a tool is absent.
    #[track_caller]
    pub fn random(seed: u64, widths: Widths, hw: &HwConfig) -> Option<Design> {
        Design::random_named(&format!("random-{seed}"), seed, widths, hw)
    }

    /// The same into the folder `name`, for a test that damages its design.
    #[track_caller]
    pub fn random_named(name: &str, seed: u64, widths: Widths, hw: &HwConfig) -> Option<Design> {
        let model = models::model(&models::random_shape(seed));
        Design::of(name, &quantized(&model, widths), hw)
    }

    /// The spoken digits with the first `count` real recordings; `None` if they or a tool are
    /// absent.
    pub fn recordings(lanes: usize, count: usize) -> Option<(Design, Sequences)> {
        let path = shared::find("data/fsdd.npz")?;
        let wanted = Wanted { limit: Some(count), ..Wanted::all(1024, Element::U8) };
        let data = Sequences::load(&path, wanted).expect("the recordings load");
        let (quant, _) = digits(Widths::default());
        let hw = hardware(lanes, 1);
        Some((Design::of(&format!("digits-{lanes}"), &quant, &hw)?, data))
    }

    /// Emits a quantized plan into a folder of its own.
    #[track_caller]
    pub fn of(name: &str, quant: &QuantPlan, hw: &HwConfig) -> Option<Design> {
        for tool in [Tool::Verilator, Tool::Make, Tool::Cxx] {
            needs(tool)?;
        }
        let program = sched::schedule(quant, hw).expect("the network schedules");
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("designs").join(name);
        let design = Design { dir, program };
        design.emit();
        Some(design)
    }

    /// Writes all files again, including those that a test has damaged.
    pub fn emit(&self) {
        let about = About { command: "htgen emit".into() };
        let bundle = verilog::emit(&self.program, &about).expect("the program emits");
        fs::create_dir_all(&self.dir).expect("the folder for tests can be written");
        for (name, text) in &bundle.files {
            fs::write(self.dir.join(name), text).expect("the folder for tests can be written");
        }
    }

    /// A stimulus of the given lengths.
    pub fn stimulus(&self, lengths: &[usize], seed: u64) -> Stimulus {
        Stimulus::with_lengths(self.program.quant(), lengths, seed).expect("a small stimulus")
    }

    /// Runs it.
    pub fn run(
        &self,
        stimulus: &Stimulus,
        options: &SimOptions,
    ) -> htgen::error::Result<SimResult> {
        sim::run(&self.dir, &self.program, stimulus, options, &mut |_| {})
    }

    /// Runs it; every output must be right.
    #[track_caller]
    pub fn passes(&self, stimulus: &Stimulus, options: &SimOptions) -> SimResult {
        let result =
            self.run(stimulus, options).unwrap_or_else(|e| panic!("{}: {e}", self.place()));
        if let Some(mismatch) = &result.mismatch {
            panic!("{}: {mismatch}\n{options:?}", self.place());
        }
        assert!(result.outputs_compared > 0, "{}: nothing was compared", self.place());
        result
    }

    /// Beats of a time step.
    pub fn beats_per_step(&self) -> u64 {
        self.program.quant().input().count.div_ceil(self.program.hw().elements_per_beat.get())
            as u64
    }

    /// Place of an element in a beat, bits.
    pub fn slot_bits(&self) -> usize {
        if self.program.quant().input().stream_bits <= 8 { 8 } else { 16 }
    }

    fn place(&self) -> String {
        self.dir.display().to_string()
    }
}

/// Options of a test: a model that compiles fast, with a runtime shared by all designs.
pub fn options(seed: u64) -> SimOptions {
    SimOptions {
        build: Build::Quick,
        runtime: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("designs/runtime")),
        built: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("designs/built")),
        ..SimOptions::new(seed)
    }
}
