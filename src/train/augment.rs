//! Training sequences moved by a few rows and columns, so that a model does not learn where things are.

use super::config::Augment;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// A move of one sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    planes: usize,
    rows: usize,
    columns: usize,
    /// Whether rows go on from step to step.
    joined: bool,
    down: isize,
    right: isize,
}

impl Move {
    /// A move drawn for the table; none where it asks for none.
    pub fn draw(augment: &Augment, rng: &mut ChaCha8Rng) -> Option<Move> {
        let (planes, rows, columns, joined) = match augment.shape[..] {
            [rows, columns] => (1, rows, columns, true),
            [planes, rows, columns] => (planes, rows, columns, false),
            _ => return None,
        };
        let mut upto = |most: usize| {
            let choices = 2 * most as u64 + 1;
            // The product is below 2^64, and every choice is as likely as the others but for 2^-32.
            ((u64::from(rng.next_u32()) * choices) >> 32) as isize - most as isize
        };
        let (down, right) = (upto(augment.rows), upto(augment.columns));
        Some(Move { planes, rows, columns, joined, down, right })
    }

    /// Where the element at a place of a step comes from: step and place; `None` from outside.
    pub fn source(self, step: usize, place: usize, n_steps: usize) -> Option<(usize, usize)> {
        let (plane, rest) =
            (place / (self.rows * self.columns), place % (self.rows * self.columns));
        let (row, column) = (rest / self.columns, rest % self.columns);
        let column = column.checked_add_signed(-self.right).filter(|&c| c < self.columns)?;
        let (step, row) = if self.joined {
            let row = (step * self.rows + row).checked_add_signed(-self.down)?;
            (row / self.rows, row % self.rows)
        } else {
            (step, row.checked_add_signed(-self.down)?)
        };
        let inside = plane < self.planes && row < self.rows && step < n_steps;
        inside.then_some((step, (plane * self.rows + row) * self.columns + column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_on_from_step_to_step() {
        let moved = Move { planes: 1, rows: 2, columns: 3, joined: true, down: 1, right: -1 };
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
        let moved = Move { planes: 2, rows: 2, columns: 2, joined: false, down: 1, right: 1 };
        assert_eq!(moved.source(3, 3, 4), Some((3, 0)));
        assert_eq!(moved.source(3, 7, 4), Some((3, 4)));
        assert_eq!(moved.source(3, 4, 4), None);
    }

    #[test]
    fn every_move_is_drawn() {
        use rand::SeedableRng;
        let augment = Augment { shape: vec![4, 4], rows: 1, columns: 2 };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let moves: std::collections::BTreeSet<(isize, isize)> = (0..400)
            .filter_map(|_| Move::draw(&augment, &mut rng))
            .map(|m| (m.down, m.right))
            .collect();
        assert_eq!(moves.len(), 15);
        assert_eq!(moves.first(), Some(&(-1, -2)));
        assert_eq!(moves.last(), Some(&(1, 2)));
    }
}
