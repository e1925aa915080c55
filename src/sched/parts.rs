//! Loop nests, instructions and weights of all contraction steps and of the head.

use super::build::slab_columns;
use super::loops::{Context, Digit, RawLoop};
use super::nest::fuse;
use super::program::{Desc, Dest, Instr, Kind, Program, Source};
use super::regions::regions;
use super::rom;
use crate::config::{HwConfig, OutputRate};
use crate::quant::QuantPlan;

pub(super) struct Parts<'a> {
    ctx: &'a Context<'a>,
    quant: &'a QuantPlan,
    pub(super) descs: Vec<Desc>,
    pub(super) instrs: Vec<Instr>,
    pub(super) rom: Vec<Vec<i32>>,
    /// First group of each tensor's region of the result buffer.
    regions: Vec<usize>,
    pub(super) buffer_groups: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn new(ctx: &'a Context<'a>, quant: &'a QuantPlan) -> Self {
        let (regions, buffer_groups) = regions(ctx);
        Parts { ctx, quant, descs: vec![], instrs: vec![], rom: vec![], regions, buffer_groups }
    }

    /// Descriptors and instructions of all contraction steps.
    pub(super) fn contraction(&mut self) {
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
    pub(super) fn head(&mut self, hw: &HwConfig) -> bool {
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
    pub(super) fn add_head_weights(&mut self) {
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
