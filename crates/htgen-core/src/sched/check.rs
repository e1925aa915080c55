//! The proof of the layout: every lane finds its operand in the bank that it is wired to, in every
//! cycle of the program, and no two elements share a word.
//!
//! Memories hold tags (which element of which tensor) instead of numbers; the address streams of
//! the hardware are walked alongside the mathematics. A failure is a fault of the scheduler, never
//! of the user, so it is an assertion; it runs before anything is emitted.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::cursor::Cursor;
use super::index_loops::{Digit, IndexLoop, for_each_iteration};
use super::isa::{Dest, Instr, Nest, Source};
use super::layout::PartLayout;
use super::program::Program;
use crate::network::{IndexId, strides};

/// Runs the whole program on tags; one layout per part.
pub(super) fn check(layouts: &[PartLayout<'_>], program: &Program) {
    check_loader(&layouts[0], program);
    check_hidden(program);
    let mut buffer = vec![NOTHING; program.buffer_groups() * program.lanes()];
    for (number, layout) in layouts.iter().enumerate() {
        let operand = operand(layout, program, number);
        let own = |i: &&Instr| program.nests()[i.nest].part == number;
        for instr in program.instrs().iter().filter(own) {
            let nest = &program.nests()[instr.nest];
            assert_eq!(instr.source, nest.source, "an instruction reads what its nest reads");
            let walk = Walker::new(layout, program, instr);
            match nest.source {
                Source::Buffer => walk.run(None, &mut buffer),
                _ => walk.run(Some(&operand), &mut buffer),
            }
        }
    }
}

/// The memory of a part's operand, with the columns in their places.
fn operand(layout: &PartLayout<'_>, program: &Program, part: usize) -> Vec<u64> {
    let own = |i: &&Instr| program.nests()[i.nest].part == part;
    let base = program.instrs().iter().find(own).map_or(0, |i| i.act_base);
    let words = match layout.source() {
        Source::Input => program.input_words(),
        _ => program.hidden().words,
    };
    let mut memory = vec![NOTHING; words];
    let columns = layout.shapes.tensors[0].prefix.count * canonical_words(layout, 0);
    for column in 0..columns {
        let word = &mut memory[base + layout.operand_word(column)];
        assert_eq!(*word, NOTHING, "two columns share a word of the operand");
        *word = column as u64;
    }
    memory
}

/// No two units share a word of the hidden buffer.
fn check_hidden(program: &Program) {
    let mut taken = vec![false; program.hidden().words];
    for unit in program.tables().iter().flat_map(|table| &table.0) {
        let twice = std::mem::replace(&mut taken[unit.hidden_word], true);
        assert!(!twice, "two units share word {} of the hidden buffer", unit.hidden_word);
    }
}

const NOTHING: u64 = u64::MAX;

/// Tag of an element: which tensor, and its place in canonical order.
fn tag(tensor: usize, offset: usize) -> u64 {
    if tensor == 0 { offset as u64 } else { (tensor as u64) << 48 | offset as u64 }
}

fn canonical_words(layout: &PartLayout<'_>, t: usize) -> usize {
    layout.shapes.tensors[t].rest.iter().map(|&id| layout.network().size(id)).product()
}

/// Canonical stride of every index of tensor `t`; the fused prefix counts in positions.
fn canonical(layout: &PartLayout<'_>, t: usize) -> Vec<(IndexId, usize)> {
    let shape = &layout.shapes.tensors[t];
    let fused = &layout.network().columns()[..shape.prefix.modes];
    let ids: Vec<IndexId> = fused.iter().chain(&shape.rest).copied().collect();
    let dims: Vec<usize> = ids.iter().map(|&id| layout.network().size(id)).collect();
    ids.iter().copied().zip(strides(&dims)).collect()
}

fn check_loader(layout: &PartLayout<'_>, program: &Program) {
    let loader = program.loader();
    let mut cursor = Cursor::new(&loader.loops, 0, 0, 0);
    for first in (0..program.quant().input().count).step_by(loader.elements) {
        for k in 0..loader.elements.min(program.quant().input().count - first) {
            let word = cursor.act as usize + k * program.input_banks();
            assert_eq!(
                word,
                layout.operand_word(first + k),
                "the loader misses column {}",
                first + k
            );
        }
        cursor.advance();
    }
}

/// One instruction with everything affine computed in advance.
struct Walker<'a> {
    program: &'a Program,
    nest: &'a Nest,
    instr: &'a Instr,
    /// The nest's loops before fusing.
    loops: &'a [IndexLoop],
    /// Number of the step in its part.
    step: usize,
    /// Canonical strides of each of them, operand and result.
    strides: Vec<(usize, usize)>,
    /// Canonical offset of each lane, operand and result.
    lanes: Vec<(usize, usize)>,
    /// Where the instruction's slab or first position starts, operand and result.
    base: (usize, usize),
    /// Indices that are padded.
    padded: Vec<Padded>,
}

