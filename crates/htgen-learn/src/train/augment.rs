//! Training sequences moved by a few rows and columns, so that a model does not learn where things
//! are.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::config::{Augment, Outside};
use crate::data::{Sequences, StepValues};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// A shift of one sequence, with the bands that are erased from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    planes: usize,
    rows: usize,
    columns: usize,
    /// Whether rows continue from step to step.
    joined: bool,
    down: isize,
    right: isize,
    outside: Outside,
    /// First row that is erased and the first row after the band.
    erased_rows: [usize; 2],
    /// The same for columns.
    erased_columns: [usize; 2],
}

impl Move {
    /// A shift drawn for the table and a sequence of this many steps; none if the table asks for
    /// none.
    pub fn draw(augment: &Augment, n_steps: usize, rng: &mut ChaCha8Rng) -> Option<Move> {
        let (planes, rows, columns, joined) = match augment.shape[..] {
            [rows, columns] => (1, rows, columns, true),
            [planes, rows, columns] => (planes, rows, columns, false),
            _ => return None,
        };
        // The product is below 2^64, and all choices are equally likely up to 2^-32.
        let mut below =
            |choices: usize| ((u64::from(rng.next_u32()) * choices as u64) >> 32) as usize;
        let mut either = |most: usize| below(2 * most + 1) as isize - most as isize;
        let (down, right) = (either(augment.rows), either(augment.columns));
        let outside = augment.outside;
        let mut band = |most: usize, size: usize| {
            // Without bands the only numbers drawn are those of the shifts.
            let width = if most == 0 { 0 } else { below(most.min(size) + 1) };
            let first = if width == 0 { 0 } else { below(size - width + 1) };
            [first, first + width]
        };
        let height = if joined { n_steps * rows } else { rows };
        let erased_rows = band(augment.erase_rows, height);
        let erased_columns = band(augment.erase_columns, columns);
        Some(Move {
            planes,
            rows,
            columns,
            joined,
            down,
            right,
            outside,
            erased_rows,
            erased_columns,
        })
    }

    /// Where the element at a place of a step comes from: step and place; `None` if it is erased or
    /// comes from outside.
    pub fn source(self, step: usize, place: usize, n_steps: usize) -> Option<(usize, usize)> {
        let (plane, rest) =
            (place / (self.rows * self.columns), place % (self.rows * self.columns));
        let (row, column) = (rest / self.columns, rest % self.columns);
        let in_all = if self.joined { step * self.rows + row } else { row };
        let within = |[first, behind]: [usize; 2], place: usize| (first..behind).contains(&place);
        if within(self.erased_rows, in_all) || within(self.erased_columns, column) {
            return None;
        }
        let column = self.outside.inside(column, -self.right, self.columns)?;
        let (step, row) = if self.joined {
            let row = step * self.rows + row;
            let row = self.outside.inside(row, -self.down, n_steps * self.rows)?;
            (row / self.rows, row % self.rows)
        } else {
            (step, self.outside.inside(row, -self.down, self.rows)?)
        };
        let inside = plane < self.planes && step < n_steps;
        inside.then_some((step, (plane * self.rows + row) * self.columns + column))
    }
}

impl Outside {
    /// A shifted place, out of this many.
    fn inside(self, place: usize, by: isize, count: usize) -> Option<usize> {
        match self {
            Outside::Zeros => place.checked_add_signed(by).filter(|&place| place < count),
            Outside::Edge => Some(place.saturating_add_signed(by).min(count.checked_sub(1)?)),
        }
    }
}

/// The elements of a step of a sequence, shifted if there is a shift.
#[non_exhaustive]
pub enum MovedStep<'a> {
    /// As in the data.
    Still(StepValues<'a>),
    /// Shifted bytes.
    Bytes(Vec<u8>),
    /// Shifted real numbers.
    Reals(Vec<f32>),
}

impl<'a> MovedStep<'a> {
    /// Step `step` of a sequence.
    pub fn of(data: &'a Sequences, sequence: usize, step: usize, moved: Option<&Move>) -> Self {
        let Some(moved) = moved else { return MovedStep::Still(data.step(sequence, step)) };
        let n_steps = data.steps(sequence);
        let sources = (0..data.inputs()).map(|place| moved.source(step, place, n_steps));
        match data.step(sequence, step) {
            StepValues::U8(_) => MovedStep::Bytes(
                sources
                    .map(|from| match from.map(|(step, at)| (data.step(sequence, step), at)) {
                        Some((StepValues::U8(values), at)) => values[at],
                        _ => 0,
                    })
                    .collect(),
            ),
            StepValues::F32(_) => MovedStep::Reals(
                sources
                    .map(|from| match from.map(|(step, at)| (data.step(sequence, step), at)) {
                        Some((StepValues::F32(values), at)) => values[at],
                        _ => 0.0,
                    })
                    .collect(),
            ),
        }
    }

