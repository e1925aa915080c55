//! Products of matrices that lie in slices, on all cores if they are large.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::real::Real;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// Maximum number of multiplies of a part that one core does. Where a product is cut depends only
/// on its shape, so that the number of cores does not change the result.
const PART: usize = 1 << 23;
/// Rows and columns of a part are multiples of this, except for the last part.
const ALIGNED: usize = 16;

/// A matrix, row by row.
#[derive(Debug, Clone, Copy)]
pub struct MatrixView<'a, T>(MatRef<'a, T>);

impl<'a, T: Real> MatrixView<'a, T> {
    /// The values as rows of this many columns.
    pub fn of(values: &'a [T], columns: usize) -> MatrixView<'a, T> {
        let rows = values.len() / columns.max(1);
        MatrixView(MatRef::from_row_major_slice(values, rows, columns))
    }

    /// Rows and columns exchanged.
    pub fn turned(self) -> MatrixView<'a, T> {
        MatrixView(self.0.transpose())
    }
}

/// Writes the product of two matrices into `to`, row by row.
pub fn multiply<T: Real>(to: &mut [T], left: MatrixView<'_, T>, right: MatrixView<'_, T>) {
    parts(whole(to, left, right), left.0, right.0, Accum::Replace);
}

/// Adds the product of two matrices to `to`, row by row.
pub fn add_product<T: Real>(to: &mut [T], left: MatrixView<'_, T>, right: MatrixView<'_, T>) {
    parts(whole(to, left, right), left.0, right.0, Accum::Add);
}

fn whole<'a, T: Real>(
    to: &'a mut [T],
    left: MatrixView<'_, T>,
    right: MatrixView<'_, T>,
) -> MatMut<'a, T> {
    MatMut::from_row_major_slice_mut(to, left.0.nrows(), right.0.ncols())
}

fn parts<T: Real>(to: MatMut<'_, T>, left: MatRef<'_, T>, right: MatRef<'_, T>, accum: Accum) {
    let (rows, columns) = (to.nrows(), to.ncols());
    let longest = rows.max(columns);
    if rows * columns * left.ncols() <= PART || longest < 2 * ALIGNED {
        matmul(to, accum, left, right, T::one(), Par::Seq);
        return;
    }
    let at = (longest / 2).next_multiple_of(ALIGNED);
    if rows >= columns {
        let (above, below) = to.split_at_row_mut(at);
        let (left_above, left_below) = left.split_at_row(at);
        rayon::join(
            || parts(above, left_above, right, accum),
            || parts(below, left_below, right, accum),
        );
    } else {
        let (before, behind) = to.split_at_col_mut(at);
        let (right_before, right_behind) = right.split_at_col(at);
        rayon::join(
            || parts(before, left, right_before, accum),
            || parts(behind, left, right_behind, accum),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shapes that are cut by rows, by columns and not at all, against plain loops.
    #[test]
    fn parts_make_up_the_whole() {
        for (m, k, n) in [(300, 300, 170), (170, 300, 300), (3, 5, 7), (1, 4, 1)] {
            let numbers = |count: usize, step: usize| -> Vec<f64> {
                (0..count).map(|at| (at * step % 17) as f64 - 8.0).collect()
            };
            let (a, b) = (numbers(m * k, 5), numbers(n * k, 7));
            let mut found = vec![f64::NAN; m * n];
            multiply(&mut found, MatrixView::of(&a, k), MatrixView::of(&b, k).turned());
            add_product(&mut found, MatrixView::of(&a, k), MatrixView::of(&b, k).turned());
            for (at, found) in found.iter().enumerate() {
                let (row, column) = (at / n, at % n);
                let expected: f64 = (0..k).map(|l| a[row * k + l] * b[column * k + l]).sum();
                assert_eq!(*found, 2.0 * expected, "{m} {k} {n}");
            }
        }
    }
}
