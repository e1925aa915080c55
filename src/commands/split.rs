//! The parts that training makes of a data set, as files.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::training_data::{config, data, division};
use crate::data::write_npz;
use crate::error::{Problems, Result};
use crate::files::{self, Output};
use crate::report::Parts;
use crate::train::Split;
use std::path::{Path, PathBuf};

/// What is split, and where the parts go.
#[derive(Debug, Clone, Copy)]
pub struct SplitRequest<'a> {
    /// The data: npz or safetensors files with x and y, taken together.
    pub data: &'a [PathBuf],
    /// The configuration of the training.
    pub config: &'a Path,
    /// The folder for `training.npz` and `validation.npz`, made where it is missing.
    pub output: &'a Path,
}

/// Writes what training learns from and what it holds out.
///
/// # Errors
/// A configuration or data that training refuses; a file that cannot be written.
pub fn split(request: SplitRequest<'_>) -> Result<Parts> {
    let folder = request.output;
    let part = |name: &str| Output::claim(&folder.join(format!("{name}.npz")));
    let outputs = [part("training")?, part("validation")?];
    let config = config(request.config)?;
    let data = data(request.data, &config)?;
    let in_data = |problems: Problems| problems.in_file(request.data[0].display());
    let split = Split::of(&data, &config.data).map_err(in_data)?;
    files::make_folder(folder)?;
    for (output, sequences) in outputs.iter().zip([&split.training, &split.validation]) {
        write_npz(output, &data.arrays(sequences))?;
    }
    Ok(Parts {
        folder: folder.to_path_buf(),
        training: split.training.len(),
        validation: split.validation.len(),
        division: division(&data, &split, false),
        steps: (0..data.sequences.count()).map(|k| data.sequences.steps(k)).max().unwrap_or(0),
    })
}
