//! `htgen compress`: a dense LSTM or GRU into hierarchical Tucker, tensor train or tensor ring
//! factors.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::checkpoint::Checkpoint;
use super::new::parse_ranks;
use super::options::{cores, count, stem};
use super::progress::Progress;
use super::{Outcome, out};
use crate::commands;
use crate::compress::{self, CompressOptions, FactorFormat, Goal, Modes, RecurrentFactors, Runner};
use crate::config::OutputRate;
use crate::error::{Diagnostic, Result};
use crate::evaluate::{Decider, Judged};
use crate::files::Output;
use crate::model::{self, Model, ModelParts, Place, Ranks, modes};
use crate::report::{Compression, Unchanged, scree};
use crate::tensors::listed;
use crate::{files, import};
use clap::{ArgGroup, Args, ValueEnum};
use std::path::PathBuf;

const EXAMPLE: &str = "\
Example:
  htgen compress dense.safetensors --tolerance 0.1 -o model.json
  htgen compress dense.safetensors --format tt --rank 4 --recurrent dense -o tt.json
  htgen compress dense.json --parameters 2000 --modes 4 --scree scree.svg -o small.json";

/// Compress a dense LSTM or GRU by singular values
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE,
          group = ArgGroup::new("goal").args(["rank", "tolerance", "parameters"]).required(true))]
pub struct Compress {
    /// A checkpoint with dense layers, as import reads it, or a model file with dense matrices
    #[arg(value_name = "FILE")]
    dense: PathBuf,
    #[command(flatten)]
    checkpoint: Checkpoint,
    /// Tensor format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: FormatName,
    /// Dimension tree like ((0,1),(2,3)), modes from 0; balanced when absent
    #[arg(long, value_name = "TREE")]
    tree: Option<String>,
    /// Number of row and column modes, chosen as equal as possible; about nine when absent
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["out_modes", "in_modes"])]
    modes: Option<usize>,
    /// Row modes; their product is gates times H
    #[arg(long, value_name = "M,…", value_delimiter = ',', requires = "in_modes")]
    out_modes: Vec<usize>,
    /// Column modes of the first matrix; their product is at least the number of columns in use
    #[arg(long, value_name = "N,…", value_delimiter = ',', requires = "out_modes")]
    in_modes: Vec<usize>,
    /// What becomes of the recurrent weights
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    recurrent: RecurrentName,
    /// First column of h in the shared matrix; the number of inputs when absent
    #[arg(long, value_name = "COLUMN")]
    hidden_offset: Option<usize>,
    /// Ranks: one for all, LEAF:INNER of a tree, or a list in the order of the format
    #[arg(long, value_name = "RANK", value_parser = parse_ranks)]
    rank: Option<Ranks>,
    /// Maximum error of each matrix, relative to its Frobenius norm
    #[arg(long, value_name = "ERROR")]
    tolerance: Option<f64>,
    /// Maximum number of core parameters of all factored matrices together
    #[arg(long, value_name = "COUNT")]
    parameters: Option<usize>,
    /// Compare decisions before and after on a data set: an npz or safetensors file with x
    #[arg(long, value_name = "DATA")]
    inputs: Option<PathBuf>,
    /// Use only the first N sequences of the data set
    #[arg(long, value_name = "N", value_parser = count::<usize>, requires = "inputs")]
    limit: Option<usize>,
    /// Plot the singular values of every rank into this file
    #[arg(long, value_name = "SVG")]
    scree: Option<PathBuf>,
    /// Name of the model; derived from the file name when absent
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Put the numbers into a safetensors file beside the model
    #[arg(long)]
    safetensors: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The model file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Formats by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// Hierarchical Tucker
    #[default]
    Ht,
    /// Tensor train
    Tt,
    /// Tensor ring
    Tr,
}

/// How the recurrent weights are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum RecurrentName {
    /// One matrix together with the inputs
    #[default]
    Shared,
    /// A matrix of the same format
    Factored,
    /// They stay dense
    Dense,
}

