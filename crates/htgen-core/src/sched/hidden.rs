//! Where h of each layer lies in the hidden buffer.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::isa::Source;
use super::layout::PartLayout;
use crate::network::Operand;
use crate::quant::QuantPlan;

/// The places of the hidden units.
pub(super) enum HiddenPlaces {
    /// Every unit has its own, because its number is what a reader looks for.
    ByUnit {
        /// By layer, the word of unit 0.
        first: Vec<usize>,
        /// Words in use.
        words: usize,
    },
    /// Only the head reads h: unit after unit as the tables list them, the head's weights likewise.
    AsProcessed,
}

impl HiddenPlaces {
    /// The memory that contraction steps read and what they expect in it.
    ///
    /// Before a layer's h there are as many words as its part of h has zero columns, and after it
    /// as many as any reader runs past its end; nothing writes these.
    pub fn of(layouts: &[PartLayout<'_>], quant: &QuantPlan) -> HiddenPlaces {
        if layouts.iter().all(|layout| layout.source() == Source::Input) {
            let units = quant.top().cell.units;
            return match quant.head() {
                Some(_) => HiddenPlaces::AsProcessed,
                None => HiddenPlaces::ByUnit { first: vec![0], words: units },
            };
        }
        let mut first_words = Vec::new();
        let mut next = 0;
        for (k, layer) in quant.layers().iter().enumerate() {
            let (mut front, mut behind) = (0, layer.cell.units);
            for layout in layouts {
                let words = layout.addressing(0).words;
                match layout.part.operand() {
                    Operand::Hidden { first } if layout.layer == k => {
                        front = first;
                        behind = behind.max(words - first);
                    }
                    Operand::Input { .. } if layout.layer == k + 1 => behind = behind.max(words),
                    _ => {}
                }
            }
            first_words.push(next + front);
            next += front + behind;
        }
        HiddenPlaces::ByUnit { first: first_words, words: next }
    }

    /// First word of h of a layer.
    pub fn first(&self, layer: usize) -> usize {
        match self {
            HiddenPlaces::ByUnit { first, .. } => first[layer],
            HiddenPlaces::AsProcessed => 0,
        }
    }

    /// First word of the operand of a part's first step, in the memory that it reads.
    pub fn operand(&self, layout: &PartLayout<'_>) -> usize {
        match (layout.part.operand(), layout.layer) {
            (Operand::Input { .. }, 0) => 0,
            (Operand::Input { .. }, layer) => self.first(layer - 1),
            (Operand::Hidden { first: front }, layer) => self.first(layer) - front,
        }
    }
}
