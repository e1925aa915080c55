//! The proof of the layout: every lane finds its operand in the bank that it is wired to, in every
//! cycle of the program, and no two elements share a word.
//!
//! Memories hold tags (which element of which tensor) instead of numbers; the address streams of
//! the hardware are walked alongside the mathematics. A failure is a fault of the scheduler, never
//! of the user, so it is an assertion; it runs before anything is emitted.

use super::cells::input_word;
use super::loops::{Context, Digit, RawLoop};
use super::nest::Cursor;
use super::program::{Desc, Dest, Instr, Program, Source};
use crate::network::{IndexId, strides};

/// Runs the whole program on tags; one context per part.
pub(super) fn check(ctxs: &[Context<'_>], program: &Program) {
    check_loader(&ctxs[0], program);
    check_hidden(program);
    let mut buffer = vec![NOTHING; program.buffer_groups() * program.lanes()];
    for (number, ctx) in ctxs.iter().enumerate() {
        let operand = operand(ctx, program, number);
        let own = |i: &&Instr| program.descs()[i.desc].part == number;
        for instr in program.instrs().iter().filter(own) {
            let desc = &program.descs()[instr.desc];
            let walk = Walker::new(ctx, program, desc, instr);
            match desc.source {
                Source::Buffer => walk.run(None, &mut buffer),
                _ => walk.run(Some(&operand), &mut buffer),
            }
        }
    }
}

/// The memory of a part's operand, with the columns in their places.
fn operand(ctx: &Context<'_>, program: &Program, part: usize) -> Vec<u64> {
    let own = |i: &&Instr| program.descs()[i.desc].part == part;
    let base = program.instrs().iter().find(own).map_or(0, |i| i.act_base);
    let words = match ctx.source() {
        Source::Input => program.input_words(),
        _ => program.hidden().words,
    };
    let mut memory = vec![NOTHING; words];
    let columns = ctx.shapes.tensors[0].prefix.count * canonical_words(ctx, 0);
    for column in 0..columns {
        let word = &mut memory[base + input_word(ctx, column)];
        assert_eq!(*word, NOTHING, "two columns share a word of the operand");
        *word = column as u64;
    }
    memory
}

/// No two units share a word of the hidden buffer.
fn check_hidden(program: &Program) {
    let mut taken = vec![false; program.hidden().words];
    for unit in program.tables().iter().flat_map(|table| &table.0) {
        let twice = std::mem::replace(&mut taken[unit.slot], true);
        assert!(!twice, "two units share word {} of the hidden buffer", unit.slot);
    }
}

const NOTHING: u64 = u64::MAX;

/// Tag of an element: which tensor, and its place in canonical order.
fn tag(tensor: usize, offset: usize) -> u64 {
    if tensor == 0 { offset as u64 } else { (tensor as u64) << 48 | offset as u64 }
}

fn canonical_words(ctx: &Context<'_>, t: usize) -> usize {
    ctx.shapes.tensors[t].rest.iter().map(|&id| ctx.network().size(id)).product()
}

/// Canonical stride of every index of tensor `t`; the fused prefix counts in positions.
fn canonical(ctx: &Context<'_>, t: usize) -> Vec<(IndexId, usize)> {
    let shape = &ctx.shapes.tensors[t];
    let fused = &ctx.network().columns()[..shape.prefix.modes];
    let ids: Vec<IndexId> = fused.iter().chain(&shape.rest).copied().collect();
    let dims: Vec<usize> = ids.iter().map(|&id| ctx.network().size(id)).collect();
    ids.iter().copied().zip(strides(&dims)).collect()
}

fn check_loader(ctx: &Context<'_>, program: &Program) {
    let loader = program.loader();
    let mut cursor = Cursor::new(&loader.loops, 0, 0, 0);
    for first in (0..program.quant().input().count).step_by(loader.elements) {
        for k in 0..loader.elements.min(program.quant().input().count - first) {
            let word = cursor.act as usize + k * program.input_banks();
            assert_eq!(word, input_word(ctx, first + k), "the loader misses column {}", first + k);
        }
        cursor.advance();
    }
}

/// One instruction with everything affine computed in advance.
struct Walker<'a> {
    program: &'a Program,
    desc: &'a Desc,
    instr: &'a Instr,
    /// Number of the step in its part.
    step: usize,
    /// Canonical strides of each raw loop, operand and result.
    steps: Vec<(usize, usize)>,
    /// Canonical offset of each lane, operand and result.
    lanes: Vec<(usize, usize)>,
    /// Where the instruction's slab or group starts, operand and result.
    base: (usize, usize),
    /// Indices that are padded.
    padded: Vec<Padded>,
}

/// An index whose loops and lanes run past its size.
struct Padded {
    size: usize,
    contracted: bool,
    /// Part of each loop.
    loops: Vec<usize>,
    /// Part of each lane.
    lanes: Vec<usize>,
}

