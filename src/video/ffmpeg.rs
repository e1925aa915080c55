//! Frames out of video files with ffmpeg.
//!
//! What is taken for granted about ffmpeg 5.1 or newer:
//!
//! * `-progress pipe:1` prints lines `frame=N` to standard output, the last of them with the number of
//!   all frames written;
//! * `-fps_mode passthrough` neither drops nor doubles a frame;
//! * the filter `select` with a sum of `eq(n,K)` passes the frames K, counted from 0;
//! * an output `%06d.png` numbers the frames from 1;
//! * `file:` before a path keeps the rest of it from being read as a protocol, and
//!   `-protocol_whitelist file` keeps a playlist from naming anything else.

use crate::error::{Diagnostic, Result};
use crate::tool::{self, Found, Run, Tool};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Time for one clip.
const LIMIT: Duration = Duration::from_secs(1800);

/// ffmpeg, found.
#[derive(Debug, Clone)]
pub struct Ffmpeg {
    found: Found,
}

impl Ffmpeg {
    /// Looks for ffmpeg.
    pub fn find() -> Result<Ffmpeg> {
        Ok(Ffmpeg { found: tool::find(Tool::Ffmpeg)? })
    }

    /// Number of frames of the first video stream of a file, by decoding it.
    pub fn count(&self, video: &Path) -> Result<usize> {
        let run = self.read(video)?.args(["-f", "null", "-progress", "pipe:1", "-"]);
        let finished = run.run_ok().map_err(|problems| problems.in_file(video.display()))?;
        let mut lines = finished.stdout.lines().filter_map(|line| line.strip_prefix("frame="));
        let last = lines.next_back().and_then(|count| count.trim().parse().ok());
        last.ok_or_else(|| finished.failure("tells no number of frames").into())
    }

    /// Writes frames of a video, counted from 0 and ascending, as PNG files into an empty folder;
    /// returns their paths in the same order.
    pub fn extract(&self, video: &Path, frames: &[usize], dir: &Path) -> Result<Vec<PathBuf>> {
        let picks: Vec<String> = frames.iter().map(|frame| format!("eq(n,{frame})")).collect();
        let run = self
            .read(video)?
            .args(["-vf", &format!("select='{}'", picks.join("+"))])
            .args(["-f", "image2", "-c:v", "png", "-pix_fmt", "rgb24", "%06d.png"])
            .cwd(dir);
        run.run_ok().map_err(|problems| problems.in_file(video.display()))?;
        let paths: Vec<PathBuf> =
            (1..=frames.len()).map(|k| dir.join(format!("{k:06}.png"))).collect();
        match paths.iter().filter(|path| path.is_file()).count() {
            n if n == frames.len() => Ok(paths),
            n => Err(Diagnostic::new("", "a video that cannot be read to its end")
                .found(format!("{n} frames"))
                .expected(frames.len())
                .help("was it copied whole?")
                .in_file(video.display())
                .into()),
        }
    }

    /// A run that decodes the first video stream and nothing else.
    fn read(&self, video: &Path) -> Result<Run> {
        let place = video.canonicalize().map_err(|error| {
            Diagnostic::new("", format!("cannot be read ({error})")).in_file(video.display())
        })?;
        let mut input = OsString::from("file:");
        input.push(place);
        Ok(self
            .found
            .run()
            .args(["-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe"])
            .arg("-i")
            .arg(input)
            .args(["-map", "0:v:0", "-an", "-sn", "-dn", "-fps_mode", "passthrough"])
            .limit(LIMIT))
    }
}
