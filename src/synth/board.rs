//! A board: part, package, pins and what the part holds, read from `constraints/NAME.toml`.
//!
//! The five boards are embedded, so that an installed htgen knows them; others are files.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{Budget, Family};
use crate::error::{self, Diagnostic, Problems, Result};
use crate::files;

/// Largest board file.
const MAX_BYTES: u64 = 1 << 16;
/// The boards that come with htgen, as name and text.
const EMBEDDED: [(&str, &str); 5] = [
    ("icebreaker", include_str!("../../constraints/icebreaker.toml")),
    ("hx8k", include_str!("../../constraints/hx8k.toml")),
    ("ulx3s-25f", include_str!("../../constraints/ulx3s-25f.toml")),
    ("ulx3s-85f", include_str!("../../constraints/ulx3s-85f.toml")),
    ("tangnano9k", include_str!("../../constraints/tangnano9k.toml")),
];

/// The ports of the board's top module, which a board file may give pins.
pub const PORTS: [&str; 3] = ["aclk", "serial_in", "serial_out"];

/// A board and the part on it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Name on the command line.
    pub name: String,
    /// Name in reports.
    pub title: String,
    /// Family of the part; determines the tools.
    pub family: Family,
    /// The part, as the tools of the family call it.
    pub device: String,
    /// The package, as the tools of the family call it.
    pub package: String,
    /// Speed grade, if the placer needs it.
    pub speed: Option<String>,
    /// The clock that placement and routing aim at.
    pub clock_mhz: f64,
    /// What the part holds.
    pub budget: Budget,
    /// Site of each port of the top module; a port without one may be placed anywhere.
    pub pins: BTreeMap<String, String>,
    /// Further options of yosys' synthesis command.
    #[serde(default)]
    pub synth_flags: Vec<String>,
}

impl Board {
    /// The names of the boards that come with htgen.
    pub fn names() -> impl Iterator<Item = &'static str> {
        EMBEDDED.iter().map(|(name, _)| *name)
    }

    /// The board called `target`, or read from the file `target` if it ends in `.toml`.
    pub fn load(target: &str) -> Result<Self> {
        if let Some((name, text)) = EMBEDDED.iter().find(|(name, _)| *name == target) {
            return Board::parse(text, &format!("constraints/{name}.toml"));
        }
        if !target.ends_with(".toml") {
            let names: Vec<_> = Board::names().collect();
            return Err(Diagnostic::new("`target`", "no such board")
                .found(target)
                .expected(format!("one of {}", names.join(", ")))
                .help("or give the path of a board file, NAME.toml")
                .into());
        }
        let text = files::read_text(Path::new(target), MAX_BYTES)?;
        Board::parse(&text, target)
    }

    /// Reads a board from TOML text; `file` is its name in messages.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let board: Board = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
            let what = error::parser(error.message());
            Diagnostic::new(format!("{file}: line {line}"), what)
                .help("constraints/icebreaker.toml shows every key")
        })?;
        let problems = board.problems();
        if problems.is_empty() { Ok(board) } else { Err(Problems(problems).in_file(file)) }
    }

    /// yosys' synthesis command for a part, without `-top`.
    pub(super) fn synth_command(&self) -> String {
        let command = match (self.family, self.device.as_str()) {
            (Family::Ice40, "up5k" | "u4k") => "synth_ice40 -dsp".to_owned(),
            (Family::Ice40, _) => "synth_ice40".to_owned(),
            (Family::Ecp5, _) => "synth_ecp5 -nowidelut".to_owned(),
            (Family::Gowin, device) => format!("synth_gowin -family {device}"),
        };
        self.synth_flags.iter().fold(command, |command, flag| format!("{command} {flag}"))
    }

    /// The file with the pins.
    pub(super) fn pins_text(&self) -> String {
        let line = |(port, site): (&String, &String)| match self.family {
            Family::Ice40 => format!("set_io {port} {site}\n"),
            Family::Ecp5 => format!(
                "LOCATE COMP \"{port}\" SITE \"{site}\";\nIOBUF PORT \"{port}\" IO_TYPE=LVCMOS33;\n"
            ),
            Family::Gowin => format!("IO_LOC \"{port}\" {site};\n"),
        };
        let pins: String = self.pins.iter().map(line).collect();
        format!("# {}; written by htgen from the board file\n{pins}", self.title)
    }

    /// Arguments of the placer for the part, without the files of the design.
    pub(super) fn placer_args(&self) -> Vec<String> {
        let mut args = vec![format!("--{}", self.device), "--package".into(), self.package.clone()];
        if let Some(speed) = &self.speed {
            args.extend(["--speed".into(), speed.clone()]);
        }
        let pins = match self.family {
            Family::Ice40 => "pcf",
            Family::Ecp5 | Family::Gowin => "lpf",
        };
        args.extend([format!("--{pins}"), self.family.pins_file().into()]);
        args.push(format!("--{pins}-allow-unconstrained"));
        let (option, file) = self.family.placed_file();
        args.extend([option.into(), file.into()]);
        args
    }

    /// Checks everything that the types leave open: words that reach a tool, and the clock.
    fn problems(&self) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut check_word = |key: String, value: &str| {
            let fine = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if value.is_empty() || value.len() > 64 || !value.chars().all(fine) {
                problems.push(
                    Diagnostic::new(key, "not a plain word")
                        .found(format!("{value:?}"))
                        .expected("up to 64 letters, digits, '.', '_' and '-'"),
                );
            }
        };
        check_word("name".into(), &self.name);
        check_word("device".into(), &self.device);
        check_word("package".into(), &self.package);
        self.speed.iter().for_each(|speed| check_word("speed".into(), speed));
        self.pins.iter().for_each(|(port, site)| check_word(format!("pins.{port}"), site));
        for (k, flag) in self.synth_flags.iter().enumerate() {
            check_word(format!("synth_flags[{k}]"), flag);
        }
        let unknown = self.pins.keys().filter(|port| !PORTS.contains(&port.as_str()));
        problems.extend(unknown.map(|port| {
            Diagnostic::new(format!("pins.{port}"), "no such port").expected(PORTS.join(", "))
        }));
        if !self.pins.contains_key("aclk") {
            problems.push(Diagnostic::new("pins.aclk", "missing").expected("the clock's site"));
        }
        if !(self.clock_mhz > 0.0 && self.clock_mhz <= 1000.0) {
            let problem = Diagnostic::new("clock_mhz", "out of range").found(self.clock_mhz);
            problems.push(problem.expected("more than 0, at most 1000"));
        }
        problems.extend(self.family.device_problem(&self.device));
        problems
    }
}
