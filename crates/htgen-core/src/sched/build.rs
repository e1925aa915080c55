//! From a quantized plan and hardware parameters to the program.

use super::cells::{self, HiddenPlaces, Places};
use super::check;
use super::layout::{self, Layout};
use super::loops::{Context, Digit, RawLoop};
use super::nest::{Loop, fuse};
use super::parts::Parts;
use super::program::{Desc, HiddenBuffer, Loader, Program, Source};
use super::rom;
use super::timing::Timing;
use crate::config::HwConfig;
use crate::error::{Diagnostic, Problems, Result};
use crate::network::Operand;
use crate::quant::{QuantLayer, QuantPlan};

/// Maximum number of element-wise units side by side.
const MAX_CELLS: usize = 4;
/// Maximum number of weights in the ROM, unless the plan itself has half as many.
const MOST_LANE_WEIGHTS: u64 = 1 << 26;
/// Maximum number of words in a buffer for one operand.
const MOST_WORDS: u64 = 1 << 25;

/// Schedules a quantized plan on the lanes.
///
/// # Errors
/// When the hardware parameters are out of bounds, or the layers require different
/// element-wise units.
pub fn schedule(quant: &QuantPlan, hw: &HwConfig) -> Result<Program> {
    check_cells(quant)?;
    let lane_bits = hw.lanes.bits();
    let layouts = Layout::all(quant.plan(), lane_bits);
    let ctxs = layout::contexts(quant.plan(), &layouts, lane_bits);
    check_memories(&ctxs, hw.lanes.get(), quant.plan().rom_words())?;
    let (hidden, used) = hidden_places(&ctxs, quant);
    let first = |layer: usize| hidden.as_ref().map_or(0, |first| first[layer]);

    let mut parts = Parts::new(quant, hw.lanes.get());
    for (number, ctx) in ctxs.iter().enumerate() {
        let operand = match (ctx.part.operand(), ctx.layer) {
            (Operand::Input { .. }, 0) => 0,
            (Operand::Input { .. }, layer) => first(layer - 1),
            (Operand::Hidden { first: front }, layer) => first(layer) - front,
        };
        parts.contraction(ctx, number, operand);
    }
    let top = quant.layers().len() - 1;
    let head = parts.head(hw, first(top));
    let shortest = parts.descs.iter().map(Desc::summed_cycles).min().unwrap_or(1);
    let drains = (hw.lanes.get() as u64).div_ceil(shortest).next_power_of_two() as usize;
    let drains = drains.min(hw.lanes.get());
    let loader = loader(&ctxs[0], quant, hw);
    let input_bits = ctxs[0].slots.input_bits;
    let aligned = loader.elements << input_bits;
    let places = Places::of(&ctxs, &parts.last);
    let unit_bits = ctxs.iter().map(|ctx| ctx.slots.unit_bits).min().unwrap_or(0);
    let kept_bits = ctxs.iter().map(|ctx| ctx.slots.kept_bits).max().unwrap_or(0);
    let kept = |last: &Vec<RawLoop>| -> usize {
        last.iter().filter(|l| !l.contracted).map(|l| l.bound).product()
    };
    let gate_groups = parts.last.iter().map(kept).max().unwrap_or(1);
    let halves = if parts.descs.iter().any(|d| d.source == Source::HiddenBefore) { 2 } else { 1 };

    let most_cells = drains.min(1 << unit_bits).min(MAX_CELLS);
    let mut program = Program {
        quant: quant.clone(),
        hw: hw.clone(),
        drains,
        banks: drains.max(1 << kept_bits),
        input_banks: 1 << input_bits,
        cells: 0,
        descs: parts.descs,
        instrs: parts.instrs,
        rom: parts.rom,
        tables: Vec::new(),
        input_words: ctxs[0].addressing(0).words.next_multiple_of(aligned),
        loader,
        buffer_groups: parts.buffer_groups,
        gate_groups,
        hidden: HiddenBuffer { words: 0, halves, output: first(top) },
        timing: Timing::default(),
    };
    // The program with this many element-wise units; none if there is no such program.
    let put = |program: &mut Program, cells: usize| -> bool {
        let Some(mut tables) = cells::tables(&ctxs, quant, &places, &hidden, cells) else {
            return false;
        };
        let ordered = tables.iter().map(|t| t.0.len()).sum::<usize>();
        let used = if hidden.is_none() && head { ordered } else { used };
        program.hidden.words = cells::place_fillers(&mut tables, used).max(2);
        (program.cells, program.tables) = (cells, tables);
        if head {
            program.put_head_weights(hidden.is_some());
        }
        program.timing = Timing::predict(program);
        true
    };
    let mut fewest: Vec<(usize, u64)> = Vec::new();
    for cells in (0..=most_cells.ilog2()).map(|bits| 1usize << bits) {
        if put(&mut program, cells) {
            fewest.push((cells, program.timing.cycles_per_step));
        }
    }
    let least = fewest.iter().map(|&(_, cycles)| cycles).min().unwrap_or(0);
    let (cells, _) = fewest
        .into_iter()
        .find(|&(_, cycles)| cycles * 500 <= least * 501)
        .ok_or_else(|| Diagnostic::new("schedule", "no element-wise unit count found"))?;
    if cells != program.cells {
        put(&mut program, cells);
    }
    check::check(&ctxs, &program);
    Ok(program)
}

