//! htgen: from a trained fully decomposed hierarchical Tucker (FDHT) LSTM to bit-exact Verilog.
#![warn(missing_docs)]

pub mod data;
pub mod error;
pub mod files;
pub mod model;
