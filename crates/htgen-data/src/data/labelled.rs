//! Data sets to train on: labelled sequences, and the information that keeps parts of them
//! separate.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::arrays::Checked;
use super::class_labels::ClassLabels;
use super::keys::{Each, SplitPart};
use super::read::{lengths, values};
use super::{Array, ArrayData, Arrays, Sequences, Spans, StepValues, Values};
use crate::error::{Diagnostic, Problems, Result};
use crate::model::{Element, shape_text};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Arrays that are read, or that give names to what is read.
const KNOWN: [&str; 6] = ["x", "y", "length", "split", "classes", "groups"];

/// A data set with labels.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledSequences {
    /// The sequences; each has a label.
    pub sequences: Sequences,
    /// Axes of a step; they multiply out to its inputs.
    pub step_shape: Vec<usize>,
    /// Number of classes; labels are below it.
    pub classes: usize,
    /// Group of each sequence; none where the file has no such array.
    pub groups: Option<Groups>,
    /// Part of each sequence, where the file has `split`.
    pub parts: Option<Vec<SplitPart>>,
    /// Arrays in the files that have no meaning here, sorted.
    pub unused: Vec<String>,
}

/// Who or where sequences come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// The arrays that say so; one, unless different files use different ones.
    pub arrays: Vec<String>,
    /// Names of the groups, in order of appearance; those of another array than the first carry its
    /// name.
    pub names: Vec<String>,
    /// Group of each sequence, a place in `names`.
    pub of: Vec<usize>,
}

impl Groups {
    fn new(array: String, keys: &[String]) -> Groups {
        let mut groups = Groups { arrays: vec![array], names: Vec::new(), of: Vec::new() };
        groups.extend(keys);
        groups
    }

    /// Adds sequences; a group with the same name is the same group.
    fn extend<T: AsRef<str>>(&mut self, keys: &[T]) {
        let mut places: BTreeMap<String, usize> =
            self.names.iter().enumerate().map(|(k, name)| (name.clone(), k)).collect();
        for key in keys.iter().map(AsRef::as_ref) {
            let next = self.names.len();
            let place = *places.entry(key.to_owned()).or_insert(next);
            if place == next {
                self.names.push(key.to_owned());
            }
            self.of.push(place);
        }
    }

    /// Adds the sequences of another set. Its speaker 0 is not voice 0 of this one.
    fn append(&mut self, other: &Groups) {
        let array = &other.arrays[0];
        let name = |&group: &usize| match &other.names[group] {
            name if self.arrays[0] == *array => name.clone(),
            name => format!("{array} {name}"),
        };
        let keys: Vec<String> = other.of.iter().map(name).collect();
        self.extend(&keys);
        if !self.arrays.contains(array) {
            self.arrays.push(array.clone());
        }
    }
}

impl LabelledSequences {
    /// Reads a data set; `group` is the name of the array of groups, otherwise the usual names are
    /// tried.
    ///
    /// # Errors
    /// Arrays that are missing, of the wrong shape or type, or have values out of range.
    pub fn load(path: &Path, group: Option<&str>) -> Result<LabelledSequences> {
        Arrays::load(path, |arrays| parse(arrays, group))
    }

    /// Reads data sets, at least one, as one.
    ///
    /// # Errors
    /// As for [`load`](Self::load), and sets that do not match each other; a file given
    /// twice.
    pub fn load_all<P: AsRef<Path>>(paths: &[P], group: Option<&str>) -> Result<LabelledSequences> {
        once(paths)?;
        joined(paths, |path| LabelledSequences::load(path, group))
    }

    /// Reads training and held-out data from separate files, at least one of each. Groups do not
    /// matter then.
    ///
    /// # Errors
    /// As for [`load_all`](Self::load_all); an array `split`, which would split them
    /// differently.
    pub fn load_parted<P: AsRef<Path>>(
        training: &[P],
        validation: &[P],
    ) -> Result<LabelledSequences> {
        let load = |path: &Path, part: SplitPart| {
            let mut set = LabelledSequences::load(path, None)?;
            if set.parts.is_some() {
                let what = "conflicts with `validation`, which already splits the data";
                let problem = Diagnostic::new("split", what);
                return Err(problem.help("leave one out").in_file(path.display()).into());
            }
            set.groups = None;
            set.parts = Some(vec![part; set.sequences.count()]);
            Ok(set)
        };
        let all: Vec<&Path> = training.iter().chain(validation).map(AsRef::as_ref).collect();
        once(&all)?;
        let mut whole = joined(training, |path| load(path, SplitPart::Training))?;
        let held = joined(validation, |path| load(path, SplitPart::Validation))?;
        whole.append(held).map_err(|p| p.in_file(validation[0].as_ref().display()))?;
        Ok(whole)
    }

