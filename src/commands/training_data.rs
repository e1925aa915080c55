//! The configuration and the data of a training, and how the data were split.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::data::LabelledSequences;
use crate::error::{Diagnostic, Problems, Result};
use crate::files;
use crate::report::{Division, DivisionBy};
use crate::train::{Split, SplitBy, TrainConfig};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Largest configuration.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a `train.toml`.
pub fn config(path: &Path) -> Result<TrainConfig> {
    let bytes = files::read(path, MAX_BYTES)?;
    let in_file = |problems: Problems| problems.in_file(path.display());
    let text = String::from_utf8(bytes)
        .map_err(|_| in_file(Diagnostic::new("", "not a text").expected("TOML in UTF-8").into()))?;
    TrainConfig::parse(&text).map_err(in_file)
}

/// Reads the data sets as one.
pub fn data(paths: &[PathBuf], config: &TrainConfig) -> Result<LabelledSequences> {
    LabelledSequences::load_all(paths, config.data.group.as_deref())
}

/// How the data were split; `by_files`: into files of their own.
pub fn division(data: &LabelledSequences, split: &Split, by_files: bool) -> Division {
    let by = match split.by {
        SplitBy::Group => DivisionBy::Group,
        SplitBy::Sequence => DivisionBy::Sequence,
        SplitBy::Split if by_files => DivisionBy::Files,
        SplitBy::Split => DivisionBy::Split,
    };
    let groups = data.groups.as_ref().filter(|_| split.by == SplitBy::Group);
    let names = |part: &[usize]| -> Vec<String> {
        let Some(groups) = groups else { return Vec::new() };
        let of: BTreeSet<usize> = part.iter().map(|&k| groups.of[k]).collect();
        of.into_iter().map(|group| groups.names[group].clone()).collect()
    };
    let spare = data.groups.iter().filter(|_| groups.is_none()).flat_map(|g| g.arrays.clone());
    let mut arrays_not_used: Vec<String> = data.unused.iter().cloned().chain(spare).collect();
    arrays_not_used.sort();
    Division {
        by,
        arrays: groups.map_or(Vec::new(), |groups| groups.arrays.clone()),
        training_groups: names(&split.training),
        validation_groups: names(&split.validation),
        arrays_not_used,
    }
}
