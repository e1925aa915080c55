//! Videos with one class per frame: files or folders of pictures with a text of times, or arrays.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::annotations::Annotations;
use super::clips::{CLIPS, Clip, ClipReader};
use super::folders::{self, Entry};
use super::pictures::{PictureAxes, StoredPictures};
use super::set::{check_classes, go_on};
use crate::data::{Arrays, Each, NamedClasses};
use crate::error::{Diagnostic, ErrorKind, Result};
use crate::tool::Hold;
use crate::video::FrameSize;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Maximum depth of folders that are searched.
const MAX_DEPTH: usize = 8;
/// Number of frames decoded at once.
const BATCH: usize = 256;
/// Maximum number of bytes of the frames of a video, which is in memory as a whole.
const MAX_BYTES: usize = 1 << 30;

/// One video.
pub struct LabelledVideo {
    /// What it is called.
    pub name: String,
    /// Class of each frame, where it has one.
    pub classes: Vec<Option<usize>>,
    frames: Frames,
}

enum Frames {
    /// A clip on disk.
    Clip(Clip, PathBuf),
    /// Frames of the array, starting at this one.
    Array(usize),
}

/// All videos, and where their frames are.
pub struct LabelledVideos {
    /// The videos.
    pub videos: Vec<LabelledVideo>,
    /// Names of the classes in the order of their labels.
    pub classes: Vec<String>,
    /// Size of a frame.
    pub size: FrameSize,
    /// Files that are not videos.
    pub ignored: usize,
    reader: ClipReader,
    /// The frames of an array.
    stored: Option<StoredPictures>,
}

/// Names of the arrays of frames, of the video of each, and of its class.
#[derive(Debug, Clone, Copy)]
pub struct VideoArrays<'a> {
    /// The frames.
    pub frames: &'a str,
    /// The video of each frame.
    pub video: &'a str,
    /// The class of each frame.
    pub class: &'a str,
}

impl LabelledVideos {
    /// The videos of the arrays in a file.
    pub fn arrays(
        path: &Path,
        names: VideoArrays<'_>,
        axes: Option<PictureAxes>,
        named: Option<&[String]>,
    ) -> Result<LabelledVideos> {
        let taken = Arrays::load(path, |arrays| {
            let frames = StoredPictures::read(arrays, (names.frames, "frames"), axes)?;
            let each = Each(frames.count(), "frame");
            let keys = each.keys(arrays, names.video)?.ok_or_else(|| {
                let problem = Diagnostic::new(names.video, "array missing").found(arrays.names());
                problem.expected(format!("{}, the video of each frame", names.video))
            })?;
            let classes = each.classes(arrays, names.class, named)?;
            let videos = parted(&keys, &classes.of, names.video)?;
            Ok((videos, classes.names, frames))
        });
        let (videos, classes, stored) = taken?;
        check_classes(&classes, path)?;
        let (size, stored) = (stored.size(), Some(stored));
        Ok(LabelledVideos {
            videos,
            classes,
            size,
            ignored: 0,
            reader: ClipReader::default(),
            stored,
        })
    }

    /// The videos below a folder, read at a rate, with the classes listed in a text; `otherwise` is
    /// the class of all other frames.
    pub fn files(
        (dir, size, rate): (&Path, FrameSize, f64),
        labels: &Path,
        otherwise: Option<&str>,
        named: Option<&[String]>,
        hold: &Hold,
    ) -> Result<LabelledVideos> {
        let spans = Annotations::load(labels)?;
        let mut names = spans.classes();
        names.extend(otherwise);
        let line = |k| spans.place(k).map(|line| format!("{}: {line}", labels.display()));
        let place = |k| line(k).unwrap_or_else(|| "`otherwise`".to_owned());
        let classes = NamedClasses::of_names(&names, named, place)?;
        let otherwise = otherwise.and_then(|_| classes.of.last().copied());
        let mut found = Found::default();
        found.gather(dir, "", 0)?;
        let known = |video: &str| found.clips.iter().any(|clip| clip.names().contains(&video));
        if let Some(problem) = spans.unknown(known) {
            let expected = format!("one below {}, like {}", dir.display(), found.example(dir)?);
            return Err(problem.expected(expected).in_file(labels.display()).into());
        }
        let mut reader = ClipReader::at(rate);
        let mut videos = Vec::new();
        for clip in found.clips {
            go_on(hold)?;
            let count = reader.count(&clip.clip, &clip.path)?;
            let lines = spans.frames(&clip.names(), count, rate);
            let lines = lines.map_err(|problems| problems.in_file(labels.display()))?;
            let class = |line: &Option<usize>| line.map(|line| classes.of[line]).or(otherwise);
            let classes: Vec<Option<usize>> = lines.iter().map(class).collect();
            if classes.iter().all(Option::is_none) {
                return Err(Diagnostic::new("", "no line about a video")
                    .found(format!("{:?} is not listed", clip.name))
                    .help("`otherwise` gives a class to frames that no line covers")
                    .in_file(labels.display())
                    .into());
            }
            if count.saturating_mul(size.bytes()) > MAX_BYTES {
                return Err(Diagnostic::new("", "a video that is too long")
                    .found(format!("{count} frames of {} bytes", size.bytes()))
                    .expected(format!("at most {MAX_BYTES} bytes"))
                    .help("a smaller `size` or `fps` makes fewer")
                    .in_file(clip.path.display())
                    .into());
            }
            videos.push(LabelledVideo {
                name: clip.name,
                classes,
                frames: Frames::Clip(clip.clip, clip.path),
            });
        }
        let ignored = found.ignored;
        Ok(LabelledVideos { videos, classes: classes.names, size, ignored, reader, stored: None })
    }

