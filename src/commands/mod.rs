//! Commands as functions: what is asked for goes in, a report comes out.
//!
//! Nothing is printed here and no option is read: `cli` does both, and a comparison calls the same
//! functions.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod emit;
mod inspect;
mod integers;
mod judge;
mod simulate;
#[cfg(feature = "train")]
mod split;
mod synthesize;
mod told;
#[cfg(feature = "train")]
mod train;
#[cfg(feature = "train")]
mod training_data;

pub use emit::{EmitRequest, HardwareRequest, emit};
pub use inspect::{inspect, limits_of};
pub(crate) use integers::sequences;
pub use integers::{AskedWidths, in_integers};
pub use judge::{Judging, QuantizeRequest, RunRequest, quantize, run};
pub use simulate::{SimulationRequest, Streamed, simulate};
#[cfg(feature = "train")]
pub use split::{SplitRequest, split};
pub use synthesize::{SynthesisRequest, synthesize};
pub use told::Told;
#[cfg(feature = "train")]
pub use train::{TrainRequest, TrainWatch, train};
