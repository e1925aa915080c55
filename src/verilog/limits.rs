//! Limits of the library that a program may exceed: small tables, loops, accumulators. Such a
//! program is refused before a file is written; the modules would refuse it in every tool.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use crate::sched::Program;

/// Maximum number of words in a table in lookup tables, `ht_table`: instructions of a time step,
/// loop nests, and address deltas, of which a nest has a power of two.
const TABLE_WORDS: usize = 256;
/// Maximum number of loops in a nest, `ht_sequencer`.
const LOOPS: usize = 16;
/// Widest accumulator, `ht_mac`.
const ACC_BITS: usize = 64;

/// Refuses what the library cannot hold: so many deltas in all, loops in one nest, bits of an
/// accumulator, or the program's instructions.
pub(super) fn check(program: &Program, deltas: usize, loops: usize, acc_bits: usize) -> Result<()> {
    let instructions = program.instrs().len();
    // A limit that was not given cannot be raised.
    let formats = program.quant().formats();
    let limited = formats.max_rom_words.is_some() || formats.max_buffer_words.is_some();
    let (fewer_steps, fewer_loops) = match limited {
        true => (
            "raise max_rom_words or max_buffer_words, which makes fewer steps or slabs",
            "use a tree of fewer modes, or raise max_rom_words, which makes fewer steps",
        ),
        false => ("use fewer layers or fewer modes", "use fewer layers or a tree of fewer modes"),
    };
    let limits = [
        (instructions, TABLE_WORDS, "instructions per time step", fewer_steps),
        (deltas, TABLE_WORDS, "address deltas, a power of two for each loop nest", fewer_loops),
        (loops, LOOPS, "loops in one nest", fewer_loops),
        (acc_bits, ACC_BITS, "bits of an accumulator", "quantize with narrower weights"),
    ];
    let exceeded = limits.into_iter().filter(|(found, most, ..)| found > most);
    let problems: Vec<Diagnostic> = exceeded
        .map(|(found, most, what, help)| {
            Diagnostic::new("schedule", "program too large for the sequencer")
                .kind(ErrorKind::Limit)
                .found(format!("{found} {what}"))
                .expected(format!("at most {most}"))
                .help(help)
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HwConfig;
    use crate::model::{Widths, preset};
    use crate::plan::{PlanConfig, Planned};
    use crate::quant;

    /// No shape of up to eight modes is known to reach these limits; the check must not depend on
    /// that.
    #[test]
    fn sizes_beyond_the_library_are_refused() {
        let model = crate::model::new(&preset::spec("digits", 1).expect("a preset"));
        let model = model.expect("a model");
        let planned = Planned::new(&model, &PlanConfig::UNLIMITED).expect("a plan");
        let formats = quant::safe(&planned, Widths::default());
        let quant = quant::quantize(&planned, formats).expect("fits");
        let program = crate::sched::schedule(&quant, &HwConfig::default()).expect("schedules");
        let refused = |deltas, loops, acc_bits| {
            check(&program, deltas, loops, acc_bits).expect_err("too large").to_string()
        };
        let tables = refused(264, 8, 32);
        assert!(tables.contains("found 264 address deltas"), "{tables}");
        let loops = refused(128, 17, 32);
        assert!(loops.contains("found 17 loops in one nest, expected at most 16"), "{loops}");
        let accumulator = refused(128, 8, 65);
        assert!(accumulator.contains("found 65 bits"), "{accumulator}");
        check(&program, 256, 16, 64).expect("at the limit");
    }
}
