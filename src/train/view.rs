//! Axes of a flat tensor in another order, or a box of it, and back. Candle's own operations stop at
//! eight axes, which a matrix of eight row and eight column modes exceeds.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType};
use rayon::prelude::*;

/// Copies of more elements than this are made on all cores.
const LARGE: usize = 1 << 18;

/// Elements of a flat tensor at `first` + the sum of positions times steps, row-major over `dims`; no
/// element twice.
#[derive(Debug, Clone)]
pub struct View {
    first: usize,
    dims: Vec<usize>,
    steps: Vec<usize>,
}

impl View {
    /// The elements of a box of a tensor of shape `dims` that begins at element `first` of the flat
    /// one: of each axis the first value and the number of values.
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

    /// The elements of `flat`, which is contiguous, as a flat tensor; a constant.
    pub fn take(&self, flat: &Tensor) -> Result<Tensor> {
        flat.apply_op1_no_bwd(&self.merged())
    }

    /// The elements put back to their places in a flat tensor of so many, zeros elsewhere.
    pub fn give_back(&self, elements: &Tensor, length: usize) -> Result<Tensor> {
        elements.contiguous()?.apply_op1_no_bwd(&Inverse { view: self.merged(), length })
    }

    fn count(&self) -> usize {
        self.dims.iter().product()
    }

    /// The same with axes put together that lie one behind the other.
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

    /// Places of the rows, all axes but the last, from one row on.
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

    fn gather<T: Copy + Default + Send + Sync>(&self, from: &[T]) -> Vec<T> {
        let (width, step) = (self.dims[self.dims.len() - 1], self.steps[self.dims.len() - 1]);
        let mut out = vec![T::default(); self.count()];
        let n_rows = out.len() / width;
        let block = if out.len() > LARGE { (LARGE / width).max(1) } else { n_rows };
        let fill = |(k, part): (usize, &mut [T])| {
            for (row, at) in part.chunks_exact_mut(width).zip(self.rows(k * block)) {
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

    fn scatter<T: Copy + Default>(&self, from: &[T], length: usize) -> Vec<T> {
        let (width, step) = (self.dims[self.dims.len() - 1], self.steps[self.dims.len() - 1]);
        let mut out = vec![T::default(); length];
        for (row, at) in from.chunks_exact(width).zip(self.rows(0)) {
            let places = out[at..].iter_mut().step_by(step);
            places.zip(row).for_each(|(to, from)| *to = *from);
        }
        out
    }
}

/// The elements of a contiguous tensor.
fn elements<'a, T: WithDType>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [T]> {
    let Some((first, last)) = layout.contiguous_offsets() else {
        candle_core::bail!("a flat tensor is contiguous")
    };
    Ok(&storage.as_slice::<T>()?[first..last])
}

impl CustomOp1 for View {
    fn name(&self) -> &'static str {
        "view"
    }
    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let storage = match storage {
            CpuStorage::F64(_) => CpuStorage::F64(self.gather(elements(storage, layout)?)),
            _ => CpuStorage::F32(self.gather(elements(storage, layout)?)),
        };
        Ok((storage, self.count().into()))
    }
}

/// Puts elements back to their places, zeros elsewhere.
struct Inverse {
    view: View,
    length: usize,
}

impl CustomOp1 for Inverse {
    fn name(&self) -> &'static str {
        "view-inverse"
    }
    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let storage = match storage {
            CpuStorage::F64(_) => {
                CpuStorage::F64(self.view.scatter(elements(storage, layout)?, self.length))
            }
            _ => CpuStorage::F32(self.view.scatter(elements(storage, layout)?, self.length)),
        };
        Ok((storage, self.length.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    /// A box of a permuted tensor, element by element, and back.
    #[test]
    fn elements_come_from_their_places_and_go_back() {
        let values: Vec<f64> = (0..60).map(f64::from).collect();
        let flat = Tensor::from_vec(values, 60, &Device::Cpu).expect("a tensor");
        let turn = View::permuted(&[3, 4, 5], &[2, 0, 1]);
        let part = View::of_box(0, &[5, 3, 4], &[(1, 2), (0, 3), (3, 1)]);
        let taken = turn.take(&flat).and_then(|turned| part.take(&turned)).expect("a box");
        let found: Vec<f64> = taken.to_vec1().expect("numbers");
        let expected: Vec<f64> =
            (1..3).flat_map(|c| (0..3).map(move |a| f64::from(a * 20 + 3 * 5 + c))).collect();
        assert_eq!(found, expected);
        let back = part.give_back(&taken, 60).and_then(|turned| turn.give_back(&turned, 60));
        let back: Vec<f64> = back.and_then(|back| back.to_vec1()).expect("numbers");
        for (k, found) in back.iter().enumerate() {
            let value = k as f64;
            let expected = if expected.contains(&value) { value } else { 0.0 };
            assert_eq!(*found, expected, "element {k}");
        }
    }
}
