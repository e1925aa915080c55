//! From a quantized plan and hardware parameters to the program: the passes in their order.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::candidates::{self, Common};
use super::check;
use super::gates::GatePlaces;
use super::hidden::HiddenPlaces;
use super::layout::PartLayout;
use super::limits;
use super::loader::Loader;
use super::memories::{self, Memories};
use super::microprogram::Microprogram;
use super::program::Program;
use crate::config::HwConfig;
use crate::error::Result;
use crate::quant::QuantPlan;

/// Schedules a quantized plan on the lanes.
///
/// # Errors
/// When the layers require different element-wise units, or memories that no part has.
pub fn schedule(quant: &QuantPlan, hw: &HwConfig) -> Result<Program> {
    // First, because all that follows counts on lanes that are a power of two and on one kind of
    // element-wise unit.
    limits::one_kind_of_cells(quant)?;

    // Before everything that has an address: bank, word and loops follow from the lane patterns.
    let layouts = PartLayout::all(quant.plan(), hw.lanes.bits());

    // As soon as layouts tell the sizes, and before anything of that size is made.
    limits::memories(&layouts, hw.lanes.get(), quant.plan().rom_words())?;

    // Before the instructions, which address h; after the layouts, which tell how far readers of h
    // run past its end.
    let hidden = HiddenPlaces::of(&layouts, quant);

    // The contraction; without the head, whose sum has the order of tables that are not yet there.
    let code = Microprogram::of(&layouts, quant, &hidden, hw.lanes.get());

    // After the nests, of which the shortest sum is the time that a group has to leave the lanes.
    let drains = memories::drains(&code.nests, quant, hw);

    // Before the candidates, because cycles depend on when a slab is there; needs the layout only.
    let loader = Loader::of(&layouts[0], quant, hw);

    // After the nests: the loops of the last steps give the order in which gates arrive.
    let gates = GatePlaces::of(&layouts, &code.last_loops(layouts.len()));

    // Tables, head and cycles, once for each number of element-wise units: only now is everything
    // there that decides when something happens, and only cycles tell which number is enough.
    let common = Common {
        quant,
        hw,
        layouts: &layouts,
        hidden: &hidden,
        code: &code,
        gates: &gates,
        loader: &loader,
        drains,
    };
    let chosen = candidates::choose(common.candidates())?;

    // Last, when nothing is open any more: the program, and the proof of its layout on the whole.
    let memories = Memories::of(&layouts, &code, &loader, &hidden, drains, gates.groups);
    let program = Program::of(quant, hw, code, loader, memories, chosen);
    check::check(&layouts, &program);
    Ok(program)
}
