//! What every other crate of htgen stands on: the one error type, whole files or none, the bytes of
//! safetensors files. Knows neither models nor designs.
// SPDX-License-Identifier: MIT OR Apache-2.0
#![warn(missing_docs)]

pub mod error;
pub mod files;
pub mod foreign;
pub mod number;
pub mod printable;
pub mod tensors;
