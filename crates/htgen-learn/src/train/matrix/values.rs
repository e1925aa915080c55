//! Where the values of a tensor of the network are among the parameters.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::train::real::Real;
use crate::train::view::View;

/// Places of the values of a node among the parameters of its matrix.
#[derive(Debug)]
pub(super) enum Values {
    /// Consecutive, starting here.
    From(usize),
    /// Each from its own place; the number of parameters stands for a zero.
    At(Vec<u32>),
}

impl Values {
    pub(super) fn of(numbers: &[f64], parameters: usize) -> Values {
        let at = |number: &f64| if *number == 0.0 { parameters as u32 } else { *number as u32 - 1 };
        let places: Vec<u32> = numbers.iter().map(at).collect();
        let first = places.first().copied().unwrap_or(0);
        if places.iter().enumerate().all(|(k, &place)| place == first + k as u32) {
            return Values::From(first as usize);
        }
        Values::At(places)
    }

    /// The values of a node of shape `dims` within the ranges of its axes, flat.
    pub(super) fn take<T: Real>(
        &self,
        values: &[T],
        dims: &[usize],
        ranges: &[(usize, usize)],
    ) -> Vec<T> {
        match self {
            Values::From(first) => View::of_box(*first, dims, ranges).take(values),
            Values::At(places) => {
                let at = |&place: &u32| values.get(place as usize).copied().unwrap_or_default();
                let all: Vec<T> = places.iter().map(at).collect();
                View::of_box(0, dims, ranges).take(&all)
            }
        }
    }

    /// Adds the gradient of what `take` returned to that of all values.
    pub(super) fn add<T: Real>(
        &self,
        gradient: &[T],
        dims: &[usize],
        ranges: &[(usize, usize)],
        to: &mut [T],
    ) {
        match self {
            Values::From(first) => View::of_box(*first, dims, ranges).add(gradient, to),
            Values::At(places) => {
                let mut all = vec![T::zero(); places.len()];
                View::of_box(0, dims, ranges).add(gradient, &mut all);
                for (&place, own) in places.iter().zip(all) {
                    if let Some(to) = to.get_mut(place as usize) {
                        *to += own;
                    }
                }
            }
        }
    }
}
