//! `compare.toml`: systems, data, and how each is trained and measured.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::config::Lanes;
use crate::error::{self, Diagnostic, Problems, Result};
use crate::model::Widths;
use crate::printable::is_printable;
use serde::Deserialize;
use std::path::PathBuf;
use toml::{Table, Value};

/// Maximum number of characters in a name.
const MAX_NAME: usize = 32;

/// The whole of `compare.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareConfig {
    /// Name of the files written.
    pub name: String,
    /// Title of the page.
    pub title: String,
    /// A paragraph about the data, for the page.
    #[serde(default)]
    pub about: String,
    /// Data sets, taken together; paths are relative to the folder of the configuration.
    pub files: Vec<PathBuf>,
    /// Seeds of each try.
    pub seeds: Vec<u64>,
    /// Lane counts that are simulated.
    #[serde(default = "lanes")]
    pub lanes: Vec<usize>,
    /// Widths of weights and activations, bits; designs use the first pair.
    #[serde(default = "widths")]
    pub widths: Vec<[u32; 2]>,
    /// Number of validation sequences that are simulated.
    #[serde(default = "simulate")]
    pub simulate: usize,
    /// Seeds of the placer that are tried until one meets the clock of the board.
    #[serde(default = "placements")]
    pub placements: u64,
    /// Boards that each system is placed on.
    #[serde(default)]
    pub board: Vec<BoardRun>,
    /// `[model]` of every system's `train.toml`.
    pub model: Table,
    /// `[data]` of every system's `train.toml`.
    #[serde(default)]
    pub data: Table,
    /// `[train]` of every system's `train.toml`.
    #[serde(default)]
    pub train: Table,
    /// `[augment]` of every system's `train.toml`.
    #[serde(default)]
    pub augment: Option<Table>,
    /// Changes of `[train]` that every system is tried with; the best one on the validation part
    /// counts.
    #[serde(default, rename = "try")]
    pub tries: Vec<Table>,
    /// What is compared; verdicts are about the first.
    pub system: Vec<System>,
}

/// A board, and the lanes of a design for it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardRun {
    /// Its name.
    pub target: String,
    /// Lanes.
    pub lanes: usize,
}

/// One system.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Its name in file names and in the model.
    pub name: String,
    /// Its name on the page.
    pub label: String,
    /// Changes of `[model]`.
    #[serde(default)]
    pub model: Table,
}

fn lanes() -> Vec<usize> {
    vec![8, 16]
}
fn widths() -> Vec<[u32; 2]> {
    vec![[8, 12], [8, 8]]
}
fn simulate() -> usize {
    4
}
fn placements() -> u64 {
    1
}

