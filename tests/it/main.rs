//! The only test binary.

mod support;
mod tool; // lookup, versions, running and ending programs
