//! The documents of the command line and of hw.toml, against the definitions in the code.
// SPDX-License-Identifier: MIT OR Apache-2.0

use expect_test::expect_file;
use htgen::cli;
use htgen::config::{HwConfig, HwFile};
use serde_json::Value;
use std::fs;

/// Replaces everything between the line `<!-- NAME -->` and the next `<!-- end -->`.
pub fn filled(page: &str, name: &str, block: &str) -> String {
    let mark = format!("<!-- {name} -->\n");
    let start = page.find(&mark).unwrap_or_else(|| panic!("no {mark}")) + mark.len();
    let end = start + page[start..].find("<!-- end -->").expect("every block ends");
    format!("{}{block}{}", &page[..start], &page[end..])
}

fn option_table(command: &clap::Command) -> String {
    let mut table = String::from("| option | meaning |\n| --- | --- |\n");
    for arg in command.get_arguments().filter(|arg| arg.get_id() != "help") {
        let names = arg.get_value_names().filter(|_| arg.get_action().takes_values());
        let value = names.map_or(String::new(), |names| names[0].to_string());
        let long = arg.get_long().map(|long| format!("--{long} {value}").trim().to_owned());
        let short = arg.get_short().map(|short| format!("-{short}"));
        let spelled: Vec<String> = match (short, long) {
            (None, None) => vec![value],
            (short, long) => short.into_iter().chain(long).collect(),
        };
        let mut meaning = arg.get_help().expect("every option has help").to_string();
        let choices = arg.get_possible_values();
        if arg.get_action().takes_values() && !choices.is_empty() {
            let names: Vec<_> = choices.iter().map(|c| format!("`{}`", c.get_name())).collect();
            meaning += &format!(" ({})", names.join(", "));
        }
        if let [default] = arg.get_default_values()
            && arg.get_action().takes_values()
        {
            meaning += &format!("; default {}", default.to_string_lossy());
        }
        if arg.is_required_set() {
            meaning += "; required";
        }
        table += &format!("| `{}` | {meaning} |\n", spelled.join("`, `"));
    }
    table
}

/// Every command that does something, by its words; a family is replaced by its members.
fn commands(definition: &clap::Command) -> Vec<(String, clap::Command)> {
    let mut all = Vec::new();
    for command in definition.get_subcommands() {
        let name = command.get_name().to_owned();
        let inner: Vec<_> = command.get_subcommands().cloned().collect();
        if inner.is_empty() {
            all.push((name, command.clone()));
        } else {
            all.extend(inner.into_iter().map(|c| (format!("{name} {}", c.get_name()), c)));
        }
    }
    all
}

#[test]
fn the_option_tables_are_those_of_the_program() {
    let mut page = fs::read_to_string("docs/commands.md").unwrap();
    let mut definition = cli::definition();
    definition.build();
    for (name, command) in commands(&definition) {
        assert!(page.contains(&format!("## htgen {name}\n")), "{name} has a section");
        page = filled(&page, &format!("options: {name}"), &option_table(&command));
    }
    expect_file!["../../docs/commands.md"].assert_eq(&page);
}

/// The values of a documented enum, or the type in a word.
fn type_of(schema: &Value, property: &Value) -> String {
    let reference = property["$ref"].as_str().or(property["allOf"][0]["$ref"].as_str());
    if let Some(reference) = reference {
        let name = reference.rsplit('/').next().unwrap();
        let values = schema["$defs"][name]["oneOf"].as_array().expect("an enum with words");
        let words = values.iter().map(|value| {
            let word = value["const"].as_str().expect("a word");
            format!("`\"{word}\"`: {}", value["description"].as_str().expect("documented"))
        });
        return words.collect::<Vec<_>>().join("<br>");
    }
    "integer".to_owned()
}

#[test]
fn the_keys_of_hw_toml_are_those_of_the_program() {
    let schema = serde_json::to_value(schemars::schema_for!(HwFile)).unwrap();
    let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    expect_file!["../../docs/hardware.schema.json"].assert_eq(&text);

    let defaults = serde_json::to_value(HwConfig::default()).unwrap();
    let mut keys =
        String::from("| key | values | default | meaning |\n| --- | --- | --- | --- |\n");
    for (key, property) in schema["properties"].as_object().unwrap() {
        let default = defaults.get(key).map_or("none".to_owned(), |value| format!("`{value}`"));
        let meaning = property["description"].as_str().expect("every key is documented");
        let values = type_of(&schema, property);
        keys += &format!("| `{key}` | {values} | {default} | {meaning} |\n");
    }
    let default = toml::to_string(&HwConfig::default()).unwrap();
    assert_eq!(HwConfig::parse(&default).unwrap(), HwConfig::default());
    let page = fs::read_to_string("docs/hardware.md").unwrap();
    let page = filled(&page, "keys", &keys);
    let page = filled(&page, "default", &format!("```toml\n{default}```\n"));
    expect_file!["../../docs/hardware.md"].assert_eq(&page);
}

#[test]
fn every_help_ends_in_examples_that_parse() {
    let mut definition = cli::definition();
    definition.build();
    let families = definition.get_subcommands().filter(|c| c.has_subcommands());
    let families = families.map(|c| (c.get_name().to_owned(), c.clone()));
    let all: Vec<_> = commands(&definition).into_iter().chain(families).collect();
    assert_eq!(all.len(), 19);
    for (name, command) in &all {
        let help = command.clone().render_help().to_string();
        let (_, examples) = help.split_once("Example:\n").expect("an example at the end");
        for line in examples.lines().filter(|line| !line.trim().is_empty()) {
            let words = line.split_whitespace();
            let matches = cli::definition().try_get_matches_from(words);
            let matches = matches.unwrap_or_else(|error| panic!("{line}: {error}"));
            let (first, inner) = matches.subcommand().expect("a command");
            let typed = format!("{first} {}", inner.subcommand_name().unwrap_or_default());
            assert!(typed.trim() == name || typed.starts_with(&format!("{name} ")), "{line}");
        }
    }
}
