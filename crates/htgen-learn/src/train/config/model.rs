//! The table `[model]`: the keys of a shape, mapped onto `model::NewSpec`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::data::LabelledSequences;
use crate::error::{Diagnostic, Result};
use crate::model::{Cell, Format, GateActivation, InputPrep, NewSpec, Ranks, Recurrent, modes};
use serde::{Deserialize, Serialize};

/// The model to start from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelTable {
    /// Name of the model; that of the file when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Kind of cell.
    #[serde(default)]
    pub cell: CellKey,
    /// Activation of all gates except the candidate.
    #[serde(default)]
    pub gate_activation: ActivationKey,
    /// Hidden units of each layer.
    pub hidden: usize,
    /// Number of layers.
    #[serde(default = "one")]
    pub layers: usize,
    /// Tensor format.
    #[serde(default)]
    pub format: FormatKey,
    /// Chosen modes, instead of the two lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modes: Option<ModesKey>,
    /// Axes of the inputs that chosen column modes are aligned to; those of the data when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<usize>>,
    /// Row modes; their product is gates x hidden.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub out_modes: Vec<usize>,
    /// Column modes; their product is at least the number of columns in use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_modes: Vec<usize>,
    /// Dimension tree, modes from 0; balanced when absent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tree: String,
    /// Ranks; a dense matrix has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<RankKey>,
    /// Rank that closes a ring; that of `rank` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing_rank: Option<usize>,
    /// Number of terms of the block-term format; 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<usize>,
    /// How h is fed back.
    #[serde(default)]
    pub recurrent: RecurrentKey,
    /// First column of h in a shared matrix; the number of inputs when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden_offset: Option<usize>,
}

fn one() -> usize {
    1
}

/// Cells by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CellKey {
    /// Long short-term memory.
    #[default]
    Lstm,
    /// Gated recurrent unit.
    Gru,
}

/// Gate activations by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ActivationKey {
    /// 1 / (1 + exp(-z)).
    #[default]
    Sigmoid,
    /// clip(0.2 z + 0.5, 0, 1).
    HardSigmoid,
}

/// Formats by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FormatKey {
    /// Hierarchical Tucker.
    #[default]
    Ht,
    /// Tensor train.
    Tt,
    /// Tensor ring.
    Tr,
    /// Block term.
    Bt,
    /// No factors.
    Dense,
}

/// How the hidden vector is fed back, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RecurrentKey {
    /// In the matrix of the inputs.
    #[default]
    Shared,
    /// Not at all.
    None,
    /// A dense matrix.
    Dense,
    /// A matrix of the same format.
    Factored,
}

/// Chosen modes: as many as usual, or a given number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "\"auto\" or a number of modes")]
#[non_exhaustive]
pub enum ModesKey {
    /// As many as keep each of them at about nine.
    Usual(Auto),
    /// A given number.
    Count(usize),
}

/// The word `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Auto {
    /// The only value.
    Auto,
}

/// One rank for all nodes, or one each in the order of the format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a rank, a text LEAF:INNER or a list of ranks")]
#[non_exhaustive]
pub enum RankKey {
    /// For all nodes.
    All(usize),
    /// `LEAF:INNER` of a tree.
    Two(String),
    /// A list in the order of the format.
    List(Vec<usize>),
}

impl ModelTable {
    /// The untrained model for a data set; `name` is for a table without one.
    ///
    /// # Errors
    /// Keys that exclude each other, missing modes or ranks, modes that cannot be chosen.
    pub fn spec(
        &self,
        name: &str,
        data: &LabelledSequences,
        input: InputPrep,
        seed: u64,
    ) -> Result<NewSpec> {
        let (out_modes, in_modes) = self.modes(data)?;
        Ok(NewSpec {
            name: self.name.clone().unwrap_or_else(|| name.to_owned()),
            cell: self.cell(),
            gate_activation: match self.gate_activation {
                ActivationKey::Sigmoid => GateActivation::Sigmoid,
                ActivationKey::HardSigmoid => GateActivation::HardSigmoid,
            },
            inputs: data.sequences.inputs(),
            hidden: self.hidden,
            layers: self.layers,
            format: self.format()?,
            out_modes,
            in_modes,
            tree: self.tree.clone(),
            ranks: self.ranks()?,
            recurrent: self.recurrent()?,
            head: Some(data.classes),
            input,
            seed,
        })
    }

