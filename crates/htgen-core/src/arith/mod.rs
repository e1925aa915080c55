//! The rules of the bit-exact arithmetic: width, rounding and saturation of single values, in
//! integers only.
//!
//! `requant`, `activation` and `cell` are twins of modules in `templates/lib`; docs/numerics.md
//! says the same in prose. Quantization chooses formats for these rules, and every executor
//! computes with them: the fixed-point reference, the interpreter of the program.
// SPDX-License-Identifier: MIT OR Apache-2.0

pub mod activation;
pub mod cell;
pub mod requant;
#[cfg(test)]
mod sigmoid_fit;

pub use requant::Requantize;

/// Fraction bits of a gate pre-activation at the cell's input.
pub const GATE_FRAC: i32 = 11;
/// Minimum number of fraction bits of the terms of a gate sum: the element-wise unit shifts by at
/// most 15.
pub const LEAST_GATE_FRAC: i32 = GATE_FRAC - 15;
/// Maximum number of bits by which the hardware shifts a sum.
pub const MOST_SHIFT: i32 = 48;
/// Width of gate pre-activations, cell states, biases and outputs of a head, bits.
pub const WIDE_BITS: u32 = 16;
