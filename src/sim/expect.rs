//! The output vectors that a design must produce, from the fixed-point reference.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{EventKind, SimOptions, Stimulus};
use crate::config::OutputRate;
use crate::fixed::Executor;
use crate::sched::Program;
use rayon::prelude::*;

/// Beats of a time step.
pub(super) fn beats_per_step(program: &Program) -> u64 {
    program.quant().input().count.div_ceil(program.hw().elements_per_beat.get()) as u64
}

/// Time steps of a sequence that are run to their end and answered where an output is due.
///
/// A reset changes nothing here: the bench skips what is lost, as that depends on time.
pub(super) fn whole_steps(
    program: &Program,
    stimulus: &Stimulus,
    options: &SimOptions,
    k: usize,
) -> usize {
    match options.event(k).map(|event| event.kind) {
        Some(EventKind::EarlyLast { beat }) => (beat / beats_per_step(program)) as usize,
        _ => stimulus.steps(k),
    }
}

/// The output values of each sequence, one vector after another.
pub(super) fn expected(
    program: &Program,
    stimulus: &Stimulus,
    options: &SimOptions,
) -> Vec<Vec<i32>> {
    let every_step = program.hw().output == OutputRate::Step;
    let one = |executor: &mut Executor<'_>, k: usize| {
        let whole = whole_steps(program, stimulus, options, k);
        let mut values = Vec::new();
        executor.reset();
        for t in 0..whole {
            executor.step(stimulus.step(k, t), &mut ());
            if every_step || t + 1 == stimulus.steps(k) {
                values.extend(executor.output(&mut ()));
            }
        }
        values
    };
    let sequences = (0..stimulus.count()).into_par_iter();
    sequences.map_init(|| Executor::new(program.quant()), one).collect()
}
