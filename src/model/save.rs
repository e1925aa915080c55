//! Writing a model: the same model gives the same bytes, and reading them gives the same model.

use super::to_file::{self, Named};
use super::{Model, json};
use crate::error::{Diagnostic, Problems, Result};
use crate::files;
use safetensors::tensor::{Dtype, TensorView};
use std::path::Path;

/// Where the numbers of a model go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cores {
    /// Into the JSON file.
    Inline,
    /// Into a safetensors file beside it, `model.safetensors` beside `model.json`; as F32 where
    /// that is exact, else as F64.
    Safetensors,
}

/// Checks a model and writes it; either all files are written whole or none is touched.
pub fn save(model: &Model, path: &Path, cores: Cores) -> Result<()> {
    model.check()?;
    let mut files = Vec::new();
    let name = match cores {
        Cores::Inline => None,
        Cores::Safetensors => Some(beside(path)?),
    };
    let (file, named) = to_file::convert(model, name.clone());
    if let Some(name) = name {
        files.push((files::folder(path).join(name), pack(&named)?));
    }
    // The file that refers to the other one is replaced last.
    files.push((path.to_path_buf(), json::render(&file)));
    files::write_all(&files)
}

/// Name of the safetensors file beside a model file.
fn beside(path: &Path) -> Result<String> {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    match stem.filter(|stem| is_json && !stem.contains('\\')) {
        Some(stem) => Ok(format!("{stem}.safetensors")),
        None => Err(Diagnostic::new("", "not a name for a model file")
            .expected("a name in Unicode that ends in .json")
            .in_file(path.display())
            .into()),
    }
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

/// F32 when every value survives it, else F64.
fn bytes(values: &[f64]) -> (Dtype, Vec<u8>) {
    let is_exact = values.iter().all(|&value| f64::from(value as f32) == value);
    if is_exact {
        (Dtype::F32, values.iter().flat_map(|&value| (value as f32).to_le_bytes()).collect())
    } else {
        (Dtype::F64, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }
}
