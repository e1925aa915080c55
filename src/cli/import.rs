//! `htgen import`: a model from a checkpoint of another program.

use super::{Outcome, options, out};
use crate::import::{self, CONVENTIONS, Convention, Options};
use crate::model::{Cell, Element, Place};
use crate::report::ImportedModel;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

const EXAMPLE: &str = "\
Example:
  htgen import lstm.safetensors --head fc -o lstm.json
  htgen import tt_lstm.npz --in-modes 4,20,20,36 --out-modes 4,4,4,4 --rank 4 -o tt.json
  htgen import fdht.safetensors --from cores --inputs 1024 --bytes --shift 9 -o fdht.json";

/// Make a model from a checkpoint of PyTorch, tednet, tensorized-rnn, TT_RNN, or from plain cores
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Import {
    /// The checkpoint, a safetensors or npz file; docs/import.md says how to write one
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The convention; found by the keys when absent
    #[arg(long, value_name = "NAME", value_parser = convention_names())]
    from: Option<String>,
    /// What stands before the keys of the layer, like encoder.; found when absent
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
    /// Key of the linear layer that becomes the head, without .weight
    #[arg(long, value_name = "KEY")]
    head: Option<String>,
    /// tt-rnn: column modes
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    in_modes: Vec<usize>,
    /// tt-rnn: row modes, multiplying out to H or, with the gates in the first, to 4 H
    #[arg(long, value_name = "M,…", value_delimiter = ',')]
    out_modes: Vec<usize>,
    /// tt-rnn: one rank for all, or a list
    #[arg(long, value_name = "RANK,…", value_delimiter = ',')]
    rank: Vec<usize>,
    /// cores: dimension tree like ((0,1),(2,3)); that of the metadata, else balanced, when absent
    #[arg(long, value_name = "TREE")]
    tree: Option<String>,
    /// cores: inputs a time step; those of the metadata or of input.mean when absent
    #[arg(long, value_name = "N")]
    inputs: Option<usize>,
    /// cores: first column of the hidden vector; that of the metadata, else N, when absent
    #[arg(long, value_name = "COLUMN")]
    hidden_offset: Option<usize>,
    /// cores: kind of cell; that of the metadata, else gru when there is a candidate_bias
    #[arg(long, value_name = "CELL")]
    cell: Option<CellKind>,
    /// tensorized-rnn: whether a gate has H rows on end or every fourth row
    #[arg(long, value_name = "ORDER", default_value = "blocks")]
    gate_rows: GateRows,
    /// The stream carries bytes
    #[arg(long, conflicts_with = "real")]
    bytes: bool,
    /// The stream carries real numbers; so it is when neither this nor the file says otherwise
    #[arg(long)]
    real: bool,
    /// Inputs are divided by 2^SHIFT (8 for bytes, 0 for real numbers when absent)
    #[arg(long, value_name = "SHIFT", allow_negative_numbers = true)]
    shift: Option<i32>,
    /// Name of the model; that of the written file when absent
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

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CellKind {
    Lstm,
    Gru,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GateRows {
    Blocks,
    Interleaved,
}

impl Import {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let place = Place::claim(&self.output, options::cores(self.safetensors))?;
        let (file, output, json) = (self.file.clone(), self.output.clone(), self.json);
        let imported = import::import(&file, &self.options())?;
        place.save(&imported.model)?;
        out::report(&ImportedModel::of(&imported, &output), json)?;
        Ok(Outcome::Done)
    }

    fn options(self) -> Options {
        let from = self.from.as_deref();
        let element = match (self.bytes, self.real) {
            (true, _) => Some(Element::U8),
            (_, true) => Some(Element::Real),
            _ => None,
        };
        Options {
            from: from.and_then(|name| CONVENTIONS.into_iter().find(|c| c.name() == name)),
            prefix: self.prefix,
            name: self.name.unwrap_or_else(|| options::stem(&self.output)),
            element,
            shift: self.shift,
            head: self.head,
            in_modes: self.in_modes,
            out_modes: self.out_modes,
            ranks: self.rank,
            tree: self.tree,
            inputs: self.inputs,
            hidden_offset: self.hidden_offset,
            cell: self.cell.map(|cell| match cell {
                CellKind::Lstm => Cell::Lstm,
                CellKind::Gru => Cell::Gru,
            }),
            interleaved: self.gate_rows == GateRows::Interleaved,
        }
    }
}

fn convention_names() -> [&'static str; CONVENTIONS.len()] {
    CONVENTIONS.map(Convention::name)
}
