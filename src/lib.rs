//! htgen: from a trained fully decomposed hierarchical Tucker (FDHT) LSTM to bit-exact Verilog.
#![warn(missing_docs)]

pub mod error;
pub mod model;
pub mod synth;
pub mod tool;
