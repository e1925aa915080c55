//! A checkpoint written by another program: named tensors from a safetensors file, from several of
//! them under an index, or from an npz file. Each tensor is checked when it is taken, and the taken
//! ones are recorded.
//!
//! The only reader of checkpoints; what the keys mean is up to `import`.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod pattern;
mod shards;

use crate::data::{ArrayData, Npz};
use crate::error::{Diagnostic, ErrorKind, Result};
use crate::model::{Core, shape_text};
use crate::tensors::{MAX_BYTES, Tensors, listed};
use crate::{files, foreign};
use pattern::fits;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Maximum number of values in a tensor; a model holds no more.
const MAX_VALUES: usize = 1 << 27;

/// What reading a part of a checkpoint yields; the problem has a key as its place.
pub(crate) type Part<T> = std::result::Result<T, Diagnostic>;

/// The files of a checkpoint as they were read.
pub(crate) enum Files {
    /// Safetensors files by name, and which of them holds a key; one file has no index.
    Tensors(Vec<(String, Vec<u8>)>, Option<BTreeMap<String, usize>>),
    /// An npz file.
    Arrays(RefCell<Npz>),
}

impl Files {
    /// Reads a checkpoint; its first bytes determine the kind.
    pub(crate) fn read(path: &Path) -> Result<Files> {
        foreign::refuse(path)?;
        let bytes = files::read(path, MAX_BYTES)?;
        if bytes.starts_with(b"PK") {
            let npz = Npz::open(bytes).map_err(|problem| problem.in_file(path.display()))?;
            return Ok(Files::Arrays(RefCell::new(npz)));
        }
        if bytes.trim_ascii_start().starts_with(b"{") {
            let shards = shards::read(path, &bytes)?;
            return Ok(Files::Tensors(shards.files, Some(shards.index)));
        }
        Ok(Files::Tensors(vec![(String::new(), bytes)], None))
    }
}

/// The tensors as the files hold them.
enum Content<'a> {
    /// The files, and which of them holds a key.
    Tensors(Vec<Tensors<'a>>, BTreeMap<String, usize>),
    Arrays(&'a RefCell<Npz>),
}

impl<'a> Content<'a> {
    fn parse(files: &'a Files) -> Part<Self> {
        let (files, index) = match files {
            Files::Arrays(npz) => return Ok(Content::Arrays(npz)),
            Files::Tensors(files, index) => (files, index),
        };
        let parse = |(name, bytes): &'a (String, Vec<u8>)| {
            Tensors::parse(bytes).map_err(|reason| {
                Diagnostic::new(escaped(name), format!("not a whole safetensors file ({reason})"))
                    .kind(ErrorKind::Damaged)
                    .expected("a safetensors or npz file")
                    .help("docs/import.md says how to write one from PyTorch or Keras")
            })
        };
        let tensors = files.iter().map(parse).collect::<Part<Vec<Tensors<'a>>>>()?;
        let Some(index) = index else {
            let index = tensors[0].names().into_iter().map(|name| (name, 0)).collect();
            return Ok(Content::Tensors(tensors, index));
        };
        for (number, (file, held)) in files.iter().zip(&tensors).enumerate() {
            for name in held.names() {
                if index.get(&name) != Some(&number) {
                    return Err(Diagnostic::new(escaped(&name), "not where the index has it")
                        .found(escaped(&file.0))
                        .help("do the files belong together?"));
                }
            }
        }
        for (name, number) in index {
            if tensors[*number].kind(name).is_none() {
                return Err(Diagnostic::new(escaped(name), "not in the file that the index names")
                    .found(escaped(&files[*number].0))
                    .help("do the files belong together?"));
            }
        }
        Ok(Content::Tensors(tensors, index.clone()))
    }
}

/// A checkpoint that records which keys were used.
pub(crate) struct Checkpoint<'a> {
    content: Content<'a>,
    names: Vec<String>,
    ignored: Vec<String>,
    metadata: BTreeMap<String, String>,
    used: RefCell<BTreeSet<String>>,
}

impl<'a> Checkpoint<'a> {
    /// What the files hold, without the keys to be ignored: whole keys, or patterns with `*` for
    /// any characters.
    pub(crate) fn of(files: &'a Files, ignore: &[String]) -> Part<Self> {
        let content = Content::parse(files)?;
        let (names, metadata) = match &content {
            Content::Tensors(tensors, index) => (
                index.keys().cloned().collect(),
                tensors.iter().flat_map(|tensors| tensors.metadata().clone()).collect(),
            ),
            Content::Arrays(npz) => (npz.borrow().list(), BTreeMap::new()),
        };
        for pattern in ignore {
            if !names.iter().any(|name| fits(pattern, name)) {
                return Err(Diagnostic::new(
                    format!("`ignore` {}", escaped(pattern)),
                    "no such key",
                )
                .expected(format!("one of {}", listed(&names)))
                .help("* stands for any characters"));
            }
        }
        let is_ignored = |name: &String| ignore.iter().any(|pattern| fits(pattern, name));
        let (ignored, names) = names.into_iter().partition(is_ignored);
        Ok(Checkpoint { content, names, ignored, metadata, used: RefCell::default() })
    }

