//! Fields as options: the library names what it was asked for by fields in backquotes, and the
//! command line shows the option that sets each.
// SPDX-License-Identifier: MIT OR Apache-2.0

use clap::Command;

/// Fields whose options have other names.
const OTHERS: &[(&str, &str)] = &[("lanes", "pe"), ("elements_per_beat", "beat")];

/// The long options of the command that runs, found by the words on the command line.
pub fn options_of(words: &[String], definition: &Command) -> Vec<String> {
    let mut command = definition;
    for word in words {
        match command.find_subcommand(word) {
            Some(below) => command = below,
            None => break,
        }
    }
    command.get_arguments().filter_map(|argument| argument.get_long()).map(str::to_owned).collect()
}

/// A message in which every field of these options is shown as the option.
pub fn as_options(message: &str, options: &[String]) -> String {
    let mut shown = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((before, after)) = rest.split_once('`') {
        let named = after.split_once('`').and_then(|(field, behind)| {
            let other = OTHERS.iter().find(|(name, _)| *name == field);
            let option = other.map_or(field.replace('_', "-"), |(_, option)| (*option).to_owned());
            options.contains(&option).then_some((option, behind))
        });
        shown += before;
        match named {
            Some((option, behind)) => {
                shown += &format!("--{option}");
                rest = behind;
            }
            None => {
                shown.push('`');
                rest = after;
            }
        }
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_the_options_of_the_command() {
        let options = ["in-modes", "pe"].map(str::to_owned);
        let cases = [
            ("`in_modes`: too large", "--in-modes: too large"),
            ("take fewer `lanes`, or", "take fewer --pe, or"),
            ("change a mode or `hidden`", "change a mode or `hidden`"),
            ("`a` in_modes` b", "`a` in_modes` b"),
            ("`x `in_modes` y", "`x --in-modes y"),
            ("no field", "no field"),
            ("`", "`"),
        ];
        for (message, expected) in cases {
            assert_eq!(as_options(message, &options), expected);
        }
    }

    #[test]
    fn a_command_below_another_has_its_own() {
        let definition = crate::cli::definition();
        let of = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            options_of(&words, &definition)
        };
        assert!(!of("data sliding clips --steps 4").contains(&"stride".to_owned()));
        assert!(of("data sliding clips").contains(&"steps".to_owned()));
        assert!(of("emit m.json --pe 4").contains(&"pe".to_owned()));
        assert!(!of("emit m.json").contains(&"steps".to_owned()));
    }
}
