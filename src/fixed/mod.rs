//! The bit-exact arithmetic: integers in, the integers of the hardware out.
//!
//! Each function is the twin of a module in `templates/lib` and states its width, rounding and
//! saturation; `docs/numerics.md` says the same in prose. No floats here, except in tests.

pub mod activation;
pub mod cell;
pub mod requant;
#[cfg(test)]
mod sigmoid_fit;
