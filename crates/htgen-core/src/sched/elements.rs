//! The mathematical meaning of a result of the program: the tensor element that a lane works on, by
//! its indices. For messages; the proof of the layout is in `check`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt::Write;

use super::index_loops::{Digit, counters_of, kept, value_of};
use super::isa::{Instr, Kind, Nest};
use super::layout::PartLayout;
use super::program::Program;
use crate::network::{IndexId, IndexKind};

/// Names the results of a program's instructions.
pub struct ResultNames<'a> {
    program: &'a Program,
    layouts: Vec<PartLayout<'a>>,
}

impl<'a> ResultNames<'a> {
    /// Computes the layout again as [`schedule`](super::schedule) did.
    pub fn of(program: &'a Program) -> Self {
        let layouts = PartLayout::all(program.quant().plan(), program.lane_bits());
        ResultNames { program, layouts }
    }

    /// The element that `lane` makes in the `number`-th group of results of instruction `instr`,
    /// such as `m0=3 r(0,1)=2`; none where the lane runs past the end of an index.
    pub fn name(&self, instr: usize, number: usize, lane: usize) -> Option<String> {
        let (program, nest) = (self.program, self.program.nest_of(instr));
        let instr = &program.instrs()[instr];
        if instr.kind == Kind::Head {
            let output = number * program.lanes() + lane;
            return (output < program.quant().outputs()).then(|| format!("head output {output}"));
        }
        let layout = &self.layouts[nest.part];
        let s = nest.step - layout.part.first_step();
        let t = s + 1;
        if lane & layout.idle_bits(t) != 0 {
            return None;
        }
        let kept = kept(program.index_loops(instr.nest));
        let counters = counters_of(&kept, number);
        let shape = &layout.shapes.tensors[t];
        let mut text = String::new();
        if shape.prefix.modes > 0 {
            let own = kept.iter().zip(&counters).find(|(l, _)| l.digit == Digit::Position);
            let first = if layout.shapes.steps[s].per_slab {
                instr.slab
            } else {
                self.first_position(layout, nest, s, instr.out_base)
            };
            let position = first + own.map_or(0, |(_, &count)| count);
            name_columns(layout, &mut text, shape.prefix.modes, position);
        }
        for &id in &shape.rest {
            let value = value_of(&kept, &counters, id) + layout.lane_value(t, lane, id);
            if value >= layout.network().size(id) {
                return None;
            }
            name_index(layout, &mut text, id, value);
        }
        Some(text.trim_end().to_owned())
    }

    /// Positions of fused columns before the instruction whose first result is `out_base`.
    fn first_position(
        &self,
        layout: &PartLayout<'_>,
        nest: &Nest,
        s: usize,
        out_base: usize,
    ) -> usize {
        let of_step = |i: &&Instr| self.program.nests()[i.nest].step == nest.step;
        let first = self.program.instrs().iter().find(of_step).map_or(out_base, |i| i.out_base);
        let position = layout.addressing(s + 1).position >> layout.lane_bits;
        (out_base - first) / position.max(1)
    }
}

/// A position of the leading columns as one value per column.
fn name_columns(layout: &PartLayout<'_>, text: &mut String, modes: usize, position: usize) {
    let network = layout.network();
    let mut behind: usize = network.columns()[..modes].iter().map(|&id| network.size(id)).product();
    for &id in &network.columns()[..modes] {
        behind /= network.size(id);
        name_index(layout, text, id, position / behind % network.size(id));
    }
}

fn name_index(layout: &PartLayout<'_>, text: &mut String, id: IndexId, value: usize) {
    let index = layout.network().info(id);
    let gates: &[&str] =
        if layout.network().gates() == 4 { &["i", "f", "g", "o"] } else { &["r", "z", "n"] };
    // Writing to a String cannot fail.
    let _ = match (index.kind, gates.get(value)) {
        (IndexKind::Gate, Some(gate)) => write!(text, "{}={gate} ", index.name),
        _ => write!(text, "{}={value} ", index.name),
    };
}
