//! Videos with one class per frame as sequences, each a window of successive frames.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::pictures::PictureAxes;
use super::set::{check_steps, go_on, labels};
use super::videos::{LabelledVideo, LabelledVideos, VideoArrays};
use super::{Made, SetOrigin};
use crate::data::write_set;
use crate::error::{Diagnostic, Result};
use crate::files::Output;
use crate::tool::Hold;
use crate::video::FrameSize;
use std::path::Path;

/// Where videos with one class per frame come from.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum VideoSource<'a> {
    /// Videos, and folders of PNG or JPEG frames.
    Folder {
        /// The text that lists what happens in them and when.
        labels: &'a Path,
        /// Size and channels to which frames are scaled.
        size: FrameSize,
        /// Frames per second at which videos are read.
        rate: f64,
        /// The class of frames that no line covers; without it they have none.
        otherwise: Option<&'a str>,
    },
    /// Arrays of a file, frames in order of time.
    Arrays {
        /// Names of the arrays.
        names: VideoArrays<'a>,
        /// The axes of a frame; found by the sizes when absent.
        axes: Option<PictureAxes>,
    },
}

/// Which videos become sequences, and of which frames.
#[derive(Debug, Clone, Copy)]
pub struct SlidingSpec<'a> {
    /// The folder or the file.
    pub path: &'a Path,
    /// Which of the two it is.
    pub source: VideoSource<'a>,
    /// Frames per window; at least 1.
    pub steps: usize,
    /// Frames from one window to the next; at least 1.
    pub every: usize,
    /// The classes in the order of their labels; all that occur when absent.
    pub classes: Option<&'a [String]>,
}

/// A window of a video: its first frame and its class.
struct Window {
    video: usize,
    first: usize,
    class: usize,
}

/// Makes a data set of windows of successive frames, labelled like their last frame: x of bytes,
/// (windows, steps, channels, rows, columns), whose groups are videos.
///
/// # Errors
/// Too many steps; videos or labels that cannot be read or do not belong together; no window.
pub fn sliding(spec: SlidingSpec<'_>, to: &Output, stage: &mut dyn FnMut(&str)) -> Result<Made> {
    let hold = Hold::new();
    let SlidingSpec { path, steps, .. } = spec;
    check_steps("`steps`", steps, "take fewer")?;
    stage("counting frames");
    let mut found = match spec.source {
        VideoSource::Folder { labels, size, rate, otherwise } => {
            LabelledVideos::files((path, size, rate), labels, otherwise, spec.classes, &hold)?
        }
        VideoSource::Arrays { names, axes } => {
            LabelledVideos::arrays(path, names, axes, spec.classes)?
        }
    };
    let (windows, unlabelled) = cut(&spec, &found.videos)?;
    let size = found.size;
    let shape = vec![windows.len(), steps, size.channels, size.height, size.width];
    let names = windows.iter().map(|window| found.videos[window.video].name.as_str());
    let y = windows.iter().map(|window| window.class).collect();
    let labels = labels(&found.classes, y, Some(names.collect()), vec![steps; windows.len()]);
    stage("reading frames");
    let mut resized = 0;
    let bytes = write_set(to, &shape, &labels, |rows| {
        for windows in windows.chunk_by(|a, b| a.video == b.video) {
            go_on(&hold)?;
            let (frames, other) = found.read(windows[0].video, &hold)?;
            resized += other;
            for window in windows {
                let begin = window.first * size.bytes();
                rows.push(&frames[begin..begin + steps * size.bytes()])?;
            }
        }
        Ok(())
    })?;
    let videos = &found.videos;
    let origin = SetOrigin::Videos {
        videos: videos.len(),
        frames: videos.iter().map(|video| video.classes.len()).sum(),
        resized,
        short: videos.iter().filter(|video| video.classes.len() < steps).count(),
        unlabelled,
        ignored: found.ignored,
    };
    Ok(Made { bytes, shape, labels, origin })
}

/// All windows that have a class, and the number of those without one.
fn cut(spec: &SlidingSpec<'_>, videos: &[LabelledVideo]) -> Result<(Vec<Window>, usize)> {
    let SlidingSpec { steps, every, .. } = *spec;
    let (mut windows, mut unlabelled) = (Vec::new(), 0);
    for (video, labelled) in videos.iter().enumerate() {
        let classes = labelled.classes.iter().enumerate().skip(steps - 1);
        for (last, class) in classes.step_by(every) {
            match *class {
                Some(class) => windows.push(Window { video, first: last + 1 - steps, class }),
                None => unlabelled += 1,
            }
        }
    }
    if windows.is_empty() {
        let longest = videos.iter().map(|video| video.classes.len()).max().unwrap_or(0);
        return Err(Diagnostic::new("`steps`", "no window")
            .found(format!("{steps} frames per window, {unlabelled} windows without a class"))
            .expected(format!("at most {longest} frames, the length of the longest video"))
            .in_file(spec.path.display())
            .into());
    }
    Ok((windows, unlabelled))
}
