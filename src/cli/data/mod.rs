//! `htgen data`: data sets from recordings, pictures, frames or videos, and drawn motion; and their
//! parts.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod frames;
mod motion;
mod sliding;
mod split;
mod wav;
mod windows;

use super::progress::Stages;
use super::{Outcome, out};
use crate::commands::Told;
use crate::error::{Diagnostic, Problems, Result};
use crate::files::Output;
use crate::making::{Made, PictureAxes};
use crate::report::DataSet;
use clap::{Args, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};

const EXAMPLE: &str = "\
Example:
  htgen data wav recordings -o spoken.npz
  htgen data frames clips --size 160x120 --steps 6 -o video.npz
  htgen data windows pictures --size 64x64 --channels 1 --window 32x32 --stride 16 -o signs.npz
  htgen data sliding videos --labels falls.csv --size 64x48 --fps 8 --steps 8 -o falls.npz
  htgen data motion --size 48x36x1 --steps 8 --count 400 -o motion.npz";

/// Make a data set from recordings, pictures, frames or videos, or from drawn motion
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Data {
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, Subcommand)]
enum Source {
    Wav(wav::Wav),
    Frames(frames::Frames),
    Windows(windows::WindowsCommand),
    Sliding(sliding::Sliding),
    Motion(motion::MotionCommand),
    Split(split::SplitCommand),
}

impl Data {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        match self.source {
            Source::Wav(args) => args.run(),
            Source::Frames(args) => args.run(),
            Source::Windows(args) => args.run(),
            Source::Sliding(args) => args.run(),
            Source::Motion(args) => args.run(),
            Source::Split(args) => args.run(),
        }
    }
}

/// Where a data set goes, and in what form the report is printed.
#[derive(Debug, Args)]
struct Destination {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The npz file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Destination {
    /// Announces that the file is going to be written, which comes before anything is read; has it
    /// made, and reports it.
    fn make(
        &self,
        make: impl FnOnce(&Output, &mut dyn FnMut(&str)) -> Result<Made>,
    ) -> anyhow::Result<Outcome> {
        let output = Output::claim(&self.output)?;
        let mut stages = Stages::default();
        let made = make(&output, &mut |stage| stages.stage(stage))?;
        drop(stages);
        out::report(&DataSet::of(output.path(), made), self.json)?;
        Ok(Outcome::Done)
    }
}

/// Refuses options that do not apply to what is read: `given` are the given ones, `of` is what they
/// are for.
fn check_options(given: &[(&str, bool)], of: &str, source: &Path) -> Result<()> {
    let strange = given.iter().filter(|(_, given)| *given).map(|(option, _)| {
        Diagnostic::new(*option, format!("an option for {of}"))
            .help(format!("leave it out with {}", source.display()))
    });
    let strange: Vec<Diagnostic> = strange.collect();
    if strange.is_empty() { Ok(()) } else { Err(Problems(strange)) }
}

/// An option without which `source` cannot be read.
fn needed<T>(option: &str, value: Option<T>, source: &Path) -> Result<T> {
    value.ok_or_else(|| {
        let needs = format!("needed to read {}, which is a folder", source.display());
        Diagnostic::new(option, needs).into()
    })
}

/// [`PictureAxes`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AxesOption {
    /// Channels, rows, columns, as PyTorch has them
    Chw,
    /// Rows, columns, channels, as TensorFlow, OpenCV and Pillow have them
    Hwc,
}

impl From<AxesOption> for PictureAxes {
    fn from(axes: AxesOption) -> PictureAxes {
        match axes {
            AxesOption::Chw => PictureAxes::Chw,
            AxesOption::Hwc => PictureAxes::Hwc,
        }
    }
}
