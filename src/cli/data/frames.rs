//! `htgen data frames`: clips, as folders of pictures or as video files, as sequences of frames.

use super::clips::{CLIPS, Clip, Reader, is_picture};
use super::folders::{self, Tree};
use super::{Destination, check_steps, go_on, labels};
use crate::cli::Outcome;
use crate::cli::options::{ClassNames, channels, class_names, count, picture_size};
use crate::cli::progress::Progress;
use crate::data::Rows;
use crate::error::{Diagnostic, Result};
use crate::report::Origin;
use crate::tool::Hold;
use crate::video::{FrameSize, pick};
use clap::Args;
use std::path::PathBuf;

/// Number of frames in memory at once.
const BATCH: usize = 64;

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
    #[arg(long, value_name = "CHANNELS", default_value_t = 3, value_parser = channels)]
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
        let hold = Hold::new();
        let to = self.to.clone().claim()?;
        let (width, height) = self.size;
        let size = FrameSize { width, height, channels: self.channels };
        let tree = self.tree()?;
        let progress = Progress::start("counting frames");
        let mut reader = Reader::default();
        let counts = tree
            .items
            .iter()
            .map(|item| {
                go_on(&hold)?;
                reader.count(&item.content, &item.path)
            })
            .collect::<Result<Vec<usize>>>()?;
        let steps = self.steps(&counts)?;
        let shape = [tree.items.len(), steps, size.channels, size.height, size.width];
        let length: Vec<usize> = counts.iter().map(|&count| count.min(steps)).collect();
        let short = length.iter().filter(|&&length| length < steps).count();
        let (y, groups) = tree.labels();
        let labels = labels(&tree.classes, y, Some(groups), length);
        progress.stage("reading frames");
        let mut resized = 0;
        let bytes = to.write(&shape, &labels, |rows| {
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
        drop(progress);
        let origin =
            Origin::Clips { resized, short, left_out: tree.left_out, ignored: tree.ignored };
        to.report(bytes, &shape, &labels, origin)
    }

    fn tree(&self) -> Result<Tree<Clip>> {
        let top = folders::list(&self.dir)?;
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
        let named = self.classes.as_ref().map(|classes| classes.0.as_slice());
        folders::scan(&self.dir, top, named, &CLIPS)
    }

    fn steps(&self, counts: &[usize]) -> Result<usize> {
        let steps = self.steps.unwrap_or_else(|| counts.iter().copied().max().unwrap_or(0));
        check_steps("--steps", steps, "--steps takes that many, spread over the clip")?;
        Ok(steps)
    }
}

fn loose_picture() -> Diagnostic {
    Diagnostic::new("", "a frame that is in no clip")
        .expected("CLASS/CLIP/FRAME.png or CLASS/GROUP/CLIP/FRAME.png")
}

/// Black frames after the end of a clip.
fn pad(rows: &mut Rows<'_>, frames: usize, size: FrameSize) -> Result<()> {
    let black = vec![0; size.bytes()];
    (0..frames).try_for_each(|_| rows.push(&black))
}
