//! htgen: from a trained fully decomposed hierarchical Tucker (FDHT) LSTM to bit-exact Verilog.
//!
//! Data flows one way; each stage is a value made by one function:
//! [`model`] -> [`network`] -> [`plan`] -> [`quant`] -> [`sched`] -> `verilog` -> [`sim`], [`synth`].
//! [`float`] and [`fixed`] are the references on the side.
#![warn(missing_docs)]

pub mod cli;
pub mod compare;
pub mod design;
pub mod report;
pub mod sim;
pub mod synth;
pub mod verilog;

// The crates below, under the names that they have here.
#[doc(inline)]
pub use htgen_base::{error, files};
use htgen_base::{number, printable, tensors};
#[doc(inline)]
pub use htgen_core::{config, fixed, float, model, network, plan, quant, sched};
#[doc(inline)]
pub use htgen_data::{data, evaluate};
#[cfg(feature = "train")]
#[doc(inline)]
pub use htgen_learn::train;
#[doc(inline)]
pub use htgen_learn::{compress, import};
#[doc(inline)]
pub use htgen_media::{sound, video};
#[doc(inline)]
pub use htgen_tool as tool;
