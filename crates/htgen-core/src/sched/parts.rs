//! Loop nests, instructions and weights of all contraction steps and of the head.

use super::build::slab_columns;
use super::loops::{Context, Digit, RawLoop};
use super::nest::fuse;
use super::program::{Desc, Dest, Instr, Kind, Program, Source};
use super::regions::regions;
use super::rom::{self, Rom};
use crate::config::HwConfig;
use crate::quant::QuantPlan;

/// Everything that is listed separately for each part of the model.
pub(super) struct Parts<'a> {
    quant: &'a QuantPlan,
    pub(super) descs: Vec<Desc>,
    pub(super) instrs: Vec<Instr>,
    pub(super) rom: Rom,
    pub(super) buffer_groups: usize,
    /// Loops of the last step of every part.
    pub(super) last: Vec<Vec<RawLoop>>,
}

/// One part while it is being listed.
struct Listing<'p, 'a> {
    all: &'p mut Parts<'a>,
    ctx: &'p Context<'p>,
    /// Number of the part.
    part: usize,
    /// First group of each tensor's region of the result buffer.
    regions: Vec<usize>,
    /// First word of the operand.
    operand: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn new(quant: &'a QuantPlan, lanes: usize) -> Self {
        let (descs, instrs, last) = (vec![], vec![], vec![]);
        Parts { quant, descs, instrs, rom: Rom::of(lanes), buffer_groups: 0, last }
    }

    /// Descriptors and instructions of all contraction steps of a part whose operand begins at word
    /// `operand` of its memory. Parts run one after another, so their results may share words.
    pub(super) fn contraction(&mut self, ctx: &Context<'_>, part: usize, operand: usize) {
        let (regions, groups) = regions(ctx);
        self.buffer_groups = self.buffer_groups.max(groups);
        let first = self.instrs.len();
        let mut listing = Listing { all: self, ctx, part, regions, operand };
        listing.steps();
        listing.mark_waits(first);
        let last = self.descs.last().expect("a plan has a step").raw.clone();
        self.last.push(last);
    }
}

impl Listing<'_, '_> {
    fn steps(&mut self) {
        let slabs = *self.ctx.plan.slabs();
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
                    written[s].push(self.all.instrs.len());
                    self.slab_instr(full[s], s, slab, after);
                }
            }
        }
        for s in slabs.steps..steps {
            let after = (s > 0).then(|| *written[s - 1].last().expect("every step is written"));
            for instr in self.whole_instrs(s) {
                let number = self.all.instrs.len();
                written[s].push(number);
                let placed = after.map_or(MAX_LAG, |a| (number - a - 1).min(MAX_LAG));
                self.all.instrs.push(Instr { lag: instr.lag.min(placed), ..instr });
            }
        }
    }

    fn desc(&mut self, s: usize, groups: usize, merged: usize, longest: usize) -> usize {
        let last = s + 1 == self.ctx.shapes.steps.len();
        let raw = self.ctx.loops(s, groups, merged, longest);
        let step = self.ctx.part.first_step() + s;
        let known = self.all.descs.iter().find(|d| d.step == step).map(|d| d.weights);
        let weights = known.unwrap_or(self.all.rom.len());
        let quant = self.all.quant.step(step);
        if known.is_none() {
            self.all.rom.extend(rom::words(self.ctx, quant, s, &raw));
        }
        let (loops, summed) = fuse(&raw);
        self.all.descs.push(Desc {
            part: self.part,
            step,
            source: if s == 0 { self.ctx.source() } else { Source::Buffer },
            dest: if last { self.ctx.gates() } else { Dest::Buffer },
            keep: self.ctx.slots.keep_mask(s),
            loops,
            summed,
            weights,
            shift: quant.requantize.shift,
            raw,
        });
        self.all.descs.len() - 1
    }

    fn slab_instr(&mut self, desc: usize, s: usize, slab: usize, after: Option<usize>) {
        let unit = 1usize << self.ctx.lane_bits;
        let (input, output) = (self.ctx.addressing(s), self.ctx.addressing(s + 1));
        let act_base = match s {
            0 => self.operand + slab * input.position,
            _ => self.regions[s] * unit + slab % 2 * input.position,
        };
        let place = match self.ctx.shapes.tensors[s + 1].per_slab {
            true => slab % 2,
            false => slab,
        };
        let out_base = self.regions[s + 1] + place * output.position / unit;
        let lag = after.map_or(MAX_LAG, |a| (self.all.instrs.len() - a - 1).min(MAX_LAG));
        self.all.instrs.push(Instr { slab, act_base, out_base, lag, ..plain(desc) });
    }

    /// A step that runs once per time step: all full groups, then a short last one if the columns
    /// end inside a group.
    fn whole_instrs(&mut self, s: usize) -> Vec<Instr> {
        let unit = 1usize << self.ctx.lane_bits;
        let step = self.ctx.shapes.steps[s].clone();
        let (input, output) = (self.ctx.addressing(s), self.ctx.addressing(s + 1));
        let last = s + 1 == self.ctx.shapes.steps.len();
        let act = if s == 0 { self.operand } else { self.regions[s] * unit };
        let out = if last { 0 } else { self.regions[s + 1] };
        let segments = match step.merged {
            Some((full, short)) if step.groups > 1 && short < full => {
                vec![(0, step.groups - 1, full, full), (step.groups - 1, 1, short, full)]
            }
            Some((full, _)) => vec![(0, step.groups, full, full)],
            None => vec![(0, step.groups, 1, 1)],
        };
        let starts_cells = last && self.ctx.completes;
        segments
            .into_iter()
            .map(|(first, groups, merged, longest)| {
                let hop = step.merged.map_or(1, |m| m.0);
                Instr {
                    act_base: act + first * hop * input.position,
                    out_base: out + first * output.position / unit,
                    kind: if starts_cells { Kind::Last } else { Kind::Contract },
                    ..plain(self.desc(s, groups, merged, longest))
                }
            })
            .collect()
    }

    /// Waits and releases of the input buffer's slabs, and waits for h, for the instructions from
    /// `first` on.
    fn mark_waits(&mut self, first: usize) {
        match self.ctx.source() {
            Source::Input => self.mark_input_slabs(first),
            _ => self.all.instrs[first].wait_hidden = true,
        }
        // Gates of the previous time step may still be read.
        let of_gates = |i: &&mut Instr| {
            matches!(self.all.descs[i.desc].dest, Dest::Gates | Dest::EarlierGates)
        };
        if let Some(last) = self.all.instrs[first..].iter_mut().find(of_gates) {
            last.wait_hidden = true;
        }
    }

    fn mark_input_slabs(&mut self, first: usize) {
        let input = self.all.quant.input();
        let per_slab = slab_columns(self.ctx);
        let slabs = input.count.div_ceil(per_slab);
        let first_hidden = input.hidden_offset.map_or(usize::MAX, |o| o / per_slab);
        let Parts { descs, instrs, .. } = &mut *self.all;
        let reads: Vec<usize> = (first..instrs.len())
            .filter(|&k| descs[instrs[k].desc].source == Source::Input)
            .collect();
        for (n, &k) in reads.iter().enumerate() {
            let (before, behind) = (n.checked_sub(1).map(|m| reads[m]), reads.get(n + 1));
            let slab = instrs[k].slab;
            let new = before.is_none_or(|b| instrs[b].slab != slab);
            let done = behind.is_none_or(|&b| instrs[b].slab != slab);
            let own = &mut instrs[k];
            own.wait_input = new && slab < slabs;
            own.release_input = done && slab < slabs;
            own.wait_hidden = slab >= first_hidden;
        }
    }
}

