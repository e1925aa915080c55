//! htgen: from a trained fully decomposed hierarchical Tucker (FDHT) LSTM to bit-exact Verilog.
//!
//! Data flows one way; each stage is a value made by one function:
//! [`model`] -> [`network`] -> [`plan`] -> [`quant`] -> [`sched`] -> `verilog` -> [`sim`],
//! [`synth`]. [`float`] and [`fixed`] are the references on the side.
//!
//! ```
//! use htgen::config::HwConfig;
//! use htgen::model::{self, Widths};
//! use htgen::plan::{PlanConfig, Planned};
//! use htgen::{quant, sched, verilog};
//! use std::path::Path;
//!
//! # fn main() -> Result<(), htgen::error::Problems> {
//! let model = model::load(Path::new("examples/tiny/model.json"))?;
//! let planned = Planned::new(&model, &PlanConfig::UNLIMITED)?;
//! let formats = quant::safe(&planned, Widths::default());
//! let quantized = quant::quantize(&planned, formats)?;
//! let program = sched::schedule(&quantized, &HwConfig::default())?;
//! let about = verilog::About { command: "an example".into() };
//! let bundle = verilog::emit(&program, &about)?;
//! assert!(bundle.files["tiny_top.v"].contains("module tiny_top"));
//! # Ok(())
//! # }
//! ```
// SPDX-License-Identifier: MIT OR Apache-2.0
#![warn(missing_docs)]

pub mod cli;
pub mod commands;
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
pub use htgen_core::{arith, config, fixed, float, model, network, plan, quant, sched};
#[doc(inline)]
pub use htgen_data::{data, evaluate, making};
#[cfg(feature = "train")]
#[doc(inline)]
pub use htgen_learn::train;
#[doc(inline)]
pub use htgen_learn::{compress, import};
#[doc(inline)]
pub use htgen_media::{sound, video};
#[doc(inline)]
pub use htgen_tool as tool;
