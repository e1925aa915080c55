//! `htgen new`: an untrained model from a preset, or from modes, tree and ranks.

use super::{Outcome, options, out};
use crate::error::Result;
use crate::model::{self, Cores, Element, InputPrep, Model, NewSpec, Ranks, preset};
use crate::report::{NewModel, Presets};
use clap::Args;
use std::path::{Path, PathBuf};

/// Power-of-two divisor that brings bytes into [0, 1).
const BYTE_SHIFT: i32 = 8;

const EXAMPLE: &str = "\
Example:
  htgen new --preset digits -o digits.json
  htgen new --inputs 12 --hidden 8 --out-modes 8,4 --in-modes 4,5 --rank 3 --real -o small.json";

/// What describes a shape; a preset stands for all of it.
const SHAPE: [&str; 12] = [
    "inputs",
    "hidden",
    "out_modes",
    "in_modes",
    "tree",
    "rank",
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
    /// Inputs a time step
    #[arg(long, value_name = "N", required_unless_present_any = ["preset", "list"])]
    inputs: Option<usize>,
    /// Hidden units
    #[arg(long, value_name = "H", required_unless_present_any = ["preset", "list"])]
    hidden: Option<usize>,
    /// Row modes; they multiply out to 4 H
    #[arg(long, value_name = "M,…", value_delimiter = ',',
          required_unless_present_any = ["preset", "list"])]
    out_modes: Vec<usize>,
    /// Column modes; they multiply out to at least the columns in use
    #[arg(long, value_name = "N,…", value_delimiter = ',',
          required_unless_present_any = ["preset", "list"])]
    in_modes: Vec<usize>,
    /// Dimension tree like ((0,1),(2,3)), modes from 0; balanced when absent
    #[arg(long, value_name = "TREE")]
    tree: Option<String>,
    /// Ranks: one for all nodes, LEAF:INNER, or a list in the order of the tree's text
    #[arg(long, value_name = "RANK", value_parser = parse_ranks,
          required_unless_present_any = ["preset", "list"])]
    rank: Option<Ranks>,
    /// First column of the hidden vector; the number of inputs when absent
    #[arg(long, value_name = "COLUMN", conflicts_with = "input_only")]
    hidden_offset: Option<usize>,
    /// Factor the input-to-hidden matrix alone; the hidden vector is not fed back
    #[arg(long)]
    input_only: bool,
    /// A linear head with this many classes
    #[arg(long, value_name = "CLASSES")]
    head: Option<usize>,
    /// The stream carries bytes; so it is when nothing is said
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
        let cores = if self.safetensors { Cores::Safetensors } else { Cores::Inline };
        let json = self.json;
        let model = self.model(&output)?;
        model::save(&model, &output, cores)?;
        out::report(&NewModel::of(&model, &output), json)?;
        Ok(Outcome::Done)
    }

    fn model(self, output: &Path) -> Result<Model> {
        let spec = match &self.preset {
            Some(preset) => {
                let spec = preset::spec(preset, self.seed)?;
                NewSpec { name: self.name.unwrap_or(spec.name), ..spec }
            }
            None => self.shape(output),
        };
        model::new(&spec)
    }

    /// The shape of the options; clap has seen to it that none is missing.
    fn shape(self, output: &Path) -> NewSpec {
        let element = if self.real { Element::Real } else { Element::U8 };
        let usual_shift = if self.real { 0 } else { BYTE_SHIFT };
        NewSpec {
            name: self.name.unwrap_or_else(|| options::stem(output)),
            inputs: self.inputs.unwrap_or_default(),
            hidden: self.hidden.unwrap_or_default(),
            out_modes: self.out_modes,
            in_modes: self.in_modes,
            tree: self.tree.unwrap_or_default(),
            ranks: self.rank.unwrap_or(Ranks::PerNode(Vec::new())),
            hidden_offset: self.hidden_offset,
            fully: !self.input_only,
            head: self.head,
            input: InputPrep {
                element,
                shift: self.shift.unwrap_or(usual_shift),
                mean: Vec::new(),
            },
            seed: self.seed,
        }
    }
}

fn parse_ranks(text: &str) -> std::result::Result<Ranks, String> {
    let number = |part: &str| {
        let wrong = |error| format!("{error}; write 6, or LEAF:INNER like 4:2, or a list like 2,3");
        part.trim().parse::<usize>().map_err(wrong)
    };
    if let Some((leaf, inner)) = text.split_once(':') {
        return Ok(Ranks::Uniform { leaf: number(leaf)?, inner: number(inner)? });
    }
    let ranks = text.split(',').map(number).collect::<std::result::Result<Vec<_>, _>>()?;
    match ranks[..] {
        [rank] => Ok(Ranks::Uniform { leaf: rank, inner: rank }),
        _ => Ok(Ranks::PerNode(ranks)),
    }
}
