//! Recordings as features: samples from a wav file, 8 kHz, logarithmic mel bands as bytes.
//!
//! Pure: bytes and samples in, bytes out; `htgen-data` reads the files. docs/data.md states the
//! features in words and numbers.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod logmel;
mod mel;
mod resample;
mod wav;

pub use logmel::{LogMel, Patch};
pub use mel::{BANDS, Bank};
pub use resample::{RATE, RATES, resample};
pub use wav::{Recording, decode};
