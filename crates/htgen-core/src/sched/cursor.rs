//! A walk over a loop nest as the hardware does it: one addition per address and iteration.

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
