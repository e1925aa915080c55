//! Recordings as sequences of logarithmic mel bands.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::folders::{self, Entry, FolderTree, Items, has_ending};
use super::set::{go_on, labels};
use super::{Made, SetOrigin, spoken};
use crate::data::{RowWriter, write_set};
use crate::error::{Diagnostic, Problems, Result};
use crate::files::{self, Output};
use crate::sound::{self, LogMel, Patch};
use crate::tool::Hold;
use rayon::prelude::*;
use std::path::Path;

/// Endings of wav files.
const ENDINGS: &[&str] = &["wav", "wave"];
/// Largest recording.
const MAX_BYTES: u64 = 1 << 28;
/// Number of recordings in memory at once.
const BATCH: usize = 64;

/// What happened to the recordings.
#[derive(Debug, Default)]
struct Tally {
    resampled: usize,
    padded: usize,
    cut: usize,
}

/// Makes a data set of the recordings below `dir`, in one folder per class or in one by their
/// names: x of bytes, (recordings, [`LogMel::STEPS`], [`LogMel::INPUTS`]).
///
/// `classes` are those wanted, in the order of their labels; all folders, or the ten digits, when
/// absent.
///
/// # Errors
/// A folder that holds neither; a recording that cannot be read.
pub fn recordings(
    dir: &Path,
    classes: Option<&[String]>,
    to: &Output,
    stage: &mut dyn FnMut(&str),
) -> Result<Made> {
    let hold = Hold::new();
    let tree = tree(dir, classes)?;
    let shape = vec![tree.items.len(), LogMel::STEPS, LogMel::INPUTS];
    stage("computing features");
    let mut tally = Tally::default();
    let (y, groups) = tree.labels();
    let length = vec![LogMel::STEPS; y.len()];
    let labels = labels(&tree.classes, y, Some(groups), length);
    let bytes = write_set(to, &shape, &labels, |rows| fill(&tree, rows, &mut tally, &hold))?;
    let Tally { resampled, padded, cut } = tally;
    let (left_out, ignored) = (tree.left_out, tree.ignored);
    let origin = SetOrigin::Recordings { resampled, padded, cut, left_out, ignored };
    Ok(Made { bytes, shape, labels, origin })
}

fn is_recording(entry: &Entry) -> bool {
    has_ending(&entry.name, ENDINGS)
}

fn tree(dir: &Path, classes: Option<&[String]>) -> Result<FolderTree<()>> {
    let top = folders::list(dir)?;
    let flat = top.files.iter().any(is_recording);
    match (flat, top.folders.is_empty()) {
        (true, true) => spoken::scan(dir, &top, is_recording, classes),
        (true, false) => Err(Diagnostic::new("", "recordings beside folders")
            .expected("one folder per class, or all recordings in one folder")
            .in_file(dir.display())
            .into()),
        (false, _) => {
            let items = Items {
                noun: "recordings",
                file: |entry| is_recording(entry).then_some(()),
                folder: |_| None,
            };
            folders::scan(dir, top, classes, &items)
        }
    }
}

fn fill(
    tree: &FolderTree<()>,
    rows: &mut RowWriter<'_>,
    tally: &mut Tally,
    hold: &Hold,
) -> Result<()> {
    let features = LogMel::new();
    for batch in tree.items.chunks(BATCH) {
        go_on(hold)?;
        let patches: Vec<Result<(Patch, u32)>> =
            batch.par_iter().map(|item| patch(&features, &item.path)).collect();
        for patch in patches {
            let (patch, rate) = patch?;
            rows.push(&patch.bytes)?;
            tally.resampled += usize::from(rate != sound::RATE);
            tally.padded += usize::from(patch.frames < LogMel::FRAMES);
            tally.cut += usize::from(patch.frames > LogMel::FRAMES);
        }
    }
    Ok(())
}

/// The features of a file and its sample rate.
fn patch(features: &LogMel, path: &Path) -> Result<(Patch, u32)> {
    let bytes = files::read(path, MAX_BYTES)?;
    let in_file = |problems: Problems| problems.in_file(path.display());
    let recording = sound::decode(&bytes).map_err(in_file)?;
    let samples = sound::resample(recording.samples, recording.rate).map_err(in_file)?;
    Ok((features.patch(&samples), recording.rate))
}
