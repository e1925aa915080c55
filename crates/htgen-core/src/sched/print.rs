//! The program in words.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::program::Program;
use std::fmt;

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "program: {} lanes, {} drains, {} banks, {} input banks, {} cells",
            self.lanes(),
            self.drains(),
            self.banks(),
            self.input_banks(),
            self.cells()
        )?;
        for (k, d) in self.nests().iter().enumerate() {
            writeln!(
                f,
                "  d{k}: step {}, {:?} -> {:?}, keep {:#b}, rom {}, shift {}, {} cycles",
                d.step,
                d.source,
                d.dest,
                d.keep,
                d.weights,
                d.shift,
                d.cycles()
            )?;
            for (level, l) in d.loops.iter().enumerate() {
                let kind = if level < d.summed { "sum" } else { "keep" };
                writeln!(
                    f,
                    "      {kind} {}: act {:+}, weights {:+}, out {:+}",
                    l.bound, l.act, l.wgt, l.out
                )?;
            }
        }
        for (k, i) in self.instrs().iter().enumerate() {
            writeln!(
                f,
                "  i{k}: d{} slab {} act {} out {} lag {}{}{}{}",
                i.nest,
                i.slab,
                i.act_base,
                i.out_base,
                i.lag,
                if i.wait_input { " wait-x" } else { "" },
                if i.release_input { " release-x" } else { "" },
                if i.wait_hidden { " wait-h" } else { "" },
            )?;
        }
        Ok(())
    }
}
