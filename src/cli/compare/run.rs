//! The files of a comparison: configuration in, page, figures and plots out.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::super::{Outcome, out};
use super::Compare;
use super::steps;
use super::work::Work;
use crate::compare::{self, CompareConfig};
use crate::error::{Diagnostic, Problems, Result};
use crate::files::{self, Output};
use crate::printable;
use std::path::{Path, PathBuf};

/// Largest configuration.
const MAX_BYTES: u64 = 1 << 20;

pub(super) fn run(args: &Compare) -> anyhow::Result<Outcome> {
    let config = config(&args.config)?;
    let at = |end: &str| Output::claim(&args.output.join(format!("{}.{end}", config.name)));
    let [page, figures, plot, cycles] = [at("md")?, at("json")?, at("svg")?, at("cycles.svg")?];
    let folder =
        args.work.clone().unwrap_or_else(|| PathBuf::from("target/compare").join(&config.name));
    let mut work = Work::open(&folder, files::folder(&args.config))?;
    let comparison = steps::compare(&config, &mut work)?;
    let json = serde_json::to_string_pretty(&comparison)? + "\n";
    files::make_folder(&args.output)?;
    let mut written = vec![
        (page.clone(), compare::page(&comparison).into_bytes()),
        (figures, json.into_bytes()),
        (plot, compare::over_parameters(&comparison).into_bytes()),
    ];
    if let Some(svg) = compare::over_cycles(&comparison) {
        written.push((cycles, svg.into_bytes()));
    }
    files::write_all(&written)?;
    if args.json {
        out::object(&comparison)?;
    } else {
        let verdicts = comparison.verdicts().join("\n").replace("**", "");
        out::text(&format!("{verdicts}\nin {}\n", printable::path(page.path())))?;
    }
    Ok(if comparison.is_exact() { Outcome::Done } else { Outcome::No })
}

fn config(path: &Path) -> Result<CompareConfig> {
    let bytes = files::read(path, MAX_BYTES)?;
    let in_file = |problems: Problems| problems.in_file(path.display());
    let text = String::from_utf8(bytes)
        .map_err(|_| in_file(Diagnostic::new("", "not a text").expected("TOML in UTF-8").into()))?;
    CompareConfig::parse(&text).map_err(in_file)
}
