//! Frames from video files with ffmpeg.
//!
//! Assumptions about ffmpeg 5.1 or newer:
//!
//! * `-progress pipe:1` prints lines `frame=N` to standard output, the last of which gives the
//!   number of all frames written;
//! * `-fps_mode passthrough` neither drops nor duplicates a frame;
//! * the filter `select` with a sum of `eq(n,K)` and `between(n,K,L)` passes the frames K and K to
//!   L, counted from 0; after `-frames:v N` of them it reads no further;
//! * the filter `fps=F:round=up` before it duplicates and drops frames so that frame k is the last
//!   one whose time is at most k / F seconds, until the last one has been shown to its end;
//! * an output `%06d.png` numbers the frames from 1;
//! * `file:` before a path prevents the rest of it from being read as a protocol, and
//!   `-protocol_whitelist file` prevents a playlist from naming anything else.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, ErrorKind, Result};
use crate::files;
use crate::tool::{self, Found, Run, Tool};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Time limit for one clip.
const LIMIT: Duration = Duration::from_secs(1800);

/// ffmpeg, found.
#[derive(Debug, Clone)]
pub struct Ffmpeg {
    found: Found,
    rate: Option<f64>,
}

impl Ffmpeg {
    /// Looks for ffmpeg; videos are read at `rate` frames per second, or at their own rate.
    pub fn find(rate: Option<f64>) -> Result<Ffmpeg> {
        Ok(Ffmpeg { found: tool::find(Tool::Ffmpeg)?, rate })
    }

    /// Number of frames of the first video stream of a file, by decoding it.
    pub fn count(&self, video: &Path) -> Result<usize> {
        let run = self.filtered(video, None)?.args(["-f", "null", "-progress", "pipe:1", "-"]);
        let finished = run.run_ok().map_err(|problems| problems.in_file(video.display()))?;
        let mut lines = finished.stdout.lines().filter_map(|line| line.strip_prefix("frame="));
        let last = lines.next_back().and_then(|count| count.trim().parse().ok());
        last.ok_or_else(|| finished.failure("gave no number of frames").into())
    }

    /// Writes frames of a video, counted from 0 and ascending, as PNG files into an empty folder;
    /// returns their paths in the same order.
    pub fn extract(&self, video: &Path, frames: &[usize], dir: &Path) -> Result<Vec<PathBuf>> {
        let runs = frames.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
            [first, .., last] => format!("between(n,{first},{last})"),
            _ => format!("eq(n,{})", run[0]),
        });
        let select = format!("select='{}'", runs.collect::<Vec<_>>().join("+"));
        let run = self
            .filtered(video, Some(select))?
            .args(["-frames:v", &frames.len().to_string()])
            .args(["-f", "image2", "-c:v", "png", "-pix_fmt", "rgb24", "%06d.png"])
            .cwd(dir);
        run.run_ok().map_err(|problems| problems.in_file(video.display()))?;
        let paths: Vec<PathBuf> =
            (1..=frames.len()).map(|k| dir.join(format!("{k:06}.png"))).collect();
        match paths.iter().filter(|path| path.is_file()).count() {
            n if n == frames.len() => Ok(paths),
            n => Err(Diagnostic::new("", "a video that cannot be read to its end")
                .kind(ErrorKind::Unsupported)
                .found(format!("{n} frames"))
                .expected(frames.len())
                .help("was it copied whole?")
                .in_file(video.display())
                .into()),
        }
    }

    /// A run that decodes the first video stream at the requested rate and filters it.
    fn filtered(&self, video: &Path, filter: Option<String>) -> Result<Run> {
        let rate = self.rate.map(|rate| format!("fps={rate}:round=up"));
        let filters: Vec<String> = rate.into_iter().chain(filter).collect();
        let run = self.read(video)?;
        Ok(if filters.is_empty() { run } else { run.args(["-vf", &filters.join(",")]) })
    }

    /// A run that only decodes the first video stream.
    fn read(&self, video: &Path) -> Result<Run> {
        files::check(video, u64::MAX)?;
        let place = video.canonicalize().map_err(|error| {
            Diagnostic::new("", format!("cannot be read ({error})"))
                .kind(ErrorKind::Io)
                .in_file(video.display())
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
