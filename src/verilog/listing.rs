//! The microprogram in words: the first thing to open when a simulation differs.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::images::describe;
use crate::sched::{Kind, Program};
use std::fmt::Write;

/// Text of `schedule.txt`.
pub(super) fn listing(program: &Program) -> String {
    let mut text = String::new();
    let quant = program.quant();
    let mut line = |s: String| writeln!(text, "{s}").expect("writing to a string cannot fail");
    line(format!("schedule of {}, {} lanes", quant.name(), program.lanes()));
    line(String::new());
    line("contraction".into());
    for text in quant.plan().to_string().lines() {
        line(format!("  {text}"));
    }
    line(String::new());
    line("loop nests (outermost first; strides of operand, weight, result)".into());
    for (k, d) in program.nests().iter().enumerate() {
        let name = if d.dest == crate::sched::Dest::Output {
            "head".into()
        } else {
            format!("step {}", d.step)
        };
        line(format!(
            "  nest {k}: {name}, {:?} to {:?}, {} cycles, shift {}",
            d.source,
            d.dest,
            d.cycles(),
            d.shift
        ));
        for (level, l) in d.loops.iter().enumerate().rev() {
            let kind = if level < d.summed { "sum " } else { "keep" };
            line(format!("    {kind} {:>6}   {:+} {:+} {:+}", l.bound, l.act, l.wgt, l.out));
        }
    }
    line(String::new());
    line("program (cycle of the first iteration in a time step that waits for nothing)".into());
    let mut cycle = 0;
    for (k, i) in program.instrs().iter().enumerate() {
        let cycles = program.nest_of(k).cycles();
        let note = if i.kind == Kind::Head { " (when an output is due)" } else { "" };
        line(format!("  {cycle:>8}  {} [{cycles} cycles]{note}", describe(k, i, program)));
        cycle += cycles;
    }
    text
}
