//! Data sets made of recordings, pictures, frames and videos in folders, or of drawn motion.
//!
//! One function per kind of data set: it takes what is asked for and the file to write, tells the
//! stages it comes to, and returns what was [`Made`]. A signal ends it with an error and without a
//! file.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod annotations;
mod clips;
mod folders;
mod frames;
mod motion;
mod origin;
mod pictures;
mod recordings;
mod set;
mod sliding;
mod spoken;
mod videos;
mod windows;

pub use frames::{FramesSpec, frames};
pub use motion::motion;
pub use origin::SetOrigin;
pub use pictures::PictureAxes;
pub use recordings::recordings;
pub use set::Made;
pub use sliding::{SlidingSpec, VideoSource, sliding};
pub use videos::VideoArrays;
pub use windows::{PictureSource, WindowsSpec, windows};

/// Channels of pictures and frames when not given: colours.
pub const CHANNELS: usize = 3;