/// An index whose loops and lanes run past its size.
struct Padded {
    size: usize,
    contracted: bool,
    /// What one count of each loop adds to its value.
    loops: Vec<usize>,
    /// What each lane adds.
    lanes: Vec<usize>,
}

impl Padded {
    /// Those of step `s`.
    fn all(layout: &PartLayout<'_>, s: usize, loops: &[IndexLoop]) -> Vec<Padded> {
        let role = &layout.shapes.steps[s];
        let kept = role.free.iter().chain(&role.batch).chain(&role.new).map(|&id| (id, false));
        let all = kept.chain(role.contracted.iter().map(|&id| (id, true)));
        let padded = all.map(|(id, contracted)| Padded {
            size: layout.network().size(id),
            contracted,
            loops: loops.iter().map(|l| l.weight_in(id)).collect(),
            lanes: (0..1 << layout.lane_bits).map(|k| layout.lane_value(s + 1, k, id)).collect(),
        });
        padded.filter(|padded| padded.most(loops) >= padded.size).collect()
    }

    /// The largest value that loops and lanes reach.
    fn most(&self, loops: &[IndexLoop]) -> usize {
        let reach: usize = loops.iter().zip(&self.loops).map(|(l, p)| (l.bound - 1) * p).sum();
        reach + self.lanes.iter().max().copied().unwrap_or(0)
    }
}

impl<'a> Walker<'a> {
    fn new(layout: &PartLayout<'_>, program: &'a Program, instr: &'a Instr) -> Self {
        let nest = &program.nests()[instr.nest];
        let loops = program.index_loops(instr.nest);
        let s = nest.step - layout.part.first_step();
        let (from, to) = (canonical(layout, s), canonical(layout, s + 1));
        let of = |table: &[(IndexId, usize)], id: IndexId| {
            table.iter().find(|x| x.0 == id).map_or(0, |x| x.1)
        };
        let (in_position, out_position) =
            (canonical_words(layout, s), canonical_words(layout, s + 1));
        let hop = layout.positions_merged(s);
        let stride = |l: &IndexLoop| match l.digit {
            Digit::Position => (hop * in_position, out_position),
            Digit::Merged => (in_position, 0),
            Digit::Index { id, factor } => (factor * of(&from, id), factor * of(&to, id)),
        };
        let lanes = program.lanes();
        let lane = |lane: usize| {
            layout
                .slots
                .lane_values(s + 1, lane)
                .fold((0, 0), |(i, o), (id, v)| (i + v * of(&from, id), o + v * of(&to, id)))
        };
        let slab = match layout.shapes.steps[s].per_slab {
            true => (instr.slab * in_position, instr.slab * out_position),
            false => {
                let first = first_position(layout, s, instr, program);
                (first * hop * in_position, first * out_position)
            }
        };
        Walker {
            program,
            nest,
            instr,
            loops,
            step: s,
            strides: loops.iter().map(stride).collect(),
            lanes: (0..lanes).map(lane).collect(),
            base: slab,
            padded: Padded::all(layout, s, loops),
        }
    }

    /// Reads the memory of the operand, or the buffer that it writes: a word that is written before
    /// it is read has a wrong tag.
    fn run(&self, operand: Option<&[u64]>, buffer: &mut [u64]) {
        let (nest, instr, lanes) = (self.nest, self.instr, self.program.lanes());
        let mut cursor = Cursor::new(&nest.loops, instr.act_base, nest.weights, instr.out_base);
        let s = self.step;
        let mut more = true;
        for_each_iteration(self.loops, |_, counters| {
            assert!(more, "the hardware's loops end early in step {s}");
            let sum = |pick: fn(&(usize, usize)) -> usize| -> usize {
                self.strides.iter().zip(counters).map(|(t, c)| pick(t) * c).sum()
            };
            let (from, to) = (self.base.0 + sum(|t| t.0), self.base.1 + sum(|t| t.1));
            let end = cursor.at_group_end(nest.summed);
            for lane in 0..lanes {
                if !self.inside(counters, lane, false) {
                    continue;
                }
                let word = cursor.act as usize | (lane & nest.keep as usize);
                let want = tag(s, from + self.lanes[lane].0);
                let real = self.inside(counters, lane, true);
                let read = || operand.map_or_else(|| buffer[word], |memory| memory[word]);
                assert!(
                    !real || read() == want,
                    "step {s}, lane {lane}: wrong operand at {counters:?}"
                );
                if end && nest.dest == Dest::Buffer {
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

/// Position of the result with which an instruction begins that covers only the last ones of a
/// step.
fn first_position(layout: &PartLayout<'_>, s: usize, instr: &Instr, program: &Program) -> usize {
    let first = program
        .instrs()
        .iter()
        .find(|i| program.nests()[i.nest].step == layout.part.first_step() + s)
        .map_or(instr.act_base, |i| i.act_base);
    let hop = layout.positions_merged(s) * layout.addressing(s).position;
    (instr.act_base - first) / hop.max(1)
}
