//! `htgen compress`: a dense LSTM or GRU into hierarchical Tucker or tensor train factors.

use super::new::parse_ranks;
use super::options::{cores, count, stem};
use super::progress::Progress;
use super::{Outcome, out, stages};
use crate::compress::{self, Format, Goal, Head, Modes, Options, Recurrent, Runner};
use crate::error::{Diagnostic, Result};
use crate::files::{self, Output};
use crate::model::{self, Element, InputPrep, Model, Place, Ranks, modes};
use crate::report::{Compression, Unchanged, scree};
use clap::{ArgGroup, Args, ValueEnum};
use std::path::PathBuf;

/// Power-of-two divisor that brings bytes into [0, 1).
const BYTE_SHIFT: i32 = 8;

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
    /// A safetensors file in PyTorch's names, or a model file with dense matrices
    #[arg(value_name = "FILE")]
    dense: PathBuf,
    /// What stands before the names of the recurrent layer, when the file has several
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
    /// Name of the linear layer that is the head, when several could be
    #[arg(long, value_name = "NAME")]
    head: Option<String>,
    /// Take no head from the file
    #[arg(long, conflicts_with = "head")]
    no_head: bool,
    /// Leave tensors of the file out that belong to neither the layers nor the head
    #[arg(long)]
    ignore_others: bool,
    /// The stream carries bytes
    #[arg(long, conflicts_with = "real")]
    bytes: bool,
    /// The stream carries real numbers; so it does when nothing is said
    #[arg(long)]
    real: bool,
    /// Inputs are divided by 2^SHIFT (8 for bytes, 0 for real numbers when absent)
    #[arg(long, value_name = "SHIFT", allow_negative_numbers = true)]
    shift: Option<i32>,
    /// Tensor format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: FormatName,
    /// Dimension tree like ((0,1),(2,3)), modes from 0; balanced when absent
    #[arg(long, value_name = "TREE")]
    tree: Option<String>,
    /// So many row and column modes, chosen as equal as they can be; of about nine when absent
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["out_modes", "in_modes"])]
    modes: Option<usize>,
    /// Row modes; they multiply out to gates times H
    #[arg(long, value_name = "M,…", value_delimiter = ',', requires = "in_modes")]
    out_modes: Vec<usize>,
    /// Column modes of the first matrix; they multiply out to at least the columns in use
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
    /// Largest error of each matrix, relative to its Frobenius norm
    #[arg(long, value_name = "ERROR")]
    tolerance: Option<f64>,
    /// Most core parameters of all factored matrices together
    #[arg(long, value_name = "COUNT")]
    parameters: Option<usize>,
    /// Compare decisions before and after on a data set: an npz or safetensors file with x
    #[arg(long, value_name = "DATA")]
    inputs: Option<PathBuf>,
    /// Take the first N sequences of the data set alone
    #[arg(long, value_name = "N", value_parser = count::<usize>, requires = "inputs")]
    limit: Option<usize>,
    /// Plot the singular values of every rank into this file
    #[arg(long, value_name = "SVG")]
    scree: Option<PathBuf>,
    /// Name of the model; that of the file when absent
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
}

/// Ways of the recurrent weights.
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
                let data = stages::load_data(path, &dense, self.limit)?;
                progress.stage("comparing decisions");
                let outputs = |model: &Model| compress::outputs(&Runner::new(model), &data);
                Some(Unchanged::of(&data, &outputs(&dense), &outputs(&compressed.model)))
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
        let name = || self.name.clone().unwrap_or_else(|| stem(&self.output));
        if self.dense.extension().is_some_and(|extension| extension == "json") {
            let given = [
                ("--prefix", self.prefix.is_some()),
                ("--head", self.head.is_some()),
                ("--no-head", self.no_head),
                ("--bytes", self.bytes),
                ("--real", self.real),
                ("--shift", self.shift.is_some()),
            ];
            if let Some((option, _)) = given.iter().find(|(_, given)| *given) {
                return Err(Diagnostic::new(*option, "not for a model file")
                    .help("the file says this itself; leave the option out")
                    .into());
            }
            let model = model::load(&self.dense)?;
            return Ok(Model { name: name(), ..model });
        }
        let head = match (&self.head, self.no_head) {
            (Some(name), _) => Head::Named(name.clone()),
            (None, true) => Head::None,
            (None, false) => Head::Found,
        };
        let element = if self.bytes { Element::U8 } else { Element::Real };
        let usual_shift = if self.bytes { BYTE_SHIFT } else { 0 };
        let shift = self.shift.unwrap_or(usual_shift);
        let input = InputPrep { element, shift, mean: Vec::new() };
        let (model, others) =
            compress::read(&self.dense, &name(), self.prefix.as_deref(), &head, input)?;
        if !others.is_empty() {
            let names = others.iter().take(12).map(|name| name.escape_debug().to_string());
            let names = names.collect::<Vec<_>>().join(", ");
            if !self.ignore_others {
                return Err(Diagnostic::new("", "tensors that belong to nothing known")
                    .found(names)
                    .help("name the head with --head, or leave them out with --ignore-others")
                    .in_file(self.dense.display())
                    .into());
            }
            out::note(&format!("note: {}: left out: {names}", self.dense.display()));
        }
        Ok(model)
    }

    fn options(&self, dense: &Model) -> Result<Options> {
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
        Ok(Options {
            format: match is_tree {
                true => Format::HierarchicalTucker(self.tree.clone().unwrap_or_default()),
                false => Format::TensorTrain,
            },
            recurrent: match self.recurrent {
                RecurrentName::Shared => Recurrent::Shared(self.hidden_offset),
                RecurrentName::Factored => Recurrent::Factored,
                RecurrentName::Dense => Recurrent::Dense,
            },
            modes,
            goal,
        })
    }
}
