//! The safetensors file beside a model: where it may lie, and what a model may take from it.

use super::shape;
use crate::error::{Diagnostic, Problems, Result};
use crate::files;
use crate::tensors::{self, MAX_BYTES};
use safetensors::Dtype;
use std::path::{Component, Path, PathBuf};

/// Reads the file named by the key `cores` of the model at `model`; the path must be relative and
/// stay in the folder of the model, symbolic links included.
pub(super) fn read(model: &Path, cores: &str) -> Result<Vec<u8>> {
    let path = locate(model, cores).map_err(Problems::from)?;
    files::read(&path, MAX_BYTES)
}

fn locate(model: &Path, cores: &str) -> std::result::Result<PathBuf, Diagnostic> {
    let refused = |what: &str| {
        Diagnostic::new("cores", what)
            .found(format!("\"{}\"", cores.escape_debug()))
            .expected("a file in or below the folder of the model")
            .in_file(model.display())
    };
    let relative = Path::new(cores);
    let is_plain = !cores.is_empty()
        && !cores.contains('\\')
        && relative.components().all(|part| matches!(part, Component::Normal(_)));
    if !is_plain {
        return Err(refused("not a plain relative path"));
    }
    let folder = files::folder(model);
    let path = folder.join(relative);
    let missing = |error: std::io::Error| {
        refused(&format!("cannot be opened ({error})")).help("keep the two files together")
    };
    let resolved = path.canonicalize().map_err(missing)?;
    if !resolved.starts_with(folder.canonicalize().map_err(missing)?) {
        return Err(refused("a link that leaves the folder of the model"));
    }
    Ok(path)
}

/// The tensors of the file.
pub(crate) struct Tensors<'a> {
    /// Name of the file as the model gives it.
    file: &'a str,
    content: tensors::Tensors<'a>,
}

impl<'a> Tensors<'a> {
    /// Parses the bytes of `file`.
    pub(crate) fn parse(file: &'a str, bytes: &'a [u8]) -> std::result::Result<Self, Diagnostic> {
        let content = tensors::Tensors::parse(bytes).map_err(|reason| {
            Diagnostic::new("cores", format!("{file} is not a whole safetensors file ({reason})"))
                .help("was it copied whole?")
        })?;
        Ok(Tensors { file, content })
    }

    /// Names and shapes of all tensors.
    pub(crate) fn shapes(&self) -> std::collections::BTreeMap<String, Vec<usize>> {
        let shape = |name: String| self.content.kind(&name).map(|(shape, _)| (name, shape));
        self.content.names().into_iter().filter_map(shape).collect()
    }

    /// The values of a tensor, which must have the given shape; the problem has no place yet.
    pub(crate) fn values(
        &self,
        name: &str,
        shape: &[usize],
    ) -> std::result::Result<Vec<f64>, Diagnostic> {
        let label = format!("tensor \"{}\" of {}", name.escape_debug(), self.file);
        let Some((found, dtype)) = self.content.kind(name) else {
            return Err(Diagnostic::new("", format!("{label} does not exist"))
                .expected(format!("one of {}", tensors::listed(&self.content.names()))));
        };
        if found != shape {
            return Err(Diagnostic::new("", format!("{label} has the wrong shape"))
                .found(shape::text(&found))
                .expected(shape::text(shape)));
        }
        let exact = matches!(dtype, Dtype::F32 | Dtype::F64);
        exact.then(|| self.content.values(name)).flatten().ok_or_else(|| {
            Diagnostic::new("", format!("{label} has the wrong type"))
                .found(dtype)
                .expected("F32 or F64")
        })
    }
}
