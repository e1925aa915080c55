//! From a quantised plan and hardware parameters to the program.

use super::cells;
use super::lanes::{self};
use super::loops::{Context, Digit, Loop, RawLoop, fuse};
use super::program::{Desc, Dest, Instr, Kind, Loader, Program, Source};
use super::shape::Shapes;
use super::slots::Slots;
use super::timing::Timing;
use super::{check, rom};
use crate::config::{HwConfig, OutputRate};
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

struct Parts<'a> {
    ctx: &'a Context<'a>,
    quant: &'a QuantPlan,
    descs: Vec<Desc>,
    instrs: Vec<Instr>,
    rom: Vec<Vec<i32>>,
    /// First group of each tensor's region of the result buffer.
    regions: Vec<usize>,
    buffer_groups: usize,
}

impl<'a> Parts<'a> {
    fn new(ctx: &'a Context<'a>, quant: &'a QuantPlan) -> Self {
        let (regions, buffer_groups) = regions(ctx);
        Parts { ctx, quant, descs: vec![], instrs: vec![], rom: vec![], regions, buffer_groups }
    }

    /// Descriptors and instructions of all contraction steps.
    fn contraction(&mut self) {
        let slabs = self.ctx.plan.slabs();
        let steps = self.ctx.shapes.steps.len();
        let full: Vec<usize> = (0..slabs.steps).map(|s| self.desc(s, 1, 1, 1)).collect();
        // Software pipeline: step s works on slab i - s, so that what it reads was written a whole
        // round ago.
        let mut written: Vec<Vec<usize>> = vec![Vec::new(); steps];
        for round in 0..slabs.count * slabs.steps.min(1) + slabs.steps.saturating_sub(1) {
            for s in 0..slabs.steps.min(round + 1) {
                let slab = round - s;
                if slab < slabs.count {
                    let after = (s > 0).then(|| written[s - 1][slab]);
                    written[s].push(self.instrs.len());
                    self.slab_instr(full[s], s, slab, after);
                }
            }
        }
        for s in slabs.steps..steps {
            let after = (s > 0).then(|| *written[s - 1].last().expect("every step is written"));
            for instr in self.whole_instrs(s, after) {
                written[s].push(self.instrs.len());
                let lag = instr.lag;
                let placed = after.map_or(MAX_LAG, |a| (self.instrs.len() - a - 1).min(MAX_LAG));
                self.instrs.push(Instr { lag: lag.min(placed), ..instr });
            }
        }
        self.mark_input_slabs();
    }

    fn desc(&mut self, s: usize, groups: usize, merged: usize, longest: usize) -> usize {
        let last = s + 1 == self.ctx.shapes.steps.len();
        let raw = self.ctx.loops(s, groups, merged, longest);
        let known = self.descs.iter().find(|d| d.step == s).map(|d| d.weights);
        let weights = known.unwrap_or(self.rom.len());
        if known.is_none() {
            self.rom.extend(rom::words(self.ctx, self.quant, s, &raw));
        }
        let (loops, summed) = fuse(&raw);
        self.descs.push(Desc {
            step: s,
            source: if s == 0 { Source::Input } else { Source::Buffer },
            dest: if last { Dest::Gates } else { Dest::Buffer },
            keep: self.ctx.slots.keep_mask(s),
            loops,
            summed,
            weights,
            shift: self.quant.steps()[s].requantise.shift,
            raw,
        });
        self.descs.len() - 1
    }

    fn slab_instr(&mut self, desc: usize, s: usize, slab: usize, after: Option<usize>) {
        let unit = 1usize << self.ctx.lane_bits;
        let (input, output) = (self.ctx.addressing(s), self.ctx.addressing(s + 1));
        let act_base = match s {
            0 => slab * input.position,
            _ => self.regions[s] * unit + slab % 2 * input.position,
        };
        let place = match self.ctx.shapes.tensors[s + 1].per_slab {
            true => slab % 2,
            false => slab,
        };
        let out_base = self.regions[s + 1] + place * output.position / unit;
        let lag = after.map_or(MAX_LAG, |a| (self.instrs.len() - a - 1).min(MAX_LAG));
        self.instrs.push(Instr { slab, act_base, out_base, lag, ..plain(desc) });
    }

    /// A step that runs once a time step: all full groups, then a short last one when the columns
    /// end inside a group.
    fn whole_instrs(&mut self, s: usize, after: Option<usize>) -> Vec<Instr> {
        let unit = 1usize << self.ctx.lane_bits;
        let step = self.ctx.shapes.steps[s].clone();
        let (input, output) = (self.ctx.addressing(s), self.ctx.addressing(s + 1));
        let last = s + 1 == self.ctx.shapes.steps.len();
        let act = if s == 0 { 0 } else { self.regions[s] * unit };
        let out = if last { 0 } else { self.regions[s + 1] };
        let segments = match step.merged {
            Some((full, short)) if step.groups > 1 && short < full => {
                vec![(0, step.groups - 1, full, full), (step.groups - 1, 1, short, full)]
            }
            Some((full, _)) => vec![(0, step.groups, full, full)],
            None => vec![(0, step.groups, 1, 1)],
        };
        let _ = after;
        segments
            .into_iter()
            .map(|(first, groups, merged, longest)| {
                let hop = step.merged.map_or(1, |m| m.0);
                Instr {
                    act_base: act + first * hop * input.position,
                    out_base: out + first * output.position / unit,
                    kind: if last { Kind::Last } else { Kind::Contract },
                    ..plain(self.desc(s, groups, merged, longest))
                }
            })
            .collect()
    }