    /// The elements.
    pub fn elements(&self) -> StepValues<'_> {
        match self {
            MovedStep::Still(step) => *step,
            MovedStep::Bytes(values) => StepValues::U8(values),
            MovedStep::Reals(values) => StepValues::F32(values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn still() -> Move {
        Move {
            planes: 1,
            rows: 1,
            columns: 1,
            joined: false,
            down: 0,
            right: 0,
            outside: Outside::Zeros,
            erased_rows: [0, 0],
            erased_columns: [0, 0],
        }
    }

    #[test]
    fn rows_go_on_from_step_to_step() {
        let moved =
            Move { planes: 1, rows: 2, columns: 3, joined: true, down: 1, right: -1, ..still() };
        // Row 0 of step 1 comes from row 1 of step 0, one column to the right.
        assert_eq!(moved.source(1, 0, 2), Some((0, 4)));
        assert_eq!(moved.source(1, 5, 2), None, "from beside the picture");
        assert_eq!(moved.source(0, 0, 2), None, "from above the picture");
        let up = Move { down: -1, right: 0, ..moved };
        assert_eq!(up.source(0, 3, 2), Some((1, 0)));
        assert_eq!(up.source(1, 3, 2), None, "from below the picture");
    }

    #[test]
    fn planes_keep_to_themselves() {
        let moved =
            Move { planes: 2, rows: 2, columns: 2, joined: false, down: 1, right: 1, ..still() };
        assert_eq!(moved.source(3, 3, 4), Some((3, 0)));
        assert_eq!(moved.source(3, 7, 4), Some((3, 4)));
        assert_eq!(moved.source(3, 4, 4), None);
        // Outside the picture its edge is used: for the second plane, its first element.
        let edge = Move { outside: Outside::Edge, ..moved };
        assert_eq!(edge.source(3, 4, 4), Some((3, 4)));
        assert_eq!(edge.source(3, 7, 4), Some((3, 4)));
    }

    #[test]
    fn bands_are_erased() {
        let joined = Move { rows: 2, columns: 3, joined: true, erased_rows: [1, 3], ..still() };
        // Row 1 of step 0 and row 0 of step 1.
        let left = |moved: Move, n_steps: usize| -> Vec<bool> {
            let size = moved.planes * moved.rows * moved.columns;
            let all = (0..n_steps).flat_map(|step| (0..size).map(move |place| (step, place)));
            all.map(|(step, place)| moved.source(step, place, n_steps).is_some()).collect()
        };
        let rows = [true, false, false, true].map(|kept| [kept; 3]);
        assert_eq!(left(joined, 2), rows.concat());
        // The same columns of every plane and step.
        let columns = Move { planes: 2, rows: 1, columns: 3, erased_columns: [1, 2], ..still() };
        assert_eq!(left(columns, 2), [true, false, true].repeat(4));
    }

    #[test]
    fn every_move_is_drawn() {
        let augment = Augment { shape: vec![4, 4], rows: 1, columns: 2, ..Augment::default() };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let moves: std::collections::BTreeSet<(isize, isize)> = (0..400)
            .filter_map(|_| Move::draw(&augment, 2, &mut rng))
            .map(|m| (m.down, m.right))
            .collect();
        assert_eq!(moves.len(), 15);
        assert_eq!(moves.first(), Some(&(-1, -2)));
        assert_eq!(moves.last(), Some(&(1, 2)));
    }

    #[test]
    fn every_band_is_drawn() {
        let shape = vec![1, 4, 3];
        let augment = Augment { shape, erase_rows: 2, erase_columns: 9, ..Augment::default() };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let moves: Vec<Move> = (0..400).filter_map(|_| Move::draw(&augment, 2, &mut rng)).collect();
        let bands = |of: fn(&Move) -> [usize; 2]| -> std::collections::BTreeSet<[usize; 2]> {
            moves.iter().map(of).collect()
        };
        // No row, one of four, two of three places; columns up to all of them.
        assert_eq!(bands(|m| m.erased_rows).len(), 1 + 4 + 3);
        assert_eq!(bands(|m| m.erased_columns).len(), 1 + 3 + 2 + 1);
        assert!(moves.iter().all(|m| m.erased_rows[1] <= 4 && m.erased_columns[1] <= 3));
    }
}
