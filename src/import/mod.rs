//! Checkpoints of other programs to models: which convention a file follows, what its keys mean, and
//! the layer that they describe.
//!
//! Every matrix keeps its format and its values; what changes is the order of axes and, for gates that
//! lie interleaved, the place of the gate in a tensor train, both exactly.

use crate::error::{Diagnostic, Problems, Result};
use crate::model::{Cell, Element, InputPrep, Layer, Linear, Model};
use crate::tensors::listed;
use std::path::Path;

mod checkpoint;
mod convention;
mod cores;
mod dense;
mod pytorch;
mod tednet;
mod tensorized;
mod train;
mod tree;
mod tt_rnn;

pub use convention::{CONVENTIONS, Convention};

use checkpoint::{Checkpoint, Content};

/// What a checkpoint does not say by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The convention; found by the keys when absent.
    pub from: Option<Convention>,
    /// What stands before the keys of the layer; found when absent.
    pub prefix: Option<String>,
    /// Name of the model, an identifier.
    pub name: String,
    /// What the stream carries; that of the file, or real numbers, when absent.
    pub element: Option<Element>,
    /// Power-of-two divisor of the inputs; that of the file, else 8 for bytes and 0 for real numbers.
    pub shift: Option<i32>,
    /// Key of a linear layer, without `.weight` and `.bias`, that becomes the head.
    pub head: Option<String>,
    /// Column modes of a flat train.
    pub in_modes: Vec<usize>,
    /// Row modes of a flat train, with or without the factor of the gates in the first.
    pub out_modes: Vec<usize>,
    /// Ranks of a flat train: one for all, the inner ones, or all with a 1 at both ends.
    pub ranks: Vec<usize>,
    /// Dimension tree of hierarchical Tucker cores.
    pub tree: Option<String>,
    /// Inputs a time step of plain cores.
    pub inputs: Option<usize>,
    /// First column of the hidden vector in plain cores.
    pub hidden_offset: Option<usize>,
    /// Kind of cell of plain cores.
    pub cell: Option<Cell>,
    /// Whether the gate is the fastest part of the row number instead of the slowest.
    pub interleaved: bool,
}

impl Options {
    /// Nothing said but the name.
    pub fn named(name: &str) -> Options {
        Options {
            from: None,
            prefix: None,
            name: name.to_owned(),
            element: None,
            shift: None,
            head: None,
            in_modes: Vec::new(),
            out_modes: Vec::new(),
            ranks: Vec::new(),
            tree: None,
            inputs: None,
            hidden_offset: None,
            cell: None,
            interleaved: false,
        }
    }
}

/// A model made from a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The checked model.
    pub model: Model,
    /// The convention that the file follows.
    pub convention: Convention,
    /// What stands before the keys of the layer.
    pub prefix: String,
    /// Keys that nothing was made of, sorted.
    pub unused: Vec<String>,
}

/// What a convention makes of a checkpoint.
struct Parts {
    layers: Vec<Layer>,
    head: Option<Linear>,
    /// Element, shift and mean as far as the file tells them.
    element: Option<Element>,
    shift: Option<i32>,
    mean: Vec<f64>,
}

impl Parts {
    fn of(layers: Vec<Layer>) -> Parts {
        Parts { layers, head: None, element: None, shift: None, mean: Vec::new() }
    }
}

/// Reads a checkpoint, a safetensors or npz file, and makes the model that it stands for.
///
/// The first problem ends it; the message names the file, the key, what was found and what was
/// expected.
pub fn import(path: &Path, options: &Options) -> Result<Imported> {
    let problem = |problem: Diagnostic| problem.in_file(path.display());
    let bytes = checkpoint::read(path)?;
    let content = Content::parse(&bytes, path).map_err(problem)?;
    let checkpoint = Checkpoint::new(content);
    let (convention, prefix) = convention::recognise(&checkpoint, options).map_err(problem)?;
    convention.check_options(options).map_err(problem)?;
    let mut parts = convention.read(&checkpoint, &prefix, options).map_err(problem)?;
    if let (Some(key), Some(last)) = (&options.head, parts.layers.last()) {
        parts.head = Some(dense::head(&checkpoint, key, last.hidden).map_err(problem)?);
    }
    let model = model(parts, options);
    model.check().map_err(|problems| in_file(problems, path))?;
    Ok(Imported { model, convention, prefix, unused: checkpoint.unused() })
}

/// Layers that a model may have; more than that are not read, as the model is refused anyway.
const MAX_LAYERS: usize = 64;
/// Power-of-two divisor that brings bytes into [0, 1).
const BYTE_SHIFT: i32 = 8;

/// Puts the file before what came out of it; name and input preparation are the user's.
fn in_file(problems: Problems, path: &Path) -> Problems {
    let of_file = |place: &str| place.starts_with("layers") || place.starts_with("head");
    let problems = problems.0.into_iter().map(|problem| match of_file(&problem.place) {
        true => problem.in_file(path.display()),
        false => problem,
    });
    Problems(problems.collect())
}

fn model(parts: Parts, options: &Options) -> Model {
    let element = options.element.or(parts.element).unwrap_or(Element::Real);
    let usual_shift = if element == Element::U8 { BYTE_SHIFT } else { 0 };
    let shift = options.shift.or(parts.shift).unwrap_or(usual_shift);
    Model {
        name: options.name.clone(),
        layers: parts.layers,
        head: parts.head,
        input: InputPrep { element, shift, mean: parts.mean },
        formats: None,
    }
}

/// A problem of the whole file: what was found and what is known.
fn unknown(checkpoint: &Checkpoint<'_>) -> Diagnostic {
    let known: Vec<String> = CONVENTIONS
        .iter()
        .map(|convention| format!("{} ({})", convention.name(), convention.keys()))
        .collect();
    let names = checkpoint.names();
    let found = if names.is_empty() { "no tensor".to_owned() } else { listed(names) };
    Diagnostic::new("", "the keys fit no known convention")
        .found(found)
        .expected(known.join("; "))
        .help("name one with --from to learn what it misses; docs/import.md describes them")
}
