//! Where the values of a tensor of the network stand among the parameters.

use crate::train::view::View;
use candle_core::{Result, Tensor};

/// Places of the values of a node among the parameters of its matrix.
#[derive(Debug)]
pub(super) enum Values {
    /// One behind the other from here on.
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
    pub(super) fn take(
        &self,
        values: &Tensor,
        dims: &[usize],
        ranges: &[(usize, usize)],
    ) -> Result<Tensor> {
        match self {
            Values::From(first) => View::of_box(*first, dims, ranges).take(values),
            Values::At(places) => {
                let zero = Tensor::zeros(1, values.dtype(), values.device())?;
                let places = Tensor::from_slice(places, places.len(), values.device())?;
                let all = Tensor::cat(&[values, &zero], 0)?.index_select(&places, 0)?;
                View::of_box(0, dims, ranges).take(&all)
            }
        }
    }

    /// From the gradient of what `take` gave that of all `count` values.
    pub(super) fn give_back(
        &self,
        gradient: &Tensor,
        dims: &[usize],
        ranges: &[(usize, usize)],
        count: usize,
    ) -> Result<Tensor> {
        match self {
            Values::From(first) => View::of_box(*first, dims, ranges).give_back(gradient, count),
            Values::At(places) => {
                let all = View::of_box(0, dims, ranges).give_back(gradient, places.len())?;
                let places = Tensor::from_slice(places, places.len(), gradient.device())?;
                let zeros = Tensor::zeros(count + 1, gradient.dtype(), gradient.device())?;
                zeros.index_add(&places, &all, 0)?.narrow(0, 0, count)?.contiguous()
            }
        }
    }
}
