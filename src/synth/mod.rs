//! From Verilog to a placed part: plans for yosys, nextpnr and the packers, and what they found.
//!
//! A [`SynthPlan`] is text and needs no tool; [`run`] carries it out. Whether the design is correct
//! is not checked here but in simulation; three guards protect against silent losses: conflicts of
//! drivers are errors, and the counts of multipliers and of block memories must be the expected
//! ones.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod bench;
mod blocks;
mod board;
mod cells;
mod design;
mod family;
mod harness;
mod netlist;
mod placed;
mod plan;
mod resources;
mod result;
mod run;

pub use blocks::Blocks;
pub use board::{Board, PORTS};
pub use cells::{CellTable, ModuleCells};
pub use design::{DesignFiles, Port};
pub use family::Family;
pub use netlist::{netlist, simulation_cells};
pub use placed::{CriticalPath, Usage, critical_path};
pub use plan::{StepKind, SynthConfig, SynthPlan, ToolStep, plan};
pub use resources::{Budget, Cells};
pub use result::{LogicCells, SynthResult};
pub use run::{cells_by_module, run};
