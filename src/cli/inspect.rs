//! `htgen inspect`: what a model costs, its plan step by step, and the text form of each stage.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::options::{Limits, WidthOptions};
use super::{Outcome, out, stages};
use crate::config::{HwConfig, Lanes};
use crate::error::{Diagnostic, Result};
use crate::model::{self, Model};
use crate::network;
use crate::plan::PlanConfig;
use crate::report::{FormatsText, Inspection};
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
        let model = model::load(&self.model)?;
        let config = self.config(&model);
        match self.dump {
            None => {
                let plan = stages::plan(&self.model, &model, &config)?;
                out::report(&Inspection::of(&plan), self.json)?;
            }
            Some(stage) => out::text(&self.dump(&model, stage, &config)?)?,
        }
        Ok(Outcome::Done)
    }

    /// The requested limits, or those under which the formats of the model were chosen.
    fn config(&self, model: &Model) -> PlanConfig {
        let own = match &model.formats {
            Some(formats) if !self.limits.given() => PlanConfig::of(formats),
            _ => self.limits.config(),
        };
        PlanConfig { drop_zero_columns: !self.keep_zero_columns, ..own }
    }

    fn dump(&self, model: &Model, stage: Dump, config: &PlanConfig) -> Result<String> {
        let path = &self.model;
        Ok(match stage {
            Dump::Network => {
                let layers = network::parts(model).map_err(|p| p.in_file(path.display()))?;
                layers.iter().flatten().map(|part| part.network.to_string()).collect()
            }
            Dump::Plan => stages::plan(path, model, config)?.plan().to_string(),
            Dump::Formats | Dump::Program => {
                if self.keep_zero_columns {
                    let problem = Diagnostic::new("--keep-zero-columns", "not for this stage");
                    return Err(problem
                        .expected("only the stages network and plan")
                        .help("formats and programs leave zero columns out")
                        .into());
                }
                let (quant, _) = stages::quantized(path, model, WidthOptions::ABSENT, config)?;
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
