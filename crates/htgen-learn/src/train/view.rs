//! Axes of a flat tensor in another order, or a box of it, and back.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::real::Real;
use rayon::prelude::*;

/// Copies of more elements than this are made on all cores.
const LARGE: usize = 1 << 16;

/// Elements of a flat tensor at `first` + the sum of positions times steps, row-major over `dims`;
/// no element occurs twice.
#[derive(Debug, Clone)]
pub struct View {
    first: usize,
    dims: Vec<usize>,
    steps: Vec<usize>,
}

impl View {
    /// The elements of a box of a tensor of shape `dims` that begins at element `first` of the flat
    /// one: for each axis the first value and the number of values.
    pub fn of_box(first: usize, dims: &[usize], ranges: &[(usize, usize)]) -> View {
        let steps = crate::network::strides(dims);
        let corner: usize = ranges.iter().zip(&steps).map(|(range, step)| range.0 * step).sum();
        View { first: first + corner, dims: ranges.iter().map(|range| range.1).collect(), steps }
    }

    /// A tensor of shape `dims` with its axes in the given order.
    pub fn permuted(dims: &[usize], axes: &[usize]) -> View {
        let steps = crate::network::strides(dims);
        let pick = |from: &[usize]| axes.iter().map(|&axis| from[axis]).collect();
        View { first: 0, dims: pick(dims), steps: pick(&steps) }
    }

    fn count(&self) -> usize {
        self.dims.iter().product()
    }

    /// The same with contiguous axes merged.
    fn merged(&self) -> View {
        let (mut dims, mut steps): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for (&dim, &step) in self.dims.iter().zip(&self.steps).filter(|(dim, _)| **dim != 1) {
            match (dims.last_mut(), steps.last_mut()) {
                (Some(last), Some(last_step)) if *last_step == dim * step => {
                    (*last, *last_step) = (*last * dim, step);
                }
                _ => {
                    dims.push(dim);
                    steps.push(step);
                }
            }
        }
        if dims.is_empty() {
            (dims, steps) = (vec![1], vec![1]);
        }
        View { first: self.first, dims, steps }
    }

    /// Places of the rows (all axes but the last), starting with one row.
    fn rows(&self, from: usize) -> impl Iterator<Item = usize> {
        let outer = self.dims.len() - 1;
        let dims = &self.dims[..outer];
        let mut counter = vec![0; outer];
        let mut rest = from;
        for (count, dim) in counter.iter_mut().zip(dims).rev() {
            (*count, rest) = (rest % dim, rest / dim);
        }
        let mut at =
            self.first + counter.iter().zip(&self.steps).map(|(c, s)| c * s).sum::<usize>();
        std::iter::repeat_with(move || {
            let here = at;
            for axis in (0..outer).rev() {
                counter[axis] += 1;
                at += self.steps[axis];
                if counter[axis] < dims[axis] {
                    break;
                }
                at -= dims[axis] * self.steps[axis];
                counter[axis] = 0;
            }
            here
        })
    }

    /// The elements of `from`.
    pub fn take<T: Real>(&self, from: &[T]) -> Vec<T> {
        let view = self.merged();
        let (width, step) = view.innermost();
        let mut out = vec![T::default(); view.count()];
        let n_rows = out.len() / width;
        let block = if out.len() > LARGE { (LARGE / width).max(1) } else { n_rows };
        let fill = |(k, part): (usize, &mut [T])| {
            for (row, at) in part.chunks_exact_mut(width).zip(view.rows(k * block)) {
                if step == 1 {
                    row.copy_from_slice(&from[at..at + width]);
                } else {
                    let values = from[at..].iter().step_by(step);
                    row.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
                }
            }
        };
        out.par_chunks_mut(block * width).enumerate().for_each(fill);
        out
    }

    /// Adds the elements to their places in `to`.
    pub fn add<T: Real>(&self, elements: &[T], to: &mut [T]) {
        let view = self.merged();
        let (width, step) = view.innermost();
        for (row, at) in elements.chunks_exact(width).zip(view.rows(0)) {
            let places = to[at..].iter_mut().step_by(step);
            places.zip(row).for_each(|(to, from)| *to += *from);
        }
    }

    /// Size and step of the last axis.
    fn innermost(&self) -> (usize, usize) {
        (self.dims[self.dims.len() - 1], self.steps[self.steps.len() - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A box of a permuted tensor, element by element, and back.
    #[test]
    fn elements_come_from_their_places_and_go_back() {
        let values: Vec<f64> = (0..60).map(f64::from).collect();
        let turn = View::permuted(&[3, 4, 5], &[2, 0, 1]);
        let part = View::of_box(0, &[5, 3, 4], &[(1, 2), (0, 3), (3, 1)]);
        let found = part.take(&turn.take(&values));
        let expected: Vec<f64> =
            (1..3).flat_map(|c| (0..3).map(move |a| f64::from(a * 20 + 3 * 5 + c))).collect();
        assert_eq!(found, expected);
        let (mut turned, mut back) = (vec![0.0; 60], vec![0.0; 60]);
        part.add(&found, &mut turned);
        turn.add(&turned, &mut back);
        for (k, found) in back.iter().enumerate() {
            let value = k as f64;
            let expected = if expected.contains(&value) { value } else { 0.0 };
            assert_eq!(*found, expected, "element {k}");
        }
    }
}
