//! The only test binary.

mod models;
mod plan;
