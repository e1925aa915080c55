//! Plain cores under the names that htgen writes beside a model file: `layers.0.matrices.0.cores.0`
//! and so on; for one layer with one matrix the names may begin after that (`leaf.0`, `bias`).
//!
//! What names and shapes do not determine comes from the metadata of the file or from options:
//! `inputs`, `hidden_offset`, `cell`, `gate_activation`, `tree`, `columns`, `input_element`,
//! `input_shift`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::prefixes::before;
use super::{ImportOptions, MAX_LAYERS, Parts, dense, tednet, train, tree};
use crate::checkpoint::{Checkpoint, Part, escaped};
use crate::error::Diagnostic;
use crate::model::{
    Block, Cell, Columns, Core, Element, Factors, GateActivation, Layer, Linear, Matrix,
};

/// Maximum number of matrices in a layer of a model; one more is read, so that the excess is
/// refused with all other problems.
const MAX_MATRICES: usize = 16;
/// First keys of the formats.
const FIRST: [&str; 3] = ["leaf.0", "cores.0", "blocks.0.core"];
/// Prefix of the keys of the first of several matrices.
const NUMBERED: &str = "layers.0.matrices.0.";

pub(super) fn prefixes(names: &[String]) -> Vec<&str> {
    let bare = FIRST.iter().flat_map(|key| before(names, key));
    let weight = before(names, "layers.0.matrices.0.weight");
    bare.map(|prefix| prefix.strip_suffix(NUMBERED).unwrap_or(prefix))
        .filter(|prefix| !prefix.contains("matrices."))
        .chain(weight)
        .collect()
}

pub(super) fn read(
    checkpoint: &Checkpoint<'_>,
    prefix: &str,
    options: &ImportOptions,
) -> Part<Parts> {
    let mean = format!("{prefix}input.mean");
    let mean = match checkpoint.has(&mean) {
        true => checkpoint.of_axes(&mean, "inputs", 1)?.data,
        false => Vec::new(),
    };
    let reader = Reader { checkpoint, options };
    let numbered = format!("{prefix}layers.");
    let layers = if checkpoint.names().iter().any(|name| name.starts_with(&numbered)) {
        reader.layers(prefix, mean.len())?
    } else {
        let inputs = reader.inputs("", prefix, mean.len())?;
        vec![reader.layer(prefix, "", inputs)?]
    };
    let hidden = layers.last().map_or(0, |layer| layer.hidden);
    Ok(Parts {
        layers,
        head: reader.head(prefix, hidden)?,
        element: reader.choice("input_element", [("u8", Element::U8), ("real", Element::Real)])?,
        shift: reader.number("input_shift")?,
        mean,
    })
}

struct Reader<'a> {
    checkpoint: &'a Checkpoint<'a>,
    options: &'a ImportOptions,
}

