//! The products that a layer adds up, each with its tensor network and the vector that it
//! multiplies.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Network, build_used};
use crate::error::{Diagnostic, ErrorKind, Result};
use crate::model::{Cell, Columns, Layer, Matrix, Model};
use std::sync::Arc;

/// The vector that a part multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operand {
    /// x from column 0, and h of the previous time step where it shares the matrix.
    Input {
        /// First column of h.
        hidden_offset: Option<usize>,
    },
    /// h of the previous time step, after `first` columns that are zero.
    Hidden {
        /// First column of h.
        first: usize,
    },
}

/// One product of a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What is multiplied.
    pub operand: Operand,
    /// By what; copies share it.
    pub network: Arc<Network>,
}

/// The parts of each layer of a model, from input to output.
///
/// # Errors
/// When a layer has matrices other than one for x, or one each for x and h.
pub fn parts(model: &Model) -> Result<Vec<Vec<Part>>> {
    model.layers.iter().enumerate().map(|(number, layer)| parts_of(layer, number)).collect()
}

/// The parts of a checked layer, that of x first.
///
/// x and h share a part where one matrix multiplies both in the bottom layer of an LSTM. A GRU
/// needs the two products of its candidate separately, and an upper layer has x and h in different
/// memories: there the matrix is cut along its first column mode.
fn parts_of(layer: &Layer, number: usize) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for matrix in &layer.matrices {
        match matrix.columns {
            Columns::Input => {
                parts.push(part(layer, matrix, Operand::Input { hidden_offset: None }))
            }
            Columns::Hidden => parts.push(part(layer, matrix, Operand::Hidden { first: 0 })),
            Columns::InputAndHidden { hidden_offset } => {
                if number == 0 && layer.cell == Cell::Lstm {
                    let hidden_offset = Some(hidden_offset);
                    parts.push(part(layer, matrix, Operand::Input { hidden_offset }));
                } else {
                    parts.extend(apart(layer, matrix, hidden_offset));
                }
            }
        }
    }
    parts.sort_by_key(|part| matches!(part.operand, Operand::Hidden { .. }));
    let of_h = |part: &Part| matches!(part.operand, Operand::Hidden { .. });
    let hidden = parts.iter().filter(|part| of_h(part)).count();
    let fed = parts.iter().any(|p| matches!(p.operand, Operand::Input { hidden_offset: Some(_) }));
    if parts.len() - hidden != 1 || hidden + usize::from(fed) > 1 {
        return Err(Diagnostic::new(format!("layers[{number}].matrices"), "not supported")
            .kind(ErrorKind::Unsupported)
            .found(format!("{} matrices for x, {hidden} for h", parts.len() - hidden))
            .expected("one for both, or one for x and at most one for h")
            .help("add the matrices up to one, as block terms for example")
            .into());
    }
    Ok(parts)
}

/// The two products of a matrix that x and h share.
fn apart(layer: &Layer, matrix: &Matrix, hidden_offset: usize) -> [Part; 2] {
    let behind: usize = matrix.in_modes[1..].iter().product();
    let of_x = matrix.with_first_mode(0..layer.inputs.div_ceil(behind));
    let begin = hidden_offset / behind;
    let end = (hidden_offset + layer.hidden).div_ceil(behind);
    let of_h = matrix.with_first_mode(begin..end);
    [
        part(layer, &of_x, Operand::Input { hidden_offset: None }),
        part(layer, &of_h, Operand::Hidden { first: hidden_offset - begin * behind }),
    ]
}

fn part(layer: &Layer, matrix: &Matrix, operand: Operand) -> Part {
    let used = match operand {
        Operand::Input { hidden_offset } => {
            hidden_offset.map_or(layer.inputs, |offset| offset + layer.hidden)
        }
        Operand::Hidden { first } => first + layer.hidden,
    };
    Part { operand, network: Arc::new(build_used(layer, matrix, used)) }
}