    fn cell(&self) -> Cell {
        match self.cell {
            CellKey::Lstm => Cell::Lstm,
            CellKey::Gru => Cell::Gru,
        }
    }

    /// Row and column modes: the lists, or those chosen for the data.
    fn modes(&self, data: &LabelledSequences) -> Result<(Vec<usize>, Vec<usize>)> {
        let given = !self.out_modes.is_empty() || !self.in_modes.is_empty();
        let Some(key) = self.modes else {
            if self.shape.is_some() {
                return Err(refuse("shape", "only for chosen modes", "set modes"));
            }
            if !given && self.format != FormatKey::Dense {
                let help = "give out_modes and in_modes, or modes = \"auto\"";
                return Err(refuse("out_modes", "no modes", help));
            }
            return Ok((self.out_modes.clone(), self.in_modes.clone()));
        };
        if given {
            return Err(refuse("modes", "conflicts with lists of modes", "leave one out"));
        }
        let inputs = data.sequences.inputs();
        let shared = if self.recurrent == RecurrentKey::Shared { self.hidden } else { 0 };
        let count = match key {
            ModesKey::Count(count) => count,
            ModesKey::Usual(_) => modes::count(inputs.saturating_add(shared)),
        };
        let shape = self.shape.as_deref().unwrap_or(&data.step_shape);
        let rows = modes::rows(self.cell().gates(), self.hidden, count)?;
        Ok((rows, modes::auto(inputs, shared, shape, count)?))
    }

    fn format(&self) -> Result<Format> {
        if self.closing_rank.is_some() && self.format != FormatKey::Tr {
            return Err(refuse("closing_rank", "only for format = \"tr\"", "leave it out"));
        }
        if self.blocks.is_some() && self.format != FormatKey::Bt {
            return Err(refuse("blocks", "only for format = \"bt\"", "leave it out"));
        }
        Ok(match self.format {
            FormatKey::Ht => Format::HierarchicalTucker,
            FormatKey::Tt => Format::TensorTrain,
            FormatKey::Tr => Format::TensorRing { closing_rank: self.closing_rank },
            FormatKey::Bt => Format::BlockTerm { blocks: self.blocks.unwrap_or(1) },
            FormatKey::Dense => Format::Dense,
        })
    }

    fn ranks(&self) -> Result<Ranks> {
        match &self.rank {
            Some(RankKey::All(rank)) => Ok(Ranks::Uniform { leaf: *rank, inner: *rank }),
            Some(RankKey::List(ranks)) => Ok(Ranks::PerNode(ranks.clone())),
            Some(RankKey::Two(text)) => {
                let two = text.split_once(':').and_then(|(leaf, inner)| {
                    Some((leaf.trim().parse().ok()?, inner.trim().parse().ok()?))
                });
                let help = "write 6, \"4:2\" or a list of ranks";
                let (leaf, inner) = two.ok_or_else(|| refuse("rank", "not a rank", help))?;
                Ok(Ranks::Uniform { leaf, inner })
            }
            None if self.format == FormatKey::Dense => Ok(Ranks::PerNode(Vec::new())),
            None => Err(refuse("rank", "no rank", "give one for all, or a list")),
        }
    }

    fn recurrent(&self) -> Result<Recurrent> {
        if self.hidden_offset.is_some() && self.recurrent != RecurrentKey::Shared {
            let help = "leave it out, or set recurrent = \"shared\"";
            return Err(refuse("hidden_offset", "h is in a matrix of its own", help));
        }
        Ok(match self.recurrent {
            RecurrentKey::Shared => Recurrent::Shared { hidden_offset: self.hidden_offset },
            RecurrentKey::None => Recurrent::None,
            RecurrentKey::Dense => Recurrent::Dense,
            RecurrentKey::Factored => Recurrent::Factored,
        })
    }
}

fn refuse(key: &str, what: &str, help: &str) -> crate::error::Problems {
    Diagnostic::new(key, what).help(help).into()
}
