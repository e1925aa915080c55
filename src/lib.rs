//! htgen: from a trained fully decomposed hierarchical Tucker (FDHT) LSTM to bit-exact Verilog.
//!
//! Data flows one way; each stage is a value made by one function:
//! [`model`] -> [`network`] -> [`plan`] -> [`quant`] -> [`sched`] -> `verilog` -> [`sim`], [`synth`].
//! [`float`] and [`fixed`] are the references on the side.
#![warn(missing_docs)]

mod checkpoint;
pub mod cli;
pub mod compare;
pub mod compress;
pub mod design;
pub mod import;
pub mod report;
pub mod sim;
pub mod synth;
#[cfg(feature = "train")]
pub mod train;
pub mod verilog;

// The crates below, under the names that they have here.
#[doc(inline)]
pub use htgen_base::{error, files};
use htgen_base::{foreign, number, printable, tensors};
#[doc(inline)]
pub use htgen_core::{config, fixed, float, model, network, plan, quant, sched};
#[doc(inline)]
pub use htgen_data::{data, evaluate};
#[doc(inline)]
pub use htgen_media::{sound, video};
#[doc(inline)]
pub use htgen_tool as tool;
