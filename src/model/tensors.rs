//! The safetensors file beside a model: where it may lie, what it may hold, and its values as f64.

use super::shape;
use crate::error::{Diagnostic, Problems, Result};
use crate::files;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// Largest safetensors file.
const MAX_BYTES: u64 = 1 << 30;
/// Names listed when one is missing.
const MAX_LISTED: usize = 12;
/// Bytes of the header length at the start of a safetensors file.
const LENGTH_BYTES: usize = 8;

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

/// The tensors of a safetensors file.
pub(crate) struct Tensors<'a> {
    /// Name of the file as the model gives it.
    file: &'a str,
    content: SafeTensors<'a>,
}

impl<'a> Tensors<'a> {
    /// Parses the bytes of `file`.
    pub(crate) fn parse(file: &'a str, bytes: &'a [u8]) -> std::result::Result<Self, Diagnostic> {
        let broken = |reason: String| {
            Diagnostic::new("cores", format!("{file} is not a whole safetensors file ({reason})"))
                .help("was it copied whole?")
        };
        check_offsets(bytes).map_err(broken)?;
        let content = SafeTensors::deserialize(bytes).map_err(|error| broken(error.to_string()))?;
        Ok(Tensors { file, content })
    }

    /// The values of a tensor, which must have the given shape; the problem has no place yet.
    pub(crate) fn values(
        &self,
        name: &str,
        shape: &[usize],
    ) -> std::result::Result<Vec<f64>, Diagnostic> {
        let label = format!("tensor \"{}\" of {}", name.escape_debug(), self.file);
        let Ok(view) = self.content.tensor(name) else {
            return Err(Diagnostic::new("", format!("{label} does not exist"))
                .expected(format!("one of {}", self.names())));
        };
        if view.shape() != shape {
            return Err(Diagnostic::new("", format!("{label} has the wrong shape"))
                .found(shape::text(view.shape()))
                .expected(shape::text(shape)));
        }
        match view.dtype() {
            Dtype::F32 => Ok(decode(view.data(), |b: [u8; 4]| f64::from(f32::from_le_bytes(b)))),
            Dtype::F64 => Ok(decode(view.data(), f64::from_le_bytes)),
            other => Err(Diagnostic::new("", format!("{label} has the wrong type"))
                .found(other)
                .expected("F32 or F64")),
        }
    }

    /// Names and shapes of all tensors.
    pub(crate) fn shapes(&self) -> BTreeMap<String, Vec<usize>> {
        let tensors = self.content.iter();
        tensors.map(|(name, view)| (name.to_owned(), view.shape().to_vec())).collect()
    }

    fn names(&self) -> String {
        let mut names = self.content.names();
        names.sort_unstable();
        let listed: Vec<String> =
            names.iter().take(MAX_LISTED).map(|name| name.escape_debug().to_string()).collect();
        let more = if names.len() > MAX_LISTED { ", ..." } else { "" };
        format!("{}{more}", listed.join(", "))
    }
}

fn decode<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    bytes.as_chunks().0.iter().map(|chunk| value(*chunk)).collect()
}

/// The crate adds offsets up without checking; this makes sure that no sum can overflow.
fn check_offsets(bytes: &[u8]) -> std::result::Result<(), String> {
    let length = bytes.first_chunk::<LENGTH_BYTES>().ok_or("shorter than its header length")?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| "header too long")?;
    let rest = &bytes[LENGTH_BYTES..];
    let header = rest.get(..length).ok_or("the header ends too early")?;
    let header: BTreeMap<String, Value> =
        serde_json::from_slice(header).map_err(|error| format!("header: {error}"))?;
    let n_data = (rest.len() - length) as u64;
    for (name, entry) in header.iter().filter(|(name, _)| *name != "__metadata__") {
        let end = entry.pointer("/data_offsets/1").and_then(Value::as_u64);
        if end.is_none_or(|end| end > n_data) {
            return Err(format!("\"{}\" ends behind the file", name.escape_debug()));
        }
    }
    Ok(())
}
