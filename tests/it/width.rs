//! The width of lines of Rust, for the rules of form.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// Maximum number of characters in a line of Rust.
pub const WIDTH: usize = 100;

/// Numbers of the lines of Rust that are too wide, from 1. Expected output may be: raw strings, and
/// the string after `expect![`.
pub fn wide(text: &str) -> Vec<usize> {
    let mut wide = Vec::new();
    let mut end_of_raw: Option<String> = None;
    let mut expected = false;
    for (n, line) in text.lines().enumerate() {
        let mut raw = end_of_raw.is_some();
        let mut rest = line;
        loop {
            if let Some(end) = &end_of_raw {
                let Some(at) = rest.find(end.as_str()) else { break };
                rest = &rest[at + end.len()..];
                end_of_raw = None;
            } else {
                let Some(at) = rest.find("r#") else { break };
                rest = &rest[at + 1..];
                let marks = rest.len() - rest.trim_start_matches('#').len();
                if rest[marks..].starts_with('"') {
                    rest = &rest[marks + 1..];
                    end_of_raw = Some(format!("\"{}", "#".repeat(marks)));
                    raw = true;
                }
            }
        }
        if line.chars().count() > WIDTH && !raw && !expected {
            wide.push(n + 1);
        }
        expected = line.ends_with("expect![") || line.ends_with("expect![[");
    }
    wide
}

/// Expected output may be wide, and nothing after it.
#[test]
fn wide_lines_are_noticed_unless_expected() {
    let long = "x".repeat(WIDTH + 1);
    assert_eq!(wide(&format!("{}\n{long}\n", &long[1..])), [2]);
    let raw = ["let a = r#\"", &long, &long, "\"#;", &long].join("\n");
    assert_eq!(wide(&raw), [5]);
    let marks = ["r##\"", &format!("{long}\"#ddd\""), &long, "\"##;", &long].join("\n");
    assert_eq!(wide(&marks), [5]);
    let lines = ["expect![[", &format!("\"{long}\""), "]]", &long].join("\n");
    assert_eq!(wide(&lines), [4]);
    assert_eq!(wide(&format!("expect![[r#\"{long}\"#]]\n// r#\"a\"#\n{long}")), [3]);
}
