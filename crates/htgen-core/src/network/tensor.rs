//! A dense tensor over named indices and the few operations the build needs.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::IndexId;

/// Values over indices, row-major in the order of `indices`.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    indices: Vec<IndexId>,
    dims: Vec<usize>,
    data: Vec<f64>,
}

impl Tensor {
    /// A tensor of the given shape.
    ///
    /// # Panics
    /// When the data does not fill the shape: an invariant of the callers, never user input.
    pub fn new(indices: Vec<IndexId>, dims: Vec<usize>, data: Vec<f64>) -> Self {
        assert_eq!(indices.len(), dims.len());
        assert_eq!(dims.iter().product::<usize>(), data.len());
        Tensor { indices, dims, data }
    }
    /// Indices, slowest first.
    pub fn indices(&self) -> &[IndexId] {
        &self.indices
    }
    /// Sizes, in the order of the indices.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }
    /// Values, row-major.
    pub fn data(&self) -> &[f64] {
        &self.data
    }
    /// The same values with the indices in another order.
    pub fn transposed(&self, order: &[IndexId]) -> Tensor {
        assert_eq!(order.len(), self.indices.len(), "an order names every index once");
        let strides = strides(&self.dims);
        let pick: Vec<usize> = order.iter().map(|id| self.axis(*id)).collect();
        let dims: Vec<usize> = pick.iter().map(|&a| self.dims[a]).collect();
        let steps: Vec<usize> = pick.iter().map(|&a| strides[a]).collect();
        let mut data = Vec::with_capacity(self.data.len());
        for_each_offset(&dims, &steps, |offset| data.push(self.data[offset]));
        Tensor { indices: order.to_vec(), dims, data }
    }
    /// Sum over the indices that both tensors share and `kept` does not contain; in the result the
    /// shared ones come first, then the free indices of `self`, then those of `other`.
    pub fn contract_keeping(&self, other: &Tensor, kept: impl Fn(&IndexId) -> bool) -> Tensor {
        let both = self.indices.iter().copied().filter(|i| other.indices.contains(i));
        let (batch, summed): (Vec<IndexId>, Vec<IndexId>) = both.partition(|id| kept(id));
        let free = |t: &Tensor| -> Vec<IndexId> {
            let shared = |i: &IndexId| batch.contains(i) || summed.contains(i);
            t.indices.iter().copied().filter(|i| !shared(i)).collect()
        };
        let (left, right) = (free(self), free(other));
        let a = self.transposed(&[&batch[..], &left, &summed].concat());
        let b = other.transposed(&[&batch[..], &summed, &right].concat());
        let n = batch.len();
        let rows: usize = a.dims[n..n + left.len()].iter().product();
        let inner: usize = b.dims[n..n + summed.len()].iter().product();
        let cols: usize = b.dims[n + summed.len()..].iter().product();
        let pairs = a.data.chunks(rows * inner).zip(b.data.chunks(inner * cols));
        let mut data = vec![0.0; a.data.len() / inner * cols];
        for ((a, b), out) in pairs.zip(data.chunks_mut(rows * cols)) {
            for (a_row, out) in a.chunks(inner).zip(out.chunks_mut(cols)) {
                for (x, b_row) in a_row.iter().zip(b.chunks(cols)) {
                    out.iter_mut().zip(b_row).for_each(|(y, w)| *y += x * w);
                }
            }
        }
        let dims = [&a.dims[..n + left.len()], &b.dims[n + summed.len()..]].concat();
        Tensor { indices: [batch, left, right].concat(), dims, data }
    }

    fn axis(&self, id: IndexId) -> usize {
        self.indices.iter().position(|&i| i == id).expect("the order names an index of the tensor")
    }
}

/// Row-major strides of a shape.
pub fn strides(dims: &[usize]) -> Vec<usize> {
    let mut out = vec![1; dims.len()];
    for k in (1..dims.len()).rev() {
        out[k - 1] = out[k] * dims[k];
    }
    out
}

/// Calls `f` with the offset of every position of a loop nest, innermost loop last.
pub fn for_each_offset(dims: &[usize], steps: &[usize], mut f: impl FnMut(usize)) {
    if dims.contains(&0) {
        return;
    }
    let mut counter = vec![0; dims.len()];
    let mut offset = 0;
    loop {
        f(offset);
        let Some(k) = (0..dims.len()).rev().find(|&k| counter[k] + 1 < dims[k]) else { return };
        for j in k + 1..dims.len() {
            offset -= counter[j] * steps[j];
            counter[j] = 0;
        }
        counter[k] += 1;
        offset += steps[k];
    }
}
