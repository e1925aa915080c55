//! What `htgen import` understood of a checkpoint and made of it.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::number::{grouped, ratio, times_fewer};
use crate::import::Imported;
use crate::model::{Cell, Columns, GateActivation, Layer, Matrix, shape_text};
use crate::printable;
use crate::tensors::listed;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// An imported model.
#[derive(Debug, Clone, Serialize)]
pub struct ImportedModel {
    /// Its name.
    pub name: String,
    /// The convention of the checkpoint.
    pub convention: &'static str,
    /// The prefixes of the keys of the layers, from input to output.
    pub prefixes: Vec<String>,
    /// The layers from input to output.
    pub layers: Vec<ImportedLayer>,
    /// Outputs of the head, if there is one.
    pub head: Option<usize>,
    /// Its key in the checkpoint.
    pub head_key: Option<String>,
    /// Parameters of all matrices, without biases and head.
    pub parameters: usize,
    /// Weights of the dense layers that the model stands for.
    pub dense_parameters: usize,
    /// Reduction factor.
    pub ratio: f64,
    /// Keys of the checkpoint that were ignored on request.
    pub ignored: Vec<String>,
    /// Keys of other modules of the checkpoint, which were not used.
    pub unused: Vec<String>,
    /// The file written.
    pub file: PathBuf,
}

/// One layer.
#[derive(Debug, Clone, Serialize)]
pub struct ImportedLayer {
    /// `lstm` or `gru`.
    pub cell: &'static str,
    /// `sigmoid` or `hard-sigmoid`.
    pub gate_activation: &'static str,
    /// Inputs per time step.
    pub inputs: usize,
    /// Hidden units.
    pub hidden: usize,
    /// Its matrices.
    pub matrices: Vec<ImportedMatrix>,
}

/// One matrix of a layer.
#[derive(Debug, Clone, Serialize)]
pub struct ImportedMatrix {
    /// `input-and-hidden`, `input` or `hidden`.
    pub columns: &'static str,
    /// Tensor format as the model file has it.
    pub format: &'static str,
    /// Row modes.
    pub out_modes: Vec<usize>,
    /// Column modes.
    pub in_modes: Vec<usize>,
    /// Values in all cores.
    pub parameters: usize,
}

impl ImportedModel {
    /// Describes `imported`, whose model was written to `file`.
    pub fn of(imported: &Imported, file: &Path) -> ImportedModel {
        let model = &imported.model;
        let (parameters, dense_parameters) = (model.parameters(), model.dense_parameters());
        ImportedModel {
            name: model.name.clone(),
            convention: imported.convention.name(),
            prefixes: imported.prefixes.clone(),
            layers: model.layers.iter().map(ImportedLayer::of).collect(),
            head: model.head.as_ref().map(|head| head.outputs),
            head_key: imported.head.clone(),
            parameters,
            dense_parameters,
            ratio: ratio(dense_parameters as f64, parameters as f64),
            ignored: imported.ignored.clone(),
            unused: imported.unused.clone(),
            file: file.to_path_buf(),
        }
    }
}

impl ImportedLayer {
    fn of(layer: &Layer) -> ImportedLayer {
        ImportedLayer {
            cell: match layer.cell {
                Cell::Lstm => "lstm",
                Cell::Gru => "gru",
            },
            gate_activation: match layer.gate_activation {
                GateActivation::Sigmoid => "sigmoid",
                GateActivation::HardSigmoid => "hard-sigmoid",
            },
            inputs: layer.inputs,
            hidden: layer.hidden,
            matrices: layer.matrices.iter().map(ImportedMatrix::of).collect(),
        }
    }
}

impl ImportedMatrix {
    fn of(matrix: &Matrix) -> ImportedMatrix {
        ImportedMatrix {
            columns: match matrix.columns {
                Columns::InputAndHidden { .. } => "input-and-hidden",
                Columns::Input => "input",
                Columns::Hidden => "hidden",
            },
            format: matrix.factors.kind(),
            out_modes: matrix.out_modes.clone(),
            in_modes: matrix.in_modes.clone(),
            parameters: matrix.factors.parameters(),
        }
    }
}

impl fmt::Display for ImportedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |prefix: &String| format!("\"{}\"", prefix.escape_debug());
        let at = match &self.prefixes[..] {
            [bare] if bare.is_empty() => String::new(),
            all => format!(" at {}", all.iter().map(quoted).collect::<Vec<_>>().join(", ")),
        };
        writeln!(f, "{}: keys of {}{at}", self.name, self.convention)?;
        for (k, layer) in self.layers.iter().enumerate() {
            writeln!(
                f,
                "layer {k}: {} of {} inputs and {} hidden units, {} gates",
                layer.cell, layer.inputs, layer.hidden, layer.gate_activation
            )?;
            for matrix in &layer.matrices {
                writeln!(
                    f,
                    "  {}: {}, rows {}, columns {}, {} parameters",
                    matrix.columns,
                    matrix.format,
                    shape_text(&matrix.out_modes),
                    shape_text(&matrix.in_modes),
                    grouped(matrix.parameters as u64)
                )?;
            }
        }
        if let (Some(outputs), Some(key)) = (self.head, &self.head_key) {
            writeln!(f, "head of {outputs} outputs, {}", key.escape_debug())?;
        }
        for (what, keys) in [("left out", &self.ignored), ("not used", &self.unused)] {
            if !keys.is_empty() {
                writeln!(f, "{what}: {}", listed(keys))?;
            }
        }
        writeln!(
            f,
            "{} parameters for {} dense ones, {}, in {}",
            grouped(self.parameters as u64),
            grouped(self.dense_parameters as u64),
            times_fewer(self.ratio),
            printable::path(&self.file)
        )
    }
}