impl Compress {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        compress::available()?;
        let place = Place::claim(&self.output, cores(self.safetensors))?;
        let plot = self.scree.as_deref().map(Output::claim).transpose()?;
        let progress = Progress::start("reading the dense layers");
        let dense = self.dense()?;
        let options = self.options(&dense)?;
        progress.stage("computing singular values");
        let compressed = compress::compress(&dense, &options)?;
        let unchanged = match &self.inputs {
            None => None,
            Some(path) => {
                let decider = Decider::of(dense.head.as_ref().map(|head| head.outputs), None)?;
                let wanted = (dense.layers[0].inputs, dense.input.element);
                let data = commands::sequences(path, wanted, decider, self.limit)?;
                progress.stage("comparing outputs");
                let outputs = |model: &Model| compress::outputs(&Runner::new(model), &data);
                let judged = Judged { data: &data, rate: OutputRate::Sequence, decider };
                Some(Unchanged::of(&judged, &outputs(&dense), &outputs(&compressed.model)))
            }
        };
        drop(progress);
        place.save(&compressed.model)?;
        if let Some(plot) = plot {
            files::write_all(&[(plot, scree(&compressed).into_bytes())])?;
        }
        out::report(&Compression::of(&compressed, unchanged, &self.output), self.json)?;
        Ok(Outcome::Done)
    }

    fn dense(&self) -> Result<Model> {
        let name = self.name.clone().unwrap_or_else(|| stem(&self.output));
        if model::is_model(&self.dense)? {
            if let Some(option) = self.checkpoint.given() {
                return Err(Diagnostic::new(option, "not for a model file")
                    .help("the file says this itself; leave the option out")
                    .into());
            }
            let model = model::load(&self.dense)?;
            return Model::try_from(ModelParts { name, ..model.into_parts() });
        }
        let imported = import::import(&self.dense, &self.checkpoint.options(&name))?;
        for (what, keys) in [("left out", &imported.ignored), ("not used", &imported.unused)] {
            if !keys.is_empty() {
                out::note(&format!("note: {}: {what}: {}", self.dense.display(), listed(keys)));
            }
        }
        Ok(imported.model)
    }

    fn options(&self, dense: &Model) -> Result<CompressOptions> {
        let only = |option: &str, given: bool, what: &str| match given {
            true => Err(Diagnostic::new(option, format!("only with {what}")).help("leave it out")),
            false => Ok(()),
        };
        let is_tree = self.format == FormatName::Ht;
        only("--tree", self.tree.is_some() && !is_tree, "--format ht")?;
        let is_shared = self.recurrent == RecurrentName::Shared;
        let offset = self.hidden_offset.is_some();
        only("--hidden-offset", offset && !is_shared, "--recurrent shared")?;
        let modes = match (self.modes, &self.out_modes[..]) {
            (Some(count), _) => Modes::Count(count),
            (None, []) => {
                let layer = &dense.layers[0];
                let shared = if is_shared { layer.hidden } else { 0 };
                Modes::Count(modes::count(layer.inputs + shared))
            }
            (None, out) => Modes::Given { out: out.to_vec(), columns: self.in_modes.clone() },
        };
        let goal = match (&self.rank, self.tolerance, self.parameters) {
            (_, Some(tolerance), _) => Goal::Tolerance(tolerance),
            (_, _, Some(parameters)) => Goal::Parameters(parameters),
            (ranks, _, _) => Goal::Ranks(ranks.clone().unwrap_or(Ranks::PerNode(Vec::new()))),
        };
        Ok(CompressOptions {
            format: match self.format {
                FormatName::Ht => {
                    FactorFormat::HierarchicalTucker(self.tree.clone().unwrap_or_default())
                }
                FormatName::Tt => FactorFormat::TensorTrain,
                FormatName::Tr => FactorFormat::TensorRing,
            },
            recurrent: match self.recurrent {
                RecurrentName::Shared => RecurrentFactors::Shared(self.hidden_offset),
                RecurrentName::Factored => RecurrentFactors::Factored,
                RecurrentName::Dense => RecurrentFactors::Dense,
            },
            modes,
            goal,
        })
    }
}
