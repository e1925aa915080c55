//! `htgen data windows`: pictures as sequences of windows, one per step.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{AxesOption, Destination, check_options, needed};
use crate::cli::Outcome;
use crate::cli::options::{ClassNames, channels, class_names, count, picture_size};
use crate::error::Result;
use crate::making::{self, CHANNELS, PictureSource, WindowsSpec};
use crate::video::FrameSize;
use clap::Args;
use std::path::PathBuf;

const EXAMPLE: &str = "\
Example:
  htgen data windows pictures --size 64x64 --channels 1 --window 32x32 --stride 16 -o signs.npz
  htgen data windows pictures.npz --window 32x32 --stride 16 -o signs.npz --json";

/// Turn pictures into sequences of overlapping windows, one per step, row by row
#[derive(Debug, Args)]
#[command(name = "windows", after_help = EXAMPLE)]
pub struct WindowsCommand {
    /// The folder with the classes, each containing PNG or JPEG pictures; or an npz or safetensors
    /// file with bytes x and classes y
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
    /// Size of a window in pixels
    #[arg(long, value_name = "WxH", value_parser = picture_size)]
    window: (usize, usize),
    /// Pixels from one window to the next, across and down
    #[arg(long, value_name = "PIXELS", value_parser = count::<usize>)]
    stride: usize,
    /// Size to which pictures are scaled; for a folder, and required there
    #[arg(long, value_name = "WxH", value_parser = picture_size)]
    size: Option<(usize, usize)>,
    /// 3 for colours (also when absent), 1 for brightness only; for a folder
    #[arg(long, value_name = "CHANNELS", value_parser = channels)]
    channels: Option<usize>,
    /// The classes in the order of their labels, and for a folder no others; all that occur when
    /// absent
    #[arg(long, value_name = "NAME,…", value_parser = class_names)]
    classes: Option<ClassNames>,
    /// The axes of a picture in the array: rows (h), columns (w), channels (c), as chw or hwc;
    /// needed where it could be either; for a file
    #[arg(long, value_name = "AXES")]
    axes: Option<AxesOption>,
    /// The array of groups; group, subject, speaker, voice or video when absent; for a file
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    #[command(flatten)]
    to: Destination,
}

impl WindowsCommand {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        self.to.make(|to, stage| {
            let spec = WindowsSpec {
                source: self.pictures()?,
                window: self.window,
                stride: self.stride,
                classes: self.classes.as_ref().map(|classes| &classes.0[..]),
            };
            making::windows(spec, to, stage)
        })
    }

    fn pictures(&self) -> Result<PictureSource<'_>> {
        let source = self.source.as_path();
        if source.is_dir() {
            let given = [("--group", self.group.is_some()), ("--axes", self.axes.is_some())];
            check_options(&given, "a file of arrays", source)?;
            let (width, height) = needed("--size", self.size, source)?;
            let channels = self.channels.unwrap_or(CHANNELS);
            return Ok(PictureSource::Folder {
                dir: source,
                size: FrameSize { width, height, channels },
            });
        }
        let given = [("--size", self.size.is_some()), ("--channels", self.channels.is_some())];
        check_options(&given, "a folder of pictures", source)?;
        Ok(PictureSource::Arrays {
            path: source,
            group: self.group.as_deref(),
            axes: self.axes.map(Into::into),
        })
    }
}
