//! Names of the options of `htgen new`, and lists of ranks.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::model::{Cell, GateActivation, Ranks};
use clap::ValueEnum;

/// Cells by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum CellName {
    /// Long short-term memory
    #[default]
    Lstm,
    /// Gated recurrent unit
    Gru,
}

impl From<CellName> for Cell {
    fn from(name: CellName) -> Cell {
        match name {
            CellName::Lstm => Cell::Lstm,
            CellName::Gru => Cell::Gru,
        }
    }
}

/// Gate activations by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ActivationName {
    /// 1 / (1 + exp(-z))
    #[default]
    Sigmoid,
    /// clip(0.2 z + 0.5, 0, 1)
    HardSigmoid,
}

impl From<ActivationName> for GateActivation {
    fn from(name: ActivationName) -> GateActivation {
        match name {
            ActivationName::Sigmoid => GateActivation::Sigmoid,
            ActivationName::HardSigmoid => GateActivation::HardSigmoid,
        }
    }
}

/// Tensor formats by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// Hierarchical Tucker
    #[default]
    Ht,
    /// Tensor train
    Tt,
    /// Tensor ring
    Tr,
    /// Block term
    Bt,
    /// No factors
    Dense,
}

/// How the hidden vector is fed back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum RecurrentName {
    /// In the matrix of the inputs
    #[default]
    Shared,
    /// Not at all
    None,
    /// A dense matrix
    Dense,
    /// A matrix of the same format
    Factored,
}

/// One rank, LEAF:INNER, or a list.
pub fn parse_ranks(text: &str) -> std::result::Result<Ranks, String> {
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
