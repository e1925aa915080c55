//! Runs the bench: its files in a folder of their own, its progress, and the meaning of its output.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::model::Model;
use super::report::Report;
use super::{SimOptions, Stimulus, vectors};
use crate::error::{Diagnostic, Problems, Result};
use crate::files::{self, Output, Scratch};
use crate::sched::Program;
use crate::tool::{Finished, Run};

/// Interval between two checks of the bench's progress.
const POLL: Duration = Duration::from_millis(100);
/// Clocks per second that even a large model reaches; determines how long a run may take.
const SLOWEST: u64 = 2_000;
/// Largest report that is read, bytes.
const REPORT_LIMIT: u64 = 1 << 30;

/// Which results of contraction steps the bench writes down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recording {
    /// After this many resets in the middle of the run.
    pub resets: usize,
    /// Starting with this result.
    pub first: u64,
    /// How many.
    pub count: u64,
}

/// The files of one simulation; they are removed with it.
pub(super) struct Workspace {
    dir: Scratch,
    design: PathBuf,
    executable: PathBuf,
    images: bool,
    /// The folder in which waves are written, and where they go when they are complete.
    wave: Option<(Scratch, Output)>,
    limit: Duration,
}

impl Workspace {
    /// Writes vectors and scenario.
    pub fn new(
        model: &Model,
        program: &Program,
        stimulus: &Stimulus,
        options: &SimOptions,
        expected: &[Vec<i32>],
    ) -> Result<Self> {
        let parent = model.dir.join("sim");
        let dir = Scratch::within(&parent)?;
        let scenario = vectors::scenario(program, stimulus, options);
        files::write(&dir.path().join("scenario.txt"), scenario.as_bytes())?;
        let vectors = vectors::vectors(program, stimulus, expected);
        files::write(&dir.path().join("vectors.bin"), &vectors)?;
        let beside = |wave: &Output| {
            Scratch::within(files::folder(wave.path())).map(|folder| (folder, wave.clone()))
        };
        let clocks = vectors::run_clocks(program, stimulus, options);
        Ok(Workspace {
            dir,
            design: model.dir.clone(),
            executable: model.executable.clone(),
            images: model.is_rtl,
            wave: options.wave.as_ref().map(beside).transpose()?,
            limit: Duration::from_secs(600 + clocks / SLOWEST),
        })
    }

    /// Runs the bench over all sequences.
    pub fn run(&self, sequences: usize, progress: &mut dyn FnMut(&str)) -> Result<Report> {
        let waves = self.wave.iter().map(|(folder, _)| absolute(&folder.path().join("wave")));
        let waves = waves.collect::<Result<Vec<PathBuf>>>()?;
        let wave = waves.iter().flat_map(|path| ["--wave".into(), path.clone()]);
        let arguments: Vec<PathBuf> =
            wave.chain(["--progress".into(), self.file("progress")]).collect();
        let run = self.command().args(arguments);
        let finished = watched(run, || {
            let done = files::read_text(&self.file("progress"), 64).unwrap_or_default();
            if !done.trim().is_empty() {
                progress(&format!("simulated {} of {sequences} sequences", done.trim()));
            }
        })?;
        let report = self.report(&finished)?;
        if let Some((folder, wave)) = &self.wave {
            wave.take(&folder.path().join("wave"))?;
        }
        Ok(report)
    }

    /// Runs the bench again, as before, and returns what it recorded.
    pub fn record(&self, recording: Recording) -> Result<String> {
        let numbers = [recording.resets as u64, recording.first, recording.count];
        let run = self.command().arg("--record").args(numbers.map(|n| n.to_string()));
        self.report(&run.arg(self.file("record.txt")).run()?)?;
        let bytes = files::read(&self.file("record.txt"), REPORT_LIMIT)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Whether the design's results can be recorded.
    pub fn can_record(&self) -> bool {
        self.images
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self) -> Run {
        let files = ["vectors.bin", "scenario.txt", "report.json"].map(|name| self.file(name));
        let no_images = (!self.images).then_some("--no-images");
        let run = Run::new(&self.executable).args(files).args(no_images);
        run.cwd(&self.design).limit(self.limit).keep_tail()
    }

    /// Reads the report of a run that reached a verdict.
    fn report(&self, finished: &Finished) -> Result<Report> {
        let output = [&finished.stdout, &finished.stderr];
        // A missing memory image is only a warning to the simulator.
        let warning = output.iter().flat_map(|text| text.lines()).find(|l| l.starts_with('%'));
        if let Some(warning) = warning {
            return Err(Diagnostic::new(self.design.display().to_string(), warning)
                .help("emit the design again; its memory images must stay beside its Verilog")
                .into());
        }
        if !matches!(finished.status.code(), Some(0 | 1)) {
            return Err(finished.failure("could not simulate").into());
        }
        let bytes = files::read(&self.file("report.json"), REPORT_LIMIT)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Problems::from(finished.failure(&format!("left an unreadable report: {error}")))
        })
    }
}

/// Runs a program and calls `look` at regular intervals.
fn watched(run: Run, mut look: impl FnMut()) -> Result<Finished> {
    thread::scope(|scope| {
        let runner = scope.spawn(move || run.run());
        while !runner.is_finished() {
            thread::sleep(POLL);
            look();
        }
        runner.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// A path that means the same in another working directory.
fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| {
        Diagnostic::new(path.display().to_string(), format!("not a usable path ({error})")).into()
    })
}
