//! `htgen import`: a model from a checkpoint of another program.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::checkpoint::Checkpoint;
use super::{Outcome, options, out};
use crate::import::{self, ImportOptions};
use crate::model::{Cell, Place};
use crate::report::ImportedModel;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

const EXAMPLE: &str = "\
Example:
  htgen import lstm.safetensors --head fc -o lstm.json
  htgen import model.safetensors.index.json --prefix rnn1 --prefix rnn2 -o two.json
  htgen import tt_lstm.npz --in-modes 4,20,20,36 --out-modes 4,4,4,4 --rank 4 -o tt.json
  htgen import fdht.safetensors --from cores --inputs 1024 --bytes --shift 9 -o fdht.json";

/// Make a model from a checkpoint of PyTorch, Keras, tednet, tensorized-rnn, TT_RNN, or from plain
/// cores
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Import {
    /// The checkpoint: a safetensors file, the index of several, or an npz file; docs/import.md
    /// says how to write one
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    checkpoint: Checkpoint,
    /// tt-rnn: column modes
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    in_modes: Vec<usize>,
    /// tt-rnn: row modes; their product is H or, with the gates in the first, 4 H
    #[arg(long, value_name = "M,…", value_delimiter = ',')]
    out_modes: Vec<usize>,
    /// tt-rnn: one rank for all, or a list
    #[arg(long, value_name = "RANK,…", value_delimiter = ',')]
    rank: Vec<usize>,
    /// cores: dimension tree like ((0,1),(2,3)); that of the metadata when absent, else balanced
    #[arg(long, value_name = "TREE")]
    tree: Option<String>,
    /// cores: inputs per time step; those of the metadata or of input.mean when absent
    #[arg(long, value_name = "N")]
    inputs: Option<usize>,
    /// cores: first column of the hidden vector; that of the metadata when absent, else N
    #[arg(long, value_name = "COLUMN")]
    hidden_offset: Option<usize>,
    /// cores: kind of cell; that of the metadata when absent, else gru if there is a candidate_bias
    #[arg(long, value_name = "CELL")]
    cell: Option<CellKind>,
    /// tensorized-rnn: whether a gate has H consecutive rows or every fourth row
    #[arg(long, value_name = "ORDER", default_value = "blocks")]
    gate_rows: GateRows,
    /// Name of the model; derived from the name of the written file when absent
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

    fn options(self) -> ImportOptions {
        let name = self.name.unwrap_or_else(|| options::stem(&self.output));
        ImportOptions {
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
            ..self.checkpoint.options(&name)
        }
    }
}
