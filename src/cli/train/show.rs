//! A line with loss, accuracy and remaining time after every epoch.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::super::progress::Stages;
use crate::commands::{Told, TrainWatch};
use crate::train::Epoch;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// Shows how a training goes on.
pub(super) struct Show {
    epochs: usize,
    progress: Stages,
    started: Instant,
    shown: Instant,
    /// Steps done before this process started.
    before: Option<usize>,
    left: Option<Duration>,
    last: String,
    terminal: bool,
}

impl Show {
    pub(super) fn new() -> Show {
        let started = Instant::now();
        Show {
            epochs: 0,
            progress: Stages::default(),
            started,
            shown: started,
            before: None,
            left: None,
            last: String::new(),
            terminal: io::stderr().is_terminal(),
        }
    }

    fn time_left(&self) -> String {
        self.left.map_or(String::new(), |left| {
            let seconds = left.as_secs();
            match seconds / 60 {
                0 => format!(", {seconds} s left"),
                minutes => format!(", {minutes} min {} s left", seconds % 60),
            }
        })
    }
}

impl TrainWatch for Show {
    fn begin(&mut self, done: usize, epochs: usize) {
        self.epochs = epochs;
        self.started = Instant::now();
        self.shown = self.started;
        self.progress.stage(&format!("epoch {} of {epochs}", done + 1));
    }

    fn step(&mut self, done: usize, steps: usize) {
        let before = *self.before.get_or_insert(done - 1);
        let share = (steps - done) as f64 / (done - before) as f64;
        self.left = Some(self.started.elapsed().mul_f64(share));
        // One line per update would be too much anywhere but on a terminal.
        if self.terminal && self.shown.elapsed() > Duration::from_millis(500) {
            self.shown = Instant::now();
            let part = 100 * done / steps;
            self.progress.stage(&format!("{part} %{}{}", self.time_left(), self.last));
        }
    }

    fn epoch(&mut self, epoch: &Epoch) {
        let Epoch { epoch, loss, accuracy, validation_accuracy, .. } = *epoch;
        self.last = format!(
            "; epoch {epoch} of {}: loss {loss:.4}, {:.1} % correct, validation {:.1} %",
            self.epochs,
            100.0 * accuracy,
            100.0 * validation_accuracy
        );
        let line = self.last.trim_start_matches("; ");
        self.progress.stage(&format!("{line}{}", self.time_left()));
    }

    fn end(&mut self) {
        self.progress = Stages::default();
    }
}
