//! `htgen data sliding`: videos with one class per frame as sequences, each a window of successive
//! frames.

use super::pictures::PictureAxes;
use super::stretch::{Names, Stretch, Stretches};
use super::{Destination, check_options, check_steps, go_on, labels, needed};
use crate::cli::Outcome;
use crate::cli::options::{ClassNames, channels, class_names, count, picture_size};
use crate::cli::progress::Progress;
use crate::data::check_name;
use crate::error::{Diagnostic, Result};
use crate::report::Origin;
use crate::tool::Hold;
use crate::video::FrameSize;
use clap::Args;
use std::path::PathBuf;

/// Channels of frames when not given.
const CHANNELS: usize = 3;
/// Maximum number of frames per second.
const MAX_RATE: f64 = 1000.0;

const EXAMPLE: &str = "\
Example:
  htgen data sliding falls.npz --steps 8 -o windows.npz
  htgen data sliding videos --labels falls.csv --size 64x48 --fps 8 --steps 8 -o windows.npz --json";

/// Turn videos with one class per frame into windows of successive frames, labelled like their last
/// frame
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Sliding {
    /// The folder with videos or folders of PNG or JPEG frames; or an npz or safetensors file of
    /// frames in order of time
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
    /// Frames per window
    #[arg(long, value_name = "T", value_parser = count::<usize>)]
    steps: usize,
    /// Frames from one window to the next
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count::<usize>)]
    every: usize,
    /// Lines video,first_second,last_second,class (or first_frame,last_frame); for a folder, and
    /// required there
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
    /// Frames per second at which videos are read; for a folder, and required there
    #[arg(long, value_name = "RATE", value_parser = rate)]
    fps: Option<f64>,
    /// Size to which frames are scaled; for a folder, and required there
    #[arg(long, value_name = "WxH", value_parser = picture_size)]
    size: Option<(usize, usize)>,
    /// 3 for colours (also when absent), 1 for brightness only; for a folder
    #[arg(long, value_name = "CHANNELS", value_parser = channels)]
    channels: Option<usize>,
    /// The class of frames that no line covers; without it, windows that end on such a frame are
    /// left out; for a folder
    #[arg(long, value_name = "NAME", value_parser = class_name)]
    otherwise: Option<String>,
    /// The array of frames, frames when absent; for a file
    #[arg(long, value_name = "NAME")]
    frames: Option<String>,
    /// The axes of a frame in the array: rows (h), columns (w), channels (c), as chw or hwc; needed
    /// where it could be either; for a file
    #[arg(long, value_name = "AXES")]
    axes: Option<PictureAxes>,
    /// The array with the video of each frame, video when absent; for a file
    #[arg(long, value_name = "NAME")]
    video: Option<String>,
    /// The array with the class of each frame, state when absent; for a file
    #[arg(long, value_name = "NAME")]
    state: Option<String>,
    /// The classes in the order of their labels; all that occur when absent
    #[arg(long, value_name = "NAME,…", value_parser = class_names)]
    classes: Option<ClassNames>,
    #[command(flatten)]
    to: Destination,
}

/// A number of frames per second.
fn rate(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(rate) if rate > 0.0 && rate <= MAX_RATE => Ok(rate),
        _ => Err(format!("expected frames per second, more than 0 and at most {MAX_RATE}")),
    }
}

fn class_name(text: &str) -> std::result::Result<String, String> {
    check_name(text).map(|()| text.to_owned()).map_err(|problems| problems.to_string())
}

/// A window of a video: its first frame and its class.
struct Window {
    video: usize,
    first: usize,
    class: usize,
}

impl Sliding {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let hold = Hold::new();
        let to = self.to.clone().claim()?;
        let Sliding { steps, .. } = self;
        check_steps("--steps", steps, "take fewer")?;
        let progress = Progress::start("counting frames");
        let mut stretches = self.stretches(&hold)?;
        let (windows, unlabelled) = self.windows(&stretches.videos)?;
        let size = stretches.size;
        let shape = [windows.len(), steps, size.channels, size.height, size.width];
        let names = windows.iter().map(|window| stretches.videos[window.video].name.as_str());
        let y = windows.iter().map(|window| window.class).collect();
        let labels =
            labels(&stretches.classes, y, Some(names.collect()), vec![steps; windows.len()]);
        progress.stage("reading frames");
        let mut resized = 0;
        let bytes = to.write(&shape, &labels, |rows| {
            for windows in windows.chunk_by(|a, b| a.video == b.video) {
                go_on(&hold)?;
                let (frames, other) = stretches.read(windows[0].video, &hold)?;
                resized += other;
                for window in windows {
                    let begin = window.first * size.bytes();
                    rows.push(&frames[begin..begin + steps * size.bytes()])?;
                }
            }
            Ok(())
        })?;
        drop(progress);
        let videos = &stretches.videos;
        let origin = Origin::Videos {
            videos: videos.len(),
            frames: videos.iter().map(|video| video.classes.len()).sum(),
            resized,
            short: videos.iter().filter(|video| video.classes.len() < steps).count(),
            unlabelled,
            ignored: stretches.ignored,
        };
        to.report(bytes, &shape, &labels, origin)
    }

    fn stretches(&self, hold: &Hold) -> Result<Stretches> {
        let source = self.source.as_path();
        let named = self.classes.as_ref().map(|classes| classes.0.as_slice());
        if !source.is_dir() {
            let given = [
                ("--labels", self.labels.is_some()),
                ("--fps", self.fps.is_some()),
                ("--size", self.size.is_some()),
                ("--channels", self.channels.is_some()),
                ("--otherwise", self.otherwise.is_some()),
            ];
            check_options(&given, "a folder of videos", source)?;
            let names = Names {
                frames: self.frames.as_deref().unwrap_or("frames"),
                video: self.video.as_deref().unwrap_or("video"),
                class: self.state.as_deref().unwrap_or("state"),
            };
            return Stretches::arrays(source, names, self.axes, named);
        }
        let given = [
            ("--frames", self.frames.is_some()),
            ("--video", self.video.is_some()),
            ("--state", self.state.is_some()),
            ("--axes", self.axes.is_some()),
        ];
        check_options(&given, "a file of arrays", source)?;
        let labels = needed("--labels", self.labels.as_deref(), source)?;
        let (width, height) = needed("--size", self.size, source)?;
        let rate = needed("--fps", self.fps, source)?;
        let size = FrameSize { width, height, channels: self.channels.unwrap_or(CHANNELS) };
        Stretches::files((source, size, rate), labels, self.otherwise.as_deref(), named, hold)
    }

    /// All windows that have a class, and the number of those without one.
    fn windows(&self, videos: &[Stretch]) -> Result<(Vec<Window>, usize)> {
        let (mut windows, mut unlabelled) = (Vec::new(), 0);
        for (video, stretch) in videos.iter().enumerate() {
            let classes = stretch.classes.iter().enumerate().skip(self.steps - 1);
            for (last, class) in classes.step_by(self.every) {
                match *class {
                    Some(class) => {
                        windows.push(Window { video, first: last + 1 - self.steps, class })
                    }
                    None => unlabelled += 1,
                }
            }
        }
        if windows.is_empty() {
            let longest = videos.iter().map(|video| video.classes.len()).max().unwrap_or(0);
            return Err(Diagnostic::new("--steps", "no window")
                .found(format!(
                    "{} frames per window, {unlabelled} windows without a class",
                    self.steps
                ))
                .expected(format!("at most {longest} frames, the length of the longest video"))
                .in_file(self.source.display())
                .into());
        }
        Ok((windows, unlabelled))
    }
}