impl CompareConfig {
    /// Reads the text of a `compare.toml`.
    ///
    /// # Errors
    /// Syntax errors with their line, wrong or unknown keys with their path, values out of
    /// range; the tables taken by `htgen train` are checked by its own rules.
    pub fn parse(text: &str) -> Result<CompareConfig> {
        let problem = |place: String, what: &str| {
            let help = "the keys are listed in docs/compare.md";
            Problems::from(Diagnostic::new(place, error::parser(what)).help(help))
        };
        let line = |span: Option<std::ops::Range<usize>>| {
            let start = span.map_or(0, |span| span.start.min(text.len()));
            format!("line {}", text[..start].matches('\n').count() + 1)
        };
        let table = toml::Deserializer::parse(text)
            .map_err(|error| problem(line(error.span()), error.message()))?;
        let config: CompareConfig = serde_path_to_error::deserialize(table).map_err(|error| {
            let path = error.path().to_string();
            let place = line(error.inner().span());
            let known = path != "." && !path.contains('?');
            problem(if known { format!("{place}: {path}") } else { place }, error.inner().message())
        })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        let mut problems = Vec::new();
        let mut need = |holds: bool, key: String, found: String, expected: &str| {
            if !holds {
                let problem = Diagnostic::new(key, "out of range");
                problems.push(problem.found(found).expected(expected));
            }
        };
        let identifier = "a letter, then letters, digits and _, 32 characters at most";
        need(is_name(&self.name), "name".into(), format!("{:?}", self.name), identifier);
        let files = self.files.iter().map(|file| ("files".to_owned(), file.display().to_string()));
        let labels = self.system.iter().enumerate();
        let labels = labels.map(|(k, system)| (format!("system[{k}].label"), system.label.clone()));
        let about = self.about.lines().map(|line| ("about".to_owned(), line.to_owned()));
        let title = [("title".to_owned(), self.title.clone())];
        for (key, text) in files.chain(labels).chain(about).chain(title) {
            need(is_printable(&text), key, format!("{text:?}"), "text that can be printed");
        }
        let counts = [
            ("files", self.files.len()),
            ("seeds", self.seeds.len()),
            ("widths", self.widths.len()),
            ("system", self.system.len()),
            ("simulate", self.simulate),
        ];
        for (key, count) in counts {
            need(count > 0, key.into(), "none".into(), "at least one");
        }
        let n = self.placements;
        need((1..=64).contains(&n), "placements".into(), n.to_string(), "1 to 64");
        for (k, system) in self.system.iter().enumerate() {
            let key = format!("system[{k}].name");
            need(is_name(&system.name), key.clone(), format!("{:?}", system.name), identifier);
            let first = self.system[..k].iter().all(|other| other.name != system.name);
            need(first, key, system.name.clone(), "a name that no other system has");
        }
        let boards = self.board.iter().enumerate();
        let of_boards = boards.map(|(k, board)| (format!("board[{k}].lanes"), board.lanes));
        let own = self.lanes.iter().enumerate().map(|(k, n)| (format!("lanes[{k}]"), *n));
        let mut found = Vec::new();
        for (key, lanes) in own.chain(of_boards) {
            let refusals = Lanes::new(lanes).err().into_iter().flat_map(|problems| problems.0);
            found.extend(refusals.map(|problem| problem.in_file(&key)));
        }
        for (k, [weights, activations]) in self.widths.iter().enumerate() {
            let refusals = Widths::new(*weights, *activations).err().into_iter();
            let refusals = refusals.flat_map(|problems| problems.0);
            found.extend(refusals.map(|problem| problem.in_file(format!("widths[{k}]"))));
        }
        problems.extend(found);
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }

    /// Number of tries, at least one.
    pub fn n_tries(&self) -> usize {
        self.tries.len().max(1)
    }

    /// `train.toml` of a system, a try and a seed.
    pub fn train_toml(&self, system: &System, tried: usize, seed: u64) -> String {
        let mut whole = Table::new();
        let mut model = merged(&self.model, &system.model);
        let name = format!("{}_{}", self.name, system.name);
        model.insert("name".into(), Value::String(name));
        whole.insert("model".into(), Value::Table(model));
        whole.insert("data".into(), Value::Table(self.data.clone()));
        let empty = Table::new();
        let mut train = merged(&self.train, self.tries.get(tried).unwrap_or(&empty));
        train.insert("seed".into(), Value::Integer(i64::try_from(seed).unwrap_or(i64::MAX)));
        whole.insert("train".into(), Value::Table(train));
        if let Some(augment) = &self.augment {
            whole.insert("augment".into(), Value::Table(augment.clone()));
        }
        whole.to_string()
    }
}

/// The first table with the keys of the second added; a key with an empty string is removed.
fn merged(base: &Table, changes: &Table) -> Table {
    let mut all = base.clone();
    for (key, value) in changes {
        if value.as_str() == Some("") {
            all.remove(key);
        } else {
            all.insert(key.clone(), value.clone());
        }
    }
    all
}

/// Whether a name is safe in file names and as the name of a model.
fn is_name(name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(word)
}
