//! What may reach a terminal: file names, keys and logs come from others, and some characters in
//! them are commands, or reverse the order of other characters.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt::{self, Write};
use std::path::Path;

/// A text of one line, in which everything unprintable is replaced by an escape like `\u{1b}`.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a>(pub &'a str);

/// A text of several lines: new lines and tabs are kept as well.
#[derive(Debug, Clone, Copy)]
pub struct Lines<'a>(pub &'a str);

/// A JSON text, in which the same characters are written as JSON escapes, like `\u009b`.
#[derive(Debug, Clone, Copy)]
pub struct Json<'a>(pub &'a str);

/// The path of a file or folder, as one line.
pub fn path(path: &Path) -> String {
    Line(&path.display().to_string()).to_string()
}

/// Whether every character of a line is printable.
pub fn is_printable(text: &str) -> bool {
    !text.contains(is_command)
}

/// Characters that a terminal takes as a command, breaks a line at, or changes direction with.
fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match is_command(c) {
            // Rust's own escapes: short for the usual ones.
            true if c.is_control() => write!(f, "{}", c.escape_debug()),
            true => write!(f, "{}", c.escape_unicode()),
            false => f.write_char(c),
        })
    }
}

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.0.split_inclusive(['\n', '\t']) {
            let text = part.trim_end_matches(['\n', '\t']);
            write!(f, "{}{}", Line(text), &part[text.len()..])?;
        }
        Ok(())
    }
}

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c != '\n' && is_command(c) {
            true => {
                c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(f, "\\u{unit:04x}"))
            }
            false => f.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_stand_as_escapes_and_all_else_stays() {
        let text = "a\u{1b}[31m\tb\nc\u{9b}2J\u{7f}\u{202e}x\u{feff}\r";
        let line = "a\\u{1b}[31m\\tb\\nc\\u{9b}2J\\u{7f}\\u{202e}x\\u{feff}\\r";
        assert_eq!(Line(text).to_string(), line);
        let lines = "a\\u{1b}[31m\tb\nc\\u{9b}2J\\u{7f}\\u{202e}x\\u{feff}\\r";
        assert_eq!(Lines(text).to_string(), lines);
        for plain in ["", "Übung 日本 → ½ \\ \" 🙂", "e\u{301}"] {
            assert_eq!(Line(plain).to_string(), plain);
            assert!(is_printable(plain));
        }
        assert!(!is_printable("a\nb"));
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = "a\u{1b}\u{9b}\u{7f}\u{202e}\u{e0041}é\n";
        let text = serde_json::to_string_pretty(&[value]).expect("a list of texts");
        let printed = Json(&text).to_string();
        assert_eq!(printed, "[\n  \"a\\u001b\\u009b\\u007f\\u202e\\udb40\\udc41é\\n\"\n]");
        let read: Vec<String> = serde_json::from_str(&printed).expect("JSON");
        assert_eq!(read, [value]);
    }
}
