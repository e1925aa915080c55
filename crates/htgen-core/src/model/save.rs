//! Writing a model: the same model gives the same bytes, and reading them gives the same model.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::load::MAX_BYTES;
use super::to_file::{self, Named};
use super::values;
use super::{Model, file::FORMAT, json};
use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use crate::files::{self, Output};
use safetensors::tensor::{Dtype, TensorView};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Maximum number of values that go into the JSON file by default, about 20 MB of text.
pub const MOST_INLINE: usize = 1 << 20;

/// Where the numbers of a model go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cores {
    /// Into the JSON file, or beside it if there are more than [`MOST_INLINE`].
    BySize,
    /// Into the JSON file.
    Inline,
    /// Into a safetensors file beside it, `model.safetensors` beside `model.json`; as F32 where
    /// that is exact, else as F64.
    Safetensors,
}

/// Where a model is going to be written: its file and, if its numbers go beside it, theirs.
#[derive(Debug, Clone)]
pub struct Place {
    file: Output,
    values: Option<Output>,
    cores: Cores,
}

impl Place {
    /// Announces that a model is going to be written to `path`.
    ///
    /// # Errors
    /// A file there, or one for the numbers, that the command reads; one for the numbers
    /// that does not belong to the model file being replaced.
    pub fn claim(path: &Path, cores: Cores) -> Result<Place> {
        let file = Output::claim(path)?;
        let values = match cores {
            Cores::Safetensors => Some(values_of(&file)?),
            Cores::BySize | Cores::Inline => None,
        };
        Ok(Place { file, values, cores })
    }

    /// The model file.
    pub fn file(&self) -> &Output {
        &self.file
    }

    /// The same place, for a model with this many numbers: if they are too many for the model file,
    /// they are going to be written beside it, which is refused here rather than at the end.
    pub fn for_numbers(&self, count: usize) -> Result<Place> {
        let values = match (&self.values, self.cores) {
            (None, Cores::BySize) if count > MOST_INLINE => Some(values_of(&self.file)?),
            (values, _) => values.clone(),
        };
        Ok(Place { values, ..self.clone() })
    }

    /// Writes a model; either all files are written whole or none is touched. The
    /// model file has the hash of the other file, so that it is never combined with a different
    /// one.
    pub fn save(&self, model: &Model) -> Result<()> {
        let values = self.for_numbers(model.numbers())?.values;
        let name = values.as_ref().map(|output| values_name(output.path())).transpose()?;
        let (mut file, named) = to_file::convert(model, name);
        let mut files = Vec::new();
        if let Some(output) = values {
            let bytes = pack(&named)?;
            fits(&output, bytes.len(), values::MAX_BYTES)?;
            file.cores_sha256 = Some(values::hash(&bytes));
            files.push((output, bytes));
        }
        // The file that refers to the other one is replaced last.
        let text = json::render(&file);
        fits(&self.file, text.len(), MAX_BYTES)?;
        files.push((self.file.clone(), text));
        files::write_all(&files)
    }
}

/// Writes a model, as [`Place::save`] does.
pub fn save(model: &Model, path: &Path, cores: Cores) -> Result<()> {
    Place::claim(path, cores)?.save(model)
}

/// Refuses to write what could not be read again.
fn fits(output: &Output, size: usize, limit: u64) -> Result<()> {
    if size as u64 <= limit {
        return Ok(());
    }
    Err(Diagnostic::new("", "the model is too large for its file")
        .kind(ErrorKind::Limit)
        .found(format!("{size} bytes"))
        .expected(format!("at most {limit}"))
        .help("make the model smaller")
        .in_file(output.path().display())
        .into())
}

/// The file for the numbers beside a model file. An existing one has to be that of the model being
/// replaced.
fn values_of(file: &Output) -> Result<Output> {
    let path = beside(file.path())?;
    let output = Output::claim(&path)?;
    if path.exists() && !is_of(&output, file)? {
        return Err(Diagnostic::new(
            "",
            "not the values of the model being written, so it is not replaced",
        )
        .kind(ErrorKind::Conflict)
        .expected(format!("no such file, or one that {} names and fits", file.path().display()))
        .help("give the model another name with -o, or move this file away")
        .in_file(path.display())
        .into());
    }
    Ok(output)
}

/// Name of the safetensors file beside a model file.
fn beside(path: &Path) -> Result<PathBuf> {
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let stem = if is_json { path.file_stem() } else { path.file_name() };
    let name = format!("{}.safetensors", stem.unwrap_or_default().to_string_lossy());
    let path = path.with_file_name(name);
    values_name(&path).map(|_| path)
}

/// How the model file refers to the file beside it.
fn values_name(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    match name.filter(|name| !name.contains(['\\', char::REPLACEMENT_CHARACTER])) {
        Some(name) => Ok(name.to_owned()),
        None => Err(Diagnostic::new("", "not a name for a model file with its values beside it")
            .expected("a name in Unicode without \\")
            .in_file(path.display())
            .into()),
    }
}

/// What a model file says about the file of its values.
#[derive(Deserialize)]
struct Reference {
    format: Option<String>,
    cores: Option<String>,
    cores_sha256: Option<String>,
}

/// Whether the file beside it has the values of the model file that is there now.
fn is_of(beside: &Output, file: &Output) -> Result<bool> {
    // A file that cannot be read names nothing.
    let text = file.read(MAX_BYTES).ok().flatten().unwrap_or_default();
    let Ok(reference) = serde_json::from_slice::<Reference>(&text) else { return Ok(false) };
    let name = values_name(beside.path())?;
    if reference.format.as_deref() != Some(FORMAT) || reference.cores != Some(name) {
        return Ok(false);
    }
    let Some(hash) = reference.cores_sha256 else { return Ok(true) };
    let bytes = beside.read(values::MAX_BYTES).ok().flatten();
    Ok(bytes.is_some_and(|bytes| values::hash(&bytes) == hash))
}

fn pack(named: &[Named]) -> Result<Vec<u8>> {
    let packed: Vec<(Dtype, Vec<u8>)> = named.iter().map(|tensor| bytes(&tensor.values)).collect();
    let views = named.iter().zip(&packed).map(|(tensor, (dtype, bytes))| {
        let view = TensorView::new(*dtype, tensor.shape.clone(), bytes)?;
        Ok((tensor.name.as_str(), view))
    });
    views
        .collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>()
        .and_then(|views| safetensors::serialize(views, None))
        .map_err(|error| Problems::from(Diagnostic::new("cores", error.to_string())))
}

/// F32 if it preserves every value, otherwise F64.
fn bytes(values: &[f64]) -> (Dtype, Vec<u8>) {
    let is_exact = values.iter().all(|&value| f64::from(value as f32) == value);
    if is_exact {
        (Dtype::F32, values.iter().flat_map(|&value| (value as f32).to_le_bytes()).collect())
    } else {
        (Dtype::F64, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }
}
