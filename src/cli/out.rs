//! What a command says: reports on standard output, notes on standard error.
//!
//! Both contain names and keys of files, so anything a terminal would take as a command is escaped.
//!
//! A reader that has gone away (`htgen inspect … | head`) is not an error: the rest is not written.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::printable::{Json, Line, Lines};
use anyhow::Context;
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, Write};

/// Prints a report: its text, or with `json` one JSON object.
pub fn report<T: Serialize + Display>(report: &T, json: bool) -> anyhow::Result<()> {
    if json { object(report) } else { text(report) }
}

/// Prints one JSON object.
pub fn object<T: Serialize>(value: &T) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value).context("the report cannot be written")?;
    print(&format!("{}\n", Json(&text)))
}

/// Prints a text that already ends its lines.
pub fn text<T: Display>(value: &T) -> anyhow::Result<()> {
    print(&Lines(&value.to_string()).to_string())
}

/// Writes a line to standard error; there is nowhere to report a failure of this.
pub fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", Line(line));
}

/// Writes a message of several lines to standard error.
pub fn message(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", Lines(text));
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output cannot be written")
        }
        _ => Ok(()),
    }
}
