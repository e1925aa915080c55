//! What is done after every epoch: the checkpoint, and a line with loss, accuracy and remaining
//! time.

use super::super::progress::Progress;
use crate::error::Result;
use crate::files::Output;
use crate::tool::Hold;
use crate::train::{self, Checkpoint, State, Watch};
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// Stores every epoch and reports it.
pub(super) struct Show<'a> {
    run: &'a str,
    checkpoint: &'a Output,
    epochs: usize,
    progress: Progress,
    hold: Hold,
    started: Instant,
    shown: Instant,
    /// Steps done before this process started.
    before: Option<usize>,
    left: Option<Duration>,
    last: String,
    terminal: bool,
}

impl<'a> Show<'a> {
    pub(super) fn new(
        run: &'a str,
        checkpoint: &'a Output,
        state: &State,
        epochs: usize,
    ) -> Show<'a> {
        let started = Instant::now();
        Show {
            run,
            checkpoint,
            epochs,
            progress: Progress::start(&format!("epoch {} of {epochs}", state.history.len() + 1)),
            hold: Hold::new(),
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

impl Watch for Show<'_> {
    fn step(&mut self, done: usize, steps: usize) -> bool {
        let before = *self.before.get_or_insert(done - 1);
        let share = (steps - done) as f64 / (done - before) as f64;
        self.left = Some(self.started.elapsed().mul_f64(share));
        // One line per update would be too much anywhere but on a terminal.
        if self.terminal && self.shown.elapsed() > Duration::from_millis(500) {
            self.shown = Instant::now();
            let part = 100 * done / steps;
            self.progress.stage(&format!("{part} %{}{}", self.time_left(), self.last));
        }
        !self.hold.is_interrupted()
    }

    fn epoch(&mut self, state: &State) -> Result<()> {
        Checkpoint::save(self.run, state, self.checkpoint)?;
        if let Some(epoch) = state.history.last() {
            let train::Epoch { epoch, loss, accuracy, validation_accuracy, .. } = *epoch;
            self.last = format!(
                "; epoch {epoch} of {}: loss {loss:.4}, {:.1} % correct, validation {:.1} %",
                self.epochs,
                100.0 * accuracy,
                100.0 * validation_accuracy
            );
            let line = self.last.trim_start_matches("; ");
            self.progress.stage(&format!("{line}{}", self.time_left()));
        }
        Ok(())
    }
}
