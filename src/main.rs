//! Entry point: the command line is `htgen::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    htgen::cli::main()
}
