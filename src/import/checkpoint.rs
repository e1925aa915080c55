//! A checkpoint: tensors by name out of a safetensors or npz file, each checked as it is taken, and
//! which of them were.

use crate::data::{ArrayData, Npz};
use crate::error::{Diagnostic, Result};
use crate::files;
use crate::model::{Core, shape_text};
use crate::tensors::{MAX_BYTES, Tensors, listed};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Most values of a tensor; a model holds no more.
const MAX_VALUES: usize = 1 << 27;

/// What reading a part of a checkpoint yields; the problem has a key as its place.
pub(super) type Part<T> = std::result::Result<T, Diagnostic>;

/// The bytes of a checkpoint file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    files::read(path, MAX_BYTES)
}

/// The tensors as the file holds them.
pub(super) enum Content<'a> {
    Tensors(Tensors<'a>),
    Arrays(RefCell<Npz>),
}

impl<'a> Content<'a> {
    /// Parses a file by what its first bytes say.
    pub(super) fn parse(bytes: &'a [u8], path: &Path) -> Part<Self> {
        if bytes.starts_with(b"PK") {
            let is_npz = path.extension().is_some_and(|extension| extension == "npz");
            let torch = "a file of torch.save? write it with safetensors.torch.save_file instead";
            let npz = Npz::open(bytes.to_vec())?;
            if !is_npz && npz.list().is_empty() {
                let problem = Diagnostic::new("", "neither a safetensors nor an npz file");
                return Err(problem.help(torch));
            }
            return Ok(Content::Arrays(RefCell::new(npz)));
        }
        Tensors::parse(bytes).map(Content::Tensors).map_err(|reason| {
            Diagnostic::new("", format!("not a whole safetensors file ({reason})"))
                .expected("a safetensors or npz file")
                .help("docs/import.md says how to write one from PyTorch or Keras")
        })
    }
}

/// A checkpoint that notes which keys were used.
pub(super) struct Checkpoint<'a> {
    content: Content<'a>,
    names: Vec<String>,
    metadata: BTreeMap<String, String>,
    used: RefCell<BTreeSet<String>>,
}

impl<'a> Checkpoint<'a> {
    pub(super) fn new(content: Content<'a>) -> Self {
        let (names, metadata) = match &content {
            Content::Tensors(tensors) => (tensors.names(), tensors.metadata().clone()),
            Content::Arrays(npz) => (npz.borrow().list(), BTreeMap::new()),
        };
        Checkpoint { content, names, metadata, used: RefCell::default() }
    }

    /// All keys, sorted.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether there is such a key.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.binary_search_by(|other| other.as_str().cmp(name)).is_ok()
    }

    /// A note of the writer beside the tensors.
    pub(super) fn note(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// Keys that nothing asked for.
    pub(super) fn unused(&self) -> Vec<String> {
        let used = self.used.borrow();
        self.names.iter().filter(|name| !used.contains(*name)).cloned().collect()
    }

    /// Shape and values of a tensor; every axis has at least one element and every value is finite.
    pub(super) fn tensor(&self, name: &str) -> Part<Core> {
        let core = match &self.content {
            Content::Tensors(tensors) => of_safetensors(tensors, name),
            Content::Arrays(npz) => of_npz(&mut npz.borrow_mut(), name),
        }?;
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

    /// A tensor of that many axes.
    pub(super) fn of_axes(&self, name: &str, axes: &str, count: usize) -> Part<Core> {
        let core = self.tensor(name)?;
        if core.shape.len() == count {
            return Ok(core);
        }
        Err(Diagnostic::new(escaped(name), "wrong number of axes")
            .found(shape_text(&core.shape))
            .expected(format!("{count} axes: {axes}")))
    }

    /// The values of a tensor of that shape.
    pub(super) fn values(&self, name: &str, shape: &[usize]) -> Part<Vec<f64>> {
        let core = self.tensor(name)?;
        if core.shape == shape {
            return Ok(core.data);
        }
        Err(Diagnostic::new(escaped(name), "wrong shape")
            .found(shape_text(&core.shape))
            .expected(shape_text(shape)))
    }

    /// The values of a vector that may be missing, which then is zero.
    pub(super) fn bias(&self, name: &str, length: usize) -> Part<Vec<f64>> {
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
pub(super) fn check_size(name: &str, shape: &[usize]) -> Part<()> {
    let count = shape.iter().try_fold(1usize, |product, &side| product.checked_mul(side));
    if count.is_some_and(|count| count <= MAX_VALUES) {
        return Ok(());
    }
    Err(Diagnostic::new(escaped(name), "too large")
        .found(format!("{} values", shape_text(shape)))
        .expected(format!("at most {MAX_VALUES}")))
}

fn wrong_type(name: &str, found: &str) -> Diagnostic {
    Diagnostic::new(escaped(name), "wrong type").found(found).expected("F16, BF16, F32 or F64")
}

/// A key without the control characters of a hostile file.
pub(super) fn escaped(name: &str) -> String {
    name.escape_debug().to_string()
}
