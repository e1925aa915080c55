//! Entry point: the command line is `htgen::cli`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::process::ExitCode;

fn main() -> ExitCode {
    htgen::cli::main()
}
