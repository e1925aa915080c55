//! The scene behind a figure: a textured background, clutter on it, light over everything.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::figure::{Figure, Look};
use super::kind::{PIXEL, Pose};
use super::noise::{Source, UNIT, texture};

/// Figures that stand still.
const CLUTTER: i32 = 5;

/// What all clips of a group share.
pub(super) struct Scene {
    /// The background with its clutter before light, one plane per colour, surrounded by a border.
    ground: Vec<Vec<i32>>,
    width: i32,
    height: i32,
    /// Pixels of the border on each side.
    border: i32,
    /// Change of the light from side to side and from top to bottom, 1/256.
    light: (i32, i32),
    /// Tint of the moving figure.
    tint: [i32; 3],
}

impl Scene {
    /// Draws the scene for frames of this many pixels and planes.
    pub fn draw(width: i32, height: i32, planes: usize, source: &mut Source) -> Scene {
        let small = width.min(height);
        let border = small / 8;
        let (wide, high) = (width + 2 * border, height + 2 * border);
        let tint = |source: &mut Source| match planes {
            1 => [256; 3],
            _ => [0; 3].map(|_| source.between(190, 256)),
        };
        let ground_tint = tint(source);
        let seeds = [source.bits(), source.bits()];
        let level = source.between(60, 95);
        let (coarse, fine) = (small * PIXEL / 3, small * PIXEL / 9);
        let shade = |x: i32, y: i32| {
            let (x, y) = (x * PIXEL, y * PIXEL);
            let coarse = texture(seeds[0], x, y, coarse) - 128;
            let fine = texture(seeds[1], x, y, fine) - 128;
            level + (coarse * 40 + fine * 24) / 128
        };
        let places = || (0..high).flat_map(|y| (0..wide).map(move |x| (x, y)));
        let plane = |tint: i32| places().map(|(x, y)| shade(x, y) * tint / 256).collect();
        let mut ground: Vec<Vec<i32>> = ground_tint[..planes].iter().map(|&t| plane(t)).collect();
        for _ in 0..CLUTTER {
            let look = Look { level: (70, 130), contrast: 40, tint: tint(source) };
            let thing = Figure::draw(small * PIXEL * source.between(6, 14) / 100, look, source);
            let pose = Pose {
                x: source.between(0, wide * PIXEL),
                y: source.between(0, high * PIXEL),
                angle: source.between(0, 65_535),
                scale: UNIT,
            };
            thing.stamp(&mut ground, wide, high, pose);
        }
        let light = (source.between(-60, 60), source.between(-60, 60));
        Scene { ground, width, height, border, light, tint: tint(source) }
    }

    /// What the figures of this scene look like.
    pub fn look(&self) -> Look {
        Look { level: (165, 195), contrast: 45, tint: self.tint }
    }

    /// A random place for the camera, in pixels from the middle.
    pub fn camera(&self, source: &mut Source) -> (i32, i32) {
        let far = self.border / 2;
        (source.between(-far, far), source.between(-far, far))
    }

    /// Pixels by which the camera may shake at each step.
    pub fn shake(&self) -> i32 {
        (self.width.min(self.height) / 60).min(self.border / 2)
    }

    /// The background as the camera sees it.
    pub fn view(&self, camera: (i32, i32)) -> Vec<Vec<i32>> {
        let wide = self.width + 2 * self.border;
        let row = |y: i32| {
            let first = (y + self.border + camera.1) * wide + self.border + camera.0;
            first as usize..(first + self.width) as usize
        };
        let cut =
            |plane: &Vec<i32>| (0..self.height).flat_map(|y| plane[row(y)].to_vec()).collect();
        self.ground.iter().map(cut).collect()
    }

    /// Applies light to a picture: stronger on one side, with `strength` of it in 1/256.
    pub fn lighten(&self, planes: &mut [Vec<i32>], strength: i32) {
        let (width, height) = (self.width, self.height);
        for (k, y) in (0..height).enumerate() {
            for x in 0..width {
                let slope = self.light.0 * (2 * x - width) / (2 * width)
                    + self.light.1 * (2 * y - height) / (2 * height);
                let light = (256 + slope) * strength / 256;
                for plane in planes.iter_mut() {
                    let pixel = &mut plane[k * width as usize + x as usize];
                    *pixel = *pixel * light / 256;
                }
            }
        }
    }
}
