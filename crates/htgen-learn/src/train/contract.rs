//! Tensors over named indices, contracted pairwise with gradients.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::order::ContractionPath;
use super::product::{MatrixView, multiply};
use super::real::Real;
use super::view::View;
use std::borrow::Cow;
use std::sync::Arc;

/// A tensor with the number of the index of each axis.
#[derive(Debug, Clone)]
pub struct IndexedTensor<T> {
    /// The values, row-major over `dims`.
    pub flat: Arc<Vec<T>>,
    /// Size of each axis.
    pub dims: Vec<usize>,
    /// One index per axis.
    pub indices: Vec<u8>,
    /// Whether a gradient is wanted; data are constant.
    pub varies: bool,
}

/// A completed contraction, with everything that its gradient needs.
#[derive(Debug)]
pub struct Contraction<T> {
    /// The operands, then the result of each pair; only the shape of the last one.
    operands: Vec<IndexedTensor<T>>,
    order: ContractionPath,
    output: Vec<u8>,
}

impl<T: Real> Contraction<T> {
    /// Contracts all operands in an order made for them; the result is flat, row-major over the
    /// output's indices.
    pub fn of(
        mut operands: Vec<IndexedTensor<T>>,
        order: &ContractionPath,
        output: &[u8],
    ) -> (Contraction<T>, Vec<T>) {
        let mut alive: Vec<bool> = vec![true; operands.len()];
        for &(a, b) in order {
            (alive[a], alive[b]) = (false, false);
            let others = operands.iter().zip(&alive).filter(|(_, alive)| **alive);
            let mut kept: Vec<u8> = others.flat_map(|(o, _)| o.indices.iter().copied()).collect();
            kept.extend_from_slice(output);
            let result = pair(&operands[a], &operands[b], &kept, output);
            operands.push(result);
            alive.push(true);
        }
        let last = operands.last_mut().expect("a network has at least one tensor");
        let whole = last.clone();
        last.flat = Arc::default();
        let result = whole.into_arranged(output);
        (Contraction { operands, order: order.clone(), output: output.to_vec() }, result)
    }

    /// Computes the gradients of the operands from that of the result, flat; none for constants.
    pub fn gradients(mut self, result: Vec<T>) -> Vec<Option<Vec<T>>> {
        let last = self.operands.last().expect("a network has at least one tensor");
        let dims = self.output.iter().map(|id| last.size(*id)).collect();
        let indices = self.output.clone();
        let mut found: Vec<Option<IndexedTensor<T>>> = vec![None; self.operands.len()];
        if let Some(place) = found.last_mut() {
            *place = Some(IndexedTensor { flat: Arc::new(result), dims, indices, varies: true });
        }
        let n_given = self.operands.len() - self.order.len();
        for (k, &(a, b)) in self.order.iter().enumerate().rev() {
            let Some(above) = found[n_given + k].take() else { continue };
            for (own, other) in [(a, b), (b, a)] {
                if self.operands[own].varies {
                    let kept = &self.operands[own].indices;
                    found[own] = Some(pair(&above, &self.operands[other], kept, &self.output));
                }
            }
            // Every tensor is used once; large ones are not kept until the end.
            for own in [a, b] {
                self.operands[own].flat = Arc::default();
            }
        }
        found.truncate(n_given);
        let arranged = |(gradient, given): (Option<IndexedTensor<T>>, &IndexedTensor<T>)| {
            gradient.map(|gradient| gradient.into_arranged(&given.indices))
        };
        found.into_iter().zip(&self.operands).map(arranged).collect()
    }
}

