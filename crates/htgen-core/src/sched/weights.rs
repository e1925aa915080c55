//! What stands in the weight ROM for each step, in the order in which the loops read it.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::index_loops::{Digit, IndexLoop, for_each_iteration, value_of};
use super::layout::PartLayout;
use crate::network::IndexId;
use crate::quant::{QuantHead, QuantStep};

/// The ROM words of step `s` of a part: one weight per lane, 0 outside the tensor.
pub(super) fn words(
    layout: &PartLayout<'_>,
    quant: &QuantStep,
    s: usize,
    loops: &[IndexLoop],
) -> Vec<i32> {
    let network = layout.network();
    let step = &layout.plan.steps()[s];
    let weights = &quant.weights;
    let size = |ids: &[IndexId]| ids.iter().map(|&id| network.size(id)).product::<usize>();
    let (new_words, batches) = (size(&step.new), size(&step.batch));
    let sum_words = weights.len() / (new_words * batches);
    let lanes = 1usize << layout.lane_bits;
    let idle = layout.idle_bits(s + 1);
    let weight_loops: Vec<IndexLoop> = loops.iter().copied().filter(|l| l.wgt != 0).collect();
    let rows = SumRows::of(layout, s);
    let mut out = Vec::new();
    for_each_iteration(&weight_loops, |_, counters| {
        let word = (0..lanes).map(|lane| {
            let value = |id: IndexId| {
                value_of(&weight_loops, counters, id) + layout.lane_value(s + 1, lane, id)
            };
            let position = |ids: &[IndexId]| {
                ids.iter().try_fold(0usize, |at, &id| {
                    let v = value(id);
                    (v < network.size(id)).then(|| at * network.size(id) + v)
                })
            };
            let row = rows.row(layout, &weight_loops, counters).filter(|&row| row < sum_words);
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
pub(super) fn count(layout: &PartLayout<'_>) -> u64 {
    let slabbed = layout.plan.slabs().steps;
    let steps = layout.shapes.steps.iter().enumerate();
    let words = steps.map(|(s, step)| {
        let full = if s < slabbed { 1 } else { step.merged.map_or(1, |merged| merged.0) };
        let loops = layout.loops(s, 1, full, full);
        let weighing = loops.iter().filter(|l| l.wgt != 0);
        weighing.fold(1u64, |words, l| words.saturating_mul(l.bound as u64))
    });
    words.fold(0, u64::saturating_add)
}

/// The ROM words of the head for units that lie in the hidden buffer in this order; none stands for
/// a word that no unit writes.
pub(super) fn head_words(head: &QuantHead, order: &[Option<usize>], lanes: usize) -> Vec<i32> {
    let mut out = Vec::new();
    for group in 0..head.outputs.div_ceil(lanes) {
        for unit in order {
            let weight = |lane: usize| match (unit, group * lanes + lane) {
                (Some(j), o) if o < head.outputs => head.weights[j * head.outputs + o],
                _ => 0,
            };
            out.extend((0..lanes).map(weight));
        }
    }
    out
}

/// Row of the weight matrix \[contracted\]\[new\] from loop counters.
struct SumRows {
    strides: Vec<(IndexId, usize)>,
    merged: usize,
}

impl SumRows {
    fn of(layout: &PartLayout<'_>, s: usize) -> SumRows {
        let network = layout.network();
        let step = &layout.plan.steps()[s];
        let columns = network.columns();
        let inside = &columns[step.after.modes..step.before.modes];
        let whole = inside.iter().all(|id| step.contracted.contains(id));
        let others = step.contracted.iter().filter(|id| !(whole && inside.contains(id)));
        let order: Vec<IndexId> = inside.iter().filter(|_| whole).chain(others).copied().collect();
        let dims: Vec<usize> = order.iter().map(|&id| network.size(id)).collect();
        let strides: Vec<(IndexId, usize)> =
            order.iter().copied().zip(crate::network::strides(&dims)).collect();
        // One position of the columns fused in the operand of this step.
        let fused = layout.shapes.tensors[s].prefix.modes;
        let merged = match fused {
            0 => 0,
            n => strides.iter().find(|x| x.0 == columns[n - 1]).map_or(0, |x| x.1),
        };
        SumRows { strides, merged }
    }

    fn row(
        &self,
        layout: &PartLayout<'_>,
        loops: &[IndexLoop],
        counters: &[usize],
    ) -> Option<usize> {
        let merged: usize = loops
            .iter()
            .zip(counters)
            .map(|(l, c)| if l.digit == Digit::Merged { c * self.merged } else { 0 })
            .sum();
        self.strides.iter().try_fold(merged, |row, &(id, stride)| {
            let value = value_of(loops, counters, id);
            (value < layout.network().size(id)).then_some(row + value * stride)
        })
    }
}
