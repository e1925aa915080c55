//! A walk over a loop nest as the hardware does it: one addition per address and iteration.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::isa::{Loop, deltas};

/// Addresses of a running nest: what is added is the delta of the outermost loop that advances.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    loops: &'a [Loop],
    left: Vec<usize>,
    /// Operand address.
    pub act: i64,
    /// ROM address.
    pub wgt: i64,
    /// Result group.
    pub out: i64,
}

impl<'a> Cursor<'a> {
    /// At the first iteration.
    pub fn new(loops: &'a [Loop], act: usize, wgt: usize, out: usize) -> Self {
        let left = loops.iter().map(|l| l.bound - 1).collect();
        Cursor { loops, left, act: act as i64, wgt: wgt as i64, out: out as i64 }
    }
    /// Whether the innermost `summed` loops are at their last iteration.
    pub fn at_group_end(&self, summed: usize) -> bool {
        self.left[..summed].iter().all(|&n| n == 0)
    }
    /// Advances to the next iteration; false after the last one.
    pub fn advance(&mut self) -> bool {
        let Some(level) = self.left.iter().position(|&n| n > 0) else { return false };
        let delta = deltas(self.loops, level);
        (self.act, self.wgt, self.out) =
            (self.act + delta.act, self.wgt + delta.wgt, self.out + delta.out);
        self.left[level] -= 1;
        for k in 0..level {
            self.left[k] = self.loops[k].bound - 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One addition an iteration leads to the same addresses as counters times strides.
    #[test]
    fn deltas_lead_where_strides_do() {
        let loops = [
            Loop { bound: 3, act: 5, wgt: 1, out: 0 },
            Loop { bound: 2, act: -7, wgt: 3, out: 2 },
            Loop { bound: 4, act: 11, wgt: 0, out: -1 },
        ];
        let mut cursor = Cursor::new(&loops, 100, 10, 50);
        for number in 0..24i64 {
            let counters = [number % 3, number / 3 % 2, number / 6];
            let sum = |stride: fn(&Loop) -> i64| -> i64 {
                loops.iter().zip(counters).map(|(l, count)| count * stride(l)).sum()
            };
            let expected = (100 + sum(|l| l.act), 10 + sum(|l| l.wgt), 50 + sum(|l| l.out));
            assert_eq!((cursor.act, cursor.wgt, cursor.out), expected, "iteration {number}");
            assert_eq!(cursor.at_group_end(1), number % 3 == 2);
            assert_eq!(cursor.advance(), number < 23);
        }
    }
}