    /// The frames of a video one after another, channel by channel, and how many of them had
    /// another size.
    pub fn read(&mut self, video: usize, hold: &Hold) -> Result<(Vec<u8>, usize)> {
        let labelled = &self.videos[video];
        let (count, each) = (labelled.classes.len(), self.size.bytes());
        match &labelled.frames {
            Frames::Array(first) => {
                let stored = self.stored.as_ref().expect("frames of an array are in memory");
                let frames = (*first..first + count).map(|k| stored.frame(k));
                Ok((frames.collect::<Vec<_>>().concat(), 0))
            }
            Frames::Clip(clip, path) => {
                let (mut bytes, mut resized) = (Vec::with_capacity(count * each), 0);
                let picks: Vec<usize> = (0..count).collect();
                for picks in picks.chunks(BATCH) {
                    go_on(hold)?;
                    let (frames, other) = self.reader.frames(clip, path, picks, self.size)?;
                    bytes.extend(frames);
                    resized += other;
                }
                Ok((bytes, resized))
            }
        }
    }
}

/// Splits frames where another video begins.
fn parted(
    keys: &[String],
    classes: &[usize],
    name: &str,
) -> std::result::Result<Vec<LabelledVideo>, Diagnostic> {
    let (mut videos, mut seen, mut first) = (Vec::new(), BTreeSet::new(), 0);
    for run in keys.chunk_by(|a, b| a == b) {
        if !seen.insert(&run[0]) {
            return Err(Diagnostic::new(format!("{name}[{first}]"), "a video in two places")
                .found(run[0].escape_debug())
                .expected("the frames of a video one after another, in order of time"));
        }
        let classes = classes[first..first + run.len()].iter().copied().map(Some).collect();
        videos.push(LabelledVideo { name: run[0].clone(), classes, frames: Frames::Array(first) });
        first += run.len();
    }
    Ok(videos)
}

/// A clip below the folder.
struct Named {
    /// Its path below the folder, without a file ending.
    name: String,
    /// The same with the ending.
    file: String,
    path: PathBuf,
    clip: Clip,
}

impl Named {
    fn names(&self) -> [&str; 2] {
        [&self.name, &self.file]
    }
}

#[derive(Default)]
struct Found {
    clips: Vec<Named>,
    ignored: usize,
}

impl Found {
    /// Finds all clips in a folder and below it; `before` is its path relative to the top.
    fn gather(&mut self, dir: &Path, before: &str, depth: usize) -> Result<()> {
        let listing = folders::list(dir)?;
        if depth > MAX_DEPTH {
            return Err(Diagnostic::new("", "a folder too deep")
                .kind(ErrorKind::Limit)
                .expected(format!("at most {MAX_DEPTH} folders above a video"))
                .in_file(dir.display())
                .into());
        }
        for file in listing.files {
            match (CLIPS.file)(&file) {
                Some(clip) => self.add(file, before, clip)?,
                None => self.ignored += 1,
            }
        }
        for folder in listing.folders {
            let inner = folders::list(&folder.path)?;
            match (CLIPS.folder)(&inner).filter(|_| inner.folders.is_empty()) {
                Some(clip) => self.add(folder, before, clip)?,
                None => {
                    self.gather(&folder.path, &format!("{before}{}/", folder.name), depth + 1)?;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, entry: Entry, before: &str, clip: Clip) -> Result<()> {
        let stem = match clip {
            Clip::Video => Path::new(&entry.name).file_stem().unwrap_or_default().to_string_lossy(),
            Clip::Pictures(_) => Cow::from(&entry.name),
        };
        let name = format!("{before}{stem}");
        if self.clips.iter().any(|other| other.name == name) {
            return Err(Diagnostic::new("", "two videos with the same name")
                .found(format!("{name:?}"))
                .help("rename one of them")
                .in_file(entry.path.display())
                .into());
        }
        let file = format!("{before}{}", entry.name);
        self.clips.push(Named { name, file, path: entry.path.clone(), clip });
        Ok(())
    }

    /// The name of some video.
    fn example(&self, dir: &Path) -> Result<&str> {
        let first = self.clips.first().map(|clip| clip.file.as_str());
        first.ok_or_else(|| Diagnostic::new("", "no videos").in_file(dir.display()).into())
    }
}
