//! Data sets of sequences, made of recordings and pictures or read from files, and whole data sets
//! through the references of htgen-core with one judgement of what comes out.
// SPDX-License-Identifier: MIT OR Apache-2.0
#![warn(missing_docs)]

pub mod data;
pub mod evaluate;
pub mod making;

// What comes from the crates below, under the names that it has here.
use htgen_base::{error, files, number, tensors};
use htgen_core::{arith, config, fixed, float, model, network, plan, quant};
use htgen_media::{sound, video};
use htgen_tool as tool;
