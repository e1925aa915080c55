//! How many requantizers, banks and words a program has.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::hidden::HiddenPlaces;
use super::isa::{Nest, Source};
use super::layout::PartLayout;
use super::loader::Loader;
use super::microprogram::Microprogram;
use crate::config::HwConfig;
use crate::quant::QuantPlan;

/// Sizes that do not depend on the number of element-wise units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Memories {
    /// Results requantized at once.
    pub drains: usize,
    /// Banks of the result buffer.
    pub banks: usize,
    /// Groups of the result buffer.
    pub buffer_groups: usize,
    /// Banks of the input buffer, apart from the elements of a write.
    pub input_banks: usize,
    /// Words of the input buffer for one frame.
    pub input_words: usize,
    /// Groups of gate pre-activations.
    pub gate_groups: usize,
    /// Halves of the hidden buffer.
    pub hidden_halves: usize,
    /// First word of the hidden vector that is the model's output.
    pub output: usize,
}

impl Memories {
    /// From what is laid out and written.
    pub fn of(
        layouts: &[PartLayout<'_>],
        code: &Microprogram,
        loader: &Loader,
        hidden: &HiddenPlaces,
        drains: usize,
        gate_groups: usize,
    ) -> Memories {
        let kept_bits = layouts.iter().map(|layout| layout.slots.kept_bits).max().unwrap_or(0);
        let bottom = &layouts[0];
        let input_bits = bottom.slots.input_bits;
        let aligned = loader.elements << input_bits;
        let before = code.nests.iter().any(|nest| nest.source == Source::HiddenBefore);
        Memories {
            drains,
            banks: drains.max(1 << kept_bits),
            buffer_groups: code.buffer_groups,
            input_banks: 1 << input_bits,
            input_words: bottom.addressing(0).words.next_multiple_of(aligned),
            gate_groups,
            hidden_halves: if before { 2 } else { 1 },
            output: hidden.first(layouts.last().map_or(0, |layout| layout.layer)),
        }
    }
}

/// The least power of two of requantizers for which a group has left before the next one comes.
pub(super) fn drains(nests: &[Nest], quant: &QuantPlan, hw: &HwConfig) -> usize {
    let head = quant.head().map(|_| quant.top().cell.units as u64);
    let shortest = nests.iter().map(Nest::summed_cycles).chain(head).min().unwrap_or(1);
    let drains = (hw.lanes.get() as u64).div_ceil(shortest).next_power_of_two() as usize;
    drains.min(hw.lanes.get())
}
