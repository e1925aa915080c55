//! `htgen data windows`: pictures as sequences of windows, one per step.

use super::pictures::{PictureAxes, Pictures};
use super::{Destination, check_options, check_steps, go_on, needed};
use crate::cli::Outcome;
use crate::cli::options::{ClassNames, channels, class_names, count, picture_size};
use crate::cli::progress::Progress;
use crate::data::Rows;
use crate::error::{Diagnostic, Problems, Result};
use crate::report::Origin;
use crate::tool::Hold;
use crate::video::{FrameSize, Windows};
use clap::Args;
use rayon::prelude::*;
use std::path::PathBuf;

/// Channels of pictures when not given.
const CHANNELS: usize = 3;
/// Bytes of windows in memory at once.
const BATCH: usize = 1 << 26;
/// Maximum number of bytes in a sequence.
const MAX_BYTES: usize = 1 << 28;

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
    /// The axes of a picture in the array: rows (h), columns (w), channels (c), as chw or hwc; needed
    /// where it could be either; for a file
    #[arg(long, value_name = "AXES")]
    axes: Option<PictureAxes>,
    /// The array of groups; group, subject, speaker, voice or video when absent; for a file
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    #[command(flatten)]
    to: Destination,
}

impl WindowsCommand {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let hold = Hold::new();
        let to = self.to.clone().claim()?;
        let pictures = self.pictures()?;
        let windows = Windows::new(pictures.size(), self.window, self.stride)?;
        let steps = windows.count();
        check_steps("--stride", steps, "a larger stride or window makes fewer")?;
        let size = windows.size();
        if size.bytes().saturating_mul(steps) > MAX_BYTES {
            return Err(anyhow::Error::from(Problems::from(
                Diagnostic::new("--stride", "too many bytes per sequence")
                    .found(format!("{steps} windows of {size}"))
                    .expected(format!("at most {MAX_BYTES} bytes"))
                    .help("a larger stride or a smaller window makes fewer"),
            )));
        }
        let labels = pictures.labels(steps);
        let shape = [labels.y.len(), steps, size.channels, size.height, size.width];
        let progress = Progress::start("cutting pictures");
        let mut resized = 0;
        let bytes = to.write(&shape, &labels, |rows| {
            resized = fill(&pictures, &windows, labels.y.len(), rows, &hold)?;
            Ok(())
        })?;
        drop(progress);
        let (unseen_columns, unseen_rows) = windows.unseen();
        let (left_out, ignored) = (pictures.left_out(), pictures.ignored());
        let origin = Origin::Pictures { resized, unseen_rows, unseen_columns, left_out, ignored };
        to.report(bytes, &shape, &labels, origin)
    }

    fn pictures(&self) -> Result<Pictures> {
        let source = self.source.as_path();
        let named = self.classes.as_ref().map(|classes| classes.0.as_slice());
        if source.is_dir() {
            let given = [("--group", self.group.is_some()), ("--axes", self.axes.is_some())];
            check_options(&given, "a file of arrays", source)?;
            let (width, height) = needed("--size", self.size, source)?;
            let channels = self.channels.unwrap_or(CHANNELS);
            return Pictures::files(source, named, FrameSize { width, height, channels });
        }
        let given = [("--size", self.size.is_some()), ("--channels", self.channels.is_some())];
        check_options(&given, "a folder of pictures", source)?;
        Pictures::arrays(source, named, self.group.as_deref(), self.axes)
    }
}

/// Pushes the windows of every picture; returns how many pictures had another size.
fn fill(
    pictures: &Pictures,
    windows: &Windows,
    count: usize,
    rows: &mut Rows<'_>,
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
