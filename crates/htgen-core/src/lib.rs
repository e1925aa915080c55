//! The stages of htgen between a model file and a program, and the references beside them.
//!
//! Data flows one way; each stage is a value made by one function:
//! [`model`] -> [`network`] -> [`plan`] -> [`quant`] -> [`sched`]. [`float`] and [`fixed`] are the
//! references on the side; [`arith`] has the rules that all who compute in integers share. Runs no
//! program and emits no Verilog.
// SPDX-License-Identifier: MIT OR Apache-2.0
#![warn(missing_docs)]

pub mod arith;
pub mod config;
pub mod fixed;
pub mod float;
pub mod model;
pub mod network;
pub mod plan;
pub mod quant;
pub mod sched;

// What comes from the crate below, under the names that it has here.
use htgen_base::{error, files, foreign, tensors};
