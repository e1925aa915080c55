//! Predicted cycles.

use super::program::Program;

/// Cycle counts of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timing {
    /// Cycles from one time step to the next.
    pub cycles_per_step: u64,
}

impl Timing {
    pub(super) fn predict(program: &Program) -> Timing {
        Timing { cycles_per_step: program.busy_cycles() }
    }
}
