//! A text that lists what happens in videos and when: lines `video,first_second,last_second,class`,
//! or by frame.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::data::check_name;
use crate::error::{Diagnostic, Problems, Result};
use crate::files;
use std::path::Path;

/// Largest file.
const MAX_BYTES: u64 = 1 << 26;
/// The first line, with times in seconds or as frames.
const HEADERS: [(&str, Unit); 2] = [
    ("video,first_second,last_second,class", Unit::Seconds),
    ("video,first_frame,last_frame,class", Unit::Frames),
];

/// The unit of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Seconds; the end is exclusive.
    Seconds,
    /// Frames counted from 0; the end is inclusive.
    Frames,
}

/// The lines of a file.
#[derive(Debug)]
pub struct Annotations {
    lines: Vec<Annotation>,
    unit: Unit,
}

/// One line.
#[derive(Debug)]
struct Annotation {
    line: usize,
    video: String,
    first: f64,
    last: f64,
    class: String,
}

impl Annotations {
    /// Reads a file; all wrong lines are reported together.
    pub fn load(path: &Path) -> Result<Annotations> {
        let bytes = files::read(path, MAX_BYTES)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Diagnostic::new("", "not a text").expected("lines in UTF-8").in_file(path.display())
        })?;
        Annotations::parse(&text).map_err(|problems| problems.in_file(path.display()))
    }

    fn parse(text: &str) -> Result<Annotations> {
        let text = text.trim_start_matches('\u{feff}');
        let lines = text.lines().enumerate().map(|(k, line)| (k + 1, line.trim()));
        let mut lines = lines.filter(|(_, line)| !line.is_empty());
        let header = lines.next().map_or("nothing", |(_, line)| line);
        let plain: String = header.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
        let Some((_, unit)) = HEADERS.into_iter().find(|(header, _)| *header == plain) else {
            return Err(Diagnostic::new("line 1", "not the header of such a file")
                .found(header.escape_debug())
                .expected(HEADERS.map(|(header, _)| header).join(" or "))
                .into());
        };
        let (mut spans, mut problems) = (Vec::new(), Vec::new());
        for (number, line) in lines {
            match span(number, line, unit) {
                Ok(span) => spans.push(span),
                Err(wrong) => problems.extend(wrong.0),
            }
        }
        if problems.is_empty() {
            Ok(Annotations { lines: spans, unit })
        } else {
            Err(Problems(problems))
        }
    }

    /// Names of the classes, as often as they occur in the file.
    pub fn classes(&self) -> Vec<&str> {
        self.lines.iter().map(|span| span.class.as_str()).collect()
    }

    /// The place in the file of that entry of [`classes`](Self::classes).
    pub fn place(&self, class: usize) -> Option<String> {
        self.lines.get(class).map(|span| format!("line {}", span.line))
    }

    /// The line that covers each frame of a video, if any, the last if there are several; `names`
    /// are those of the video. `rate` is in frames per second.
    ///
    /// # Errors
    /// A line that covers no frame of the video.
    pub fn frames(&self, names: &[&str], count: usize, rate: f64) -> Result<Vec<Option<usize>>> {
        let mut frames = vec![None; count];
        for (k, span) in self.lines.iter().enumerate() {
            if !names.contains(&span.video.as_str()) {
                continue;
            }
            let inside = |frame: usize| match self.unit {
                Unit::Seconds => (span.first..span.last).contains(&(frame as f64 / rate)),
                Unit::Frames => (span.first..=span.last).contains(&(frame as f64)),
            };
            let inside: Vec<usize> = (0..count).filter(|&frame| inside(frame)).collect();
            inside.iter().for_each(|&frame| frames[frame] = Some(k));
            if inside.is_empty() {
                return Err(Diagnostic::new(
                    format!("line {}", span.line),
                    "a span without a frame",
                )
                .found(format!("{} to {}", span.first, span.last))
                .expected(format!("a part of {count} frames at {rate} per second"))
                .into());
            }
        }
        Ok(frames)
    }

    /// The first line about a video that `is_known` does not know.
    pub fn unknown(&self, is_known: impl Fn(&str) -> bool) -> Option<Diagnostic> {
        let span = self.lines.iter().find(|span| !is_known(&span.video))?;
        let problem = Diagnostic::new(format!("line {}", span.line), "no such video");
        Some(problem.found(format!("{:?}", span.video)))
    }
}

fn span(line: usize, text: &str, unit: Unit) -> Result<Annotation> {
    let place = format!("line {line}");
    // From the right, as the name of a video may contain commas.
    let fields: Vec<&str> =
        text.rsplitn(4, ',').map(|field| field.trim().trim_matches('"')).collect();
    let [class, last, first, video] = fields[..] else {
        return Err(Diagnostic::new(place, "too few fields")
            .found(text.escape_debug())
            .expected("a video, two times and a class, separated by commas")
            .into());
    };
    let time = |field: &str| {
        let value: Option<f64> = field.parse().ok();
        let fits = |value: &f64| {
            value.is_finite() && *value >= 0.0 && (unit == Unit::Seconds || value.fract() == 0.0)
        };
        value.filter(fits).ok_or_else(|| {
            let expected = match unit {
                Unit::Seconds => "seconds from the beginning",
                Unit::Frames => "a frame, counted from 0",
            };
            let problem = Diagnostic::new(place.clone(), "not a time");
            problem.found(field.escape_debug()).expected(expected)
        })
    };
    let (first, last) = (time(first)?, time(last)?);
    if last < first {
        let found = format!("{first} to {last}");
        return Err(Diagnostic::new(place, "ends before it begins").found(found).into());
    }
    check_name(class).map_err(|problems| problems.in_file(&place))?;
    Ok(Annotation { line, video: video.to_owned(), first, last, class: class.to_owned() })
}
