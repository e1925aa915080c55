//! The arrays of a data file, npz or safetensors alike; its first bytes say which of them it is.

use super::npz::Npz;
use super::{Array, ArrayData};
use crate::error::{Diagnostic, Problems, Result};
use crate::files;
use crate::tensors::{Tensors, listed};
use safetensors::Dtype;
use std::path::Path;

/// Largest data file.
const MAX_BYTES: u64 = 1 << 30;
/// Names that the metadata of a safetensors file may list, which has no tensors of texts.
const LISTS: [&str; 2] = ["classes", "groups"];
/// Where the header of a safetensors file begins, behind its length.
const HEADER: usize = 8;

/// An open data file. Problems have the array's name as their place; the caller adds the file.
pub(crate) enum Arrays {
    Npz(Npz),
    /// The bytes of a whole safetensors file.
    Tensors(Vec<u8>),
}

impl Arrays {
    /// Reads the file at `path` and takes from it what `take` does.
    pub(crate) fn load<T>(
        path: &Path,
        take: impl FnOnce(&mut Arrays) -> std::result::Result<T, Diagnostic>,
    ) -> Result<T> {
        let bytes = files::read(path, MAX_BYTES)?;
        let named = path.extension().is_some_and(|ending| ending == "safetensors");
        Arrays::open(bytes, named)
            .and_then(|mut arrays| take(&mut arrays))
            .map_err(|problem| Problems::from(problem.in_file(path.display())))
    }

    /// `named`: whether the name is that of a safetensors file, which decides where the content does
    /// not.
    fn open(bytes: Vec<u8>, named: bool) -> std::result::Result<Arrays, Diagnostic> {
        let zip = bytes.starts_with(b"PK");
        if zip || !named && bytes.get(HEADER) != Some(&b'{') {
            return Npz::open(bytes).map(Arrays::Npz);
        }
        Tensors::parse(&bytes).map_err(|reason| {
            Diagnostic::new("", format!("not a whole safetensors file ({reason})"))
                .expected("tensors written by safetensors.numpy.save_file, or an npz file")
                .help("was it copied whole?")
        })?;
        Ok(Arrays::Tensors(bytes))
    }

    /// The first names as text.
    pub(crate) fn names(&self) -> String {
        match self {
            Arrays::Npz(npz) => npz.names(),
            Arrays::Tensors(bytes) => {
                let names = parsed(bytes).names();
                if names.is_empty() { "no array".to_owned() } else { listed(&names) }
            }
        }
    }

    /// Reads an array, `None` when the file does not have it.
    pub(crate) fn array(&mut self, name: &str) -> std::result::Result<Option<Array>, Diagnostic> {
        match self {
            Arrays::Npz(npz) => npz.array(name),
            Arrays::Tensors(bytes) => of_tensor(&parsed(bytes), name),
        }
    }

    /// Reads an array that must be there, as `expected` says.
    pub(crate) fn needed(
        &mut self,
        name: &str,
        expected: &str,
    ) -> std::result::Result<Array, Diagnostic> {
        let array = self.array(name)?;
        array.ok_or_else(|| {
            Diagnostic::new(name, "array missing").found(self.names()).expected(expected)
        })
    }

    /// Reads an array of texts, `None` when the file does not have it or it holds others.
    pub(crate) fn strings(
        &mut self,
        name: &str,
    ) -> std::result::Result<Option<Vec<String>>, Diagnostic> {
        match self {
            Arrays::Npz(npz) => npz.strings(name),
            Arrays::Tensors(bytes) if LISTS.contains(&name) => {
                let tensors = parsed(bytes);
                let list = tensors.metadata().get(name);
                Ok(list.map(|list| list.split(',').map(|name| name.trim().to_owned()).collect()))
            }
            Arrays::Tensors(_) => Ok(None),
        }
    }
}

fn parsed(bytes: &[u8]) -> Tensors<'_> {
    Tensors::parse(bytes).expect("it was parsed when it was opened")
}

fn of_tensor(tensors: &Tensors<'_>, name: &str) -> std::result::Result<Option<Array>, Diagnostic> {
    let Some((shape, dtype)) = tensors.kind(name) else { return Ok(None) };
    let data = match dtype {
        Dtype::F64 => tensors.values(name).map(ArrayData::F64),
        Dtype::F16 | Dtype::BF16 | Dtype::F32 => {
            let values = tensors.values(name);
            values.map(|values| ArrayData::F32(values.into_iter().map(|v| v as f32).collect()))
        }
        Dtype::U8 => tensors.bytes(name).map(|bytes| ArrayData::U8(bytes.to_vec())),
        _ => tensors.integers(name).map(ArrayData::I64),
    };
    let data = data.ok_or_else(|| {
        Diagnostic::new(name, "element type that cannot be read")
            .found(dtype)
            .expected("U8, I8, I16, U16, I32, U32, I64, F16, BF16, F32 or F64")
    })?;
    Ok(Some(Array { shape, data }))
}
