//! From a quantised plan and hardware parameters to the program.

use super::cells;
use super::check;
use super::lanes::{self};
use super::loops::{Context, Digit, RawLoop};
use super::nest::{Loop, fuse};
use super::parts::Parts;
use super::program::{Desc, Loader, Program};
use super::shape::Shapes;
use super::slots::Slots;
use super::timing::Timing;
use crate::config::HwConfig;
use crate::error::{Diagnostic, Result};
use crate::quant::QuantPlan;

/// Most element-wise units side by side.
const MAX_CELLS: usize = 4;

/// Schedules a quantised plan on the lanes.
///
/// # Errors
/// When the hardware parameters are out of bounds.
pub fn schedule(quant: &QuantPlan, hw: &HwConfig) -> Result<Program> {
    hw.check()?;
    let plan = quant.plan();
    let lane_bits = hw.lanes.trailing_zeros();
    let shapes = Shapes::of(plan);
    let patterns = lanes::choose(plan, &shapes, lane_bits);
    let slots = Slots::assign(plan, &shapes, &patterns, lane_bits);
    let layouts = [&[patterns.input][..], &patterns.steps].concat();
    let ctx = Context { plan, shapes: &shapes, slots: &slots, layouts, lane_bits };

    let mut parts = Parts::new(&ctx, quant);
    parts.contraction();
    let last = parts.descs.last().expect("a plan has a step").raw.clone();
    let head = parts.head(hw);
    let shortest = parts.descs.iter().map(Desc::summed_cycles).min().unwrap_or(1);
    let drains = (hw.lanes as u64).div_ceil(shortest).next_power_of_two() as usize;
    let drains = drains.min(hw.lanes);
    let loader = loader(&ctx, quant, hw);
    let aligned = loader.elements << slots.input_bits;

    let most_cells = drains.min(1 << slots.unit_bits).min(MAX_CELLS);
    let candidates = (0..=most_cells.ilog2()).map(|bits| 1usize << bits);
    let base = |cells: usize| -> Program {
        let (tables, gate_groups) = cells::tables(&ctx, quant, &last, cells);
        let mut program = Program {
            quant: quant.clone(),
            hw: hw.clone(),
            drains,
            banks: drains.max(1 << slots.kept_bits),
            input_banks: 1 << slots.input_bits,
            cells,
            descs: parts.descs.clone(),
            instrs: parts.instrs.clone(),
            rom: parts.rom.clone(),
            tables,
            loader: loader.clone(),
            input_words: ctx.addressing(0).words.next_multiple_of(aligned),
            buffer_groups: parts.buffer_groups.max(1),
            gate_groups,
            timing: Timing::default(),
        };
        if head {
            program.add_head_weights();
        }
        program.timing = Timing::predict(&program);
        program
    };
    let programs: Vec<Program> = candidates.map(base).collect();
    let fewest = programs.iter().map(|p| p.timing.cycles_per_step).min().unwrap_or(0);
    let program = programs
        .into_iter()
        .find(|p| p.timing.cycles_per_step * 500 <= fewest * 501)
        .ok_or_else(|| Diagnostic::new("schedule", "no element-wise unit count found"))?;
    check::check(&ctx, &program);
    Ok(program)
}

/// Columns of one slab: of one position of the input's fused prefix, or of the whole frame when
/// the plan is uncut.
pub(super) fn slab_columns(ctx: &Context<'_>) -> usize {
    let shape = &ctx.shapes.tensors[0];
    let inner: usize = shape.rest.iter().map(|&id| ctx.network().size(id)).product();
    if ctx.plan.slabs().steps == 0 { inner * shape.prefix.count } else { inner }
}

/// Columns that follow each other in the stream and lie one behind the other in one bank.
fn bank_run(ctx: &Context<'_>) -> usize {
    let mut run = 1;
    for &id in ctx.network().columns().iter().rev() {
        let field = ctx.field(0, id);
        run *= ctx.network().size(id) >> field;
        if field > 0 {
            break;
        }
    }
    run
}

fn loader(ctx: &Context<'_>, quant: &QuantPlan, hw: &HwConfig) -> Loader {
    let network = ctx.network();
    let columns = network.columns();
    let banked = ctx.slots.input_bits > 0;
    // A write stays inside a slab and, in a banked buffer, inside a run of columns of one bank.
    let slab = slab_columns(ctx);
    let run = bank_run(ctx);
    let fits = |n: usize| {
        let inside = ctx.plan.slabs().steps == 0 || slab.is_multiple_of(n);
        inside && (!banked || run.is_multiple_of(n))
    };
    let mut elements = hw.elements_per_beat;
    while elements > 1 && !fits(elements) {
        elements /= 2;
    }
    let addressing = ctx.addressing(0);
    let mut raw: Vec<RawLoop> = Vec::new();
    let of =
        |bound, act| RawLoop { digit: Digit::Group, bound, contracted: false, act, wgt: 0, out: 0 };
    for &id in &columns {
        for (_, bound, bit) in ctx.parts(id, ctx.field(0, id), 0) {
            let stride = bit.map_or(addressing.stride(id) as i64, |bit| ctx.bank(0, id, bit));
            raw.push(of(bound, stride));
        }
    }
    let loops = match banked {
        true => {
            // The innermost loop is the run, or a part of it that the writes divide too.
            let mut loops = fuse(&raw).0;
            loops[0].bound /= elements;
            loops[0].act *= elements as i64;
            loops
        }
        false => {
            let writes = ctx.addressing(0).words.div_ceil(elements);
            vec![Loop { bound: writes, act: elements as i64, wgt: 0, out: 0 }]
        }
    };
    let slab_columns = slab_columns(ctx);
    let uncut = ctx.plan.slabs().steps == 0;
    Loader {
        elements,
        loops,
        slabs: quant.input().count.div_ceil(slab_columns),
        slab_columns,
        frames: if uncut { 2 } else { 1 },
    }
}
