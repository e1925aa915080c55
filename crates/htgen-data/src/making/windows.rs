//! Pictures as sequences of windows, one per step.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::pictures::{PictureAxes, Pictures};
use super::set::{check_steps, go_on};
use super::{Made, SetOrigin};
use crate::data::{RowWriter, write_set};
use crate::error::{Diagnostic, ErrorKind, Result};
use crate::files::Output;
use crate::tool::Hold;
use crate::video::{FrameSize, Windows};
use rayon::prelude::*;
use std::path::Path;

/// Bytes of windows in memory at once.
const BATCH: usize = 1 << 26;
/// Maximum number of bytes in a sequence.
const MAX_BYTES: usize = 1 << 28;

/// Where labelled pictures come from.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum PictureSource<'a> {
    /// One folder of PNG or JPEG files per class.
    Folder {
        /// The folder with the classes.
        dir: &'a Path,
        /// Size and channels to which pictures are scaled.
        size: FrameSize,
    },
    /// Arrays `x` and `y` of a file.
    Arrays {
        /// The npz or safetensors file.
        path: &'a Path,
        /// The array of groups; one of the usual names when absent.
        group: Option<&'a str>,
        /// The axes of a picture; found by the sizes when absent.
        axes: Option<PictureAxes>,
    },
}

/// Which pictures become sequences, and of which windows.
#[derive(Debug, Clone, Copy)]
pub struct WindowsSpec<'a> {
    /// Where the pictures are.
    pub source: PictureSource<'a>,
    /// Width and height of a window, pixels.
    pub window: (usize, usize),
    /// Pixels from one window to the next, across and down; at least 1.
    pub stride: usize,
    /// The classes in the order of their labels; all that occur when absent.
    pub classes: Option<&'a [String]>,
}

/// Makes a data set of pictures, a window per step, row by row: x of bytes, (pictures, windows,
/// channels, rows, columns).
///
/// # Errors
/// Pictures that cannot be read or have no class; a window larger than a picture; sequences that
/// are too long.
pub fn windows(spec: WindowsSpec<'_>, to: &Output, stage: &mut dyn FnMut(&str)) -> Result<Made> {
    let hold = Hold::new();
    let pictures = match spec.source {
        PictureSource::Folder { dir, size } => Pictures::files(dir, spec.classes, size)?,
        PictureSource::Arrays { path, group, axes } => {
            Pictures::arrays(path, spec.classes, group, axes)?
        }
    };
    let windows = Windows::new(pictures.size(), spec.window, spec.stride)?;
    let steps = windows.count();
    check_steps("`stride`", steps, "a larger stride or window makes fewer")?;
    let size = windows.size();
    if size.bytes().saturating_mul(steps) > MAX_BYTES {
        return Err(Diagnostic::new("`stride`", "too many bytes per sequence")
            .kind(ErrorKind::Limit)
            .found(format!("{steps} windows of {size}"))
            .expected(format!("at most {MAX_BYTES} bytes"))
            .help("a larger stride or a smaller window makes fewer")
            .into());
    }
    let labels = pictures.labels(steps);
    let shape = vec![labels.y.len(), steps, size.channels, size.height, size.width];
    stage("cutting pictures");
    let mut resized = 0;
    let bytes = write_set(to, &shape, &labels, |rows| {
        resized = fill(&pictures, &windows, labels.y.len(), rows, &hold)?;
        Ok(())
    })?;
    let (unseen_columns, unseen_rows) = windows.unseen();
    let (left_out, ignored) = (pictures.left_out(), pictures.ignored());
    let origin = SetOrigin::Pictures { resized, unseen_rows, unseen_columns, left_out, ignored };
    Ok(Made { bytes, shape, labels, origin })
}

/// Pushes the windows of every picture; returns how many pictures had another size.
fn fill(
    pictures: &Pictures,
    windows: &Windows,
    count: usize,
    rows: &mut RowWriter<'_>,
    hold: &Hold,
) -> Result<usize> {
    let mut resized = 0;
    let all: Vec<usize> = (0..count).collect();
    let each = windows.count() * windows.size().bytes();
    for batch in all.chunks((BATCH / each).max(1)) {
        go_on(hold)?;
        let cut =
            |&k: &usize| pictures.read(k).map(|(picture, other)| (windows.cut(&picture), other));
        let cuts: Vec<Result<(Vec<u8>, bool)>> = batch.par_iter().map(cut).collect();
        for cut in cuts {
            let (cut, other) = cut?;
            rows.push(&cut)?;
            resized += usize::from(other);
        }
    }
    Ok(resized)
}
