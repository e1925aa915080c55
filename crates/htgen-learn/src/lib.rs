//! Where the values of a model come from: checkpoints of other programs, dense layers that are
//! factored, training. Singular values and training are in the features `compress` and `train`,
//! which bring faer.
// SPDX-License-Identifier: MIT OR Apache-2.0
#![warn(missing_docs)]

mod checkpoint;
pub mod compress;
pub mod import;
#[cfg(feature = "train")]
pub mod train;

// What comes from the crates below, under the names that it has here.
use htgen_base::{error, files, foreign, tensors};
#[cfg(feature = "train")]
use htgen_core::{arith, config, fixed, plan, quant};
use htgen_core::{model, network};
use htgen_data::data;
#[cfg(feature = "train")]
use htgen_data::evaluate;
