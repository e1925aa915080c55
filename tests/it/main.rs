//! The only test binary.

mod support;
mod synth; // plans as text, boards, guards, and runs on a small design
mod tool; // lookup, versions, running and ending programs
