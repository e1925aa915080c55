//! The bit-exact arithmetic: docs/numerics.md in code. No floats.
//!
//! `requant`, `activation` and `cell` are twins of the library modules `ht_requant`, `ht_act` and
//! `ht_cell`; `executor` runs a whole quantised plan.

pub mod activation;
pub mod cell;
mod executor;
pub mod requant;

pub use executor::{Executor, Observer, Site};
pub use requant::Requantise;
