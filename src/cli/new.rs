//! `htgen new`: an untrained model from a preset, or from modes, tree and ranks.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Outcome, options, out};
use crate::error::{Diagnostic, Result};
use crate::model::{
    self, Cell, Element, Format, InputPrep, Model, NewSpec, Place, Ranks, Recurrent, modes, preset,
};
use crate::report::{NewModel, Presets};
use clap::Args;
use std::path::{Path, PathBuf};

mod names;

pub(super) use names::parse_ranks;
use names::{ActivationName, CellName, FormatName, RecurrentName};

/// Power-of-two divisor that brings bytes into [0, 1).
const BYTE_SHIFT: i32 = 8;

const EXAMPLE: &str = "\
Example:
  htgen new --preset digits -o digits.json
  htgen new --inputs 12 --hidden 8 --out-modes 8,4 --in-modes 4,5 --rank 3 --real -o small.json
  htgen new --inputs 1024 --hidden 64 --format tt --modes 4 --rank 4 --recurrent dense -o tt.json
  htgen new --inputs 64 --hidden 32 --cell gru --layers 2 --format dense -o gru.json";

/// What describes a shape; a preset replaces all of it.
const SHAPE: [&str; 20] = [
    "inputs",
    "hidden",
    "cell",
    "gate_activation",
    "layers",
    "format",
    "modes",
    "out_modes",
    "in_modes",
    "tree",
    "rank",
    "closing_rank",
    "blocks",
    "recurrent",
    "hidden_offset",
    "input_only",
    "head",
    "bytes",
    "real",
    "shift",
];

/// Make an untrained model from a preset or a shape, with seeded values
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct New {
    /// A named shape; --list shows them
    #[arg(long, value_name = "NAME", conflicts_with_all = SHAPE)]
    preset: Option<String>,
    /// List the presets and do nothing else
    #[arg(long, conflicts_with_all = ["preset", "output", "inputs"])]
    list: bool,
    /// Inputs per time step
    #[arg(long, value_name = "N", required_unless_present_any = ["preset", "list"])]
    inputs: Option<usize>,
    /// Hidden units
    #[arg(long, value_name = "H", required_unless_present_any = ["preset", "list"])]
    hidden: Option<usize>,
    /// Kind of cell
    #[arg(long, value_name = "CELL", value_enum, default_value_t)]
    cell: CellName,
    /// Activation of all gates except the candidate
    #[arg(long, value_name = "FUNCTION", value_enum, default_value_t)]
    gate_activation: ActivationName,
    /// Number of layers; those above the first have column modes of their own
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    layers: usize,
    /// Tensor format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: FormatName,
    /// Number of row and column modes, chosen as equal as possible
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["out_modes", "in_modes"])]
    modes: Option<usize>,
    /// Row modes; their product is gates times H
    #[arg(long, value_name = "M,…", value_delimiter = ',', requires = "in_modes")]
    out_modes: Vec<usize>,
    /// Column modes; their product is at least the number of columns in use
    #[arg(long, value_name = "N,…", value_delimiter = ',', requires = "out_modes")]
    in_modes: Vec<usize>,
    /// Dimension tree like ((0,1),(2,3)), modes from 0; balanced when absent
    #[arg(long, value_name = "TREE")]
    tree: Option<String>,
    /// Ranks: one for all, LEAF:INNER of a tree, or a list in the order of the format
    #[arg(long, value_name = "RANK", value_parser = parse_ranks)]
    rank: Option<Ranks>,
    /// Rank that closes a ring; that of --rank when absent
    #[arg(long, value_name = "RANK")]
    closing_rank: Option<usize>,
    /// Number of terms of the block-term format
    #[arg(long, value_name = "COUNT")]
    blocks: Option<usize>,
    /// How h is fed back
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    recurrent: RecurrentName,
    /// First column of h in the shared matrix; the number of inputs when absent
    #[arg(long, value_name = "COLUMN", conflicts_with = "input_only")]
    hidden_offset: Option<usize>,
    /// Short for --recurrent none
    #[arg(long, conflicts_with = "recurrent")]
    input_only: bool,
    /// A linear head with this many classes
    #[arg(long, value_name = "CLASSES")]
    head: Option<usize>,
    /// The stream carries bytes; the default
    #[arg(long, conflicts_with = "real")]
    bytes: bool,
    /// The stream carries real numbers in the input format
    #[arg(long)]
    real: bool,
    /// Inputs are divided by 2^SHIFT (8 for bytes, 0 for real numbers when absent)
    #[arg(long, value_name = "SHIFT", allow_negative_numbers = true)]
    shift: Option<i32>,
    /// Name of the model; that of the preset or of the file when absent
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Seed of the values
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Put the numbers into a safetensors file beside the model
    #[arg(long)]
    safetensors: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The model file to write
    #[arg(short, long, value_name = "FILE", required_unless_present = "list")]
    output: Option<PathBuf>,
}

