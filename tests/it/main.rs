//! The only test binary.

mod errors;
mod model;
mod sequences;
mod shared;
