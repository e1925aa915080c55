//! The schedule: lane patterns, bank layouts, the microprogram, its interpreter and its timing.
//!
//! Knows no Verilog. A [`Program`] is only made by [`schedule`] and has passed the check that every
//! lane finds its operand in every cycle.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod candidates;
mod cells;
mod check;
mod cursor;
mod elements;
mod gates;
mod head;
mod hidden;
mod index_loops;
mod interpret;
pub mod isa;
mod lanes;
mod layout;
mod limits;
mod loader;
mod loops;
mod memories;
mod microprogram;
mod print;
mod program;
mod regions;
mod rom;
mod schedule;
mod shape;
mod slots;
mod timing;
mod units;
mod waits;
mod weights;

pub use elements::ResultNames;
pub use interpret::{Interpreter, Written};
pub use isa::{Dest, Instr, Kind, Loop, Nest, Source, deltas};
pub use loader::Loader;
pub use program::{HiddenBuffer, Program};
pub use rom::Rom;
pub use schedule::schedule;
pub use timing::Timing;
pub use units::{Unit, UnitTable};