impl<T: Real> IndexedTensor<T> {
    fn size(&self, id: u8) -> usize {
        self.dims[self.axis(id)]
    }
    fn axis(&self, id: u8) -> usize {
        self.indices.iter().position(|&i| i == id).expect("an index of this tensor")
    }
    /// The values with the axes in another order, flat.
    fn arranged(&self, indices: &[u8]) -> Cow<'_, [T]> {
        let axes: Vec<usize> = indices.iter().map(|id| self.axis(*id)).collect();
        if axes.is_sorted() {
            return Cow::Borrowed(&self.flat);
        }
        Cow::Owned(View::permuted(&self.dims, &axes).take(&self.flat))
    }
    fn into_arranged(self, indices: &[u8]) -> Vec<T> {
        if let Cow::Owned(values) = self.arranged(indices) {
            return values;
        }
        Arc::unwrap_or_clone(self.flat)
    }
    /// The values as \[batch,\] free x summed, or summed x free if that order has longer runs.
    fn matrices(&self, batch: &[u8], free: &[u8], summed: &[u8]) -> Matrices<'_, T> {
        let turned = self.indices.last().is_some_and(|last| free.contains(last));
        let (outer, inner) = if turned { (summed, free) } else { (free, summed) };
        let values = self.arranged(&[batch, outer, inner].concat());
        let count = |ids: &[u8]| ids.iter().map(|id| self.size(*id)).product::<usize>();
        Matrices { values, size: [count(free), count(summed)], turned }
    }
}

/// Matrices one after another, each row by row; `size` is that of each or, if they are `turned`,
/// that of the transposed ones.
struct Matrices<'a, T: Real> {
    values: Cow<'a, [T]>,
    size: [usize; 2],
    turned: bool,
}

impl<T: Real> Matrices<'_, T> {
    fn get(&self, k: usize) -> MatrixView<'_, T> {
        let [rows, columns] = self.size;
        let values = &self.values[k * rows * columns..(k + 1) * rows * columns];
        if self.turned {
            MatrixView::of(values, rows).turned()
        } else {
            MatrixView::of(values, columns)
        }
    }
}

/// Sums over the indices that both have and nothing else needs.
fn pair<T: Real>(
    a: &IndexedTensor<T>,
    b: &IndexedTensor<T>,
    kept: &[u8],
    output: &[u8],
) -> IndexedTensor<T> {
    let in_both = |id: &u8| a.indices.contains(id) && b.indices.contains(id);
    let larger = if a.flat.len() >= b.flat.len() { a } else { b };
    let shared: Vec<u8> = larger.indices.iter().copied().filter(in_both).collect();
    let (batch, summed): (Vec<u8>, Vec<u8>) = shared.iter().partition(|id| kept.contains(id));
    let free = |o: &IndexedTensor<T>| -> Vec<u8> {
        o.indices.iter().copied().filter(|id| !shared.contains(id)).collect()
    };
    let (mut left, mut right) = (free(a), free(b));
    let sizes =
        |o: &IndexedTensor<T>, ids: &[u8]| ids.iter().map(|id| o.size(*id)).collect::<Vec<_>>();
    let count = |o: &IndexedTensor<T>, ids: &[u8]| sizes(o, ids).iter().product::<usize>();
    let (n_batch, n_left, n_right) = (count(a, &batch), count(a, &left), count(b, &right));
    // In the order of the output, so that what is rebuilt lies in long runs; only if that moves
    // little.
    let place = |id: &u8| (output.iter().position(|o| o == id).unwrap_or(output.len()), *id);
    for (own, ids) in [(a, &mut left), (b, &mut right)] {
        if 4 * own.flat.len() <= n_batch * n_left * n_right {
            ids.sort_unstable_by_key(place);
        }
    }
    let (x, y) = (a.matrices(&batch, &left, &summed), b.matrices(&batch, &right, &summed));
    let mut product = vec![T::zero(); n_batch * n_left * n_right];
    for (k, product) in product.chunks_exact_mut(n_left * n_right).enumerate() {
        multiply(product, x.get(k), y.get(k).turned());
    }
    let dims = [sizes(a, &batch), sizes(a, &left), sizes(b, &right)].concat();
    let indices = [batch, left, right].concat();
    IndexedTensor { flat: Arc::new(product), dims, indices, varies: a.varies || b.varies }
}
