//! Helpers shared by several test modules.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::thread;

use htgen::tool::{self, Finished, Found, Tool};

/// The tool, or `None` if it is absent: tests that need it are skipped with a message.
///
/// With `HTGEN_REQUIRE_TOOLS=1` an absent tool is a failure.
#[track_caller]
pub fn needs(tool: Tool) -> Option<Found> {
    match tool::find(tool) {
        Ok(found) => Some(found),
        Err(problems) => {
            absent(&problems.to_string());
            None
        }
    }
}

/// Notes that a test is skipped, or fails it if the tools are required.
#[track_caller]
pub fn absent(reason: &str) {
    assert!(env::var_os("HTGEN_REQUIRE_TOOLS").is_none_or(|set| set != "1"), "{reason}");
    skipped(reason);
}

/// Notes that a test is skipped.
pub fn skipped(reason: &str) {
    note(&format!("skipped: {reason}"));
}

/// Whether `HTGEN_SLOW=1` asks for the whole of a slow test; if not, notes what is run of it.
pub fn whole(part: &str) -> bool {
    let asked = env::var_os("HTGEN_SLOW").is_some_and(|set| set == "1");
    if !asked {
        note(&format!("in part: {part}"));
    }
    asked
}

/// Prints a line with the name of the test, and writes it where `scripts/skipped.sh` finds it.
fn note(text: &str) {
    let test = thread::current().name().map(|name| format!(" ({name})")).unwrap_or_default();
    let line = format!("{text}{test}\n");
    eprint!("{line}");
    let folder = env!("CARGO_TARGET_TMPDIR");
    fs::create_dir_all(folder).expect("cargo's folder for tests");
    let file = File::options().append(true).create(true).open(format!("{folder}/skipped.txt"));
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("notes can be written");
}

/// What a reader of Verilog printed on either stream, without Verilator's report of its own work.
pub fn said(tool: Tool, finished: &Finished) -> String {
    let printed = match tool {
        Tool::Verilator => without_report(&finished.stdout),
        _ => &finished.stdout,
    };
    format!("{printed}{}", finished.stderr).trim().to_owned()
}

/// The lines after the title of the report in which newer Verilators end, `0` for every number.
const REPORT: [&str; 2] = [
    "- Verilator: Built from 0 MB sources in 0 modules, into 0 MB in 0 C++ files needing 0 MB",
    "- Verilator: Walltime 0 s (elab=0, cvt=0, bld=0); cpu 0 s on 0 threads; alloced 0 MB",
];

/// The text before that report; all of `text` if it does not end in one, word by word.
fn without_report(text: &str) -> &str {
    const TITLE: &str = "- V e r i l a t i o n   R e p o r t: Verilator ";
    let Some(at) = text.find(TITLE).filter(|&at| at == 0 || text[..at].ends_with('\n')) else {
        return text;
    };
    let mut lines = text[at..].lines().skip(1);
    let is_report = REPORT.iter().all(|wanted| lines.next().is_some_and(|l| zeros(l) == *wanted));
    if is_report && lines.next().is_none() { &text[..at] } else { text }
}

/// The line with `0` for every number.
fn zeros(line: &str) -> String {
    let mut text = String::new();
    for c in line.chars() {
        let in_number = text.ends_with('0');
        match c {
            '0'..='9' if in_number => {}
            '0'..='9' => text.push('0'),
            '.' if in_number => {}
            _ => text.push(c),
        }
    }
    text
}

#[test]
fn only_the_report_of_verilator_is_taken_for_silence() {
    let report = "\
        - V e r i l a t i o n   R e p o r t: Verilator 5.032 2025-01-01 rev (Debian 5.032-1)\n\
        - Verilator: Built from 0.021 MB sources in 2 modules, into 0.000 MB in 0 C++ files \
        needing 0.000 MB\n\
        - Verilator: Walltime 0.006 s (elab=0.001, cvt=0.000, bld=0.000); cpu 0.005 s on \
        1 threads; alloced 9.824 MB\n";
    assert_eq!(without_report(report), "");
    assert_eq!(without_report(""), "");
    let warning = "%Warning-WIDTH: a.v:1:2: Operator ASSIGN expects 2 bits\n";
    assert_eq!(without_report(&format!("{warning}{report}")), warning);
    let lines: Vec<&str> = report.lines().collect();
    for text in [
        format!("{report}{warning}"),
        format!("{report}{report}"),
        format!("{}\n{warning}{}\n{}\n", lines[0], lines[1], lines[2]),
        format!("{}\n{}\n", lines[0], lines[1]),
        format!("- {report}"),
        report.replace("alloced", "wasted"),
    ] {
        assert_eq!(without_report(&text), text);
    }
}
