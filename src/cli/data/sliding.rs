//! `htgen data sliding`: videos with one class per frame as sequences, each a window of successive
//! frames.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{AxesOption, Destination, check_options, needed};
use crate::cli::Outcome;
use crate::cli::options::{ClassNames, channels, class_names, count, picture_size};
use crate::data::check_name;
use crate::error::Result;
use crate::making::{self, CHANNELS, SlidingSpec, VideoArrays, VideoSource};
use crate::video::FrameSize;
use clap::Args;
use std::path::PathBuf;

/// Maximum number of frames per second.
const MAX_RATE: f64 = 1000.0;

const EXAMPLE: &str = "\
Example:
  htgen data sliding falls.npz --steps 8 -o windows.npz
  htgen data sliding videos --labels falls.csv --size 64x48 --fps 8 --steps 8 \
  -o windows.npz --json";

/// Turn videos with one class per frame into windows of successive frames, labelled like their last
/// frame
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Sliding {
    /// The folder with videos or folders of PNG or JPEG frames; or an npz or safetensors file of
    /// frames in order of time
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
    /// Frames per window
    #[arg(long, value_name = "T", value_parser = count::<usize>)]
    steps: usize,
    /// Frames from one window to the next
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count::<usize>)]
    every: usize,
    /// Lines video,first_second,last_second,class (or first_frame,last_frame); for a folder, and
    /// required there
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
    /// Frames per second at which videos are read; for a folder, and required there
    #[arg(long, value_name = "RATE", value_parser = rate)]
    fps: Option<f64>,
    /// Size to which frames are scaled; for a folder, and required there
    #[arg(long, value_name = "WxH", value_parser = picture_size)]
    size: Option<(usize, usize)>,
    /// 3 for colours (also when absent), 1 for brightness only; for a folder
    #[arg(long, value_name = "CHANNELS", value_parser = channels)]
    channels: Option<usize>,
    /// The class of frames that no line covers; without it, windows that end on such a frame are
    /// left out; for a folder
    #[arg(long, value_name = "NAME", value_parser = class_name)]
    otherwise: Option<String>,
    /// The array of frames, frames when absent; for a file
    #[arg(long, value_name = "NAME")]
    frames: Option<String>,
    /// The axes of a frame in the array: rows (h), columns (w), channels (c), as chw or hwc; needed
    /// where it could be either; for a file
    #[arg(long, value_name = "AXES")]
    axes: Option<AxesOption>,
    /// The array with the video of each frame, video when absent; for a file
    #[arg(long, value_name = "NAME")]
    video: Option<String>,
    /// The array with the class of each frame, state when absent; for a file
    #[arg(long, value_name = "NAME")]
    state: Option<String>,
    /// The classes in the order of their labels; all that occur when absent
    #[arg(long, value_name = "NAME,…", value_parser = class_names)]
    classes: Option<ClassNames>,
    #[command(flatten)]
    to: Destination,
}

/// A number of frames per second.
fn rate(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(rate) if rate > 0.0 && rate <= MAX_RATE => Ok(rate),
        _ => Err(format!("expected frames per second, more than 0 and at most {MAX_RATE}")),
    }
}

fn class_name(text: &str) -> std::result::Result<String, String> {
    check_name(text).map(|()| text.to_owned()).map_err(|problems| problems.to_string())
}

impl Sliding {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        self.to.make(|to, stage| {
            let spec = SlidingSpec {
                path: &self.source,
                source: self.videos()?,
                steps: self.steps,
                every: self.every,
                classes: self.classes.as_ref().map(|classes| &classes.0[..]),
            };
            making::sliding(spec, to, stage)
        })
    }

    fn videos(&self) -> Result<VideoSource<'_>> {
        let source = self.source.as_path();
        if !source.is_dir() {
            let given = [
                ("--labels", self.labels.is_some()),
                ("--fps", self.fps.is_some()),
                ("--size", self.size.is_some()),
                ("--channels", self.channels.is_some()),
                ("--otherwise", self.otherwise.is_some()),
            ];
            check_options(&given, "a folder of videos", source)?;
            let names = VideoArrays {
                frames: self.frames.as_deref().unwrap_or("frames"),
                video: self.video.as_deref().unwrap_or("video"),
                class: self.state.as_deref().unwrap_or("state"),
            };
            return Ok(VideoSource::Arrays { names, axes: self.axes.map(Into::into) });
        }
        let given = [
            ("--frames", self.frames.is_some()),
            ("--video", self.video.is_some()),
            ("--state", self.state.is_some()),
            ("--axes", self.axes.is_some()),
        ];
        check_options(&given, "a file of arrays", source)?;
        let labels = needed("--labels", self.labels.as_deref(), source)?;
        let (width, height) = needed("--size", self.size, source)?;
        let rate = needed("--fps", self.fps, source)?;
        let size = FrameSize { width, height, channels: self.channels.unwrap_or(CHANNELS) };
        Ok(VideoSource::Folder { labels, size, rate, otherwise: self.otherwise.as_deref() })
    }
}
