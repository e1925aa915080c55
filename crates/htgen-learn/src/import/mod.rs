//! Checkpoints of other programs to models: which convention a file follows, what its keys mean,
//! and the layers that they describe.
//!
//! Every matrix keeps its format and its values; what changes is the order of axes and, for
//! interleaved gates, the place of the gate in a tensor train, both exactly.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::checkpoint::{Checkpoint, Files, Part, escaped};
use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use crate::model::{Cell, Element, GateActivation, InputPrep, Layer, Linear, Model, ModelParts};
use crate::tensors::listed;
use std::path::Path;

mod convention;
mod cores;
mod dense;
mod head;
mod keras;
mod prefixes;
mod pytorch;
mod strays;
mod tednet;
mod tensorized;
mod torch_names;
mod train;
mod tree;
mod tt_rnn;

pub use convention::{CONVENTIONS, Convention};
pub use head::Head;

/// What a checkpoint does not say by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportOptions {
    /// The convention; detected from the keys when absent.
    pub from: Option<Convention>,
    /// The prefixes of the keys of the layers, from input to output, with or without the last
    /// separator; detected when empty.
    pub prefixes: Vec<String>,
    /// Keys to ignore as if they were not there; `*` stands for any characters.
    pub ignore: Vec<String>,
    /// Name of the model, an identifier.
    pub name: String,
    /// What the stream carries; that of the file when absent, or else real numbers.
    pub element: Option<Element>,
    /// Power-of-two divisor of the inputs; that of the file when absent, or else 8 for bytes and 0
    /// for real numbers.
    pub shift: Option<i32>,
    /// The linear layer that becomes the head.
    pub head: Head,
    /// Activation of the gates of a Keras layer; a sigmoid when absent.
    pub gates: Option<GateActivation>,
    /// Column modes of a flat train.
    pub in_modes: Vec<usize>,
    /// Row modes of a flat train, with or without the factor of the gates in the first.
    pub out_modes: Vec<usize>,
    /// Ranks of a flat train: one for all, the inner ones, or all with a 1 at both ends.
    pub ranks: Vec<usize>,
    /// Dimension tree of hierarchical Tucker cores.
    pub tree: Option<String>,
    /// Inputs per time step of plain cores.
    pub inputs: Option<usize>,
    /// First column of the hidden vector in plain cores.
    pub hidden_offset: Option<usize>,
    /// Kind of cell of plain cores.
    pub cell: Option<Cell>,
    /// Whether the gate is the fastest part of the row number instead of the slowest.
    pub interleaved: bool,
}

