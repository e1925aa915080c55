//! The one error type of the library: where, what was found, what was expected, what to do.
//!
//! File names, keys and tool output come from others: they are shown without anything that a
//! terminal would take as a command.
//!
//! Stages that check user input collect every problem before they stop ([`Problems`]).
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::printable::Line;
use std::fmt;

/// Prefix of every line of a message except the first.
const INDENT: &str = "  ";
/// Prefix of a line that comes from a tool.
pub const QUOTE: &str = "  | ";

/// What kind of problem it is, for programs that do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was given breaks a rule: a value, a key, a combination.
    #[default]
    Invalid,
    /// A file that is cut off, changed since it was written, or contradicts itself.
    Damaged,
    /// A file, convention or network of a kind that htgen does not take.
    Unsupported,
    /// More than a bound allows: of memory, of work, of the hardware, or one that was asked for.
    Limit,
    /// What was going to be written is read by the same command, or was made by somebody else.
    Conflict,
    /// The system refused to read, write, make or remove something.
    Io,
    /// A program outside htgen is missing, too old, or failed.
    Tool,
    /// A result is not what it must be: logic was lost, a loss is no number.
    Check,
    /// A signal ended the work.
    Interrupted,
}

/// One problem: a place (file and key path), a statement, found against expected, and help.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// What kind of problem it is.
    pub kind: ErrorKind,
    /// File and key path, e.g. `model.json: layers[0].tree`.
    pub place: String,
    /// What is wrong, as a short statement.
    pub what: String,
    /// What was found, when a value helps.
    pub found: Option<String>,
    /// What was expected.
    pub expected: Option<String>,
    /// What the user can do.
    pub help: Option<Box<str>>,
}

impl Diagnostic {
    /// A problem at `place`, invalid input unless another kind is given.
    ///
    /// A field of what was asked for is named in backquotes, as `` `lanes` ``, wherever it occurs.
    pub fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Diagnostic {
            kind: ErrorKind::Invalid,
            place: place.into(),
            what: what.into(),
            found: None,
            expected: None,
            help: None,
        }
    }
    /// Of another kind.
    pub fn kind(mut self, kind: ErrorKind) -> Self {
        self.kind = kind;
        self
    }
    /// Adds what was found.
    pub fn found(mut self, value: impl fmt::Display) -> Self {
        self.found = Some(value.to_string());
        self
    }
    /// Adds what was expected.
    pub fn expected(mut self, value: impl fmt::Display) -> Self {
        self.expected = Some(value.to_string());
        self
    }
    /// Adds what to do.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into().into());
        self
    }
    /// Puts a file name before the place.
    pub fn in_file(mut self, file: impl fmt::Display) -> Self {
        self.place = if self.place.is_empty() {
            file.to_string()
        } else {
            format!("{file}: {}", self.place)
        };
        self
    }
}

/// The message of a parser: on one line, its names in double quotes, because backquotes are for
/// fields of what was asked for.
pub fn parser(message: &str) -> String {
    message.replace('\n', " ").replace('`', "\"")
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", Line(&self.place))?;
        }
        // Tool output is quoted line by line; other text of several lines is indented as well.
        let mut lines = self.what.split('\n');
        write!(f, "{}", Line(lines.next().unwrap_or_default()))?;
        for line in lines {
            let separator = if line.starts_with(INDENT) { "\n" } else { "\\n" };
            write!(f, "{separator}{}", Line(line))?;
        }
        let line = |text: &Option<String>| text.as_deref().map(|text| Line(text).to_string());
        match (line(&self.found), line(&self.expected)) {
            (Some(found), Some(expected)) => write!(f, ": found {found}, expected {expected}")?,
            (Some(found), None) => write!(f, ": found {found}")?,
            (None, Some(expected)) => write!(f, ": expected {expected}")?,
            (None, None) => {}
        }
        if let Some(help) = &self.help {
            write!(f, "; {}", Line(help))?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

/// One or more problems, in the order in which they were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Diagnostic>);

impl Problems {
    /// The kind of the first problem; further ones are mostly of the same.
    pub fn kind(&self) -> ErrorKind {
        self.0.first().map_or(ErrorKind::Invalid, |problem| problem.kind)
    }
    /// Puts a file name before every place.
    pub fn in_file(self, file: impl fmt::Display) -> Self {
        Problems(self.0.into_iter().map(|d| d.in_file(&file)).collect())
    }
}

impl From<Diagnostic> for Problems {
    fn from(d: Diagnostic) -> Self {
        Problems(vec![d])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, problem) in self.0.iter().enumerate() {
            if k > 0 {
                f.write_str("\nerror: ")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The result of a stage.
pub type Result<T> = std::result::Result<T, Problems>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_message_is_a_command_or_a_line_of_its_own() {
        let problem = Diagnostic::new("a\u{1b}[2J\nerror: b", "what\u{7}\nerror: forged")
            .found("f\r\n")
            .expected("e\u{9b}0m")
            .help("h\u{202e}");
        let shown = "a\\u{1b}[2J\\nerror: b: what\\u{7}\\nerror: forged: found f\\r\\n, expected \
                     e\\u{9b}0m; h\\u{202e}";
        assert_eq!(problem.to_string(), shown);
        let quoted = Diagnostic::new("yosys", "failed:\n  | \u{1b}[1mERROR\n  | at 3");
        assert_eq!(quoted.to_string(), "yosys: failed:\n  | \\u{1b}[1mERROR\n  | at 3");
    }
}