    /// Some of the sequences as the arrays of a file: x, y and the steps in use, followed by zeros.
    pub fn arrays(&self, sequences: &[usize]) -> Vec<(&'static str, Array)> {
        let data = &self.sequences;
        let n_steps = sequences.iter().map(|&k| data.steps(k)).max().unwrap_or(0);
        let (mut bytes, mut reals) = (Vec::new(), Vec::new());
        for &sequence in sequences {
            for step in 0..data.steps(sequence) {
                match data.step(sequence, step) {
                    StepValues::U8(values) => bytes.extend_from_slice(values),
                    StepValues::F32(values) => reals.extend_from_slice(values),
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

    /// Adds another set; a group that occurs in both is one group.
    ///
    /// # Errors
    /// Steps or elements of another kind, groups or parts in only one of the two.
    fn append(&mut self, other: LabelledSequences) -> Result<()> {
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
                groups.append(&others);
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
        self.unused.extend(other.unused);
        self.unused.sort();
        self.unused.dedup();
        self.sequences.append(other.sequences);
        Ok(())
    }
}

/// Concatenates sets.
fn joined<P: AsRef<Path>>(
    paths: &[P],
    load: impl Fn(&Path) -> Result<LabelledSequences>,
) -> Result<LabelledSequences> {
    let (first, others) = paths.split_first().expect("at least one file");
    let mut whole = load(first.as_ref())?;
    for path in others.iter().map(P::as_ref) {
        whole.append(load(path)?).map_err(|p| p.in_file(path.display()))?;
    }
    Ok(whole)
}

/// Refuses a file that is given twice, under whatever name.
fn once<P: AsRef<Path>>(paths: &[P]) -> Result<()> {
    let mut seen: Vec<PathBuf> = Vec::new();
    for path in paths.iter().map(AsRef::as_ref) {
        // A path that leads nowhere is reported when it is read.
        let Ok(place) = path.canonicalize() else { continue };
        if seen.contains(&place) {
            return Err(Diagnostic::new("", "a data set that is given twice")
                .help("its sequences would be in both parts; leave it out once")
                .in_file(path.display())
                .into());
        }
        seen.push(place);
    }
    Ok(())
}

fn in_one_alone(name: &str) -> Problems {
    Diagnostic::new(name, "in some of the data sets but not in all").into()
}

impl Sequences {
    /// Appends sequences with the same inputs and elements.
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
        self.spans.append(&other.spans, rows);
        self.labels = match (self.labels.take(), other.labels) {
            (Some(ClassLabels::Sequence(a)), Some(ClassLabels::Sequence(b))) => {
                Some(ClassLabels::Sequence([a, b].concat()))
            }
            _ => unreachable!("a labelled set has a label a sequence"),
        };
        // Names that do not agree count as none.
        if self.class_names != other.class_names {
            self.class_names.clear();
        }
    }
}

fn parse(arrays: &mut Arrays, group: Option<&str>) -> Checked<LabelledSequences> {
    let x = arrays.needed("x", "x of (sequences, steps, inputs)")?;
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
    let values = values(x, element)?;
    let each = Each(n_sequences, "sequence");
    let lengths = arrays.array("length")?.map(|array| lengths(array, each, n_steps));
    let spans = Spans::new(n_sequences, n_steps, lengths.transpose()?);
    let y = arrays.needed("y", "y, the class of each sequence")?;
    let labels = each.integers(y, "y")?;
    let names = arrays.listed("classes")?;
    let classes = each.class_count("y", &labels, names.as_ref().map(Vec::len))?;
    let class_names = names.unwrap_or_default();
    let groups = each.groups(arrays, group)?.map(|(array, keys)| Groups::new(array, &keys));
    let parts = each.parts(arrays)?;
    let labels = Some(ClassLabels::Sequence(labels));
    let sequences = Sequences { inputs, spans, values, labels, class_names };
    sequences.check_finite()?;
    let used = |name: &String| KNOWN.contains(&name.as_str()) || group == Some(name);
    let taken = groups.as_ref().map(|groups| groups.arrays[0].clone());
    let mut unused = arrays.list();
    unused.retain(|name| !used(name) && Some(name) != taken.as_ref());
    Ok(LabelledSequences { sequences, step_shape, classes, groups, parts, unused })
}
