//! The element-wise part of a step for one hidden unit: twin of `ht_cell` (LSTM) and `ht_cell_gru`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::activation::{Y_FRAC, Z_FRAC, hard_sigmoid, sigmoid, tanh};
use super::requant::{requant, round_shift, saturate};
use crate::model::{Cell, GateActivation};

/// Number formats of the cell state and the hidden state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellFormat {
    /// Fraction bits of the cell state (16 bits): 8 to 15.
    pub c_frac: u32,
    /// Fraction bits of the hidden state: 0 to 15.
    pub h_frac: u32,
    /// Width of the hidden state: 4 to 16.
    pub act_bits: u32,
}

/// Pre-activations of one unit's gates, each 16 bits with 11 fraction bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateSums {
    /// Input gate.
    pub i: i16,
    /// Forget gate.
    pub f: i16,
    /// Candidate.
    pub g: i16,
    /// Output gate.
    pub o: i16,
}

/// An element-wise unit: what it computes, and in which formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellUnit {
    /// Kind of cell.
    pub cell: Cell,
    /// Activation of all gates except the candidate.
    pub gates: GateActivation,
    /// Number formats.
    pub format: CellFormat,
}

impl CellUnit {
    /// The next state and the hidden state of a unit from its four sums, in the order in which the
    /// hardware takes them: i, f, g, o for an LSTM; r, z, and the candidate's parts of h and of x
    /// for a GRU.
    #[inline]
    pub fn step(&self, z: [i16; 4], state: i16) -> (i16, i16) {
        let gate = match self.gates {
            GateActivation::Sigmoid => sigmoid,
            GateActivation::HardSigmoid => hard_sigmoid,
        };
        match self.cell {
            Cell::Lstm => {
                let [i, f, g, o] = z;
                self.format.lstm(gate, GateSums { i, f, g, o }, state)
            }
            Cell::Gru => self.format.gru(gate, z, state),
        }
    }
}

/// Pre-activation of a gate: the sum of the results of its products plus bias, shifted left by
/// `shift` bits to 11 fraction bits and clipped to 16 bits.
#[inline]
pub fn gate_sum(results: i32, bias: i32, shift: u32) -> i16 {
    saturate((i64::from(results) + i64::from(bias)) << shift, 16) as i16
}

impl CellFormat {
    /// Whether every width is accepted by `ht_cell`.
    pub fn is_supported(&self) -> bool {
        (8..=15).contains(&self.c_frac) && self.h_frac <= 15 && (4..=16).contains(&self.act_bits)
    }

    /// The next cell state and the hidden state of a unit.
    ///
    /// c' = sat16(((f c + 2^14) >> 15) + ((i g + 2^(29 - c_frac)) >> (30 - c_frac))) and
    /// h = sat((o t + 2^(29 - h_frac)) >> (30 - h_frac)) to `act_bits`, with t = tanh of
    /// [`align`](Self::align)ed c'. Gates and tanh have 15 fraction bits, so a product has 30.
    #[inline]
    pub fn step(&self, z: GateSums, c: i16) -> (i16, i16) {
        self.lstm(sigmoid, z, c)
    }

    #[inline]
    fn lstm(&self, gate: fn(i16) -> i16, z: GateSums, c: i16) -> (i16, i16) {
        let [i, f, o] = [z.i, z.f, z.o].map(|z| i32::from(gate(z)));
        let kept = round_shift(f * i32::from(c), Y_FRAC);
        let added = round_shift(i * i32::from(tanh(z.g)), 2 * Y_FRAC - self.c_frac);
        let c = saturate(kept + added, 16) as i16;
        let product = o * i32::from(tanh(self.align(c)));
        (c, requant(product, 2 * Y_FRAC - self.h_frac, self.act_bits) as i16)
    }