impl New {
    pub(super) fn run(mut self) -> anyhow::Result<Outcome> {
        let Some(output) = self.output.take() else {
            out::report(&Presets::all(), self.json)?;
            return Ok(Outcome::Done);
        };
        let place = Place::claim(&output, options::cores(self.safetensors))?;
        let json = self.json;
        let model = self.model(&output)?;
        place.save(&model)?;
        out::report(&NewModel::of(&model, &output), json)?;
        Ok(Outcome::Done)
    }

    fn model(self, output: &Path) -> Result<Model> {
        let spec = match &self.preset {
            Some(preset) => {
                let spec = preset::spec(preset, self.seed)?;
                NewSpec { name: self.name.unwrap_or(spec.name), ..spec }
            }
            None => self.shape(output)?,
        };
        model::new(&spec)
    }

    /// The shape from the options; clap has made sure that inputs and hidden units are given.
    fn shape(self, output: &Path) -> Result<NewSpec> {
        let element = if self.real { Element::Real } else { Element::U8 };
        let usual_shift = if self.real { 0 } else { BYTE_SHIFT };
        let (inputs, hidden) = (self.inputs.unwrap_or_default(), self.hidden.unwrap_or_default());
        let cell = Cell::from(self.cell);
        let (format, recurrent) = (self.format()?, self.recurrent()?);
        let (mut out_modes, mut in_modes) = (self.out_modes, self.in_modes);
        if let Some(count) = self.modes {
            let shared = if matches!(recurrent, Recurrent::Shared { .. }) { hidden } else { 0 };
            out_modes = modes::rows(cell.gates(), hidden, count)?;
            in_modes = modes::auto(inputs, shared, &[], count)?;
        }
        let factored = format != Format::Dense;
        if factored && out_modes.is_empty() {
            let problem = Diagnostic::new("--out-modes", "no modes");
            return Err(problem.help("give --out-modes and --in-modes, or --modes").into());
        }
        let ranks = match self.rank {
            None if factored => {
                return Err(Diagnostic::new("--rank", "no rank").help("give --rank").into());
            }
            ranks => ranks.unwrap_or(Ranks::PerNode(Vec::new())),
        };
        Ok(NewSpec {
            name: self.name.unwrap_or_else(|| options::stem(output)),
            cell,
            gate_activation: self.gate_activation.into(),
            inputs,
            hidden,
            layers: self.layers,
            format,
            out_modes,
            in_modes,
            tree: self.tree.unwrap_or_default(),
            ranks,
            recurrent,
            head: self.head,
            input: InputPrep {
                element,
                shift: self.shift.unwrap_or(usual_shift),
                mean: Vec::new(),
            },
            seed: self.seed,
        })
    }

    fn format(&self) -> Result<Format> {
        let only = |option: &str, given: bool, format: &str| match given {
            true => Err(Diagnostic::new(option, format!("only for --format {format}"))),
            false => Ok(()),
        };
        only("--closing-rank", self.closing_rank.is_some() && self.format != FormatName::Tr, "tr")?;
        only("--blocks", self.blocks.is_some() && self.format != FormatName::Bt, "bt")?;
        Ok(match self.format {
            FormatName::Ht => Format::HierarchicalTucker,
            FormatName::Tt => Format::TensorTrain,
            FormatName::Tr => Format::TensorRing { closing_rank: self.closing_rank },
            FormatName::Bt => Format::BlockTerm { blocks: self.blocks.unwrap_or(1) },
            FormatName::Dense => Format::Dense,
        })
    }

    fn recurrent(&self) -> Result<Recurrent> {
        let recurrent = match self.recurrent {
            _ if self.input_only => Recurrent::None,
            RecurrentName::Shared => Recurrent::Shared { hidden_offset: self.hidden_offset },
            RecurrentName::None => Recurrent::None,
            RecurrentName::Dense => Recurrent::Dense,
            RecurrentName::Factored => Recurrent::Factored,
        };
        if self.hidden_offset.is_some() && !matches!(recurrent, Recurrent::Shared { .. }) {
            let problem = Diagnostic::new("--hidden-offset", "h is in a matrix of its own");
            return Err(problem.help("leave it out, or take --recurrent shared").into());
        }
        Ok(recurrent)
    }
}
