//! What instructions wait for and what they release.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::isa::{Dest, Instr, Kind, Nest, Source};
use super::layout::PartLayout;
use crate::quant::QuantInput;

/// Waits and releases of the input buffer's slabs, and waits for h, of the instructions of a part.
pub(super) fn mark(
    layout: &PartLayout<'_>,
    input: &QuantInput,
    nests: &[Nest],
    instrs: &mut [Instr],
) {
    match layout.source() {
        Source::Input => mark_input_slabs(layout, input, instrs),
        _ => instrs[0].wait_hidden = true,
    }
    // Gates of the previous time step may still be read.
    let of_gates = |i: &&mut Instr| matches!(nests[i.nest].dest, Dest::Gates | Dest::EarlierGates);
    if let Some(last) = instrs.iter_mut().find(of_gates) {
        last.wait_hidden = true;
    }
}

fn mark_input_slabs(layout: &PartLayout<'_>, input: &QuantInput, instrs: &mut [Instr]) {
    let per_slab = layout.slab_columns();
    let slabs = input.count.div_ceil(per_slab);
    let first_hidden = input.hidden_offset.map_or(usize::MAX, |o| o / per_slab);
    let reads: Vec<usize> =
        (0..instrs.len()).filter(|&k| instrs[k].source == Source::Input).collect();
    for (n, &k) in reads.iter().enumerate() {
        let (before, behind) = (n.checked_sub(1).map(|m| reads[m]), reads.get(n + 1));
        let slab = instrs[k].slab;
        let new = before.is_none_or(|b| instrs[b].slab != slab);
        let done = behind.is_none_or(|&b| instrs[b].slab != slab);
        let own = &mut instrs[k];
        own.wait_input = new && slab < slabs;
        own.release_input = done && slab < slabs;
        own.takes_frame = new && slab + 1 == slabs;
        own.wait_hidden = slab >= first_hidden;
    }
}

/// The first instruction of a time step, and the one that yields the output vector unless a head
/// does.
pub(super) fn mark_ends(instrs: &mut [Instr], head: bool) {
    instrs[0].opens_step = true;
    let last = instrs.iter_mut().rfind(|i| i.kind == Kind::Last);
    if let (Some(last), false) = (last, head) {
        last.answers = true;
    }
}