    /// Waits and releases of the input buffer's slabs, and waits for h.
    fn mark_input_slabs(&mut self) {
        let input = self.quant.input();
        let per_slab = slab_columns(self.ctx);
        let slabs = input.count.div_ceil(per_slab);
        let first_hidden = input.hidden_offset.map_or(usize::MAX, |o| o / per_slab);
        let reads: Vec<usize> = (0..self.instrs.len())
            .filter(|&k| self.descs[self.instrs[k].desc].source == Source::Input)
            .collect();
        for (n, &k) in reads.iter().enumerate() {
            let (before, behind) = (n.checked_sub(1).map(|m| reads[m]), reads.get(n + 1));
            let slab = self.instrs[k].slab;
            let new = before.is_none_or(|b| self.instrs[b].slab != slab);
            let done = behind.is_none_or(|&b| self.instrs[b].slab != slab);
            let own = &mut self.instrs[k];
            own.wait_input = new && slab < slabs;
            own.release_input = done && slab < slabs;
            own.wait_hidden = slab >= first_hidden;
        }
        if let Some(last) = self.instrs.iter_mut().find(|i| i.kind == Kind::Last) {
            last.wait_hidden = true;
        }
    }

    /// The head as one more loop nest over the hidden buffer; its weights follow the order of the
    /// element-wise units and are added once that is known.
    fn head(&mut self, hw: &HwConfig) -> bool {
        let Some(head) = self.quant.head() else { return false };
        let units = self.quant.cell().units;
        let _ = hw.output == OutputRate::Step;
        let of = |digit, bound, contracted, act, wgt, out| RawLoop {
            digit,
            bound,
            contracted,
            act,
            wgt,
            out,
        };
        let raw = vec![
            of(Digit::Group, head.outputs.div_ceil(hw.lanes), false, 0, units as i64, 1),
            of(Digit::Merged, units, true, 1, 1, 0),
        ];
        let (loops, summed) = fuse(&raw);
        self.descs.push(Desc {
            step: self.ctx.shapes.steps.len(),
            source: Source::Hidden,
            dest: Dest::Output,
            keep: 0,
            loops,
            summed,
            weights: self.rom.len(),
            shift: head.requantise.shift,
            raw,
        });
        let instr = Instr { kind: Kind::Head, wait_hidden: true, ..plain(self.descs.len() - 1) };
        self.instrs.push(instr);
        true
    }
}

impl Program {
    /// Head weights in the order in which the element-wise units write h: row by row of the tables,
    /// unit after unit.
    fn add_head_weights(&mut self) {
        let head = self.quant.head().expect("the caller saw a head");
        let lanes = self.hw.lanes;
        let rows = self.tables.first().map_or(0, |t| t.0.len());
        let order: Vec<Option<usize>> =
            (0..rows).flat_map(|r| self.tables.iter().map(move |t| t.0[r].unit)).collect();
        let groups = head.outputs.div_ceil(lanes);
        let mut words = Vec::with_capacity(groups * order.len());
        for group in 0..groups {
            for unit in &order {
                let weight = |lane: usize| match (unit, group * lanes + lane) {
                    (Some(j), o) if o < head.outputs => head.weights[j * head.outputs + o],
                    _ => 0,
                };
                words.push((0..lanes).map(weight).collect());
            }
        }
        let desc = self.descs.last_mut().expect("the head has a descriptor");
        desc.raw[0].wgt = order.len() as i64;
        desc.raw[1].bound = order.len();
        (desc.loops, desc.summed) = fuse(&desc.raw);
        self.rom.extend(words);
    }
}

/// Largest value of [`Instr::lag`]; more results are never under way.
pub(super) const MAX_LAG: usize = 7;

fn plain(desc: usize) -> Instr {
    Instr {
        desc,
        kind: Kind::Contract,
        slab: 0,
        act_base: 0,
        out_base: 0,
        lag: MAX_LAG,
        wait_input: false,
        release_input: false,
        wait_hidden: false,
    }
}

/// First group of every tensor's region, by first fit over the time in which it is alive, and the
/// groups needed in all. The input and the gates have buffers of their own.
fn regions(ctx: &Context<'_>) -> (Vec<usize>, usize) {
    let slabbed = ctx.plan.slabs().steps;
    let tensors = ctx.shapes.tensors.len();
    let mut placed: Vec<(usize, usize, usize, usize)> = Vec::new(); // start, end, born, dies
    let mut first = vec![0; tensors];
    for (t, own) in first.iter_mut().enumerate().take(tensors - 1).skip(1) {
        let (born, dies) = if t < slabbed { (0, 0) } else { (t - slabbed, t - slabbed + 1) };
        let shape = &ctx.shapes.tensors[t];
        let groups =
            (ctx.addressing(t).words >> ctx.lane_bits) * if shape.per_slab { 2 } else { 1 };
        let clash = |at: usize| {
            placed
                .iter()
                .filter(|p| p.2 <= dies && born <= p.3 && p.0 < at + groups && at < p.1)
                .map(|p| p.1)
                .max()
        };
        let mut at = 0;
        while let Some(end) = clash(at) {
            at = end;
        }
        placed.push((at, at + groups, born, dies));
        *own = at;
    }
    (first, placed.iter().map(|p| p.1).max().unwrap_or(0))
}

/// Columns of one slab: of one position of the input's fused prefix, or of the whole frame when
/// the plan is uncut.
fn slab_columns(ctx: &Context<'_>) -> usize {
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