    /// The next state of a GRU unit, which is h with `c_frac` fraction bits, and h in its own
    /// format.
    ///
    /// n = tanh(sat16(x_n + ((r h_n + 2^14) >> 15))), state' = sat16(((z state + 2^14) >> 15) +
    /// (((32767 - z) n + 2^(29 - c_frac)) >> (30 - c_frac))).
    #[inline]
    fn gru(&self, gate: fn(i16) -> i16, z: [i16; 4], state: i16) -> (i16, i16) {
        let [r, keep] = [z[0], z[1]].map(|z| i32::from(gate(z)));
        let of_h = round_shift(r * i32::from(z[2]), Y_FRAC);
        let n = i32::from(tanh(saturate(i32::from(z[3]) + of_h, 16) as i16));
        let kept = round_shift(keep * i32::from(state), Y_FRAC);
        let added = round_shift((i32::from(i16::MAX) - keep) * n, 2 * Y_FRAC - self.c_frac);
        let state = saturate(kept + added, 16) as i16;
        (state, self.hidden(state))
    }

    /// A state with `c_frac` fraction bits as h: rounded half up where bits are dropped, clipped to
    /// `act_bits`.
    #[inline]
    pub fn hidden(&self, state: i16) -> i16 {
        let state = i32::from(state);
        let aligned = if self.c_frac >= self.h_frac {
            round_shift(state, self.c_frac - self.h_frac)
        } else {
            state << (self.h_frac - self.c_frac)
        };
        saturate(aligned, self.act_bits) as i16
    }

    /// The cell state with the fraction bits of a tanh argument: rounded half up where bits are
    /// dropped, clipped to 16 bits where they are appended.
    #[inline]
    pub fn align(&self, c: i16) -> i16 {
        let c = i32::from(c);
        let aligned = if self.c_frac >= Z_FRAC {
            round_shift(c, self.c_frac - Z_FRAC)
        } else {
            saturate(c << (Z_FRAC - self.c_frac), 16)
        };
        aligned as i16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: CellFormat = CellFormat { c_frac: 11, h_frac: 11, act_bits: 12 };

    /// The worst error of a step against real arithmetic, in units of h.
    fn error(z: GateSums, c: i16) -> f64 {
        let [i, f, g, o] = [z.i, z.f, z.g, z.o].map(|z| f64::from(z) / 2048.0);
        let s = |x: f64| 1.0 / (1.0 + (-x).exp());
        let c_real = s(f) * f64::from(c) / 2048.0 + s(i) * g.tanh();
        let (_, h) = FORMAT.step(z, c);
        (f64::from(h) / 2048.0 - s(o) * c_real.tanh()).abs()
    }

    #[test]
    fn a_step_follows_the_real_cell() {
        let values = [-32768, -9000, -2048, -300, 0, 1, 700, 4096, 20000, 32767];
        for i in values {
            for f in values {
                for g in values {
                    for o in values {
                        let z = GateSums { i, f, g, o };
                        for c in values {
                            // Half a unit of h, one for the two roundings of c, the table's
                            // errors, one of which is multiplied by c.
                            let bound = 1.5 + 0.3 + 1.473 * f64::from(c).abs() / 32768.0;
                            assert!(error(z, c) < bound / 2048.0, "{z:?} {c}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn states_clip_instead_of_wrapping() {
        let all = |z| GateSums { i: z, f: z, g: z, o: z };
        assert_eq!(FORMAT.step(all(i16::MAX), i16::MAX), (32767, 2047));
        let low = GateSums { g: i16::MIN, ..all(i16::MAX) };
        assert_eq!(FORMAT.step(low, i16::MIN), (-32768, -2048));
        assert_eq!(gate_sum(32767, 1, 0), i16::MAX);
        assert_eq!(gate_sum(-32768, -1, 0), i16::MIN);
        assert_eq!(gate_sum(2048, 0, 4), i16::MAX);
        // Whatever brings a sum back into the range is added before anything is clipped.
        assert_eq!(gate_sum(2 * 32767, -32768, 0), 32766);
        assert_eq!(gate_sum(-30000, 29999, 4), -16);
    }

    #[test]
    fn align_rounds_down_shifts_and_clips_up_shifts() {
        let format = |c_frac| CellFormat { c_frac, ..FORMAT };
        assert_eq!(format(15).align(8), 1);
        assert_eq!(format(15).align(-8), 0);
        assert_eq!(format(15).align(i16::MAX), 2048);
        assert_eq!(format(8).align(5000), i16::MAX);
        assert_eq!(format(8).align(-4), -32);
    }
}
