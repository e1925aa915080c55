//! How the stream is written into the input buffer.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::index_loops::{Digit, IndexLoop, fuse};
use super::isa::Loop;
use super::layout::PartLayout;
use crate::config::HwConfig;
use crate::quant::QuantPlan;

/// The loader's writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loader {
    /// Elements written at once, a power of two that divides the number of elements per beat.
    pub elements: usize,
    /// Loops over the writes of a time step, innermost first; strides in words.
    pub loops: Vec<Loop>,
    /// Slabs that hold x.
    pub slabs: usize,
    /// Columns of a slab.
    pub slab_columns: usize,
    /// Frames that the input buffer holds: 2 if the input of a time step cannot be refilled after
    /// it has been read.
    pub frames: usize,
}

impl Loader {
    /// For the part that reads the input buffer.
    pub(super) fn of(layout: &PartLayout<'_>, quant: &QuantPlan, hw: &HwConfig) -> Loader {
        let uncut = layout.plan.slabs().steps == 0;
        let banked = layout.slots.input_bits > 0;
        // A write stays inside a slab and, in a banked buffer, inside a run of columns of one bank.
        let slab_columns = layout.slab_columns();
        let run = bank_run(layout);
        let fits = |n: usize| {
            (uncut || slab_columns.is_multiple_of(n)) && (!banked || run.is_multiple_of(n))
        };
        let mut elements = hw.elements_per_beat.get();
        while elements > 1 && !fits(elements) {
            elements /= 2;
        }
        let loops = if banked { banked_loops(layout, elements) } else { plain(layout, elements) };
        Loader {
            elements,
            loops,
            slabs: quant.input().count.div_ceil(slab_columns),
            slab_columns,
            frames: if uncut { 2 } else { 1 },
        }
    }
}

/// Columns that are consecutive both in the stream and within one bank.
fn bank_run(layout: &PartLayout<'_>) -> usize {
    let mut run = 1;
    for &id in layout.network().columns().iter().rev() {
        let field = layout.field(0, id);
        run *= layout.network().size(id) >> field;
        if field > 0 {
            break;
        }
    }
    run
}

/// One loop over consecutive words.
fn plain(layout: &PartLayout<'_>, elements: usize) -> Vec<Loop> {
    let writes = layout.addressing(0).words.div_ceil(elements);
    vec![Loop { bound: writes, act: elements as i64, wgt: 0, out: 0 }]
}

/// A loop for each digit of each column; the innermost is the run, or a factor of it that the
/// writes divide too.
fn banked_loops(layout: &PartLayout<'_>, elements: usize) -> Vec<Loop> {
    let addressing = layout.addressing(0);
    let mut all: Vec<IndexLoop> = Vec::new();
    for &id in &layout.network().columns() {
        for (factor, bound, bit) in layout.digits(id, layout.field(0, id), 0) {
            let act = bit.map_or(addressing.stride(id) as i64, |bit| layout.bank(0, id, bit));
            let digit = Digit::Index { id, factor };
            all.push(IndexLoop { digit, bound, contracted: false, act, wgt: 0, out: 0 });
        }
    }
    let mut loops = fuse(&all).0;
    loops[0].bound /= elements;
    loops[0].act *= elements as i64;
    loops
}
