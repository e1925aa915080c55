//! Systems side by side: the same data, tries and seeds for each, down to the board.
//!
//! Pure: a [`CompareConfig`] says what to compare; [`Comparison`] collects the results from the
//! reports of htgen's own commands and turns into a page, plots and JSON. `cli::compare` runs the
//! commands.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod config;
mod page;
mod picture;
mod summary;

pub use config::{BoardRun, CompareConfig, System};
pub use page::page;
pub use picture::{over_cycles, over_parameters};
pub use summary::{Accuracy, BoardResult, Comparison, LaneResult, Spread, SystemResult};
