//! `htgen data frames`: clips, as folders of pictures or as video files, as sequences of frames.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Destination;
use crate::cli::Outcome;
use crate::cli::options::{ClassNames, channels, class_names, count, picture_size};
use crate::making::{self, CHANNELS, FramesSpec};
use crate::video::FrameSize;
use clap::Args;
use std::path::PathBuf;

const EXAMPLE: &str = "\
Example:
  htgen data frames clips --size 160x120 --steps 6 -o video.npz
  htgen data frames clips --size 32x32 --channels 1 --classes walk,run -o small.npz --json";

/// Turn clips into frames of one size: one folder per class with folders of PNG or JPEG files, or
/// videos
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Frames {
    /// The folder with the classes
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Size of a frame in pixels; pictures of another size are scaled to it
    #[arg(long, value_name = "WxH", value_parser = picture_size)]
    size: (usize, usize),
    /// 3 for colours, 1 for brightness only
    #[arg(long, value_name = "CHANNELS", default_value_t = CHANNELS, value_parser = channels)]
    channels: usize,
    /// Frames per sequence, spread evenly over the clip; those of the longest clip when absent
    #[arg(long, value_name = "T", value_parser = count::<usize>)]
    steps: Option<usize>,
    /// The classes in the order of their labels, and no others; all folders when absent
    #[arg(long, value_name = "NAME,…", value_parser = class_names)]
    classes: Option<ClassNames>,
    #[command(flatten)]
    to: Destination,
}

impl Frames {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let (width, height) = self.size;
        let spec = FramesSpec {
            dir: &self.dir,
            size: FrameSize { width, height, channels: self.channels },
            steps: self.steps,
            classes: self.classes.as_ref().map(|classes| &classes.0[..]),
        };
        self.to.make(|to, stage| making::frames(spec, to, stage))
    }
}
