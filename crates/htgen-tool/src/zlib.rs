//! The header of zlib, which Verilator's writer of FST waves includes.
//!
//! Assumption: the compiler supports the options `-E`, `-include` and `-x` of GCC, searches for the
//! header where it will when the model is compiled, and fails if it does not find it.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Found;
use crate::error::{Diagnostic, ErrorKind, Result};

/// What is missing and the package that has it, as reported by `doctor`.
pub(super) const NAME: &str = "zlib.h (package zlib1g-dev)";

/// Refuses a C++ compiler that does not find the header.
pub fn check_zlib(cxx: &Found) -> Result<()> {
    let run = cxx.run().args(["-E", "-include", "zlib.h", "-x", "c++", "/dev/null"]);
    if run.keep_tail().run()?.status.success() {
        return Ok(());
    }
    Err(Diagnostic::new("zlib.h", "missing; FST waves are compiled with it")
        .kind(ErrorKind::Tool)
        .help("apt-get install zlib1g-dev; or let the name of the waves end in .vcd")
        .into())
}
