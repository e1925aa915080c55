//! The only test binary.

mod digits;
mod errors;
mod exact;
mod model;
mod models;
mod plan;
mod sequences;
mod shared;
mod support;
mod tool; // lookup, versions, running and ending programs
