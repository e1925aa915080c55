//! The schedule: lane patterns, bank layouts, the microprogram, its interpreter and its timing.
//!
//! Knows no Verilog. A [`Program`] is only made by [`schedule`] and has passed the check that every
//! lane finds its operand in every cycle.

mod build;
mod cells;
mod check;
mod elements;
mod interpret;
mod lanes;
mod layout;
mod loops;
mod nest;
mod parts;
mod print;
mod program;
mod regions;
mod rom;
mod shape;
mod slots;
mod timing;

pub use build::schedule;
pub use cells::{CellTable, Unit};
pub use elements::ResultNames;
pub use interpret::{Interpreter, Written};
pub use nest::{Loop, deltas};
pub use program::{Desc, Dest, HiddenBuffer, Instr, Kind, Loader, Program, Source};
pub use rom::Rom;
pub use timing::Timing;
