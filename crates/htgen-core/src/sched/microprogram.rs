//! Nests, instructions and weights of all contraction steps, part after part.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::hidden::HiddenPlaces;
use super::index_loops::{IndexLoop, fuse};
use super::isa::{Dest, Instr, Kind, MAX_LAG, Nest, Source};
use super::layout::PartLayout;
use super::regions::regions;
use super::rom::Rom;
use super::{waits, weights};
use crate::quant::QuantPlan;

/// What the contraction of a time step consists of.
pub(super) struct Microprogram {
    /// Loop nests.
    pub nests: Vec<Nest>,
    /// The loops of each nest before fusing, outermost first.
    pub index_loops: Vec<Vec<IndexLoop>>,
    /// Instructions.
    pub instrs: Vec<Instr>,
    /// Their weights.
    pub rom: Rom,
    /// Groups of the result buffer; parts run one after another, so their results may share words.
    pub buffer_groups: usize,
}

impl Microprogram {
    /// Writes it for all parts.
    pub fn of(
        layouts: &[PartLayout<'_>],
        quant: &QuantPlan,
        hidden: &HiddenPlaces,
        lanes: usize,
    ) -> Microprogram {
        let mut all = Microprogram {
            nests: Vec::new(),
            index_loops: Vec::new(),
            instrs: Vec::new(),
            rom: Rom::of(lanes),
            buffer_groups: 0,
        };
        for (part, layout) in layouts.iter().enumerate() {
            let (regions, groups) = regions(layout);
            all.buffer_groups = all.buffer_groups.max(groups);
            let first = all.instrs.len();
            let operand = hidden.operand(layout);
            PartWriter { all: &mut all, quant, layout, part, regions, operand }.steps();
            waits::mark(layout, quant.input(), &all.nests, &mut all.instrs[first..]);
        }
        waits::mark_ends(&mut all.instrs, quant.head().is_some());
        all
    }

    /// The loops of the last step of every part.
    pub fn last_loops(&self, parts: usize) -> Vec<&[IndexLoop]> {
        let last = |part| self.nests.iter().rposition(|nest| nest.part == part);
        (0..parts).filter_map(last).map(|nest| &self.index_loops[nest][..]).collect()
    }
}

/// Writes one part.
struct PartWriter<'p, 'a> {
    all: &'p mut Microprogram,
    quant: &'p QuantPlan,
    layout: &'p PartLayout<'a>,
    /// Number of the part.
    part: usize,
    /// First group of each tensor's region of the result buffer.
    regions: Vec<usize>,
    /// First word of the operand.
    operand: usize,
}

impl PartWriter<'_, '_> {
    fn steps(&mut self) {
        let slabs = *self.layout.plan.slabs();
        let steps = self.layout.shapes.steps.len();
        let full: Vec<usize> = (0..slabs.steps).map(|s| self.nest(s, 1, 1, 1)).collect();
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
                let lag = self.lag(after);
                written[s].push(self.all.instrs.len());
                self.all.instrs.push(Instr { lag, ..instr });
            }
        }
    }

    /// The lag of the next instruction if it reads what instruction `after` has written.
    fn lag(&self, after: Option<usize>) -> usize {
        after.map_or(MAX_LAG, |after| (self.all.instrs.len() - after - 1).min(MAX_LAG))
    }

    /// Adds a nest of step `s`, and its weights unless another nest of the step has brought them;
    /// returns its number.
    fn nest(&mut self, s: usize, positions: usize, merged: usize, full: usize) -> usize {
        let last = s + 1 == self.layout.shapes.steps.len();
        let index_loops = self.layout.loops(s, positions, merged, full);
        let step = self.layout.part.first_step() + s;
        let known = self.all.nests.iter().find(|nest| nest.step == step).map(|nest| nest.weights);
        let weights = known.unwrap_or(self.all.rom.len());
        let quant = self.quant.step(step);
        if known.is_none() {
            self.all.rom.extend(weights::words(self.layout, quant, s, &index_loops));
        }
        let (loops, summed) = fuse(&index_loops);
        self.all.nests.push(Nest {
            part: self.part,
            step,
            source: if s == 0 { self.layout.source() } else { Source::Buffer },
            dest: if last { self.layout.gates() } else { Dest::Buffer },
            keep: self.layout.slots.keep_mask(s),
            loops,
            summed,
            weights,
            shift: quant.requantize.shift,
        });
        self.all.index_loops.push(index_loops);
        self.all.nests.len() - 1
    }

    fn slab_instr(&mut self, nest: usize, s: usize, slab: usize, after: Option<usize>) {
        let lanes = 1usize << self.layout.lane_bits;
        let (input, output) = (self.layout.addressing(s), self.layout.addressing(s + 1));
        let act_base = match s {
            0 => self.operand + slab * input.position,
            _ => self.regions[s] * lanes + slab % 2 * input.position,
        };
        let place = match self.layout.shapes.tensors[s + 1].per_slab {
            true => slab % 2,
            false => slab,
        };
        let out_base = self.regions[s + 1] + place * output.position / lanes;
        let plain = Instr::plain(nest, &self.all.nests[nest]);
        let lag = self.lag(after);
        self.all.instrs.push(Instr { slab, act_base, out_base, lag, ..plain });
    }

    /// A step that runs once per time step: all sums over as many fused columns, then a short last
    /// one if the columns end inside it.
    fn whole_instrs(&mut self, s: usize) -> Vec<Instr> {
        let lanes = 1usize << self.layout.lane_bits;
        let step = self.layout.shapes.steps[s].clone();
        let (input, output) = (self.layout.addressing(s), self.layout.addressing(s + 1));
        let last = s + 1 == self.layout.shapes.steps.len();
        let act = if s == 0 { self.operand } else { self.regions[s] * lanes };
        let out = if last { 0 } else { self.regions[s + 1] };
        let segments = match step.merged {
            Some((full, short)) if step.positions > 1 && short < full => {
                vec![(0, step.positions - 1, full, full), (step.positions - 1, 1, short, full)]
            }
            Some((full, _)) => vec![(0, step.positions, full, full)],
            None => vec![(0, step.positions, 1, 1)],
        };
        let starts_cells = last && self.layout.completes;
        segments
            .into_iter()
            .map(|(first, positions, merged, full)| {
                let hop = step.merged.map_or(1, |m| m.0);
                let nest = self.nest(s, positions, merged, full);
                Instr {
                    act_base: act + first * hop * input.position,
                    out_base: out + first * output.position / lanes,
                    kind: if starts_cells { Kind::Last } else { Kind::Contract },
                    ..Instr::plain(nest, &self.all.nests[nest])
                }
            })
            .collect()
    }
}
