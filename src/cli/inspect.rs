//! `htgen inspect`: what a model costs, its plan step by step, and the text form of each stage.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::options::Limits;
use super::progress::Stages;
use super::{Outcome, out};
use crate::commands::{self, AskedWidths};
use crate::config::{HwConfig, Lanes};
use crate::error::{Diagnostic, Result};
use crate::model;
use crate::network;
use crate::plan::{PlanConfig, Planned};
use crate::report::FormatsText;
use crate::sched;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

const EXAMPLE: &str = "\
Example:
  htgen inspect digits.json
  htgen inspect digits.json --dump program --pe 8";

/// Show parameters, the contraction plan and its costs
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Inspect {
    /// The model file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    #[command(flatten)]
    limits: Limits,
    /// Treat the columns that are structurally zero as data
    #[arg(long)]
    keep_zero_columns: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print the text form of a stage instead of the report
    #[arg(long, value_name = "STAGE", conflicts_with = "json")]
    dump: Option<Dump>,
    /// Lanes of the dumped program
    #[arg(long, value_name = "LANES", default_value_t = 16, requires = "dump")]
    pe: usize,
}

/// A stage with a text form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Dump {
    /// Indices and nodes
    Network,
    /// Contraction steps
    Plan,
    /// Fraction bits of every edge
    Formats,
    /// The microprogram
    Program,
}

impl Inspect {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        match self.dump {
            None => {
                let report = commands::inspect(&self.model, self.asked(), self.keep_zero_columns)?;
                out::report(&report, self.json)?;
            }
            Some(stage) => out::text(&self.dump(stage)?)?,
        }
        Ok(Outcome::Done)
    }

    /// The limits that are asked for.
    fn asked(&self) -> Option<PlanConfig> {
        self.limits.given().then(|| self.limits.config())
    }

    fn dump(&self, stage: Dump) -> Result<String> {
        let path = &self.model;
        let model = &model::load(path)?;
        let own = commands::limits_of(model, self.asked());
        let limits = &PlanConfig { drop_zero_columns: !self.keep_zero_columns, ..own };
        Ok(match stage {
            Dump::Network => {
                let layers = network::parts(model).map_err(|p| p.in_file(path.display()))?;
                layers.iter().flatten().map(|part| part.network.to_string()).collect()
            }
            Dump::Plan => {
                let planned = Planned::new(model, limits).map_err(|p| p.in_file(path.display()))?;
                planned.plan().to_string()
            }
            Dump::Formats | Dump::Program => {
                if self.keep_zero_columns {
                    let problem = Diagnostic::new("--keep-zero-columns", "not for this stage");
                    return Err(problem
                        .expected("only the stages network and plan")
                        .help("formats and programs leave zero columns out")
                        .into());
                }
                let (widths, told) = (AskedWidths::default(), &mut Stages::default());
                let (quant, _) = commands::in_integers(path, model, widths, limits, told)?;
                match stage {
                    Dump::Formats => FormatsText(quant.formats()).to_string(),
                    _ => {
                        let lanes = Lanes::new(self.pe).map_err(|p| p.in_file("lanes"))?;
                        let hw = HwConfig { lanes, ..HwConfig::default() };
                        sched::schedule(&quant, &hw)?.to_string()
                    }
                }
            }
        })
    }
}
