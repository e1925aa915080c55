//! The loop nest of one contraction step: bounds and, for each of the three address streams, the
//! stride of every loop.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::index_loops::{Digit, IndexLoop};
use super::layout::{Addressing, PartLayout};
use crate::network::IndexId;

impl PartLayout<'_> {
    /// The loops of step `s`, outermost first, for `positions` positions of the result with
    /// `merged` fused columns summed into each; `full` is the most that the step sums into one.
    pub fn loops(&self, s: usize, positions: usize, merged: usize, full: usize) -> Vec<IndexLoop> {
        let (input, output) = (self.addressing(s), self.addressing(s + 1));
        let mut loops = self.kept_loops(s, positions, &input, &output);
        loops.extend(self.contracted_loops(s, merged, &input));
        number_weights(&mut loops, full.max(merged));
        loops
    }

    /// Loops over positions, free, batch and new indices; the gate innermost.
    fn kept_loops(
        &self,
        s: usize,
        positions: usize,
        input: &Addressing,
        output: &Addressing,
    ) -> Vec<IndexLoop> {
        let step = &self.shapes.steps[s];
        let lanes = 1i64 << self.lane_bits;
        let hop = self.positions_merged(s) * input.position;
        let mut loops = vec![IndexLoop {
            digit: Digit::Position,
            bound: positions,
            contracted: false,
            act: hop as i64,
            wgt: 0,
            out: output.position as i64 / lanes,
        }];
        let batch = step.batch.iter().map(|&id| (id, 1));
        for (id, wgt) in step.free.iter().map(|&id| (id, 0)).chain(batch) {
            let (e, f) = (self.field(s, id), self.field(s + 1, id));
            let out = output.stride(id) as i64 / lanes;
            for (factor, bound, bit) in self.digits(id, e, f) {
                loops.push(IndexLoop {
                    digit: Digit::Index { id, factor },
                    bound,
                    contracted: false,
                    act: bit.map_or(input.stride(id) as i64, |bit| self.bank(s, id, bit)),
                    wgt, // marks a loop that weights depend on; `number_weights` sets the stride
                    out: out * self.beside_field(id, f, factor),
                });
            }
        }
        for &id in &step.new {
            let f = self.field(s + 1, id);
            loops.push(IndexLoop {
                digit: Digit::Index { id, factor: 1 << f },
                bound: self.network().size(id).div_ceil(1 << f),
                contracted: false,
                act: 0,
                wgt: 1,
                out: output.stride(id) as i64 / lanes,
            });
        }
        let gate = self.network().gate();
        let is_gate =
            |l: &IndexLoop| matches!(l.digit, Digit::Index { id, .. } if Some(id) == gate);
        loops.sort_by_key(is_gate);
        if s + 1 == self.shapes.steps.len() {
            number_in_order(&mut loops);
        }
        loops
    }

    /// What a digit of this weight counts in an index without the field of `f` bits.
    fn beside_field(&self, id: IndexId, f: u32, weight: usize) -> i64 {
        let shift = if self.network().columns().contains(&id) { 0 } else { f };
        (weight >> shift) as i64
    }

    fn contracted_loops(&self, s: usize, merged: usize, input: &Addressing) -> Vec<IndexLoop> {
        let step = &self.shapes.steps[s];
        let of =
            |digit, bound, act| IndexLoop { digit, bound, contracted: true, act, wgt: 1, out: 0 };
        let mut loops = Vec::new();
        if step.merged.is_some() {
            loops.push(of(Digit::Merged, merged, input.position as i64));
        }
        for &id in &step.contracted {
            let e = self.field(s, id);
            for (factor, bound, bit) in self.digits(id, e, 0) {
                let act = bit.map_or(input.stride(id) as i64, |bit| self.bank(s, id, bit));
                loops.push(of(Digit::Index { id, factor }, bound, act));
            }
        }
        loops
    }
}

/// Gives the loops that weights depend on consecutive ROM words, innermost fastest. The merged loop
/// counts with its full bound, so that a short last sum reads the same words.
fn number_weights(loops: &mut [IndexLoop], full: usize) {
    let mut words = 1i64;
    for l in loops.iter_mut().rev().filter(|l| l.wgt != 0) {
        l.wgt = words;
        let bound = if l.digit == Digit::Merged { full } else { l.bound };
        words *= bound as i64;
    }
}

/// Results in the order in which they are produced.
fn number_in_order(loops: &mut [IndexLoop]) {
    let mut next = 1;
    for l in loops.iter_mut().rev() {
        l.out = next;
        next *= l.bound as i64;
    }
}