impl ImportOptions {
    /// Only the name is given.
    pub fn named(name: &str) -> ImportOptions {
        ImportOptions {
            from: None,
            prefixes: Vec::new(),
            ignore: Vec::new(),
            name: name.to_owned(),
            element: None,
            shift: None,
            head: Head::Found,
            gates: None,
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
    /// The prefixes of the keys of the layers.
    pub prefixes: Vec<String>,
    /// Key of the head, if there is one.
    pub head: Option<String>,
    /// Keys that were ignored on request, sorted.
    pub ignored: Vec<String>,
    /// Keys of other modules, which were not used, sorted.
    pub unused: Vec<String>,
}

/// What a convention makes of a checkpoint.
struct Parts {
    layers: Vec<Layer>,
    head: Option<Linear>,
    /// Element, shift and mean, as far as the file gives them.
    element: Option<Element>,
    shift: Option<i32>,
    mean: Vec<f64>,
}

impl Parts {
    fn of(layers: Vec<Layer>) -> Parts {
        Parts { layers, head: None, element: None, shift: None, mean: Vec::new() }
    }
}

/// Reads a checkpoint, safetensors or npz, and makes the model that it stands for.
///
/// The first problem ends the import; the message names the file, the key, what was found and what
/// was expected. A key of the layers that no part of the model holds is such a problem.
pub fn import(path: &Path, options: &ImportOptions) -> Result<Imported> {
    let files = Files::read(path)?;
    let (parts, imported) =
        of(&files, options).map_err(|problem| problem.in_file(path.display()))?;
    Ok(imported(Model::try_from(parts).map_err(|problems| in_file(problems, path))?))
}

/// The parts of the model, and what becomes of them once they are checked.
fn of(
    files: &Files,
    options: &ImportOptions,
) -> Part<(ModelParts, impl FnOnce(Model) -> Imported + use<>)> {
    let checkpoint = Checkpoint::of(files, &options.ignore)?;
    let sites = convention::recognise(&checkpoint, options)?;
    let convention = sites[0].0;
    convention.check_options(options)?;
    let prefixes: Vec<String> = sites.into_iter().map(|(_, prefix)| prefix).collect();
    let mut parts = convention.read(&checkpoint, &prefixes[0], options)?;
    for prefix in &prefixes[1..] {
        stack(&mut parts, convention.read(&checkpoint, prefix, options)?, prefix)?;
    }
    let mut head = parts.head.is_some().then(|| format!("{}head", prefixes[prefixes.len() - 1]));
    let strays = strays::of_layers(&checkpoint, &prefixes);
    let wants_other = head.is_none() || options.head != Head::Found;
    if let (true, Some(last)) = (wants_other, parts.layers.last()) {
        let free: Vec<String> =
            checkpoint.unused().into_iter().filter(|key| !strays.contains(key)).collect();
        let read = head::read(&checkpoint, &options.head, &free, last.hidden)?;
        (head, parts.head) = read.map_or((None, None), |(key, linear)| (Some(key), Some(linear)));
    }
    let left: Vec<String> = strays.into_iter().filter(|key| !checkpoint.is_used(key)).collect();
    if !left.is_empty() {
        return Err(strays::refused(&left));
    }
    let (ignored, unused) = (checkpoint.ignored().to_vec(), checkpoint.unused());
    let imported = move |model| Imported { model, convention, prefixes, head, ignored, unused };
    Ok((model(parts, options), imported))
}

/// Appends the layers of another module to the existing ones.
fn stack(parts: &mut Parts, more: Parts, prefix: &str) -> Part<()> {
    if let (Some(below), Some(above)) = (parts.layers.last(), more.layers.first())
        && below.hidden != above.inputs
    {
        let place = format!("the layer at \"{}\"", escaped(prefix));
        return Err(Diagnostic::new(place, "does not fit the layer before it")
            .found(format!("{} inputs", above.inputs))
            .expected(format!("{}, its hidden units", below.hidden))
            .help("name the modules from input to output"));
    }
    parts.layers.extend(more.layers);
    parts.head = more.head;
    Ok(())
}

/// Maximum number of layers in a model; further ones are not read, as the model is refused anyway.
const MAX_LAYERS: usize = 64;
/// Power-of-two divisor that brings bytes into [0, 1).
const BYTE_SHIFT: i32 = 8;

/// Puts the name of the file before a problem; name and input preparation come from the user.
fn in_file(problems: Problems, path: &Path) -> Problems {
    let of_file = |place: &str| place.starts_with("layers") || place.starts_with("head");
    let problems = problems.0.into_iter().map(|problem| match of_file(&problem.place) {
        true => problem.in_file(path.display()),
        false => problem,
    });
    Problems(problems.collect())
}

fn model(parts: Parts, options: &ImportOptions) -> ModelParts {
    let element = options.element.or(parts.element).unwrap_or(Element::Real);
    let usual_shift = if element == Element::U8 { BYTE_SHIFT } else { 0 };
    let shift = options.shift.or(parts.shift).unwrap_or(usual_shift);
    ModelParts {
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
    Diagnostic::new("", "the keys match no known convention")
        .kind(ErrorKind::Unsupported)
        .found(found)
        .expected(known.join("; "))
        .help("name one with `from` to see what it misses; docs/import.md describes them")
}
