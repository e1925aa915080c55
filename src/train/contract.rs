//! Tensors over named indices in candle, contracted pairwise with gradients.

use super::cell::Real;
use super::order::Order;
use super::view::View;
use candle_core::{DType, Device, Result, Tensor};

/// Most multiplies of a product that is done here.
const SMALL: usize = 1 << 15;

/// A tensor with the number of the index of each axis.
#[derive(Debug, Clone)]
pub struct Operand {
    /// The values, flat and contiguous, row-major over `dims`.
    pub flat: Tensor,
    /// Size of each axis.
    pub dims: Vec<usize>,
    /// One index an axis.
    pub indices: Vec<u8>,
    /// Whether a gradient is wanted; data are constant.
    pub varies: bool,
}

/// A contraction that was made, with all that its gradient needs.
///
/// The gradient is our own: every tensor is used once, so nothing has to be added up, and candle would
/// add a tensor of zeros to each of them.
#[derive(Debug)]
pub struct Contraction {
    /// What was given, then the result of each pair.
    operands: Vec<Operand>,
    order: Order,
    output: Vec<u8>,
}

impl Contraction {
    /// Contracts all operands in an order made for them.
    pub fn of(mut operands: Vec<Operand>, order: &Order, output: &[u8]) -> Result<Contraction> {
        let mut alive: Vec<bool> = vec![true; operands.len()];
        for &(a, b) in order {
            (alive[a], alive[b]) = (false, false);
            let others = operands.iter().zip(&alive).filter(|(_, alive)| **alive);
            let mut kept: Vec<u8> = others.flat_map(|(o, _)| o.indices.iter().copied()).collect();
            kept.extend_from_slice(output);
            let result = pair(&operands[a], &operands[b], &kept, output)?;
            operands.push(result);
            alive.push(true);
        }
        Ok(Contraction { operands, order: order.clone(), output: output.to_vec() })
    }

    /// The result, flat, row-major over the output's indices.
    pub fn result(&self) -> Result<Tensor> {
        self.last().arranged(&self.output)
    }

    fn last(&self) -> &Operand {
        self.operands.last().expect("a network has at least one tensor")
    }

    /// From the gradient of the result those of what was given, flat; none of constants.
    pub fn gradients(&self, result: Tensor) -> Result<Vec<Option<Tensor>>> {
        let last = self.last();
        let dims = self.output.iter().map(|id| last.size(*id)).collect();
        let indices = self.output.clone();
        let mut found: Vec<Option<Operand>> = vec![None; self.operands.len()];
        if let Some(place) = found.last_mut() {
            *place = Some(Operand { flat: result, dims, indices, varies: true });
        }
        let n_given = self.operands.len() - self.order.len();
        for (k, &(a, b)) in self.order.iter().enumerate().rev() {
            let Some(above) = found[n_given + k].take() else { continue };
            for (own, other) in [(a, b), (b, a)] {
                if self.operands[own].varies {
                    let kept = &self.operands[own].indices;
                    found[own] = Some(pair(&above, &self.operands[other], kept, &self.output)?);
                }
            }
        }
        found.truncate(n_given);
        let arranged = |(gradient, given): (Option<Operand>, &Operand)| {
            gradient.map(|gradient| gradient.arranged(&given.indices)).transpose()
        };
        found.into_iter().zip(&self.operands).map(arranged).collect()
    }
}

impl Operand {
    fn size(&self, id: u8) -> usize {
        self.dims[self.axis(id)]
    }
    fn axis(&self, id: u8) -> usize {
        self.indices.iter().position(|&i| i == id).expect("an index of this tensor")
    }
    /// The values with the axes in another order, flat.
    fn arranged(&self, indices: &[u8]) -> Result<Tensor> {
        let axes: Vec<usize> = indices.iter().map(|id| self.axis(*id)).collect();
        if axes.is_sorted() {
            return Ok(self.flat.clone());
        }
        View::permuted(&self.dims, &axes).take(&self.flat)
    }
    /// The values as \[batch,\] free x summed; not copied where a transposed view does.
    fn matrix(&self, batch: &[u8], free: &[u8], summed: &[u8]) -> Result<Tensor> {
        let count = |ids: &[u8]| ids.iter().map(|id| self.size(*id)).product::<usize>();
        let (n_batch, n_free, n_summed) = (count(batch), count(free), count(summed));
        let shape = |rows: usize, columns: usize| -> Vec<usize> {
            if batch.is_empty() { vec![rows, columns] } else { vec![n_batch, rows, columns] }
        };
        let turned = [batch, summed, free].concat();
        if self.indices == turned && !free.is_empty() && !summed.is_empty() {
            return turn(&self.flat.reshape(shape(n_summed, n_free))?);
        }
        let flat = self.arranged(&[batch, free, summed].concat())?;
        flat.reshape(shape(n_free, n_summed))
    }
}

