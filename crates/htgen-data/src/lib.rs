//! Data sets of sequences, and whole data sets through the references of htgen-core with one
//! judgement of what comes out.
#![warn(missing_docs)]

pub mod data;
pub mod evaluate;

// What comes from the crates below, under the names that it has here.
use htgen_base::{error, files, number, tensors};
use htgen_core::{arith, config, fixed, float, model, network, plan, quant};
