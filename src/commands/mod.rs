//! Commands as functions: what is asked for goes in, a report comes out.
//!
//! Nothing is printed here and no option is read: `cli` does both, and a comparison calls the same
//! functions.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod simulate;
#[cfg(feature = "train")]
mod split;
mod synthesize;
#[cfg(feature = "train")]
mod train;
#[cfg(feature = "train")]
mod training_data;

pub use simulate::{SimulationRequest, Streamed, simulate};
#[cfg(feature = "train")]
pub use split::{SplitRequest, split};
pub use synthesize::{SynthesisRequest, synthesize};
#[cfg(feature = "train")]
pub use train::{TrainRequest, TrainWatch, train};
