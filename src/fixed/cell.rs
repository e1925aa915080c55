//! The element-wise unit of an LSTM. Twin of `ht_cell`.

use super::activation::{sigmoid, tanh};
use super::requant::{round_shift, saturate};

/// Formats of the unit.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// Fraction bits of c.
    pub cell_frac: u32,
    /// Fraction bits of h.
    pub hidden_frac: u32,
    /// Width of h.
    pub activation_bits: u32,
}

impl Cell {
    /// From the gates i, f, g, o and c to the new (c, h).
    pub fn step(self, z: [i32; 4], c: i32) -> (i32, i32) {
        let [i, f, g, o] = z;
        let keep = round_shift(i64::from(sigmoid(f)) * i64::from(c), 15);
        let add = round_shift(i64::from(sigmoid(i)) * i64::from(tanh(g)), 30 - self.cell_frac);
        let c = saturate(keep + add, 16);
        let aligned = match self.cell_frac {
            frac @ 12.. => round_shift(i64::from(c), frac - 11),
            frac => i64::from(c) << (11 - frac),
        };
        let tc = tanh(saturate(aligned, 16));
        let h = round_shift(i64::from(sigmoid(o)) * i64::from(tc), 30 - self.hidden_frac);
        (c, saturate(h, self.activation_bits))
    }
}
