//! The command line: one file per sub-command, each a thin call of the stages. No arithmetic.
//!
//! Reports go to standard output, as text or (`--json`) as one JSON object; notes, progress and
//! errors go to standard error. Exit codes: 0 done, 1 ran but a check failed, 2 error.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod checkpoint;
mod compare;
mod compress;
mod data;
mod doctor;
mod edited;
mod emit;
mod fields;
mod hardware;
mod import;
mod inspect;
mod new;
mod options;
mod out;
mod progress;
mod quantize;
mod run;
mod sim;
mod synth;
mod train;

use crate::printable::is_printable;
use crate::{files, tool};
use clap::{CommandFactory, Parser, Subcommand};
use std::env;
use std::process::ExitCode;

/// From a trained FDHT-LSTM to bit-exact Verilog, simulated and placed on an FPGA.
#[derive(Debug, Parser)]
#[command(
    name = "htgen",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 done, 1 ran but a check failed, 2 error.\n\n\
                  Example:\n  htgen new --preset digits -o digits.json\n  \
                  htgen emit digits.json --pe 8\n  \
                  htgen sim rtl_out/digits --random 20"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Data(data::Data),
    New(new::New),
    Import(import::Import),
    Train(train::Train),
    Compare(compare::Compare),
    Compress(compress::Compress),
    Inspect(inspect::Inspect),
    Quantize(quantize::Quantize),
    Run(run::Run),
    Emit(emit::Emit),
    Sim(sim::Sim),
    Synth(synth::Synth),
    Doctor(doctor::Doctor),
}

/// The outcome of a command that ran to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Done; exit code 0.
    Done,
    /// A check failed; exit code 1.
    No,
}

/// Parses the arguments of this process, runs the command and returns the exit code.
pub fn main() -> ExitCode {
    tool::watch_signals();
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return refused(&error),
    };
    files::begin_command();
    match command.run() {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Err(error) => {
            let words: Vec<String> =
                env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
            let options = fields::options_of(&words, &Cli::command());
            out::message(&fields::as_options(&format!("error: {error:#}"), &options));
            ExitCode::from(2)
        }
    }
}

/// Help, or a message about the arguments; without colours if an argument contains what could be a
/// colour sequence.
fn refused(error: &clap::Error) -> ExitCode {
    let words: Vec<String> =
        env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let hostile: Vec<&String> = words.iter().filter(|word| !is_printable(word)).collect();
    if hostile.is_empty() {
        error.exit();
    }
    // Line breaks in an argument would look like those of the message. The message contains the
    // argument without what clap takes for colours, so only the beginning of its line is sure to
    // occur.
    let mut text = error.render().to_string();
    for line in hostile.iter().flat_map(|word| word.split('\n').skip(1)) {
        let begins = line.split(char::is_control).next().unwrap_or_default();
        if !begins.is_empty() {
            text = text.replace(&format!("\n{begins}"), &format!("\\n{begins}"));
        }
    }
    out::message(text.trim_end());
    ExitCode::from(2)
}

/// The definition of the command line, for tests and documents.
pub fn definition() -> clap::Command {
    Cli::command()
}

impl Command {
    fn run(self) -> anyhow::Result<Outcome> {
        match self {
            Command::Data(args) => args.run(),
            Command::New(args) => args.run(),
            Command::Import(args) => args.run(),
            Command::Train(args) => args.run(),
            Command::Compare(args) => args.run(),
            Command::Compress(args) => args.run(),
            Command::Inspect(args) => args.run(),
            Command::Quantize(args) => args.run(),
            Command::Run(args) => args.run(),
            Command::Emit(args) => args.run(),
            Command::Sim(args) => args.run(),
            Command::Synth(args) => args.run(),
            Command::Doctor(args) => args.run(),
        }
    }
}
