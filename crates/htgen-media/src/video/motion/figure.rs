//! Figures: outlines with a texture, drawn into a picture at a pose.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::kind::{PIXEL, Pose};
use super::noise::{Source, UNIT, cosine, sine, texture};

/// Outlines, all longer than wide, so that a rotation is visible.
#[derive(Debug, Clone, Copy)]
enum Outline {
    Bar,
    Ellipse,
    Arrow,
    Bow,
}

const OUTLINES: [Outline; 4] = [Outline::Bar, Outline::Ellipse, Outline::Arrow, Outline::Bow];

/// A figure; its own coordinates go from -4096 to 4096 along its length.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    outline: Outline,
    /// Half its length at scale 1, 1/256 pixel.
    radius: i32,
    seed: u32,
    /// Mean brightness, and how far the texture deviates from it.
    level: i32,
    contrast: i32,
    /// Strength of each colour, 1/256.
    tint: [i32; 3],
}

/// Brightness and tint of figures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub level: (i32, i32),
    pub contrast: i32,
    pub tint: [i32; 3],
}

impl Figure {
    /// Draws a figure of some half length in 1/256 pixel.
    pub fn draw(radius: i32, look: Look, source: &mut Source) -> Figure {
        Figure {
            outline: OUTLINES[source.between(0, OUTLINES.len() as i32 - 1) as usize],
            radius,
            seed: source.bits(),
            level: source.between(look.level.0, look.level.1),
            contrast: look.contrast,
            tint: look.tint,
        }
    }

    /// Draws it into planes of `width` x `height`, one per colour; anything outside is cut off.
    pub fn stamp(&self, planes: &mut [Vec<i32>], width: i32, height: i32, pose: Pose) {
        let radius = (i64::from(self.radius) * i64::from(pose.scale) / i64::from(UNIT)) as i32;
        let radius = radius.max(PIXEL);
        // The corner of a bar is further away than its end.
        let reach = radius * 5 / 4 + PIXEL;
        let span = |centre: i32, side: i32| {
            let low = (centre - reach).div_euclid(PIXEL).clamp(0, side);
            low..(centre + reach).div_euclid(PIXEL).saturating_add(1).clamp(low, side)
        };
        let (sin, cos) = (sine(pose.angle), cosine(pose.angle));
        let own = |x: i32, y: i32| {
            let (dx, dy) = (i64::from(x - pose.x), i64::from(y - pose.y));
            let (sin, cos, radius) = (i64::from(sin), i64::from(cos), i64::from(radius));
            (((dx * cos + dy * sin) / radius) as i32, ((dy * cos - dx * sin) / radius) as i32)
        };
        for y in span(pose.y, height) {
            for x in span(pose.x, width) {
                let (left, top) = (x * PIXEL, y * PIXEL);
                // Four samples per pixel soften the outline.
                let points = [(1, 1), (3, 1), (1, 3), (3, 3)];
                let inside = points.into_iter().filter(|(right, down)| {
                    let (u, v) = own(left + right * PIXEL / 4, top + down * PIXEL / 4);
                    self.outline.holds(u, v)
                });
                let cover = inside.count() as i32;
                if cover > 0 {
                    let (u, v) = own(left + PIXEL / 2, top + PIXEL / 2);
                    self.blend(planes, (y * width + x) as usize, cover, self.shade(u, v));
                }
            }
        }
    }

    /// Brightness at a place in its own coordinates.
    fn shade(&self, u: i32, v: i32) -> i32 {
        self.level + (texture(self.seed, u, v, UNIT / 2) - 128) * self.contrast / 128
    }

    fn blend(&self, planes: &mut [Vec<i32>], at: usize, cover: i32, value: i32) {
        for (plane, tint) in planes.iter_mut().zip(self.tint) {
            plane[at] += (value * tint / 256 - plane[at]) * cover / 4;
        }
    }
}

impl Outline {
    /// Whether a place of the figure lies inside.
    fn holds(self, u: i32, v: i32) -> bool {
        let (u, v) = (i64::from(u), i64::from(v));
        let unit = i64::from(UNIT);
        let within = |across: i64, down: i64| u.abs() <= across && v.abs() <= down;
        match self {
            Outline::Bar => within(unit * 9 / 10, unit * 4 / 10),
            Outline::Ellipse => u * u + 4 * v * v <= unit * unit,
            // A shaft with a head.
            Outline::Arrow => {
                within(unit, unit / 4) || (u >= 0 && u <= unit && v.abs() <= (unit - u) * 7 / 10)
            }
            // Two triangles, tip to tip, with a thick knot.
            Outline::Bow => within(unit, unit / 6 + u.abs() * 4 / 10),
        }
    }
}
