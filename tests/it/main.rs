//! The only test binary.

mod errors;
mod exact;
mod model;
mod models;
mod plan;
mod sequences;
mod shared;
