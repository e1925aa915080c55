//! JSON text to [`ModelFile`] and back. Owns the messages for text that is not JSON, is not a model
//! file, or has a value of the wrong type, and the layout of the written text.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::file::{FORMAT, ModelFile, VERSION};
use crate::error::{self, Diagnostic, ErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::error::Category;
use serde_json::ser::{Formatter, Serializer};
use std::io::{self, Write};

/// Number of values per line of the written file.
const NUMBERS_A_LINE: usize = 8;
/// Longest key path in a message, in characters.
const MAX_PATH: usize = 120;

/// The two keys that identify a file, read before anything else.
#[derive(Deserialize)]
struct Preamble {
    format: Option<Value>,
    version: Option<Value>,
}

/// Parses the text of a model file.
pub(super) fn parse(bytes: &[u8]) -> Result<ModelFile, Diagnostic> {
    if bytes.trim_ascii_start().first().is_some_and(|&first| first != b'{') {
        let problem = Diagnostic::new("", "not a JSON object").help("is this a model file?");
        return Err(problem);
    }
    if let Ok(preamble) = serde_json::from_slice::<Preamble>(bytes) {
        check_preamble(&preamble)?;
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let file = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| diagnose(&error.path().to_string(), error.inner(), bytes))?;
    deserializer.end().map_err(|error| diagnose("", &error, bytes))?;
    Ok(file)
}

/// A file of another kind or version gets this message instead of one about its first unknown key.
fn check_preamble(preamble: &Preamble) -> Result<(), Diagnostic> {
    if preamble.format.as_ref() != Some(&Value::from(FORMAT)) {
        return Err(Diagnostic::new("format", "not a model file of htgen")
            .kind(ErrorKind::Unsupported)
            .found(shown(preamble.format.as_ref()))
            .expected(format!("\"{FORMAT}\""))
            .help("docs/model-format.md describes the format"));
    }
    if preamble.version.as_ref() != Some(&Value::from(VERSION)) {
        return Err(Diagnostic::new("version", "a version that this htgen does not read")
            .kind(ErrorKind::Unsupported)
            .found(shown(preamble.version.as_ref()))
            .expected(VERSION)
            .help("use the htgen that wrote it, or export it again"));
    }
    Ok(())
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_string(),
        Some(Value::Array(_)) => "a list".to_string(),
        Some(Value::Object(_)) => "an object".to_string(),
        Some(Value::String(text)) => {
            let head: String = text.chars().take(40).collect();
            format!("\"{}\"", head.escape_debug())
        }
        Some(value) => value.to_string(),
    }
}

/// Place, reason and help of a parse error; `path` is the position of the parser in the tree.
fn diagnose(path: &str, error: &serde_json::Error, bytes: &[u8]) -> Diagnostic {
    let place = place(path, error);
    let text = error.to_string();
    // serde_json ends its text with the position, which the place already contains.
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let reason = text.strip_suffix(&suffix).unwrap_or(&text);
    match (error.classify(), reason) {
        (Category::Eof, _) => Diagnostic::new(place, "the JSON text ends too early")
            .kind(ErrorKind::Damaged)
            .help("was the file copied whole?"),
        (Category::Data, _) => {
            Diagnostic::new(place, plain_words(reason)).help("docs/model-format.md lists every key")
        }
        (_, "recursion limit exceeded") => Diagnostic::new(place, "nested too deeply")
            .kind(ErrorKind::Limit)
            .expected("a tree of at most 8 modes"),
        (_, "number out of range") => not_finite(place, "a number beyond double precision"),
        _ if is_non_finite(error, bytes) => not_finite(place, "NaN or infinity, not JSON either"),
        _ => Diagnostic::new(place, format!("not JSON: {reason}")).kind(ErrorKind::Damaged),
    }
}

fn not_finite(place: String, found: &str) -> Diagnostic {
    Diagnostic::new(place, "not finite")
        .found(found)
        .expected("finite numbers")
        .help("did the training diverge?")
}

/// Key path and position; the path is cut when hostile nesting makes it long.
fn place(path: &str, error: &serde_json::Error) -> String {
    let at = format!("line {}, column {}", error.line(), error.column());
    // A last segment that is not known yet is written as a dot or a question mark.
    let path = path.trim_end_matches(['.', '?']);
    let head: String = path.chars().take(MAX_PATH).collect();
    let more = if head.len() < path.len() { "..." } else { "" };
    if path.is_empty() { at } else { format!("{head}{more} ({at})") }
}

/// The reason, with the names of Rust types replaced by words.
fn plain_words(reason: &str) -> String {
    [
        ("expected usize", "expected a whole number from 0"),
        ("expected u32", "expected a whole number from 0"),
        ("expected i32", "expected a whole number"),
        ("expected f64", "expected a number"),
    ]
    .iter()
    .fold(error::parser(reason), |text, (from, to)| text.replace(from, to))
}

/// Whether the text at a syntax error is one of the words that Python's `json` writes for
/// non-finite numbers.
fn is_non_finite(error: &serde_json::Error, bytes: &[u8]) -> bool {
    let line = bytes.split(|&byte| byte == b'\n').nth(error.line().saturating_sub(1));
    let start = error.column().saturating_sub(2);
    let rest = line.and_then(|line| line.get(start..)).unwrap_or_default();
    let near = &rest[..rest.len().min(12)];
    [&b"NaN"[..], b"nan", b"Inf", b"inf"]
        .iter()
        .any(|word| near.windows(word.len()).take(3).any(|part| part == *word))
}

/// The text of a model file: objects on lines of their own, numbers in rows.
pub(super) fn render(file: &ModelFile) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Layout::default());
    file.serialize(&mut serializer).expect("a model file has string keys and finite numbers");
    bytes.push(b'\n');
    bytes
}

/// Indents objects by two spaces and breaks lists of values every few elements.
#[derive(Default)]
struct Layout {
    depth: usize,
    n_in_list: usize,
    has_keys: bool,
}

impl Layout {
    fn new_line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        write!(writer, "\n{:width$}", "", width = 2 * self.depth)
    }
}

impl Formatter for Layout {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.n_in_list = 0;
        writer.write_all(b"[")
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        let n_before = self.n_in_list;
        self.n_in_list += 1;
        if first {
            return Ok(());
        }
        writer.write_all(b",")?;
        if n_before.is_multiple_of(NUMBERS_A_LINE) {
            write!(writer, "\n{:width$}", "", width = 2 * (self.depth + 1))
        } else {
            writer.write_all(b" ")
        }
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.has_keys = false;
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.new_line(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.has_keys = true;
        Ok(())
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        // A list of objects continues after this one; its elements are not counted.
        self.n_in_list = 1;
        if self.has_keys {
            self.new_line(writer)?;
        }
        writer.write_all(b"}")
    }
}
