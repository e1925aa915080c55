//! The bench's report on a run: a JSON object in a file.
// SPDX-License-Identifier: MIT OR Apache-2.0

use serde::Deserialize;

/// The bench's report.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Report {
    /// Sequences in the vectors.
    pub sequences: usize,
    /// Output values compared.
    pub compared: u64,
    /// Clocks simulated.
    pub clocks: u64,
    /// Time from the first clock to the last output value; 0 if that was not reached.
    pub seconds: f64,
    /// Clock of the last output value, from the end of the reset.
    pub last_output: u64,
    /// Whether the design shows when instructions start.
    pub timed: bool,
    /// Clocks in which time steps start, from the end of the reset.
    pub starts: Vec<u64>,
    /// Clocks that each instruction took within the window.
    pub instructions: Vec<u64>,
    /// The first thing that went wrong.
    pub failure: Option<Failure>,
}

/// The first thing that went wrong at the design's ports.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failure {
    /// A word of the list in docs/simulation.md.
    pub what: String,
    /// The sequence whose output was due.
    pub sequence: usize,
    /// Its time step.
    pub step: usize,
    /// The index of the value in the output vector.
    pub element: usize,
    /// The expected value.
    pub expected: i64,
    /// The actual value.
    pub got: i64,
}
