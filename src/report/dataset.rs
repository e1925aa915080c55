//! What `htgen data` made.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Division;
use super::number::grouped;
use crate::making::{Made, SetOrigin};
use crate::printable;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

/// Largest array that the other commands read at once, bytes.
const READABLE: u64 = 1 << 30;

/// A data set that was made.
#[derive(Debug, Clone, Serialize)]
pub struct DataSet {
    /// The file written.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Sequences in it.
    pub sequences: usize,
    /// Steps of a sequence.
    pub steps: usize,
    /// Elements of a step.
    pub inputs: usize,
    /// Axes of `x`.
    pub shape: Vec<usize>,
    /// Classes in the order of their labels.
    pub classes: Vec<ClassCount>,
    /// Number of groups.
    pub groups: usize,
    /// Whether the other commands can read all of `x`.
    pub readable: bool,
    /// What it was made from.
    #[serde(flatten)]
    pub origin: SetOrigin,
}

/// One class.
#[derive(Debug, Clone, Serialize)]
pub struct ClassCount {
    /// Its name.
    pub name: String,
    /// Sequences of it.
    pub sequences: usize,
}

impl DataSet {
    /// Describes the data set in `file`.
    pub fn of(file: &Path, made: Made) -> DataSet {
        let Made { bytes, shape, labels, origin } = made;
        let count = |class: usize| labels.y.iter().filter(|&&y| y == class).count();
        let classes = labels.classes.iter().enumerate();
        let elements: u64 = shape.iter().map(|&size| size as u64).product();
        DataSet {
            file: file.to_path_buf(),
            bytes,
            sequences: shape[0],
            steps: shape[1],
            inputs: shape[2..].iter().product(),
            classes: classes
                .map(|(k, name)| ClassCount { name: name.clone(), sequences: count(k) })
                .collect(),
            groups: labels.groups.len(),
            readable: elements < READABLE && bytes < READABLE,
            shape,
            origin,
        }
    }
}

impl fmt::Display for DataSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: usize| grouped(value as u64);
        let (sequences, steps) = (number(self.sequences), number(self.steps));
        let inputs = number(self.inputs);
        let file = printable::path(&self.file);
        writeln!(f, "{sequences} sequences of {steps} steps of {inputs} bytes, in {file}")?;
        let classes: Vec<String> = self
            .classes
            .iter()
            .map(|class| format!("{} {}", class.name, number(class.sequences)))
            .collect();
        writeln!(f, "  classes      {}", classes.join(", "))?;
        writeln!(f, "  groups       {}", number(self.groups))?;
        match &self.origin {
            SetOrigin::Recordings { resampled, padded, cut, left_out, ignored } => {
                writeln!(f, "  recordings   {padded} padded, {cut} cut, {resampled} resampled")?;
                other_classes(f, *left_out)?;
                ignored_files(f, *ignored)?;
            }
            SetOrigin::Clips { resized, short, left_out, ignored } => {
                writeln!(f, "  frames       {resized} scaled; {short} clips shorter than {steps}")?;
                other_classes(f, *left_out)?;
                ignored_files(f, *ignored)?;
            }
            SetOrigin::Pictures { resized, unseen_rows, unseen_columns, left_out, ignored } => {
                writeln!(f, "  pictures     {resized} scaled")?;
                if unseen_rows + unseen_columns > 0 {
                    writeln!(f, "  unseen       {unseen_rows} rows, {unseen_columns} columns")?;
                }
                other_classes(f, *left_out)?;
                ignored_files(f, *ignored)?;
            }
            SetOrigin::Videos { videos, frames, resized, short, unlabelled, ignored } => {
                let (videos, frames) = (number(*videos), number(*frames));
                writeln!(
                    f,
                    "  videos       {videos}, {short} of them shorter than {steps} frames"
                )?;
                writeln!(f, "  frames       {frames}, {resized} scaled")?;
                if *unlabelled > 0 {
                    let unlabelled = number(*unlabelled);
                    writeln!(f, "  left out     {unlabelled} windows that end without a class")?;
                }
                ignored_files(f, *ignored)?;
            }
            SetOrigin::Motion { seed } => writeln!(f, "  seed         {seed}")?,
        }
        if !self.readable {
            writeln!(f, "  large        the other commands read up to 1 GiB; split it for them")?;
        }
        Ok(())
    }
}

fn other_classes(f: &mut fmt::Formatter<'_>, left_out: usize) -> fmt::Result {
    match left_out {
        0 => Ok(()),
        left_out => writeln!(f, "  left out     {left_out} of classes that were not listed"),
    }
}

fn ignored_files(f: &mut fmt::Formatter<'_>, ignored: usize) -> fmt::Result {
    if ignored == 0 { Ok(()) } else { writeln!(f, "  ignored      {ignored} files of other kinds") }
}

/// The parts of a data set, written as files.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Parts {
    /// Their folder.
    pub folder: PathBuf,
    /// Training sequences.
    pub training: usize,
    /// Held-out sequences.
    pub validation: usize,
    /// Steps of the longest sequence.
    pub steps: usize,
    /// How they were split.
    pub division: Division,
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [training, validation] = [self.training, self.validation].map(|n| grouped(n as u64));
        let folder = printable::path(&self.folder);
        writeln!(f, "{training} sequences for training, {validation} held out, in {folder}")?;
        self.division.fmt(f)
    }
}
