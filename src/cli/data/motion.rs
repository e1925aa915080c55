//! `htgen data motion`: a labelled set of drawn clips.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Destination;
use crate::cli::Outcome;
use crate::cli::options::{count, frame_size};
use crate::making;
use crate::video::FrameSize;
use crate::video::motion::MotionSpec;
use clap::Args;

const EXAMPLE: &str = "\
Example:
  htgen data motion --size 48x36x1 --steps 8 --count 400 -o motion.npz
  htgen data motion --size 160x120x3 --steps 6 --count 1000 --seed 2 -o large.npz --json";

/// Draw labelled clips of moving figures; the same seed gives the same bytes everywhere
#[derive(Debug, Args)]
#[command(name = "motion", after_help = EXAMPLE)]
pub struct MotionCommand {
    /// Width, height and channels of a frame: 16x16 to 160x120, 1 or 3 channels
    #[arg(long, value_name = "WxHxC", value_parser = frame_size)]
    size: FrameSize,
    /// Frames of a clip, 4 to 256
    #[arg(long, value_name = "T", value_parser = count::<usize>)]
    steps: usize,
    /// Number of clips; the ten classes take turns
    #[arg(long, value_name = "N", value_parser = count::<usize>)]
    count: usize,
    /// Number of scenes, each a group: the clips of a scene share ground, clutter and light
    #[arg(long, value_name = "G", default_value_t = 16, value_parser = count::<usize>)]
    groups: usize,
    /// Seed of everything drawn
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    to: Destination,
}

impl MotionCommand {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let MotionCommand { size, steps, count, groups, seed, to } = self;
        let spec = MotionSpec { size, steps, count, groups, seed };
        to.make(|to, stage| making::motion(spec, to, stage))
    }
}