impl Reader<'_> {
    fn layers(&self, prefix: &str, n_mean: usize) -> Part<Vec<Layer>> {
        let mut layers: Vec<Layer> = Vec::new();
        loop {
            let note = format!("layers.{}.", layers.len());
            let place = format!("{prefix}{note}");
            let is_there = self.checkpoint.names().iter().any(|name| name.starts_with(&place));
            if !is_there || layers.len() > MAX_LAYERS {
                return Ok(layers);
            }
            let inputs = match layers.last() {
                Some(below) => below.hidden,
                None => self.inputs(&note, prefix, n_mean)?,
            };
            layers.push(self.layer(&place, &note, inputs)?);
        }
    }

    /// One layer whose keys begin with `place` and whose notes begin with `note`.
    fn layer(&self, place: &str, note: &str, inputs: usize) -> Part<Layer> {
        let bias = self.checkpoint.of_axes(&format!("{place}bias"), "gates x H", 1)?;
        let candidate = format!("{place}candidate_bias");
        let cells = [("lstm", Cell::Lstm), ("gru", Cell::Gru)];
        let noted = self.choice(&format!("{note}cell"), cells)?;
        let guessed = if self.checkpoint.has(&candidate) { Cell::Gru } else { Cell::Lstm };
        let cell = self.options.cell.or(noted).unwrap_or(guessed);
        let rows = bias.data.len();
        if !rows.is_multiple_of(cell.gates()) {
            return Err(Diagnostic::new(
                escaped(&format!("{place}bias")),
                "not a bias for each gate",
            )
            .found(rows)
            .expected(format!("a multiple of {}", cell.gates())));
        }
        let hidden = rows / cell.gates();
        let candidates = if cell == Cell::Gru { hidden } else { 0 };
        let gates =
            [("sigmoid", GateActivation::Sigmoid), ("hard-sigmoid", GateActivation::HardSigmoid)];
        Ok(Layer {
            cell,
            gate_activation: self
                .choice(&format!("{note}gate_activation"), gates)?
                .unwrap_or_default(),
            inputs,
            hidden,
            matrices: self.matrices(place, note, inputs, rows)?,
            bias: bias.data,
            candidate_bias: match cell {
                Cell::Gru => self.checkpoint.bias(&candidate, candidates)?,
                Cell::Lstm => Vec::new(),
            },
        })
    }

    fn matrices(&self, place: &str, note: &str, inputs: usize, rows: usize) -> Part<Vec<Matrix>> {
        let begins = |k: usize| format!("{place}matrices.{k}.");
        let has = |begin: &str| self.checkpoint.names().iter().any(|name| name.starts_with(begin));
        let count = (0..=MAX_MATRICES).take_while(|&k| has(&begins(k))).count();
        if count == 0 {
            return Ok(vec![self.matrix(place, note, self.columns(note, 0, 1, inputs)?, rows)?]);
        }
        let matrix = |k: usize| {
            let note = format!("{note}matrices.{k}.");
            self.matrix(&begins(k), &note, self.columns(&note, k, count, inputs)?, rows)
        };
        (0..count).map(matrix).collect()
    }

    /// What the columns multiply: as noted; otherwise x and h in the only matrix, x in the first of
    /// two and h in the second.
    fn columns(&self, note: &str, number: usize, count: usize, inputs: usize) -> Part<Columns> {
        let offset = self.number(&format!("{note}hidden_offset"))?;
        let both = Columns::InputAndHidden {
            hidden_offset: self.options.hidden_offset.or(offset).unwrap_or(inputs),
        };
        let key = format!("{note}columns");
        let kinds =
            [("input-and-hidden", both), ("input", Columns::Input), ("hidden", Columns::Hidden)];
        match (self.choice(&key, kinds)?, number, count) {
            (Some(columns), ..) => Ok(columns),
            (None, 0, 1) => Ok(both),
            (None, 0, 2) => Ok(Columns::Input),
            (None, 1, 2) => Ok(Columns::Hidden),
            (None, ..) => {
                Err(Diagnostic::new("__metadata__", "the columns of a matrix are not given")
                    .expected(format!("{key}: input-and-hidden, input or hidden")))
            }
        }
    }

    fn matrix(&self, place: &str, note: &str, columns: Columns, rows: usize) -> Part<Matrix> {
        let has = |key: &str| self.checkpoint.has(&format!("{place}{key}"));
        if has("leaf.0") {
            let noted = self.checkpoint.note(&format!("{note}tree")).unwrap_or_default();
            let tree = self.options.tree.as_deref().unwrap_or(noted);
            let tree = tree.replace('[', "(").replace(']', ")");
            return tree::matrix(self.checkpoint, place, columns, &tree);
        }
        if has("cores.0") {
            return self.chain(place, columns, rows);
        }
        if has("blocks.0.core") {
            return self.blocks(place, columns);
        }
        let name = format!("{place}weight");
        Ok(dense::matrix(self.checkpoint.of_axes(&name, "rows, columns", 2)?, columns))
    }

    /// A train or a ring, depending on the number of axes.
    fn chain(&self, place: &str, columns: Columns, rows: usize) -> Part<Matrix> {
        let name = |k: usize| format!("{place}cores.{k}");
        let first = self.checkpoint.tensor(&name(0))?;
        let is_ring = first.shape.len() == 3;
        let axes =
            if is_ring { "left rank, mode, right rank" } else { "left rank, m, n, right rank" };
        let mut cores: Vec<Core> = Vec::new();
        while self.checkpoint.has(&name(cores.len())) {
            let count = if is_ring { 3 } else { 4 };
            cores.push(self.checkpoint.of_axes(&name(cores.len()), axes, count)?);
        }
        match is_ring {
            true => tednet::ring(cores, rows, columns, &name(0)),
            false => {
                train::check_ranks(&cores, name)?;
                Ok(train::matrix(cores, columns))
            }
        }
    }

    fn blocks(&self, place: &str, columns: Columns) -> Part<Matrix> {
        let mut blocks = Vec::new();
        while self.checkpoint.has(&format!("{place}blocks.{}.core", blocks.len())) {
            let block = format!("{place}blocks.{}", blocks.len());
            let core = self.checkpoint.tensor(&format!("{block}.core"))?;
            let factor = |k: usize| {
                self.checkpoint.of_axes(&format!("{block}.factors.{k}"), "m, n, rank", 3)
            };
            let factors = (0..core.shape.len()).map(factor).collect::<Part<Vec<Core>>>()?;
            blocks.push(Block { core, factors });
        }
        let side = |axis: usize| blocks[0].factors.iter().map(|core| core.shape[axis]).collect();
        let (out_modes, in_modes) = (side(0), side(1));
        Ok(Matrix { columns, out_modes, in_modes, factors: Factors::BlockTerm(blocks) })
    }

    fn head(&self, prefix: &str, hidden: usize) -> Part<Option<Linear>> {
        let key = format!("{prefix}head");
        let there = self.checkpoint.has(&format!("{key}.weight"));
        there.then(|| dense::head(self.checkpoint, &key, hidden)).transpose()
    }

    fn inputs(&self, note: &str, prefix: &str, n_mean: usize) -> Part<usize> {
        let noted = match self.number(&format!("{note}inputs"))? {
            None => self.number("inputs")?,
            noted => noted,
        };
        let mean = (n_mean > 0).then_some(n_mean);
        self.options.inputs.or(noted).or(mean).ok_or_else(|| {
            Diagnostic::new("", "the number of inputs is not in the file")
                .expected(format!("`inputs`, {note}inputs in the metadata, or {prefix}input.mean"))
                .help("columns may be padded, so shapes do not determine it")
        })
    }

    /// A note that is a whole number.
    fn number<T: std::str::FromStr>(&self, key: &str) -> Part<Option<T>> {
        let Some(text) = self.checkpoint.note(key) else { return Ok(None) };
        let wrong = || {
            Diagnostic::new("__metadata__", format!("{key} is not a whole number"))
                .found(format!("\"{}\"", escaped(text)))
        };
        text.trim().parse().map(Some).map_err(|_| wrong())
    }

    /// A note that is one of several words.
    fn choice<T: Copy, const N: usize>(&self, key: &str, words: [(&str, T); N]) -> Part<Option<T>> {
        let Some(text) = self.checkpoint.note(key) else { return Ok(None) };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => Err(Diagnostic::new("__metadata__", format!("{key} is an unknown word"))
                .found(format!("\"{}\"", escaped(text)))
                .expected(words.map(|(word, _)| word).join(" or "))),
        }
    }
}
