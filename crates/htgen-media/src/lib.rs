//! What data sets are made of: features of recordings, frames of pictures and videos, drawn motion.
//! Knows no model and no data set.
// SPDX-License-Identifier: MIT OR Apache-2.0
#![warn(missing_docs)]

pub mod sound;
pub mod video;

// What comes from the crates below, under the names that it has here.
use htgen_base::{error, files};
use htgen_tool as tool;
