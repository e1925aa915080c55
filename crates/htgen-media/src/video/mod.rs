//! Clips as sequences of frames: which frames of a clip, in which size and layout; windows of a
//! frame; clips from video files; and clips of moving figures that are drawn here.
//!
//! A frame is channel-planar: all bytes of a channel, row by row, then the next channel.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod ffmpeg;
mod frame;
pub mod motion;
mod pick;
mod window;

pub use ffmpeg::Ffmpeg;
pub use frame::{FrameSize, decode, resize};
pub use pick::pick;
pub use window::{Windows, planar};
