//! The only test binary.

mod benches; // every library module in Verilator
mod cells; // what yosys makes of the library, as a table
mod lane_rusthdl; // the lane against its second description
mod lint; // warnings, bounds and style of the library
mod netlists; // the library behind yosys for iCE40
mod proofs; // the FORMAL blocks, and mutants that they must refuse
mod support;
mod tool; // lookup, versions, running and ending programs
mod verilated;
