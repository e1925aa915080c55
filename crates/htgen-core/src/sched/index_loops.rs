//! Loops before fusing, each with what it counts: from them follow the loops of the hardware, the
//! weights, and which element a lane works on in an iteration.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::isa::Loop;
use crate::network::IndexId;

/// What a loop counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digit {
    /// Positions of the columns that stay fused in the result.
    Position,
    /// Fused columns that are summed over.
    Merged,
    /// `factor` x counter of an index.
    Index {
        /// The index.
        id: IndexId,
        /// Its weight in the index's value.
        factor: usize,
    },
}

/// One loop before fusing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IndexLoop {
    /// What it counts.
    pub digit: Digit,
    /// Number of iterations.
    pub bound: usize,
    /// Summed over.
    pub contracted: bool,
    /// Stride of the operand, in words.
    pub act: i64,
    /// Stride in the weight ROM, in ROM words.
    pub wgt: i64,
    /// Stride of the result, in groups of P words.
    pub out: i64,
}

impl IndexLoop {
    /// What one count adds to the value of an index; 0 if the loop does not concern that index.
    pub fn weight_in(&self, index: IndexId) -> usize {
        match self.digit {
            Digit::Index { id, factor } if id == index => factor,
            _ => 0,
        }
    }
}

/// The loops that are not summed over: one iteration for each group of results.
pub(super) fn kept(loops: &[IndexLoop]) -> Vec<IndexLoop> {
    loops.iter().copied().filter(|l| !l.contracted).collect()
}

/// What the loops add to the value of an index.
pub(super) fn value_of(loops: &[IndexLoop], counters: &[usize], id: IndexId) -> usize {
    loops.iter().zip(counters).map(|(l, c)| l.weight_in(id) * c).sum()
}

/// Fuses neighbors whose strides continue each other; the result is innermost first, with the
/// number of loops that are summed over.
pub(super) fn fuse(loops: &[IndexLoop]) -> (Vec<Loop>, usize) {
    let mut out: Vec<(Loop, bool)> = Vec::new();
    for l in loops.iter().rev().filter(|l| l.bound > 1) {
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

/// Calls `f` with the running number and the counters of every iteration, innermost loop fastest.
pub(super) fn for_each_iteration(loops: &[IndexLoop], mut f: impl FnMut(usize, &[usize])) {
    let mut counters = vec![0usize; loops.len()];
    let mut number = 0;
    loop {
        f(number, &counters);
        number += 1;
        let Some(k) = (0..loops.len()).rev().find(|&k| counters[k] + 1 < loops[k].bound) else {
            return;
        };
        counters[k] += 1;
        counters[k + 1..].fill(0);
    }
}

/// The counters of the `number`-th iteration.
pub(super) fn counters_of(loops: &[IndexLoop], number: usize) -> Vec<usize> {
    let mut rest = number;
    let mut counters: Vec<usize> = loops
        .iter()
        .rev()
        .map(|l| {
            let count = rest % l.bound;
            rest /= l.bound;
            count
        })
        .collect();
    counters.reverse();
    counters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index_loop(bound: usize, contracted: bool, act: i64, wgt: i64, out: i64) -> IndexLoop {
        IndexLoop { digit: Digit::Merged, bound, contracted, act, wgt, out }
    }

    #[test]
    fn loops_that_continue_each_other_are_one() {
        let loops = [
            index_loop(5, false, 24, 0, 1),
            index_loop(1, false, 7, 7, 7),
            index_loop(3, true, 8, 4, 0),
            index_loop(4, true, 2, 1, 0),
        ];
        let (fused, summed) = fuse(&loops);
        let inner = Loop { bound: 12, act: 2, wgt: 1, out: 0 };
        assert_eq!((fused, summed), (vec![inner, Loop { bound: 5, act: 24, wgt: 0, out: 1 }], 1));
        // Not across the end of a sum, though the strides would fit.
        let apart = [index_loop(2, false, 4, 4, 0), index_loop(4, true, 1, 1, 0)];
        assert_eq!(fuse(&apart).1, 1);
        assert_eq!(fuse(&apart).0.len(), 2);
    }

    #[test]
    fn counters_are_those_of_the_iteration() {
        let loops = [index_loop(3, false, 0, 0, 0), index_loop(2, true, 0, 0, 0)];
        let mut seen = Vec::new();
        for_each_iteration(&loops, |number, counters| {
            assert_eq!(counters, counters_of(&loops, number));
            seen.push((counters[0], counters[1]));
        });
        assert_eq!(seen, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
    }
}
