//! The only test binary.

mod exact;
mod models;
mod plan;
