//! Progress of long work on standard error: a spinner on a terminal, a plain line per stage
//! elsewhere, nothing for work that ends at once.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::out;
use crate::commands::Told;
use crate::printable::Line;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Work that ends within this time is not reported.
const PATIENCE: Duration = Duration::from_millis(700);
/// Time between two frames of the spinner.
const TICK: Duration = Duration::from_millis(100);

/// Work in progress. Dropping it clears its spinner.
pub struct Progress {
    stages: Option<Sender<String>>,
    display: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins with a stage, in words like `calibrating`.
    pub fn start(stage: &str) -> Progress {
        let (stages, incoming) = channel();
        let first = stage.to_owned();
        let display = thread::spawn(move || show(first, &incoming));
        Progress { stages: Some(stages), display: Some(display) }
    }

    /// Goes on to another stage.
    pub fn stage(&self, stage: &str) {
        if let Some(stages) = &self.stages {
            // The display lives as long as this sender.
            let _ = stages.send(Line(stage).to_string());
        }
    }
}

/// Progress of work that tells its stages itself: nothing before the first.
#[derive(Default)]
pub struct Stages(Option<Progress>);

impl Told for Stages {
    fn stage(&mut self, stage: &str) {
        match &self.0 {
            Some(progress) => progress.stage(stage),
            None => self.0 = Some(Progress::start(stage)),
        }
    }
    fn note(&mut self, note: &str) {
        out::note(note);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stages = None;
        if let Some(display) = self.display.take() {
            let _ = display.join();
        }
    }
}

/// Shows stages as they come, once the work has taken longer than the threshold.
fn show(mut stage: String, incoming: &Receiver<String>) {
    let mut patience = PATIENCE;
    loop {
        match incoming.recv_timeout(patience) {
            Ok(next) => stage = next,
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return,
        }
        patience = PATIENCE;
    }
    if io::stderr().is_terminal() { spin(stage, incoming) } else { list(stage, incoming) }
}

fn spin(stage: String, incoming: &Receiver<String>) {
    let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        spinner.set_style(style);
    }
    spinner.set_message(stage);
    spinner.enable_steady_tick(TICK);
    incoming.iter().for_each(|next| spinner.set_message(next));
    spinner.finish_and_clear();
}

fn list(stage: String, incoming: &Receiver<String>) {
    out::note(&stage);
    incoming.iter().for_each(|next| out::note(&next));
}
