//! Clips on disk: folders of pictures, and video files.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::folders::{Entry, Items, Listing, has_ending};
use crate::error::{Diagnostic, Result};
use crate::files::{self, Scratch};
use crate::video::{self, Ffmpeg, FrameSize};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

const PICTURES: &[&str] = &["png", "jpg", "jpeg"];
const VIDEOS: &[&str] = &["avi", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "webm"];
/// Largest picture, packed.
const MAX_BYTES: u64 = 1 << 27;

/// What distinguishes clips from other files.
pub const CLIPS: Items<Clip> = Items { noun: "clips", file: video_file, folder: pictures };

/// One clip.
#[derive(Debug)]
#[non_exhaustive]
pub enum Clip {
    /// A folder of pictures, ordered by name.
    Pictures(Vec<PathBuf>),
    /// A video file.
    Video,
}

/// Whether a file is a picture.
pub fn is_picture(entry: &Entry) -> bool {
    has_ending(&entry.name, PICTURES)
}

fn video_file(entry: &Entry) -> Option<Clip> {
    has_ending(&entry.name, VIDEOS).then_some(Clip::Video)
}

fn pictures(listing: &Listing) -> Option<Clip> {
    let pictures = listing.files.iter().filter(|entry| is_picture(entry));
    let pictures: Vec<PathBuf> = pictures.map(|entry| entry.path.clone()).collect();
    (!pictures.is_empty()).then_some(Clip::Pictures(pictures))
}

/// Reads clips; looks for ffmpeg once, when the first video comes.
#[derive(Default)]
pub struct ClipReader {
    ffmpeg: Option<Ffmpeg>,
    rate: Option<f64>,
}

impl ClipReader {
    /// A reader that samples videos at this many frames per second; pictures are taken as they are.
    pub fn at(rate: f64) -> ClipReader {
        ClipReader { ffmpeg: None, rate: Some(rate) }
    }

    /// Number of frames of a clip.
    pub fn count(&mut self, clip: &Clip, path: &Path) -> Result<usize> {
        match clip {
            Clip::Pictures(paths) => Ok(paths.len()),
            Clip::Video => match self.ffmpeg()?.count(path)? {
                0 => Err(Diagnostic::new("", "a video without frames")
                    .in_file(path.display())
                    .into()),
                count => Ok(count),
            },
        }
    }

    /// The requested frames, ascending, in the size and layout of the data set, one after another;
    /// and how many of them had another size.
    pub fn frames(
        &mut self,
        clip: &Clip,
        path: &Path,
        picks: &[usize],
        size: FrameSize,
    ) -> Result<(Vec<u8>, usize)> {
        match clip {
            Clip::Pictures(paths) => {
                let picked: Vec<&PathBuf> = picks.iter().map(|&pick| &paths[pick]).collect();
                load(&picked, size)
            }
            Clip::Video => {
                let dir = Scratch::new()?;
                let paths = self.ffmpeg()?.extract(path, picks, dir.path())?;
                // A message names the video, not a temporary picture.
                load(&paths.iter().collect::<Vec<_>>(), size).map_err(|problems| {
                    let what = format!("ffmpeg wrote a frame that cannot be read ({problems})");
                    Diagnostic::new("", what).in_file(path.display()).into()
                })
            }
        }
    }

    fn ffmpeg(&mut self) -> Result<&Ffmpeg> {
        if self.ffmpeg.is_none() {
            self.ffmpeg = Some(Ffmpeg::find(self.rate)?);
        }
        Ok(self.ffmpeg.as_ref().expect("it was just found"))
    }
}

fn load(paths: &[&PathBuf], size: FrameSize) -> Result<(Vec<u8>, usize)> {
    let frames: Vec<Result<(Vec<u8>, bool)>> =
        paths.par_iter().map(|path| frame(path, size)).collect();
    let mut bytes = Vec::with_capacity(paths.len() * size.bytes());
    let mut resized = 0;
    for frame in frames {
        let (frame, other) = frame?;
        bytes.extend(frame);
        resized += usize::from(other);
    }
    Ok((bytes, resized))
}

/// One picture as a frame, and whether it had another size.
pub fn frame(path: &Path, size: FrameSize) -> Result<(Vec<u8>, bool)> {
    let packed = files::read(path, MAX_BYTES)?;
    let picture = video::decode(&packed).map_err(|problems| problems.in_file(path.display()))?;
    let own = (picture.width() as usize, picture.height() as usize);
    Ok((video::resize(&picture, size), own != (size.width, size.height)))
}
