//! Where the last steps leave the gate pre-activations.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::index_loops::{IndexLoop, for_each_iteration, kept, value_of};
use super::layout::PartLayout;

/// The gate buffer's words of every part, in the order of the parts.
pub(super) struct GatePlaces {
    /// By part and row of the matrix: group x P + lane.
    pub words: Vec<Vec<usize>>,
    /// Groups of the part that has most.
    pub groups: usize,
}

impl GatePlaces {
    /// From the loops of every part's last step.
    pub fn of(layouts: &[PartLayout<'_>], last: &[&[IndexLoop]]) -> GatePlaces {
        let kept: Vec<Vec<IndexLoop>> = last.iter().map(|loops| kept(loops)).collect();
        let groups = kept.iter().map(|kept| kept.iter().map(|l| l.bound).product()).max();
        let words = layouts.iter().zip(&kept).map(|(layout, kept)| words(layout, kept)).collect();
        GatePlaces { words, groups: groups.unwrap_or(1) }
    }
}

/// The gate buffer's word for every row of a part.
fn words(layout: &PartLayout<'_>, kept: &[IndexLoop]) -> Vec<usize> {
    let network = layout.network();
    let rows = network.rows();
    let gates = layout.shapes.tensors.len() - 1;
    let lanes = 1usize << layout.lane_bits;
    let idle = layout.idle_bits(gates);
    let mut places = vec![usize::MAX; network.gates() * network.units()];
    for_each_iteration(kept, |group, counters| {
        for lane in (0..lanes).filter(|lane| lane & idle == 0) {
            let row = rows.iter().try_fold(0usize, |row, &id| {
                let value = value_of(kept, counters, id) + layout.lane_value(gates, lane, id);
                (value < network.size(id)).then(|| row * network.size(id) + value)
            });
            if let Some(row) = row {
                places[row] = group * lanes + lane;
            }
        }
    });
    assert!(places.iter().all(|&p| p != usize::MAX), "the last step yields every row");
    places
}
