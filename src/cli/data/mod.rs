//! `htgen data`: data sets from recordings, from frames or videos, and from drawn motion; and
//! their parts.

mod clips;
mod folders;
mod frames;
mod motion;
mod split;
mod spoken;
mod wav;

use super::Outcome;
use crate::data::{Labels, natural};
use crate::error::{Diagnostic, Result};
use crate::tool::Hold;
use clap::{Args, Subcommand};

const EXAMPLE: &str = "\
Example:
  htgen data wav recordings -o spoken.npz
  htgen data frames clips --size 160x120 --steps 6 -o video.npz
  htgen data motion --size 48x36x1 --steps 8 --count 400 -o motion.npz";

/// Make a data set from recordings, from frames or videos, or from drawn motion
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
    Motion(motion::MotionCommand),
    Split(split::SplitCommand),
}

impl Data {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        match self.source {
            Source::Wav(args) => args.run(),
            Source::Frames(args) => args.run(),
            Source::Motion(args) => args.run(),
            Source::Split(args) => args.run(),
        }
    }
}

/// Stops when a signal has asked for it; what was begun is then dropped.
fn go_on(hold: &Hold) -> Result<()> {
    if hold.is_interrupted() { Err(Diagnostic::new("", "interrupted").into()) } else { Ok(()) }
}

/// Labels from the class and the name of the group of each sequence, in order.
fn labels<'a>(
    classes: &[String],
    sequences: impl Iterator<Item = (usize, &'a str)>,
    length: Vec<usize>,
) -> Labels {
    let (y, names): (Vec<usize>, Vec<&str>) = sequences.unzip();
    let mut groups = names.clone();
    groups.sort_by(|a, b| natural(a, b));
    groups.dedup();
    let place = |name: &&str| groups.binary_search_by(|group| natural(group, name));
    let group = names.iter().map(|name| place(name).expect("every name is in the list")).collect();
    let groups = groups.into_iter().map(str::to_owned).collect();
    Labels { y, group, length, classes: classes.to_vec(), groups }
}
