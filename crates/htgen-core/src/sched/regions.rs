//! Where each intermediate result lies in the result buffer.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::layout::PartLayout;

/// First group of the region of every tensor, by first fit over the time in which it is alive, and
/// the total number of groups needed. The input and the gates have buffers of their own.
pub(super) fn regions(layout: &PartLayout<'_>) -> (Vec<usize>, usize) {
    let slabbed = layout.plan.slabs().steps;
    let tensors = layout.shapes.tensors.len();
    let mut placed: Vec<(usize, usize, usize, usize)> = Vec::new(); // start, end, born, dies
    let mut first = vec![0; tensors];
    for (t, own) in first.iter_mut().enumerate().take(tensors - 1).skip(1) {
        let (born, dies) = if t < slabbed { (0, 0) } else { (t - slabbed, t - slabbed + 1) };
        let shape = &layout.shapes.tensors[t];
        let groups =
            (layout.addressing(t).words >> layout.lane_bits) * if shape.per_slab { 2 } else { 1 };
        let clash = |at: usize| {
            placed
                .iter()
                .filter(|p| p.2 <= dies && born <= p.3 && p.0 < at + groups && at < p.1)
                .map(|p| p.1)
                .max()
        };
        let mut at = 0;
        while let Some(end) = clash(at) {
            at = end;
        }
        placed.push((at, at + groups, born, dies));
        *own = at;
    }
    (first, placed.iter().map(|p| p.1).max().unwrap_or(0))
}
