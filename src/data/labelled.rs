//! Data sets to train on: sequences with a label each, and what keeps parts of them apart.

use super::npz::Npz;
use super::read::{Checked, MAX_BYTES, integers, lengths, values};
use super::{Array, ArrayData, Sequences, Span, Step, Values};
use crate::error::{Diagnostic, Problems, Result};
use crate::files;
use crate::model::{Element, shape_text};
use std::collections::BTreeMap;
use std::path::Path;

/// Arrays that name who or where a sequence comes from, in the order in which they are looked for.
const GROUP_NAMES: [&str; 4] = ["group", "speaker", "voice", "video"];

/// A data set with labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// The sequences; each has a label.
    pub sequences: Sequences,
    /// Axes of a step; they multiply out to its inputs.
    pub step_shape: Vec<usize>,
    /// Number of classes; labels are below it.
    pub classes: usize,
    /// Group of each sequence, counted from 0; none where the file has no such array.
    pub groups: Option<Vec<usize>>,
    /// Part of each sequence, where the file has `split`.
    pub parts: Option<Vec<Part>>,
}

/// What a sequence is for, by the array `split`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// 0 or `train`.
    Training,
    /// 1, `validation`, `val` or `valid`.
    Validation,
    /// 2 or `test`: not looked at.
    Other,
}

impl Labelled {
    /// Reads a data set; `group` names the array of groups, the usual names are tried without it.
    ///
    /// # Errors
    /// Arrays that are missing, of the wrong shape or type, or hold what is out of range.
    pub fn load(path: &Path, group: Option<&str>) -> Result<Labelled> {
        let bytes = files::read(path, MAX_BYTES)?;
        parse(bytes, group).map_err(|problem| Problems::from(problem.in_file(path.display())))
    }

    /// Some of the sequences as the arrays of a file: x, y and the steps in use, zeros behind those.
    pub fn arrays(&self, sequences: &[usize]) -> Vec<(&'static str, Array)> {
        let data = &self.sequences;
        let n_steps = sequences.iter().map(|&k| data.steps(k)).max().unwrap_or(0);
        let (mut bytes, mut reals) = (Vec::new(), Vec::new());
        for &sequence in sequences {
            for step in 0..data.steps(sequence) {
                match data.step(sequence, step) {
                    Step::U8(values) => bytes.extend_from_slice(values),
                    Step::F32(values) => reals.extend_from_slice(values),
                }
            }
            let behind = (n_steps - data.steps(sequence)) * data.inputs();
            match data.element() {
                Element::U8 => bytes.extend(std::iter::repeat_n(0, behind)),
                Element::Real => reals.extend(std::iter::repeat_n(0.0, behind)),
            }
        }
        let x = match data.element() {
            Element::U8 => ArrayData::U8(bytes),
            Element::Real => ArrayData::F32(reals),
        };
        let count = sequences.len();
        let shape = [&[count, n_steps], &self.step_shape[..]].concat();
        let ints = |of: &dyn Fn(usize) -> i64| Array {
            shape: vec![count],
            data: ArrayData::I64(sequences.iter().map(|&k| of(k)).collect()),
        };
        vec![
            ("x", Array { shape, data: x }),
            ("y", ints(&|k| data.label(k).unwrap_or(0))),
            ("length", ints(&|k| data.steps(k) as i64)),
        ]
    }

    /// Adds another set behind; its groups are others than those here.
    ///
    /// # Errors
    /// Steps or elements of another kind, groups or parts in one of the two alone.
    pub fn append(&mut self, other: Labelled) -> Result<()> {
        let (ours, theirs) = (self.sequences.element(), other.sequences.element());
        if self.step_shape != other.step_shape || ours != theirs {
            return Err(Diagnostic::new("x", "does not fit the data set before it")
                .found(format!("{} {theirs:?}", shape_text(&other.step_shape)))
                .expected(format!("{} {ours:?}", shape_text(&self.step_shape)))
                .into());
        }
        self.classes = self.classes.max(other.classes);
        self.groups = match (self.groups.take(), other.groups) {
            (Some(mut groups), Some(others)) => {
                let first = groups.iter().max().map_or(0, |last| last + 1);
                groups.extend(others.into_iter().map(|group| first + group));
                Some(groups)
            }
            (None, None) => None,
            _ => return Err(in_one_alone("group")),
        };
        self.parts = match (self.parts.take(), other.parts) {
            (Some(parts), Some(others)) => Some([parts, others].concat()),
            (None, None) => None,
            _ => return Err(in_one_alone("split")),
        };
        self.sequences.append(other.sequences);
        Ok(())
    }
}

fn in_one_alone(name: &str) -> Problems {
    Diagnostic::new(name, "in some of the data sets but not in all").into()
}

impl Sequences {
    /// Adds sequences of the same inputs and elements behind.
    fn append(&mut self, other: Sequences) {
        let rows = match &self.values {
            Values::U8(values) => values.len(),
            Values::F32(values) => values.len(),
        } / self.inputs.max(1);
        match (&mut self.values, other.values) {
            (Values::U8(values), Values::U8(others)) => values.extend(others),
            (Values::F32(values), Values::F32(others)) => values.extend(others),
            _ => unreachable!("the elements have been compared"),
        }
        self.spans.extend(other.spans.iter().map(|s| Span { first: s.first + rows, ..*s }));
        self.labels = self.labels.take().zip(other.labels).map(|(a, b)| [a, b].concat());
    }
}

