//! The mathematical meaning of a result of the program: the tensor element that a lane works on, by
//! its indices. For messages; the proof of the layout is in `check`.

use std::fmt::Write;

use super::layout::{self, Layout};
use super::loops::{Context, Digit, RawLoop};
use super::program::{Desc, Kind, Program};
use super::rom::value_at;
use crate::network::{IndexId, IndexKind};

/// Names the results of a program's instructions.
pub struct ResultNames<'a> {
    program: &'a Program,
    layouts: Vec<Layout>,
}

impl<'a> ResultNames<'a> {
    /// Computes the layout again as [`schedule`](super::schedule) did.
    pub fn of(program: &'a Program) -> Self {
        let layouts = Layout::all(program.quant().plan(), program.lane_bits());
        ResultNames { program, layouts }
    }

    /// The element that `lane` makes in the `number`-th group of results of instruction `instr`,
    /// such as `m0=3 r(0,1)=2`; none where the lane runs past the end of an index.
    pub fn name(&self, instr: usize, number: usize, lane: usize) -> Option<String> {
        let (program, instr) = (self.program, &self.program.instrs()[instr]);
        let desc = &program.descs()[instr.desc];
        if instr.kind == Kind::Head {
            let output = number * program.lanes() + lane;
            return (output < program.quant().outputs()).then(|| format!("head output {output}"));
        }
        let plan = program.quant().plan();
        let ctxs = layout::contexts(plan, &self.layouts, program.lane_bits());
        let ctx = &ctxs[desc.part];
        let s = desc.step - ctx.part.first_step();
        let t = s + 1;
        let idle = (0..program.lane_bits() as usize)
            .any(|k| lane >> k & 1 == 1 && ctx.slots.tensors[t][k].is_none());
        if idle {
            return None;
        }
        let kept: Vec<RawLoop> = desc.raw.iter().copied().filter(|l| !l.contracted).collect();
        let counters = counters(&kept, number);
        let shape = &ctx.shapes.tensors[t];
        let mut text = String::new();
        if shape.prefix.modes > 0 {
            let group = kept.iter().zip(&counters).find(|(l, _)| l.digit == Digit::Group);
            let first = if ctx.shapes.steps[s].per_slab {
                instr.slab
            } else {
                self.first_group(ctx, desc, s, instr.out_base)
            };
            let position = first + group.map_or(0, |(_, &count)| count);
            name_columns(ctx, &mut text, shape.prefix.modes, position);
        }
        for &id in &shape.rest {
            let value = value_at(ctx, t, &kept, &counters, lane, id);
            if value >= ctx.network().size(id) {
                return None;
            }
            name_index(ctx, &mut text, id, value);
        }
        Some(text.trim_end().to_owned())
    }

    /// Groups of fused columns in front of the instruction whose first result is `out_base`.
    fn first_group(&self, ctx: &Context<'_>, desc: &Desc, s: usize, out_base: usize) -> usize {
        let of_step = |i: &&super::program::Instr| self.program.descs()[i.desc].step == desc.step;
        let first = self.program.instrs().iter().find(of_step).map_or(out_base, |i| i.out_base);
        let position = ctx.addressing(s + 1).position >> ctx.lane_bits;
        (out_base - first) / position.max(1)
    }
}

/// A position of the leading columns as one value per column.
fn name_columns(ctx: &Context<'_>, text: &mut String, modes: usize, position: usize) {
    let network = ctx.network();
    let mut behind: usize = network.columns()[..modes].iter().map(|&id| network.size(id)).product();
    for &id in &network.columns()[..modes] {
        behind /= network.size(id);
        name_index(ctx, text, id, position / behind % network.size(id));
    }
}

fn name_index(ctx: &Context<'_>, text: &mut String, id: IndexId, value: usize) {
    let index = ctx.network().info(id);
    let gates: &[&str] =
        if ctx.network().gates() == 4 { &["i", "f", "g", "o"] } else { &["r", "z", "n"] };
    // Writing to a String cannot fail.
    let _ = match (index.kind, gates.get(value)) {
        (IndexKind::Gate, Some(gate)) => write!(text, "{}={gate} ", index.name),
        _ => write!(text, "{}={value} ", index.name),
    };
}

/// The counters of the `number`-th iteration, the last loop fastest.
fn counters(loops: &[RawLoop], number: usize) -> Vec<usize> {
    let mut rest = number;
    let mut counters: Vec<usize> = loops
        .iter()
        .rev()
        .map(|l| {
            let count = rest % l.bound;
            rest /= l.bound;
            count
        })
        .collect();
    counters.reverse();
    counters
}
