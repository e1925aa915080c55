//! What `htgen new` made, and what it can make.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::number::{grouped, ratio, times_fewer};
use crate::model::{Matrix, Model, preset, shape_text};
use crate::printable;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// A model that was made.
#[derive(Debug, Clone, Serialize)]
pub struct NewModel {
    /// Its name.
    pub name: String,
    /// Core parameters, without bias and head.
    pub parameters: usize,
    /// Weights of the dense layer that the model stands for.
    pub dense_parameters: usize,
    /// Reduction factor.
    pub ratio: f64,
    /// Every weight matrix, layer by layer.
    pub matrices: Vec<NewMatrix>,
    /// The file written.
    pub file: PathBuf,
}

/// One weight matrix.
#[derive(Debug, Clone, Serialize)]
pub struct NewMatrix {
    /// Its layer, from 0.
    pub layer: usize,
    /// What its columns multiply.
    pub columns: &'static str,
    /// Tensor format.
    pub format: &'static str,
    /// Row modes.
    pub out_modes: Vec<usize>,
    /// Column modes.
    pub in_modes: Vec<usize>,
    /// Values in its cores.
    pub parameters: usize,
}

impl NewMatrix {
    fn of(layer: usize, matrix: &Matrix) -> NewMatrix {
        NewMatrix {
            layer,
            columns: matrix.columns.kind(),
            format: matrix.factors.kind(),
            out_modes: matrix.out_modes.clone(),
            in_modes: matrix.in_modes.clone(),
            parameters: matrix.factors.parameters(),
        }
    }
}

impl NewModel {
    /// Describes `model`, which was written to `file`.
    pub fn of(model: &Model, file: &Path) -> NewModel {
        let (parameters, dense_parameters) = (model.parameters(), model.dense_parameters());
        NewModel {
            name: model.name.clone(),
            parameters,
            dense_parameters,
            ratio: ratio(dense_parameters as f64, parameters as f64),
            matrices: model
                .layers
                .iter()
                .enumerate()
                .flat_map(|(k, layer)| layer.matrices.iter().map(move |m| NewMatrix::of(k, m)))
                .collect(),
            file: file.to_path_buf(),
        }
    }
}

impl fmt::Display for NewModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} parameters for {} dense ones, {}, in {}",
            self.name,
            grouped(self.parameters as u64),
            grouped(self.dense_parameters as u64),
            times_fewer(self.ratio),
            printable::path(&self.file)
        )?;
        let several = self.matrices.iter().filter(|_| self.matrices.len() > 1);
        several.into_iter().try_for_each(|m| {
            writeln!(
                f,
                "  layer {}, {}: {}, rows {}, columns {}, {} parameters",
                m.layer,
                m.columns,
                m.format,
                shape_text(&m.out_modes),
                shape_text(&m.in_modes),
                grouped(m.parameters as u64)
            )
        })
    }
}

/// The presets.
#[derive(Debug, Clone, Serialize)]
pub struct Presets {
    /// Each with its name and what it is.
    pub presets: Vec<PresetReport>,
}

/// One preset.
#[derive(Debug, Clone, Serialize)]
pub struct PresetReport {
    /// Name on the command line.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
}

impl Presets {
    /// All of them, in the order of the list.
    pub fn all() -> Presets {
        let presets = preset::list().iter();
        Presets {
            presets: presets.map(|p| PresetReport { name: p.name, about: p.about }).collect(),
        }
    }
}

impl fmt::Display for Presets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.presets.iter().map(|p| p.name.len()).max().unwrap_or(0);
        self.presets.iter().try_for_each(|p| writeln!(f, "{:<width$}  {}", p.name, p.about))
    }
}
