//! What is done after every epoch: the checkpoint is stored, and whoever watches is told.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::Result;
use crate::files::Output;
use crate::tool::Hold;
use crate::train::{Checkpoint, Epoch, TrainState, Watch};

/// Who is told how a training goes on.
pub trait TrainWatch {
    /// Before the first step: epochs done before, and in all.
    fn begin(&mut self, _done: usize, _epochs: usize) {}
    /// After a step of the optimizer: steps done, and in all.
    fn step(&mut self, _done: usize, _steps: usize) {}
    /// After an epoch.
    fn epoch(&mut self, _epoch: &Epoch) {}
    /// After the last step.
    fn end(&mut self) {}
}

/// Nobody watches.
impl TrainWatch for () {}

/// Stores every epoch, and stops at a signal.
pub(super) struct Keeper<'a> {
    run: &'a str,
    checkpoint: &'a Output,
    hold: Hold,
    watch: &'a mut dyn TrainWatch,
}

impl<'a> Keeper<'a> {
    /// For the run with this fingerprint.
    pub fn new(run: &'a str, checkpoint: &'a Output, watch: &'a mut dyn TrainWatch) -> Self {
        Keeper { run, checkpoint, hold: Hold::new(), watch }
    }
}

impl Watch for Keeper<'_> {
    fn step(&mut self, done: usize, steps: usize) -> bool {
        self.watch.step(done, steps);
        !self.hold.is_interrupted()
    }

    fn epoch(&mut self, state: &TrainState) -> Result<()> {
        Checkpoint::save(self.run, state, self.checkpoint)?;
        if let Some(epoch) = state.history.last() {
            self.watch.epoch(epoch);
        }
        Ok(())
    }
}
