//! Labelled clips of moving figures, drawn here: ten kinds of motion in front of cluttered, lit and
//! noisy backgrounds.
//!
//! The same seed gives the same bytes on every machine: everything is computed in integers, and
//! every clip has random numbers of its own. A single frame of a clip says little about its class;
//! see docs/data.md for how that is measured.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod figure;
mod kind;
mod noise;
mod scene;

pub use kind::MotionKind;

use super::FrameSize;
use crate::error::{Diagnostic, Problems, Result};
use figure::Figure;
use kind::{Course, PIXEL};
use noise::Source;
use scene::Scene;
use std::ops::RangeInclusive;

/// Pixels of a side.
const SIDES: RangeInclusive<usize> = 16..=160;
/// Pixels from top to bottom.
const ROWS: RangeInclusive<usize> = 16..=120;
/// Steps of a clip; fewer could not show an oscillation.
const STEPS: RangeInclusive<usize> = 4..=256;
/// Maximum number of clips.
const MAX_COUNT: usize = 1_000_000;
/// Maximum number of groups.
const MAX_GROUPS: usize = 10_000;
/// Streams of random numbers below this belong to scenes, those above to clips.
const CLIPS: u64 = 1 << 32;

/// What a set is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MotionSpec {
    /// Size of the frames: 16 x 16 to 160 x 120, 1 or 3 channels.
    pub size: FrameSize,
    /// Frames of a clip, 4 to 256.
    pub steps: usize,
    /// Clips, at least one of each kind.
    pub count: usize,
    /// Scenes; the clips of a scene are a group.
    pub groups: usize,
    /// Determines every byte.
    pub seed: u64,
}

/// A checked set, of which each clip can be drawn by itself.
pub struct Motion {
    spec: MotionSpec,
    scenes: Vec<Scene>,
}

impl Motion {
    /// Checks the numbers and draws the scenes.
    pub fn new(spec: MotionSpec) -> Result<Motion> {
        check(&spec)?;
        let FrameSize { width, height, channels } = spec.size;
        let used = spec.groups.min(spec.count.div_ceil(MotionKind::ALL.len()));
        let scene = |group: usize| {
            let mut source = Source::new(spec.seed, group as u64);
            Scene::draw(width as i32, height as i32, channels, &mut source)
        };
        Ok(Motion { spec, scenes: (0..used).map(scene).collect() })
    }

    /// Class of a clip: the kinds take turns.
    pub fn class(&self, clip: usize) -> usize {
        clip % MotionKind::ALL.len()
    }

    /// Group of a clip: each scene has one clip of every kind, then the next scene follows.
    pub fn group(&self, clip: usize) -> usize {
        clip / MotionKind::ALL.len() % self.scenes.len()
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.scenes.len()
    }

    /// The bytes of a clip: steps x channels x rows x columns.
    pub fn clip(&self, clip: usize) -> Vec<u8> {
        let MotionSpec { size, steps, seed, .. } = self.spec;
        let (width, height) = (size.width as i32, size.height as i32);
        let scene = &self.scenes[self.group(clip)];
        let mut source = Source::new(seed, CLIPS + clip as u64);
        let course = Course::draw(MotionKind::ALL[self.class(clip)], width, height, &mut source);
        let radius = width.min(height) * PIXEL * source.between(20, 25) / 100;
        let figure = Figure::draw(radius, scene.look(), &mut source);
        let camera = scene.camera(&mut source);
        let mut bytes = Vec::with_capacity(steps * size.bytes());
        for step in 0..steps {
            let pose = course.pose(step, steps, &mut source);
            let shake = scene.shake();
            let (right, down) = (source.between(-shake, shake), source.between(-shake, shake));
            let mut planes = scene.view((camera.0 + right, camera.1 + down));
            figure.stamp(&mut planes, width, height, pose);
            scene.lighten(&mut planes, source.between(246, 266));
            expose(&planes, &mut source, &mut bytes);
        }
        bytes
    }
}

/// Adds the noise of a camera and cuts off at black and white.
fn expose(planes: &[Vec<i32>], source: &mut Source, bytes: &mut Vec<u8>) {
    for plane in planes {
        let mut noise = vec![0; 2 * plane.len()];
        source.fill(&mut noise);
        bytes.extend(plane.iter().zip(noise.chunks_exact(2)).map(|(&value, noise)| {
            let noise = (i32::from(noise[0]) + i32::from(noise[1]) - 255) * 24 / 255;
            (value + noise).clamp(0, 255) as u8
        }));
    }
}

fn check(spec: &MotionSpec) -> Result<()> {
    let MotionSpec { size, steps, count, groups, .. } = *spec;
    let bounds = [
        ("width", size.width, SIDES),
        ("height", size.height, ROWS),
        ("steps", steps, STEPS),
        ("count", count, MotionKind::ALL.len()..=MAX_COUNT),
        ("groups", groups, 1..=MAX_GROUPS),
    ];
    let outside = bounds.into_iter().filter(|(_, value, range)| !range.contains(value));
    let problems = outside.map(|(name, value, range)| {
        Diagnostic::new(name, "out of range").found(value).expected(format!(
            "{} to {}",
            range.start(),
            range.end()
        ))
    });
    let mut problems: Vec<Diagnostic> = problems.collect();
    if ![1, 3].contains(&size.channels) {
        problems.push(
            Diagnostic::new("channels", "out of range").found(size.channels).expected("1 or 3"),
        );
    }
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}
