//! `htgen data`: data sets from recordings, pictures, frames or videos, and drawn motion; and their
//! parts.

mod clips;
mod folders;
mod frames;
mod motion;
mod pictures;
mod sliding;
mod spans;
mod split;
mod spoken;
mod stretch;
mod wav;
mod windows;

use super::{Outcome, out};
use crate::data::{Labels, Rows, check_name, natural, write_set};
use crate::error::{Diagnostic, Problems, Result};
use crate::files::Output;
use crate::report::{DataSet, Origin};
use crate::tool::Hold;
use clap::{Args, Subcommand};
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
#[derive(Debug, Clone, Args)]
struct Destination {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The npz file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Destination {
    /// Announces that the file is going to be written; this comes before anything is read.
    fn claim(self) -> Result<Target> {
        Ok(Target { output: Output::claim(&self.output)?, json: self.json })
    }
}

/// A data set that is going to be written.
struct Target {
    output: Output,
    json: bool,
}

impl Target {
    /// Writes `x` in `shape`, whose rows come from `fill`, and the labels; returns the size of the
    /// file.
    fn write(
        &self,
        shape: &[usize],
        labels: &Labels,
        fill: impl FnOnce(&mut Rows<'_>) -> Result<()>,
    ) -> Result<u64> {
        write_set(&self.output, shape, labels, fill)
    }

    /// Reports what was written.
    fn report(
        &self,
        bytes: u64,
        shape: &[usize],
        labels: &Labels,
        origin: Origin,
    ) -> anyhow::Result<Outcome> {
        out::report(&DataSet::of(self.output.path(), bytes, shape, labels, origin), self.json)?;
        Ok(Outcome::Done)
    }
}

/// Stops when a signal has asked for it; partial output is then dropped.
fn go_on(hold: &Hold) -> Result<()> {
    if hold.is_interrupted() { Err(Diagnostic::new("", "interrupted").into()) } else { Ok(()) }
}

/// Maximum number of steps in a sequence.
const MAX_STEPS: usize = 4096;

/// Checks the number of steps in a sequence, which `option` determines.
fn check_steps(option: &str, steps: usize, help: &str) -> Result<()> {
    if steps <= MAX_STEPS {
        return Ok(());
    }
    Err(Diagnostic::new(option, "too many steps per sequence")
        .found(steps)
        .expected(format!("at most {MAX_STEPS}"))
        .help(help)
        .into())
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

/// The class names in a file, checked in the same way as folder names.
fn check_classes(classes: &[String], source: &Path) -> Result<()> {
    let check = |class: &String| check_name(class);
    classes
        .iter()
        .try_for_each(check)
        .map_err(|p| p.in_file(format!("{}: classes", source.display())))
}

/// Labels from the class of each sequence and, where there are groups, the name of its group.
fn labels(
    classes: &[String],
    y: Vec<usize>,
    names: Option<Vec<&str>>,
    length: Vec<usize>,
) -> Labels {
    let names = names.unwrap_or_default();
    let mut groups = names.clone();
    groups.sort_by(|a, b| natural(a, b));
    groups.dedup();
    let place = |name: &&str| groups.binary_search_by(|group| natural(group, name));
    let group = names.iter().map(|name| place(name).expect("every name is in the list")).collect();
    let groups = groups.into_iter().map(str::to_owned).collect();
    Labels { y, group, length, classes: classes.to_vec(), groups, ..Labels::default() }
}