/// Refuses, before they are made, memories that no part has and no computer should list.
fn check_memories(ctxs: &[Context<'_>], lanes: usize, weights: u64) -> Result<()> {
    let words = ctxs.iter().map(rom::count).fold(0, u64::saturating_add);
    let largest_of = |ctx: &Context<'_>| -> usize {
        (0..ctx.shapes.tensors.len() - 1).map(|t| ctx.addressing(t).words).max().unwrap_or(0)
    };
    let largest = ctxs.iter().map(largest_of).max().unwrap_or(0) as u64;
    let figures = [
        (words.saturating_mul(lanes as u64), MOST_LANE_WEIGHTS.max(2 * weights), "weights in ROM"),
        (largest, MOST_WORDS, "words of an operand"),
    ];
    let beyond = figures.into_iter().filter(|(found, most, _)| found > most);
    let problems: Vec<Diagnostic> = beyond
        .map(|(found, most, what)| {
            Diagnostic::new("schedule", format!("too large for {lanes} lanes"))
                .found(format!("{found} {what}, those of idle lanes included"))
                .expected(format!("at most {most}"))
                .help("fewer `lanes` or smaller ranks would do")
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

/// One kind of element-wise unit serves all layers.
fn check_cells(quant: &QuantPlan) -> Result<()> {
    let kind = |layer: &QuantLayer| (layer.cell.kind, layer.cell.gates);
    let bottom = kind(&quant.layers()[0]);
    match quant.layers().iter().position(|layer| kind(layer) != bottom) {
        None => Ok(()),
        Some(layer) => Err(Diagnostic::new(format!("layers[{layer}].cell"), "not as below")
            .found(format!("{:?}", kind(&quant.layers()[layer])))
            .expected(format!("{bottom:?}, as in layers[0]: one element-wise unit serves all"))
            .into()),
    }
}

/// Where h of each layer lies in the hidden buffer, and the words in use. Only a model whose h is
/// read as an operand there needs every unit in its place.
///
/// Before a layer's h there are as many words as its part of h has zero columns, and after it as
/// many as any reader runs past its end; nothing writes these.
fn hidden_places(ctxs: &[Context<'_>], quant: &QuantPlan) -> (HiddenPlaces, usize) {
    if ctxs.iter().all(|ctx| ctx.source() == Source::Input) {
        return (None, quant.top().cell.units);
    }
    let mut places = Vec::new();
    let mut next = 0;
    for (k, layer) in quant.layers().iter().enumerate() {
        let (mut front, mut behind) = (0, layer.cell.units);
        for ctx in ctxs {
            let words = ctx.addressing(0).words;
            match ctx.part.operand() {
                Operand::Hidden { first } if ctx.layer == k => {
                    front = first;
                    behind = behind.max(words - first);
                }
                Operand::Input { .. } if ctx.layer == k + 1 => behind = behind.max(words),
                _ => {}
            }
        }
        places.push(next + front);
        next += front + behind;
    }
    (Some(places), next)
}

/// Columns of one slab: of one position of the input's fused prefix, or of the whole frame if the
/// plan is uncut.
pub(super) fn slab_columns(ctx: &Context<'_>) -> usize {
    let shape = &ctx.shapes.tensors[0];
    let inner: usize = shape.rest.iter().map(|&id| ctx.network().size(id)).product();
    if ctx.plan.slabs().steps == 0 { inner * shape.prefix.count } else { inner }
}

/// Columns that are consecutive both in the stream and within one bank.
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
    let mut elements = hw.elements_per_beat.get();
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
