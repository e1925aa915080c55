//! Names of classes and groups: which are allowed, and how they are ordered.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, Result};
use std::cmp::Ordering;

/// Longest name, in characters.
const MAX_LENGTH: usize = 64;
/// Characters allowed in a name besides letters and digits.
const PUNCTUATION: &str = "_-+. ()";

/// Checks the name of a class or of a group.
pub fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_alphanumeric() || PUNCTUATION.contains(c);
    let begins = name.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_');
    if begins && name.chars().count() <= MAX_LENGTH && name.chars().all(plain) {
        return Ok(());
    }
    Err(Diagnostic::new("", "a name that is not allowed")
        .found(format!("{name:?}"))
        .expected(format!(
            "letters, digits and {PUNCTUATION:?}, a letter, digit or _ first, at most {MAX_LENGTH} \
             characters"
        ))
        .help("rename the folder or file")
        .into())
}

/// Who or where a file comes from, derived from its name: everything before the last `_`, or the
/// whole name.
pub fn group_of(stem: &str) -> &str {
    match stem.rsplit_once('_') {
        Some((group, _)) if !group.is_empty() => group,
        _ => stem,
    }
}

/// The order of names in which runs of digits count as numbers: `f2` before `f10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while let (Some(first), Some(second)) = (left.chars().next(), right.chars().next()) {
        if first.is_ascii_digit() && second.is_ascii_digit() {
            let (number, rest) = digits(left);
            let (other, other_rest) = digits(right);
            let order = number.len().cmp(&other.len()).then_with(|| number.cmp(other));
            if order.is_ne() {
                return order;
            }
            (left, right) = (rest, other_rest);
        } else if first == second {
            (left, right) = (&left[first.len_utf8()..], &right[second.len_utf8()..]);
        } else {
            return first.cmp(&second);
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// The digits at the beginning, leading zeros left out, and what follows.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].trim_start_matches('0'), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_count_as_numbers() {
        let mut names = vec!["f10", "f2", "g", "f", "f02", "10", "9", "é", "f2b", "f1a"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["9", "10", "f", "f1a", "f02", "f2", "f2b", "f10", "g", "é"]);
    }

    #[test]
    fn groups_are_what_stands_before_the_last_mark() {
        let groups = ["v_biking_01_03", "jackson_4", "plain", "_4"].map(group_of);
        assert_eq!(groups, ["v_biking_01", "jackson", "plain", "_4"]);
    }

    #[test]
    fn names_that_a_shell_or_a_terminal_would_take_amiss_are_refused() {
        for name in ["yes", "0", "tai chi", "übung", "_background_noise_", "a.b-c+d (2)"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        let long = "x".repeat(65);
        for name in ["", "-rf", "a;b", "$(id)", "a\nb", "a/b", "..", "\u{1b}[2J", long.as_str()] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