/// The last two axes exchanged.
fn turn(tensor: &Tensor) -> Result<Tensor> {
    tensor.transpose(tensor.rank() - 2, tensor.rank() - 1)
}

/// Sums over the indices that both have and nobody else needs.
fn pair(a: &Operand, b: &Operand, kept: &[u8], output: &[u8]) -> Result<Operand> {
    let in_both = |id: &u8| a.indices.contains(id) && b.indices.contains(id);
    let larger = if a.flat.elem_count() >= b.flat.elem_count() { a } else { b };
    let shared: Vec<u8> = larger.indices.iter().copied().filter(in_both).collect();
    let (batch, summed): (Vec<u8>, Vec<u8>) = shared.iter().partition(|id| kept.contains(id));
    let free = |o: &Operand| -> Vec<u8> {
        o.indices.iter().copied().filter(|id| !shared.contains(id)).collect()
    };
    let (mut left, mut right) = (free(a), free(b));
    let sizes = |o: &Operand, ids: &[u8]| ids.iter().map(|id| o.size(*id)).collect::<Vec<_>>();
    let count = |o: &Operand, ids: &[u8]| sizes(o, ids).iter().product::<usize>();
    let shape = [count(a, &batch), count(a, &left), count(a, &summed), count(b, &right)];
    // In the order of the output, so that what is rebuilt lies in long runs; where that moves little.
    let place = |id: &u8| (output.iter().position(|o| o == id).unwrap_or(output.len()), *id);
    let n_result = shape[0] * shape[1] * shape[3];
    for (own, ids) in [(a, &mut left), (b, &mut right)] {
        if 4 * own.flat.elem_count() <= n_result {
            ids.sort_unstable_by_key(place);
        }
    }
    let product = if shape.iter().product::<usize>() <= SMALL {
        let x = a.arranged(&[&batch[..], &left, &summed].concat())?;
        let y = b.arranged(&[&batch[..], &summed, &right].concat())?;
        match x.dtype() {
            DType::F64 => small_product::<f64>(&x, &y, shape)?,
            _ => small_product::<f32>(&x, &y, shape)?,
        }
    } else {
        let x = a.matrix(&batch, &left, &summed)?;
        let y = turn(&b.matrix(&batch, &right, &summed)?)?;
        x.matmul(&y)?
    };
    let dims = [sizes(a, &batch), sizes(a, &left), sizes(b, &right)].concat();
    let indices = [batch, left, right].concat();
    Ok(Operand { flat: product.flatten_all()?, dims, indices, varies: a.varies || b.varies })
}

/// Products of matrices m x k and k x n, one a batch: for a few numbers quicker than candle, which asks
/// for the number of cores and wakes them.
fn small_product<T: Real>(
    x: &Tensor,
    y: &Tensor,
    [batches, m, k, n]: [usize; 4],
) -> Result<Tensor> {
    let (x, y) = (x.to_vec1::<T>()?, y.to_vec1::<T>()?);
    let mut product = vec![T::zero(); batches * m * n];
    for (row, out) in product.chunks_exact_mut(n).enumerate() {
        let y = &y[row / m * k * n..(row / m + 1) * k * n];
        for (x, y) in x[row * k..(row + 1) * k].iter().zip(y.chunks_exact(n)) {
            out.iter_mut().zip(y).for_each(|(out, y)| *out += *x * *y);
        }
    }
    Tensor::from_vec(product, batches * m * n, &Device::Cpu)
}
