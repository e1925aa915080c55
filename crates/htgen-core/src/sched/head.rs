//! The linear head: one more nest on the same lanes, over the hidden buffer.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::hidden::HiddenPlaces;
use super::isa::{Dest, Instr, Kind, Loop, Nest, Source};
use super::microprogram::Microprogram;
use super::units::UnitTable;
use super::weights;
use crate::quant::QuantPlan;

/// The head's nest and instruction.
pub(super) struct Head {
    /// Its nest, behind those of the contraction.
    pub nest: Nest,
    /// Its instruction, behind those of the contraction.
    pub instr: Instr,
    /// The hidden units as they lie in the hidden buffer; none for a word that no unit writes.
    order: Vec<Option<usize>>,
}

impl Head {
    /// For these tables; none if the model has no head. The order of its sum is that of the units
    /// in the hidden buffer: by number if each has its place there, otherwise by the rows of the
    /// tables, unit after unit.
    pub fn of(
        quant: &QuantPlan,
        lanes: usize,
        code: &Microprogram,
        hidden: &HiddenPlaces,
        tables: &[UnitTable],
    ) -> Option<Head> {
        let head = quant.head()?;
        let rows = tables.first().map_or(0, |table| table.0.len());
        let order: Vec<Option<usize>> = match hidden {
            HiddenPlaces::ByUnit { .. } => (0..quant.top().cell.units).map(Some).collect(),
            HiddenPlaces::AsProcessed => {
                (0..rows).flat_map(|row| tables.iter().map(move |t| t.0[row].unit)).collect()
            }
        };
        let words = order.len();
        let groups = head.outputs.div_ceil(lanes);
        let loops = [
            Loop { bound: words, act: 1, wgt: 1, out: 0 },
            Loop { bound: groups, act: 0, wgt: words as i64, out: 1 },
        ];
        let nest = Nest {
            part: quant.plan().layers().iter().map(Vec::len).sum(),
            step: quant.plan().step_count(),
            source: Source::Hidden,
            dest: Dest::Output,
            keep: 0,
            loops: loops.into_iter().filter(|l| l.bound > 1).collect(),
            summed: usize::from(words > 1),
            weights: code.rom.len(),
            shift: head.requantize.shift,
        };
        let instr = Instr {
            kind: Kind::Head,
            wait_hidden: true,
            answers: true,
            act_base: hidden.first(quant.layers().len() - 1),
            ..Instr::plain(code.nests.len(), &nest)
        };
        Some(Head { nest, instr, order })
    }

    /// The weights of its nest.
    pub fn words(&self, quant: &QuantPlan, lanes: usize) -> Vec<i32> {
        quant.head().map_or_else(Vec::new, |head| weights::head_words(head, &self.order, lanes))
    }
}