    /// Keys that are present and were ignored on request.
    pub(crate) fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// The shape of a tensor, if the key exists and can be read.
    pub(crate) fn shape(&self, name: &str) -> Option<Vec<usize>> {
        if !self.has(name) {
            return None;
        }
        match &self.content {
            Content::Tensors(tensors, index) => {
                tensors[*index.get(name)?].kind(name).map(|(shape, _)| shape)
            }
            Content::Arrays(npz) => {
                npz.borrow_mut().array(name, None).ok()?.map(|array| array.shape)
            }
        }
    }

    /// Whether anything asked for a key.
    pub(crate) fn is_used(&self, name: &str) -> bool {
        self.used.borrow().contains(name)
    }

    /// All keys, sorted.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether there is such a key.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.binary_search_by(|other| other.as_str().cmp(name)).is_ok()
    }

    /// A note by the writer, stored beside the tensors.
    pub(crate) fn note(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// Keys that nothing asked for.
    pub(crate) fn unused(&self) -> Vec<String> {
        let used = self.used.borrow();
        self.names.iter().filter(|name| !used.contains(*name)).cloned().collect()
    }

    /// Shape and values of a tensor; every axis has at least one element and every value is finite.
    pub(crate) fn tensor(&self, name: &str) -> Part<Core> {
        let core = match &self.content {
            _ if !self.has(name) => None,
            Content::Tensors(tensors, index) => match index.get(name) {
                Some(number) => of_safetensors(&tensors[*number], name)?,
                None => None,
            },
            Content::Arrays(npz) => of_npz(&mut npz.borrow_mut(), name)?,
        };
        let Some(core) = core else {
            return Err(Diagnostic::new(escaped(name), "no such tensor")
                .expected(format!("one of {}", listed(&self.names))));
        };
        self.used.borrow_mut().insert(name.to_owned());
        if core.shape.contains(&0) {
            let problem = Diagnostic::new(escaped(name), "an empty tensor");
            return Err(problem.found(shape_text(&core.shape)));
        }
        if let Some(at) = core.data.iter().position(|value| !value.is_finite()) {
            return Err(Diagnostic::new(escaped(name), "not finite")
                .found(format!("{:e} at element {at}", core.data[at]))
                .expected("finite numbers")
                .help("did the training diverge?"));
        }
        Ok(core)
    }

    /// A tensor with that number of axes.
    pub(crate) fn of_axes(&self, name: &str, axes: &str, count: usize) -> Part<Core> {
        let core = self.tensor(name)?;
        if core.shape.len() == count {
            return Ok(core);
        }
        Err(Diagnostic::new(escaped(name), "wrong number of axes")
            .found(shape_text(&core.shape))
            .expected(format!("{count} axes: {axes}")))
    }

    /// The values of a tensor of that shape.
    pub(crate) fn values(&self, name: &str, shape: &[usize]) -> Part<Vec<f64>> {
        let core = self.tensor(name)?;
        if core.shape == shape {
            return Ok(core.data);
        }
        Err(Diagnostic::new(escaped(name), "wrong shape")
            .found(shape_text(&core.shape))
            .expected(shape_text(shape)))
    }

    /// The values of a vector that may be missing and is then zero.
    pub(crate) fn bias(&self, name: &str, length: usize) -> Part<Vec<f64>> {
        if !self.has(name) {
            return Ok(vec![0.0; length.min(MAX_VALUES)]);
        }
        self.values(name, &[length])
    }
}

fn of_safetensors(tensors: &Tensors<'_>, name: &str) -> Part<Option<Core>> {
    let Some((shape, dtype)) = tensors.kind(name) else { return Ok(None) };
    check_size(name, &shape)?;
    match tensors.values(name) {
        Some(data) => Ok(Some(Core { shape, data })),
        None => Err(wrong_type(name, &dtype.to_string())),
    }
}

fn of_npz(npz: &mut Npz, name: &str) -> Part<Option<Core>> {
    let Some(array) = npz.array(name, None)? else { return Ok(None) };
    check_size(name, &array.shape)?;
    let data = match array.data {
        ArrayData::F32(data) => data.into_iter().map(f64::from).collect(),
        ArrayData::F64(data) => data,
        ArrayData::U8(_) | ArrayData::I32(_) | ArrayData::I64(_) => {
            return Err(wrong_type(name, "integers"));
        }
    };
    Ok(Some(Core { shape: array.shape, data }))
}

/// Checks that a tensor has no more values than a model may.
pub(crate) fn check_size(name: &str, shape: &[usize]) -> Part<()> {
    let count = shape.iter().try_fold(1usize, |product, &side| product.checked_mul(side));
    if count.is_some_and(|count| count <= MAX_VALUES) {
        return Ok(());
    }
    Err(Diagnostic::new(escaped(name), "too large")
        .kind(ErrorKind::Limit)
        .found(format!("{} values", shape_text(shape)))
        .expected(format!("at most {MAX_VALUES}")))
}

fn wrong_type(name: &str, found: &str) -> Diagnostic {
    Diagnostic::new(escaped(name), "wrong type").found(found).expected("F16, BF16, F32 or F64")
}

/// A key without control characters, which a hostile file may contain.
pub(crate) fn escaped(name: &str) -> String {
    name.escape_debug().to_string()
}
