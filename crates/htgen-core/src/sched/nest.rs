//! Loop nests as the hardware has them: neighbors fused, one addition per address and iteration.

use super::loops::RawLoop;

/// One loop of the hardware.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loop {
    /// Number of iterations.
    pub bound: usize,
    /// Stride of the operand, in words.
    pub act: i64,
    /// Stride in the weight ROM, in ROM words.
    pub wgt: i64,
    /// Stride of the result, in groups of P words.
    pub out: i64,
}

/// Fuses neighbors whose strides continue each other; the result is innermost first, with the
/// number of loops that are summed over.
pub fn fuse(raw: &[RawLoop]) -> (Vec<Loop>, usize) {
    let mut out: Vec<(Loop, bool)> = Vec::new();
    for l in raw.iter().rev().filter(|l| l.bound > 1) {
        let next = Loop { bound: l.bound, act: l.act, wgt: l.wgt, out: l.out };
        if let Some((inner, contracted)) = out.last_mut() {
            let n = inner.bound as i64;
            let continues =
                next.act == inner.act * n && next.wgt == inner.wgt * n && next.out == inner.out * n;
            if continues && *contracted == l.contracted {
                inner.bound *= next.bound;
                continue;
            }
        }
        out.push((next, l.contracted));
    }
    let contracted = out.iter().filter(|l| l.1).count();
    (out.into_iter().map(|l| l.0).collect(), contracted)
}

/// Walks over a fused loop nest as the hardware does: one addition per stream and iteration, by the
/// delta of the outermost loop that advances.
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

/// What is added to the addresses when loop `level` advances and all inner ones start again.
pub fn deltas(loops: &[Loop], level: usize) -> Loop {
    let back = |stride: fn(&Loop) -> i64| -> i64 {
        loops[..level].iter().map(|l| (l.bound as i64 - 1) * stride(l)).sum()
    };
    let own = &loops[level];
    Loop {
        bound: own.bound,
        act: own.act - back(|l| l.act),
        wgt: own.wgt - back(|l| l.wgt),
        out: own.out - back(|l| l.out),
    }
}
