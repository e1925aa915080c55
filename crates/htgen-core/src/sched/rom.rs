//! Weight ROM images and the arithmetic of loop counters.

use super::loops::{Context, Digit, RawLoop};
use crate::network::IndexId;
use crate::quant::QuantStep;

/// The weight ROM: words with one weight per lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rom {
    lanes: usize,
    weights: Vec<i32>,
}

impl Rom {
    /// No words yet.
    pub(super) fn of(lanes: usize) -> Rom {
        Rom { lanes, weights: Vec::new() }
    }
    /// Number of words.
    pub fn len(&self) -> usize {
        self.weights.len() / self.lanes
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }
    /// The weights of a word, lane 0 first.
    pub fn word(&self, at: usize) -> &[i32] {
        &self.weights[at * self.lanes..][..self.lanes]
    }
    /// All words in order.
    pub fn words(&self) -> impl ExactSizeIterator<Item = &[i32]> {
        self.weights.chunks_exact(self.lanes)
    }
    /// Which lanes have a weight that is not zero, lane 0 first.
    pub fn lanes_used(&self) -> Vec<bool> {
        let mut used = vec![false; self.lanes];
        for word in self.words() {
            for (used, &weight) in used.iter_mut().zip(word) {
                *used |= weight != 0;
            }
        }
        used
    }
    /// One weight per lane, word after word.
    pub(super) fn extend(&mut self, weights: impl IntoIterator<Item = i32>) {
        self.weights.extend(weights);
    }
    /// Keeps only the first words.
    pub(super) fn truncate(&mut self, words: usize) {
        self.weights.truncate(words * self.lanes);
    }
}

/// Calls `f` with the running number and the counters of every iteration, innermost loop fastest.
pub(super) fn for_each_iteration(loops: &[RawLoop], mut f: impl FnMut(usize, &[usize])) {
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

/// Value of an index for a lane of a step with result tensor `t`.
pub(super) fn value_at(
    ctx: &Context<'_>,
    t: usize,
    loops: &[RawLoop],
    counters: &[usize],
    lane: usize,
    id: IndexId,
) -> usize {
    let from_loops: usize = loops.iter().zip(counters).map(|(l, c)| l.part_of(id) * c).sum();
    let from_lane: usize = ctx.slots.lane_values(t, lane).filter(|v| v.0 == id).map(|v| v.1).sum();
    from_loops + from_lane
}

/// The ROM words of step `s` of a part: one weight per lane, 0 outside the tensor.
pub(super) fn words(ctx: &Context<'_>, quant: &QuantStep, s: usize, loops: &[RawLoop]) -> Vec<i32> {
    let network = ctx.network();
    let step = &ctx.plan.steps()[s];
    let weights = &quant.weights;
    let size = |ids: &[IndexId]| ids.iter().map(|&id| network.size(id)).product::<usize>();
    let (new_words, batches) = (size(&step.new), size(&step.batch));
    let sum_words = weights.len() / (new_words * batches);
    let lanes = 1usize << ctx.lane_bits;
    let idle: usize = (0..ctx.lane_bits as usize)
        .filter(|&k| ctx.slots.tensors[s + 1][k].is_none())
        .fold(0, |m, k| m | 1 << k);
    let weight_loops: Vec<RawLoop> = loops.iter().copied().filter(|l| l.wgt != 0).collect();
    let rows = SumRows::of(ctx, s);
    let mut out = Vec::new();
    for_each_iteration(&weight_loops, |_, counters| {
        let word = (0..lanes).map(|lane| {
            let value = |id: IndexId| value_at(ctx, s + 1, &weight_loops, counters, lane, id);
            let position = |ids: &[IndexId]| {
                ids.iter().try_fold(0usize, |at, &id| {
                    let v = value(id);
                    (v < network.size(id)).then(|| at * network.size(id) + v)
                })
            };
            let row = rows.row(ctx, &weight_loops, counters).filter(|&row| row < sum_words);
            match (position(&step.batch), row, position(&step.new)) {
                (Some(batch), Some(row), Some(column)) if lane & idle == 0 => {
                    weights[(batch * sum_words + row) * new_words + column]
                }
                _ => 0,
            }
        });
        out.extend(word);
    });
    out
}

/// ROM words of all steps of a part, computed only from their loops.
pub(super) fn count(ctx: &Context<'_>) -> u64 {
    let slabbed = ctx.plan.slabs().steps;
    let steps = ctx.shapes.steps.iter().enumerate();
    let words = steps.map(|(s, step)| {
        let full = if s < slabbed { 1 } else { step.merged.map_or(1, |merged| merged.0) };
        let loops = ctx.loops(s, 1, full, full);
        let weighing = loops.iter().filter(|l| l.wgt != 0);
        weighing.fold(1u64, |words, l| words.saturating_mul(l.bound as u64))
    });
    words.fold(0, u64::saturating_add)
}

/// Row of the weight matrix \[contracted\]\[new\] from loop counters.
struct SumRows {
    strides: Vec<(IndexId, usize)>,
    merged: usize,
}

impl SumRows {
    fn of(ctx: &Context<'_>, s: usize) -> SumRows {
        let network = ctx.network();
        let step = &ctx.plan.steps()[s];
        let columns = network.columns();
        let inside = &columns[step.after.modes..step.before.modes];
        let whole = inside.iter().all(|id| step.contracted.contains(id));
        let others = step.contracted.iter().filter(|id| !(whole && inside.contains(id)));
        let order: Vec<IndexId> = inside.iter().filter(|_| whole).chain(others).copied().collect();
        let dims: Vec<usize> = order.iter().map(|&id| network.size(id)).collect();
        let strides: Vec<(IndexId, usize)> =
            order.iter().copied().zip(crate::network::strides(&dims)).collect();
        // One position of the columns fused in the operand of this step.
        let fused = ctx.shapes.tensors[s].prefix.modes;
        let merged = match fused {
            0 => 0,
            n => strides.iter().find(|x| x.0 == columns[n - 1]).map_or(0, |x| x.1),
        };
        SumRows { strides, merged }
    }

    fn row(&self, ctx: &Context<'_>, loops: &[RawLoop], counters: &[usize]) -> Option<usize> {
        let merged: usize = loops
            .iter()
            .zip(counters)
            .map(|(l, c)| if l.digit == Digit::Merged { c * self.merged } else { 0 })
            .sum();
        self.strides.iter().try_fold(merged, |row, &(id, stride)| {
            let value: usize = loops.iter().zip(counters).map(|(l, c)| l.part_of(id) * c).sum();
            (value < ctx.network().size(id)).then_some(row + value * stride)
        })
    }
}
