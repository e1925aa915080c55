//! The arrays of a data file, npz or safetensors; its first bytes determine which.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::npz::Npz;
use super::{Array, ArrayData};
use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use crate::files;
use crate::model::shape_text;
use crate::tensors::{Tensors, listed};
use safetensors::Dtype;
use std::path::Path;

/// Largest data file.
const MAX_BYTES: u64 = 1 << 30;
/// Names that the metadata of a safetensors file may list, as such a file has no tensors of text.
const LISTS: [&str; 2] = ["classes", "groups"];
/// Where the header of a safetensors file begins, after its length.
const HEADER: usize = 8;

/// A result whose problem has the array's name as its place.
pub(super) type Checked<T> = std::result::Result<T, Diagnostic>;

/// An open data file. Problems have the array's name as their place; the caller adds the file.
pub struct Arrays {
    source: Source,
    /// Maximum number of entries read from the first axis of an array.
    rows: Option<usize>,
}

enum Source {
    Npz(Npz),
    /// The bytes of a whole safetensors file.
    Tensors(Vec<u8>),
}

impl Arrays {
    /// Reads the file at `path` and applies `take` to it.
    pub fn load<T>(
        path: &Path,
        take: impl FnOnce(&mut Arrays) -> std::result::Result<T, Diagnostic>,
    ) -> Result<T> {
        let bytes = files::read(path, MAX_BYTES)?;
        let named = path.extension().is_some_and(|ending| ending == "safetensors");
        Arrays::open(bytes, named)
            .and_then(|mut arrays| take(&mut arrays))
            .map_err(|problem| Problems::from(problem.in_file(path.display())))
    }

    /// `named`: whether the name is that of a safetensors file, which decides if the content does
    /// not.
    fn open(bytes: Vec<u8>, named: bool) -> std::result::Result<Arrays, Diagnostic> {
        let zip = bytes.starts_with(b"PK");
        let of = |source| Arrays { source, rows: None };
        if zip || !named && bytes.get(HEADER) != Some(&b'{') {
            return Npz::open(bytes).map(Source::Npz).map(of);
        }
        Tensors::parse(&bytes).map_err(|reason| {
            Diagnostic::new("", format!("not a whole safetensors file ({reason})"))
                .kind(ErrorKind::Damaged)
                .expected("tensors written by safetensors.numpy.save_file, or an npz file")
                .help("was it copied whole?")
        })?;
        Ok(of(Source::Tensors(bytes)))
    }

    /// From now on arrays of numbers are read with at most this many entries of their first axis.
    pub(crate) fn first(&mut self, rows: Option<usize>) {
        self.rows = rows;
    }

    /// Names of the arrays, sorted; including those of the lists of names.
    pub(crate) fn list(&self) -> Vec<String> {
        match &self.source {
            Source::Npz(npz) => npz.list(),
            Source::Tensors(bytes) => parsed(bytes).names(),
        }
    }

    /// The first names as text.
    pub fn names(&self) -> String {
        match &self.source {
            Source::Npz(npz) => npz.names(),
            Source::Tensors(bytes) => {
                let names = parsed(bytes).names();
                if names.is_empty() { "no array".to_owned() } else { listed(&names) }
            }
        }
    }

    /// Reads an array, `None` when the file does not have it.
    pub(crate) fn array(&mut self, name: &str) -> std::result::Result<Option<Array>, Diagnostic> {
        match &mut self.source {
            Source::Npz(npz) => npz.array(name, self.rows),
            Source::Tensors(bytes) => of_tensor(&parsed(bytes), name, self.rows),
        }
    }

    /// Reads an array that must be there, as `expected` says.
    pub fn needed(&mut self, name: &str, expected: &str) -> std::result::Result<Array, Diagnostic> {
        let array = self.array(name)?;
        array.ok_or_else(|| {
            Diagnostic::new(name, "array missing").found(self.names()).expected(expected)
        })
    }

    /// A list of names, `None` when the file does not have it; numbers are names too.
    pub(crate) fn listed(
        &mut self,
        name: &str,
    ) -> std::result::Result<Option<Vec<String>>, Diagnostic> {
        if let Some(texts) = self.strings(name)? {
            return Ok(Some(texts));
        }
        let rows = self.rows.take();
        let array = self.array(name);
        self.rows = rows;
        let Some(array) = array? else { return Ok(None) };
        if array.shape.len() > 1 {
            return Err(Diagnostic::new(name, "wrong shape")
                .found(shape_text(&array.shape))
                .expected("a list of names"));
        }
        Ok(Some(array.data.into_texts()))
    }

    /// Reads an array of texts, `None` when the file does not have it or it holds numbers.
    pub(crate) fn strings(
        &mut self,
        name: &str,
    ) -> std::result::Result<Option<Vec<String>>, Diagnostic> {
        match &mut self.source {
            Source::Npz(npz) => npz.strings(name),
            Source::Tensors(bytes) if LISTS.contains(&name) => {
                let tensors = parsed(bytes);
                let list = tensors.metadata().get(name);
                Ok(list.map(|list| list.split(',').map(|name| name.trim().to_owned()).collect()))
            }
            Source::Tensors(_) => Ok(None),
        }
    }
}

fn parsed(bytes: &[u8]) -> Tensors<'_> {
    Tensors::parse(bytes).expect("it was parsed when it was opened")
}

fn of_tensor(
    tensors: &Tensors<'_>,
    name: &str,
    rows: Option<usize>,
) -> std::result::Result<Option<Array>, Diagnostic> {
    let Some((mut shape, dtype)) = tensors.kind(name) else { return Ok(None) };
    let data = match dtype {
        Dtype::F64 => tensors.values(name).map(ArrayData::F64),
        Dtype::F16 | Dtype::BF16 | Dtype::F32 => {
            let values = tensors.values(name);
            values.map(|values| ArrayData::F32(values.into_iter().map(|v| v as f32).collect()))
        }
        Dtype::U8 | Dtype::BOOL => tensors.bytes(name).map(|bytes| ArrayData::U8(bytes.to_vec())),
        _ => tensors.integers(name).map(ArrayData::I64),
    };
    let mut data = data.ok_or_else(|| {
        Diagnostic::new(name, "element type that cannot be read")
            .kind(ErrorKind::Unsupported)
            .found(dtype)
            .expected("BOOL, U8, I8, I16, U16, I32, U32, I64, F16, BF16, F32 or F64")
    })?;
    if let (Some(rows), Some(first)) = (rows, shape.first_mut()) {
        *first = rows.min(*first);
        data.truncate(shape.iter().product());
    }
    Ok(Some(Array { shape, data }))
}
