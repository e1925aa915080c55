//! The table `[model]`: the keys of a shape, mapped onto `model::NewSpec`.

use crate::data::Labelled;
use crate::model::{InputPrep, NewSpec, Ranks};
use serde::{Deserialize, Serialize};

/// The model to begin with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelTable {
    /// Name of the model; that of the file when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Hidden units.
    pub hidden: usize,
    /// Row modes; they multiply out to gates x hidden.
    pub out_modes: Vec<usize>,
    /// Column modes; they multiply out to at least the columns in use.
    pub in_modes: Vec<usize>,
    /// Dimension tree, modes from 0; balanced when absent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tree: String,
    /// Ranks.
    pub rank: RankKey,
    /// Which columns are factored.
    #[serde(default)]
    pub decomposition: Decomposition,
    /// First column of the hidden vector; the number of inputs when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden_offset: Option<usize>,
}

/// One rank for all nodes, or one a node in the order of the tree's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a whole number or a list of them")]
pub enum RankKey {
    /// For all nodes.
    All(usize),
    /// A node, then its left half, then its right half, the root left out.
    PerNode(Vec<usize>),
}

/// Which columns the factored matrix has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decomposition {
    /// Those of x and of h.
    #[default]
    Full,
    /// Those of x alone; h is not fed back.
    Input,
}

impl ModelTable {
    /// The untrained model for a data set; `name` is for a table without one.
    pub fn spec(&self, name: &str, data: &Labelled, input: InputPrep, seed: u64) -> NewSpec {
        NewSpec {
            name: self.name.clone().unwrap_or_else(|| name.to_owned()),
            inputs: data.sequences.inputs(),
            hidden: self.hidden,
            out_modes: self.out_modes.clone(),
            in_modes: self.in_modes.clone(),
            tree: self.tree.clone(),
            ranks: match &self.rank {
                RankKey::All(rank) => Ranks::Uniform { leaf: *rank, inner: *rank },
                RankKey::PerNode(ranks) => Ranks::PerNode(ranks.clone()),
            },
            hidden_offset: self.hidden_offset,
            fully: self.decomposition == Decomposition::Full,
            head: Some(data.classes),
            input,
            seed,
        }
    }
}