impl<'a> Walker<'a> {
    fn new(ctx: &Context<'_>, program: &'a Program, desc: &'a Desc, instr: &'a Instr) -> Self {
        let s = desc.step - ctx.part.first_step();
        let (from, to) = (canonical(ctx, s), canonical(ctx, s + 1));
        let of = |table: &[(IndexId, usize)], id: IndexId| {
            table.iter().find(|x| x.0 == id).map_or(0, |x| x.1)
        };
        let (in_unit, out_unit) = (canonical_words(ctx, s), canonical_words(ctx, s + 1));
        let (before, after) = (ctx.shapes.tensors[s].prefix, ctx.shapes.tensors[s + 1].prefix);
        let hop: usize = ctx.network().columns()[after.modes..before.modes]
            .iter()
            .map(|&c| ctx.network().size(c))
            .product();
        let step = |l: &RawLoop| match l.digit {
            Digit::Group => (hop * in_unit, out_unit),
            Digit::Merged => (in_unit, 0),
            Digit::Index { id, factor } => (factor * of(&from, id), factor * of(&to, id)),
        };
        let lanes = program.lanes();
        let lane = |lane: usize| {
            ctx.slots
                .lane_values(s + 1, lane)
                .fold((0, 0), |(i, o), (id, v)| (i + v * of(&from, id), o + v * of(&to, id)))
        };
        let role = &ctx.shapes.steps[s];
        let kept = role.free.iter().chain(&role.batch).chain(&role.new).map(|&id| (id, false));
        let padded = kept
            .chain(role.contracted.iter().map(|&id| (id, true)))
            .filter_map(|(id, contracted)| {
                let of_loops: Vec<usize> = desc.raw.iter().map(|l| l.part_of(id)).collect();
                let of_lane = |lane: usize| {
                    ctx.slots.lane_values(s + 1, lane).filter(|v| v.0 == id).map(|v| v.1).sum()
                };
                let of_lanes: Vec<usize> = (0..lanes).map(of_lane).collect();
                let size = ctx.network().size(id);
                let reach: usize =
                    desc.raw.iter().zip(&of_loops).map(|(l, p)| (l.bound - 1) * p).sum();
                let most = reach + of_lanes.iter().max().copied().unwrap_or(0);
                (most >= size).then_some(Padded {
                    size,
                    contracted,
                    loops: of_loops,
                    lanes: of_lanes,
                })
            })
            .collect();
        let slab = match ctx.shapes.steps[s].per_slab {
            true => (instr.slab * in_unit, instr.slab * out_unit),
            false => first_group(ctx, s, instr, hop, in_unit, out_unit, program),
        };
        Walker {
            program,
            desc,
            instr,
            step: s,
            steps: desc.raw.iter().map(step).collect(),
            lanes: (0..lanes).map(lane).collect(),
            base: slab,
            padded,
        }
    }

    /// Reads the memory of the operand, or the buffer that it writes: a word that is written before
    /// it is read has a wrong tag.
    fn run(&self, operand: Option<&[u64]>, buffer: &mut [u64]) {
        let (desc, instr, lanes) = (self.desc, self.instr, self.program.lanes());
        let mut cursor = Cursor::new(&desc.loops, instr.act_base, desc.weights, instr.out_base);
        let s = self.step;
        let mut more = true;
        super::rom::for_each_iteration(&desc.raw, |_, counters| {
            assert!(more, "the hardware's loops end early in step {s}");
            let sum = |pick: fn(&(usize, usize)) -> usize| -> usize {
                self.steps.iter().zip(counters).map(|(t, c)| pick(t) * c).sum()
            };
            let (from, to) = (self.base.0 + sum(|t| t.0), self.base.1 + sum(|t| t.1));
            let end = cursor.at_group_end(desc.summed);
            for lane in 0..lanes {
                if !self.inside(counters, lane, false) {
                    continue;
                }
                let word = cursor.act as usize | (lane & desc.keep as usize);
                let want = tag(s, from + self.lanes[lane].0);
                let real = self.inside(counters, lane, true);
                let read = || operand.map_or_else(|| buffer[word], |memory| memory[word]);
                assert!(
                    !real || read() == want,
                    "step {s}, lane {lane}: wrong operand at {counters:?}"
                );
                if end && desc.dest == Dest::Buffer {
                    buffer[cursor.out as usize * lanes + lane] =
                        tag(s + 1, to + self.lanes[lane].1);
                }
            }
            more = cursor.advance();
        });
        assert!(!more, "the hardware's loops go on too long in step {s}");
    }

    /// Whether the lane works on an element of the tensors: on one of the result, or also
    /// (`contracted`) on one of the operand.
    fn inside(&self, counters: &[usize], lane: usize, contracted: bool) -> bool {
        self.padded.iter().filter(|p| p.contracted == contracted).all(|p| {
            let value: usize = p.loops.iter().zip(counters).map(|(p, c)| p * c).sum();
            value + p.lanes[lane] < p.size
        })
    }
}

/// Canonical start of an instruction that covers only the last groups of a step.
fn first_group(
    ctx: &Context<'_>,
    s: usize,
    instr: &Instr,
    hop: usize,
    in_unit: usize,
    out_unit: usize,
    program: &Program,
) -> (usize, usize) {
    let first = program
        .instrs()
        .iter()
        .find(|i| program.descs()[i.desc].step == ctx.part.first_step() + s)
        .map_or(instr.act_base, |i| i.act_base);
    let group = (instr.act_base - first) / (hop * ctx.addressing(s).position).max(1);
    (group * hop * in_unit, group * out_unit)
}
