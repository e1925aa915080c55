//! From a quantized plan and hardware parameters to the program: the passes in their order.

use super::candidates::{self, Candidate, Common};
use super::check;
use super::gates::GatePlaces;
use super::hidden::HiddenPlaces;
use super::isa::{Nest, Source};
use super::layout::PartLayout;
use super::limits;
use super::loader::Loader;
use super::microprogram::Microprogram;
use super::program::{HiddenBuffer, Program};
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
    let drains = drains(&code.nests, quant, hw);

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
    let memories = Memories::of(&layouts, &loader, &hidden, drains);
    let program = assemble(quant, hw, code, loader, memories, gates.groups, chosen);
    check::check(&layouts, &program);
    Ok(program)
}

/// The least power of two of requantizers for which a group has left before the next one comes.
fn drains(nests: &[Nest], quant: &QuantPlan, hw: &HwConfig) -> usize {
    let head = quant.head().map(|_| quant.top().cell.units as u64);
    let shortest = nests.iter().map(Nest::summed_cycles).chain(head).min().unwrap_or(1);
    let drains = (hw.lanes.get() as u64).div_ceil(shortest).next_power_of_two() as usize;
    drains.min(hw.lanes.get())
}

/// What the layouts say of the memories.
struct Memories {
    drains: usize,
    banks: usize,
    input_banks: usize,
    input_words: usize,
    /// First word of the hidden vector that is the model's output.
    output: usize,
}

impl Memories {
    fn of(
        layouts: &[PartLayout<'_>],
        loader: &Loader,
        hidden: &HiddenPlaces,
        drains: usize,
    ) -> Memories {
        let kept_bits = layouts.iter().map(|layout| layout.slots.kept_bits).max().unwrap_or(0);
        let bottom = &layouts[0];
        let input_bits = bottom.slots.input_bits;
        let aligned = loader.elements << input_bits;
        let top = layouts.last().map_or(0, |layout| layout.layer);
        Memories {
            drains,
            banks: drains.max(1 << kept_bits),
            input_banks: 1 << input_bits,
            input_words: bottom.addressing(0).words.next_multiple_of(aligned),
            output: hidden.first(top),
        }
    }
}

/// The one place where a program is made.
fn assemble(
    quant: &QuantPlan,
    hw: &HwConfig,
    code: Microprogram,
    loader: Loader,
    memories: Memories,
    gate_groups: usize,
    chosen: Candidate,
) -> Program {
    let Microprogram { mut nests, index_loops, mut instrs, mut rom, buffer_groups } = code;
    let Candidate { tables, hidden_words, head, timing } = chosen;
    let before = nests.iter().any(|nest| nest.source == Source::HiddenBefore);
    if let Some(head) = head {
        rom.extend(head.words(quant, hw.lanes.get()));
        instrs.push(head.instr);
        nests.push(head.nest);
    }
    Program {
        quant: quant.clone(),
        hw: hw.clone(),
        drains: memories.drains,
        banks: memories.banks,
        input_banks: memories.input_banks,
        nests,
        index_loops,
        instrs,
        rom,
        tables,
        loader,
        input_words: memories.input_words,
        buffer_groups,
        gate_groups,
        hidden: HiddenBuffer {
            words: hidden_words,
            halves: if before { 2 } else { 1 },
            output: memories.output,
        },
        timing,
    }
}
