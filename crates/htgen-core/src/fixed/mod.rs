//! The bit-exact arithmetic: integers in, the integers of the hardware out. No floats.
//!
//! `requant`, `activation` and `cell` are twins of modules in `templates/lib` and state width,
//! rounding and saturation; docs/numerics.md says the same in prose. `executor` runs a whole
//! quantized plan on them.

pub mod activation;
pub mod cell;
mod executor;
pub mod requant;
#[cfg(test)]
mod sigmoid_fit;

pub use executor::{Executor, Observer, Requantise, Site};
