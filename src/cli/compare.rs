//! `htgen compare`: systems trained, quantized, simulated and placed side by side.

mod steps;
mod work;

use super::{Outcome, out};
use crate::compare::{self, CompareConfig};
use crate::error::{Diagnostic, Problems, Result};
use crate::files::{self, Output};
use crate::printable;
use clap::Args;
use std::path::{Path, PathBuf};
use work::Work;

#[cfg(feature = "train")]
pub(super) use work::make_folder;

/// Largest configuration.
const MAX_BYTES: u64 = 1 << 20;

const EXAMPLE: &str = "\
Example:
  htgen compare --config examples/digits/compare.toml -o docs/results";

/// Train systems under the same conditions and compare them down to the board
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Compare {
    /// What is compared, and on which data
    #[arg(long, value_name = "TOML")]
    config: PathBuf,
    /// The folder for intermediate results, which are not computed again; target/compare/NAME when
    /// absent
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The folder for NAME.md, NAME.json and the plots
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

impl Compare {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        #[cfg(not(feature = "train"))]
        if true {
            return Err(super::train::absent("compare"));
        }
        let config = config(&self.config)?;
        let at = |end: &str| Output::claim(&self.output.join(format!("{}.{end}", config.name)));
        let [page, figures, plot, cycles] = [at("md")?, at("json")?, at("svg")?, at("cycles.svg")?];
        let folder =
            self.work.clone().unwrap_or_else(|| PathBuf::from("target/compare").join(&config.name));
        let mut work = Work::open(&folder, files::folder(&self.config))?;
        let comparison = steps::compare(&config, &mut work)?;
        let json = serde_json::to_string_pretty(&comparison)? + "\n";
        work::make_folder(&self.output)?;
        let mut written = vec![
            (page.clone(), compare::page(&comparison).into_bytes()),
            (figures, json.into_bytes()),
            (plot, compare::over_parameters(&comparison).into_bytes()),
        ];
        if let Some(svg) = compare::over_cycles(&comparison) {
            written.push((cycles, svg.into_bytes()));
        }
        files::write_all(&written)?;
        if self.json {
            out::object(&comparison)?;
        } else {
            let verdicts = comparison.verdicts().join("\n").replace("**", "");
            out::text(&format!("{verdicts}\nin {}\n", printable::path(page.path())))?;
        }
        Ok(if comparison.is_exact() { Outcome::Done } else { Outcome::No })
    }
}

fn config(path: &Path) -> Result<CompareConfig> {
    let bytes = files::read(path, MAX_BYTES)?;
    let in_file = |problems: Problems| problems.in_file(path.display());
    let text = String::from_utf8(bytes)
        .map_err(|_| in_file(Diagnostic::new("", "not a text").expected("TOML in UTF-8").into()))?;
    CompareConfig::parse(&text).map_err(in_file)
}