impl Parts<'_> {
    /// The head as one more loop nest over the hidden buffer from word `operand` on; its weights
    /// are added once the order of the units there is known.
    pub(super) fn head(&mut self, hw: &HwConfig, operand: usize) -> bool {
        let Some(head) = self.quant.head() else { return false };
        let units = self.quant.top().cell.units;
        let of = |digit, bound, contracted, act, wgt, out| RawLoop {
            digit,
            bound,
            contracted,
            act,
            wgt,
            out,
        };
        let raw = vec![
            of(Digit::Group, head.outputs.div_ceil(hw.lanes.get()), false, 0, units as i64, 1),
            of(Digit::Merged, units, true, 1, 1, 0),
        ];
        let (loops, summed) = fuse(&raw);
        self.descs.push(Desc {
            part: self.last.len(),
            step: self.quant.plan().step_count(),
            source: Source::Hidden,
            dest: Dest::Output,
            keep: 0,
            loops,
            summed,
            weights: self.rom.len(),
            shift: head.requantize.shift,
            raw,
        });
        let desc = self.descs.len() - 1;
        self.instrs.push(Instr {
            kind: Kind::Head,
            wait_hidden: true,
            act_base: operand,
            ..plain(desc)
        });
        true
    }
}

impl Program {
    /// Head weights in the order in which the units lie in the hidden buffer: by unit if each has
    /// its place there, otherwise by the rows of the tables, unit after unit. They replace those
    /// that were put there for other tables.
    pub(super) fn put_head_weights(&mut self, placed: bool) {
        let head = self.quant.head().expect("the caller saw a head");
        let lanes = self.hw.lanes.get();
        let rows = self.tables.first().map_or(0, |t| t.0.len());
        let order: Vec<Option<usize>> = match placed {
            true => (0..self.quant.top().cell.units).map(Some).collect(),
            false => (0..rows).flat_map(|r| self.tables.iter().map(move |t| t.0[r].unit)).collect(),
        };
        let desc = self.descs.last_mut().expect("the head has a descriptor");
        self.rom.truncate(desc.weights);
        for group in 0..head.outputs.div_ceil(lanes) {
            for unit in &order {
                let weight = |lane: usize| match (unit, group * lanes + lane) {
                    (Some(j), o) if o < head.outputs => head.weights[j * head.outputs + o],
                    _ => 0,
                };
                self.rom.extend((0..lanes).map(weight));
            }
        }
        desc.raw[0].wgt = order.len() as i64;
        desc.raw[1].bound = order.len();
        (desc.loops, desc.summed) = fuse(&desc.raw);
    }
}

/// Largest value of [`Instr::lag`]; there are never more results in flight.
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
