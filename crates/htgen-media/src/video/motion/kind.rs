//! The kinds of motion, and where a figure is at each step of one.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::noise::{self, Source, UNIT};

/// One pixel in the unit of positions.
pub(super) const PIXEL: i32 = 256;
/// A whole turn in the unit of angles.
const TURN: i32 = 65_536;
/// The end of a clip in the unit of progress.
const END: i32 = 65_536;

/// What a figure does; the classes of the set, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MotionKind {
    /// Moves to the right.
    Right,
    /// Moves to the left.
    Left,
    /// Moves down.
    Down,
    /// Moves up.
    Up,
    /// Turns clockwise on the spot.
    Clockwise,
    /// Turns the other way.
    Counterclockwise,
    /// Grows, like something that approaches.
    Approach,
    /// Shrinks.
    Recede,
    /// Swings from side to side.
    Swing,
    /// Bobs up and down.
    Bob,
}

impl MotionKind {
    /// All of them; a label is a place in this list.
    pub const ALL: [MotionKind; 10] = [
        MotionKind::Right,
        MotionKind::Left,
        MotionKind::Down,
        MotionKind::Up,
        MotionKind::Clockwise,
        MotionKind::Counterclockwise,
        MotionKind::Approach,
        MotionKind::Recede,
        MotionKind::Swing,
        MotionKind::Bob,
    ];

    /// Its name as a class.
    pub fn name(self) -> &'static str {
        match self {
            MotionKind::Right => "right",
            MotionKind::Left => "left",
            MotionKind::Down => "down",
            MotionKind::Up => "up",
            MotionKind::Clockwise => "clockwise",
            MotionKind::Counterclockwise => "counterclockwise",
            MotionKind::Approach => "approach",
            MotionKind::Recede => "recede",
            MotionKind::Swing => "swing",
            MotionKind::Bob => "bob",
        }
    }
}

/// Where a figure is: centre in 1/256 pixel, angle in 1/65536 turn, scale in 1/4096.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pose {
    pub x: i32,
    pub y: i32,
    pub angle: i32,
    pub scale: i32,
}

/// The course of one figure. What is drawn at random has the same distribution for every kind, so
/// that the mean over a clip reveals little: a motion and its reverse pass through the same poses.
pub(super) struct Course {
    kind: MotionKind,
    /// The pose in the middle of the clip.
    middle: Pose,
    /// Distance from first to last step, 1/256 pixel, across and down.
    way: (i32, i32),
    /// Turn from first to last step.
    turn: i32,
    /// Growth from first to last step, of the scale in the middle, 1/4096.
    growth: i32,
    /// Cycles of an oscillation over the clip, 1/65536, and where the first begins.
    cycles: i32,
    phase: i32,
}

impl Course {
    /// Draws a course for a frame of this many pixels.
    pub fn draw(kind: MotionKind, width: i32, height: i32, source: &mut Source) -> Course {
        let way = |side: i32, source: &mut Source| side * PIXEL * source.between(28, 40) / 100;
        let place = |side: i32, source: &mut Source| side * PIXEL * source.between(40, 60) / 100;
        let forth = source.between(0, 1) * TURN / 2;
        Course {
            kind,
            middle: Pose {
                x: place(width, source),
                y: place(height, source),
                angle: source.between(-TURN / 16, TURN / 16),
                scale: UNIT * source.between(85, 115) / 100,
            },
            way: (way(width, source), way(height, source)),
            turn: source.between(TURN / 5, TURN * 3 / 10),
            growth: UNIT * source.between(60, 90) / 100,
            cycles: source.between(END, END * 3 / 2),
            phase: forth + source.between(-TURN / 16, TURN / 16),
        }
    }

    /// The pose at a step of a clip with this many steps, trembling a little.
    pub fn pose(&self, step: usize, steps: usize, source: &mut Source) -> Pose {
        let progress = (step as i64 * i64::from(END) / (steps as i64 - 1).max(1)) as i32;
        // From -1/2 to 1/2 in 1/65536.
        let from_middle = progress - END / 2;
        let part = |whole: i32| (i64::from(whole) * i64::from(from_middle) / i64::from(END)) as i32;
        let wave = |way: i32| {
            let cycles = i64::from(self.cycles) * i64::from(progress) / i64::from(END);
            way / 2 * noise::sine(self.phase + cycles as i32) / UNIT
        };
        let mut pose = self.middle;
        let grown = i64::from(pose.scale) * i64::from(part(self.growth)) / i64::from(UNIT);
        match self.kind {
            MotionKind::Right => pose.x += part(self.way.0),
            MotionKind::Left => pose.x -= part(self.way.0),
            MotionKind::Down => pose.y += part(self.way.1),
            MotionKind::Up => pose.y -= part(self.way.1),
            MotionKind::Clockwise => pose.angle += part(self.turn),
            MotionKind::Counterclockwise => pose.angle -= part(self.turn),
            MotionKind::Approach => pose.scale += grown as i32,
            MotionKind::Recede => pose.scale -= grown as i32,
            MotionKind::Swing => pose.x += wave(self.way.0),
            MotionKind::Bob => pose.y += wave(self.way.1),
        }
        pose.x += self.way.0 * source.between(-3, 3) / 100;
        pose.y += self.way.1 * source.between(-3, 3) / 100;
        pose.angle += source.between(-TURN / 200, TURN / 200);
        pose.scale += pose.scale * source.between(-3, 3) / 100;
        pose
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First and last pose of a kind, the same course for all.
    fn ends(kind: MotionKind) -> (Pose, Pose) {
        let course = Course::draw(kind, 64, 48, &mut Source::new(3, 1));
        let mut source = Source::new(3, 2);
        (course.pose(0, 8, &mut source), course.pose(7, 8, &mut source))
    }

    #[test]
    fn kinds_go_where_their_names_say() {
        let far = 8 * PIXEL;
        let change = |kind| {
            let (a, b) = ends(kind);
            (b.x - a.x, b.y - a.y, b.angle - a.angle, b.scale - a.scale)
        };
        assert!(change(MotionKind::Right).0 > far && change(MotionKind::Left).0 < -far);
        assert!(change(MotionKind::Down).1 > far && change(MotionKind::Up).1 < -far);
        assert!(change(MotionKind::Clockwise).2 > TURN / 6);
        assert!(change(MotionKind::Counterclockwise).2 < -TURN / 6);
        assert!(
            change(MotionKind::Approach).3 > UNIT / 3 && change(MotionKind::Recede).3 < -UNIT / 3
        );
        for kind in [
            MotionKind::Clockwise,
            MotionKind::Counterclockwise,
            MotionKind::Approach,
            MotionKind::Recede,
        ] {
            let (x, y, ..) = change(kind);
            assert!(x.abs() < 2 * PIXEL && y.abs() < 2 * PIXEL, "{kind:?} stays in place");
        }
    }

    #[test]
    fn oscillations_turn_back() {
        let course = Course::draw(MotionKind::Swing, 64, 48, &mut Source::new(5, 1));
        let mut source = Source::new(5, 2);
        let places: Vec<i32> = (0..16).map(|k| course.pose(k, 16, &mut source).x).collect();
        let ways: Vec<bool> = places.windows(5).map(|w| w[4] > w[0]).collect();
        assert!(ways.contains(&true) && ways.contains(&false), "{places:?}");
    }
}
