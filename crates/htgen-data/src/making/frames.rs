//! Clips, as folders of pictures or as video files, as sequences of frames.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::clips::{CLIPS, Clip, ClipReader, is_picture};
use super::folders::{self, FolderTree};
use super::set::{check_steps, go_on, labels};
use super::{Made, SetOrigin};
use crate::data::{RowWriter, write_set};
use crate::error::{Diagnostic, Result};
use crate::files::Output;
use crate::tool::Hold;
use crate::video::{FrameSize, pick};
use std::path::Path;

/// Number of frames in memory at once.
const BATCH: usize = 64;

/// Which clips become sequences, and of which frames.
#[derive(Debug, Clone, Copy)]
pub struct FramesSpec<'a> {
    /// The folder with the classes.
    pub dir: &'a Path,
    /// Size and channels of a frame; pictures of another size are scaled to it.
    pub size: FrameSize,
    /// Frames per sequence, spread evenly over the clip; those of the longest clip when absent.
    pub steps: Option<usize>,
    /// The classes in the order of their labels, and no others; all folders when absent.
    pub classes: Option<&'a [String]>,
}

/// Makes a data set of clips: x of bytes, (clips, steps, channels, rows, columns).
///
/// # Errors
/// A folder that is not one of classes with clips; a clip that cannot be read; too many steps.
pub fn frames(spec: FramesSpec<'_>, to: &Output, stage: &mut dyn FnMut(&str)) -> Result<Made> {
    let hold = Hold::new();
    let FramesSpec { dir, size, classes, .. } = spec;
    let tree = tree(dir, classes)?;
    stage("counting frames");
    let mut reader = ClipReader::default();
    let counts = tree
        .items
        .iter()
        .map(|item| {
            go_on(&hold)?;
            reader.count(&item.content, &item.path)
        })
        .collect::<Result<Vec<usize>>>()?;
    let steps = spec.steps.unwrap_or_else(|| counts.iter().copied().max().unwrap_or(0));
    check_steps("`steps`", steps, "`steps` takes that many, spread over the clip")?;
    let shape = vec![tree.items.len(), steps, size.channels, size.height, size.width];
    let length: Vec<usize> = counts.iter().map(|&count| count.min(steps)).collect();
    let short = length.iter().filter(|&&length| length < steps).count();
    let (y, groups) = tree.labels();
    let labels = labels(&tree.classes, y, Some(groups), length);
    stage("reading frames");
    let mut resized = 0;
    let bytes = write_set(to, &shape, &labels, |rows| {
        for (item, &count) in tree.items.iter().zip(&counts) {
            let picks = pick(count, steps);
            for picks in picks.chunks(BATCH) {
                go_on(&hold)?;
                let (bytes, other) = reader.frames(&item.content, &item.path, picks, size)?;
                resized += other;
                rows.push(&bytes)?;
            }
            pad(rows, steps - picks.len(), size)?;
        }
        Ok(())
    })?;
    let origin =
        SetOrigin::Clips { resized, short, left_out: tree.left_out, ignored: tree.ignored };
    Ok(Made { bytes, shape, labels, origin })
}

fn tree(dir: &Path, classes: Option<&[String]>) -> Result<FolderTree<Clip>> {
    let top = folders::list(dir)?;
    // The tree is easily given one level too high or too low.
    let loose = top.files.iter().find(|file| is_picture(file));
    if let Some(file) = loose {
        return Err(loose_picture().in_file(file.path.display()).into());
    }
    for folder in &top.folders {
        let inner = folders::list(&folder.path)?;
        if let Some(file) = inner.files.iter().find(|file| is_picture(file)) {
            return Err(loose_picture().in_file(file.path.display()).into());
        }
    }
    folders::scan(dir, top, classes, &CLIPS)
}

fn loose_picture() -> Diagnostic {
    Diagnostic::new("", "a frame that is in no clip")
        .expected("CLASS/CLIP/FRAME.png or CLASS/GROUP/CLIP/FRAME.png")
}

/// Black frames after the end of a clip.
fn pad(rows: &mut RowWriter<'_>, frames: usize, size: FrameSize) -> Result<()> {
    let black = vec![0; size.bytes()];
    (0..frames).try_for_each(|_| rows.push(&black))
}