fn parse(bytes: Vec<u8>, group: Option<&str>) -> Checked<Labelled> {
    let mut npz = Npz::open(bytes)?;
    let missing = |npz: &Npz, name: &str, expected: &str| {
        Diagnostic::new(name, "array missing").found(npz.names()).expected(expected)
    };
    let Some(x) = npz.array("x")? else {
        return Err(missing(&npz, "x", "x of (sequences, steps, inputs)"));
    };
    let (n_sequences, n_steps, step_shape) = match x.shape.split_first_chunk::<2>() {
        Some((&[n, steps], rest)) if !rest.is_empty() && !x.data.is_empty() => {
            (n, steps, rest.to_vec())
        }
        _ => {
            return Err(Diagnostic::new("x", "wrong shape")
                .found(shape_text(&x.shape))
                .expected("sequences x steps x inputs, none of them 0"));
        }
    };
    let inputs = step_shape.iter().product();
    let element = if matches!(x.data, ArrayData::U8(_)) { Element::U8 } else { Element::Real };
    let values = values(x, inputs, element)?;
    let lengths = npz.array("length")?.map(|array| lengths(array, n_sequences, n_steps));
    let lengths = lengths.transpose()?.unwrap_or_else(|| vec![n_steps; n_sequences]);
    let Some(y) = npz.array("y")? else {
        return Err(missing(&npz, "y", "y, the class of each sequence"));
    };
    let labels = integers(y, "y", n_sequences)?;
    let classes = classes(&mut npz, &labels)?;
    let groups = groups(&mut npz, group, n_sequences)?;
    let parts = parts(&mut npz, n_sequences)?;
    let span = |(k, n_steps_used)| Span { first: k * n_steps, n_steps: n_steps_used };
    let spans = lengths.into_iter().enumerate().map(span).collect();
    let sequences = Sequences { inputs, spans, values, labels: Some(labels) };
    Ok(Labelled { sequences, step_shape, classes, groups, parts })
}

/// Number of classes: of the names in `classes`, or one more than the largest label.
fn classes(npz: &mut Npz, labels: &[i64]) -> Checked<usize> {
    let named = npz.strings("classes")?.map(|names| names.len());
    let largest = labels.iter().copied().max().unwrap_or(0);
    let classes = named.unwrap_or_else(|| usize::try_from(largest + 1).unwrap_or(0));
    let inside = |label: i64| usize::try_from(label).is_ok_and(|label| label < classes);
    if let Some(k) = labels.iter().position(|&label| !inside(label)) {
        let expected = match named {
            Some(classes) => format!("0 to {}, the classes named", classes.saturating_sub(1)),
            None => "classes counted from 0".to_owned(),
        };
        return Err(Diagnostic::new(format!("y[{k}]"), "label outside the classes")
            .found(labels[k])
            .expected(expected));
    }
    // A label of a million would be a head of a million outputs.
    if classes > labels.len().max(2) {
        return Err(Diagnostic::new("y", "more classes than sequences")
            .found(format!("{classes} classes"))
            .expected(format!("at most {}", labels.len()))
            .help("count the classes from 0 without gaps"));
    }
    Ok(classes)
}

fn groups(npz: &mut Npz, asked: Option<&str>, n_sequences: usize) -> Checked<Option<Vec<usize>>> {
    let names: Vec<&str> = asked.map_or(GROUP_NAMES.to_vec(), |name| vec![name]);
    for name in names {
        let Some(keys) = keys(npz, name, n_sequences)? else { continue };
        let mut numbers = BTreeMap::new();
        for key in &keys {
            let next = numbers.len();
            numbers.entry(key.clone()).or_insert(next);
        }
        return Ok(Some(keys.iter().map(|key| numbers[key]).collect()));
    }
    match asked {
        Some(name) => Err(Diagnostic::new(name, "array missing")
            .found(npz.names())
            .expected("the group of each sequence, as data.group says")),
        None => Ok(None),
    }
}

fn parts(npz: &mut Npz, n_sequences: usize) -> Checked<Option<Vec<Part>>> {
    let Some(keys) = keys(npz, "split", n_sequences)? else { return Ok(None) };
    let part = |(k, key): (usize, &String)| match key.as_str() {
        "0" | "train" => Ok(Part::Training),
        "1" | "validation" | "val" | "valid" => Ok(Part::Validation),
        "2" | "test" => Ok(Part::Other),
        other => Err(Diagnostic::new(format!("split[{k}]"), "not a part")
            .found(other.escape_debug())
            .expected("0 or train, 1 or validation, 2 or test")),
    };
    keys.iter().enumerate().map(part).collect::<Checked<_>>().map(Some)
}

/// An array of one integer or string a sequence, as text.
fn keys(npz: &mut Npz, name: &str, n_sequences: usize) -> Checked<Option<Vec<String>>> {
    if let Some(strings) = npz.strings(name)? {
        if strings.len() != n_sequences {
            return Err(Diagnostic::new(name, "wrong shape")
                .found(strings.len())
                .expected(format!("{n_sequences}, one a sequence")));
        }
        return Ok(Some(strings));
    }
    let Some(array) = npz.array(name)? else { return Ok(None) };
    let numbers = integers(array, name, n_sequences)?;
    Ok(Some(numbers.iter().map(i64::to_string).collect()))
}
