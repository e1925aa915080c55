//! Tensors over named indices in candle, contracted pairwise with gradients.

use super::order::Order;
use super::view::View;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

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

/// Contracts all operands in an order made for them; the result is flat, row-major over `output`.
pub fn contract(mut operands: Vec<Operand>, order: &Order, output: &[u8]) -> Result<Tensor> {
    let mut alive: Vec<bool> = vec![true; operands.len()];
    for &(a, b) in order {
        (alive[a], alive[b]) = (false, false);
        let others = operands.iter().zip(&alive).filter(|(_, alive)| **alive);
        let mut kept: Vec<u8> = others.flat_map(|(o, _)| o.indices.iter().copied()).collect();
        kept.extend_from_slice(output);
        let result = pair(&operands[a], &operands[b], &kept)?;
        operands.push(result);
        alive.push(true);
    }
    let last = operands.pop().expect("a network has at least one tensor");
    last.arranged(output)
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
fn pair(a: &Operand, b: &Operand, kept: &[u8]) -> Result<Operand> {
    let in_both = |id: &u8| a.indices.contains(id) && b.indices.contains(id);
    let larger = if a.flat.elem_count() >= b.flat.elem_count() { a } else { b };
    let shared: Vec<u8> = larger.indices.iter().copied().filter(in_both).collect();
    let (batch, summed): (Vec<u8>, Vec<u8>) = shared.iter().partition(|id| kept.contains(id));
    let free = |o: &Operand| -> Vec<u8> {
        o.indices.iter().copied().filter(|id| !shared.contains(id)).collect()
    };
    let (left, right) = (free(a), free(b));
    let x = a.matrix(&batch, &left, &summed)?;
    let y = turn(&b.matrix(&batch, &right, &summed)?)?;
    let product = multiply(&x, a.varies, &y, b.varies)?;
    let sizes = |o: &Operand, ids: &[u8]| ids.iter().map(|id| o.size(*id)).collect::<Vec<_>>();
    let dims = [sizes(a, &batch), sizes(a, &left), sizes(b, &right)].concat();
    let indices = [batch, left, right].concat();
    Ok(Operand { flat: product.flatten_all()?, dims, indices, varies: a.varies || b.varies })
}

/// A product whose constant factor gets no gradient, which candle would compute and throw away.
fn multiply(x: &Tensor, x_varies: bool, y: &Tensor, y_varies: bool) -> Result<Tensor> {
    match (x_varies, y_varies) {
        (false, true) if x.rank() == 2 => y.apply_op1(Constant { factor: x.clone(), left: true }),
        (true, false) if y.rank() == 2 => x.apply_op1(Constant { factor: y.clone(), left: false }),
        _ => x.matmul(y),
    }
}

/// Product with a constant matrix on the left or on the right.
struct Constant {
    factor: Tensor,
    left: bool,
}

impl CustomOp1 for Constant {
    fn name(&self) -> &'static str {
        "constant-product"
    }
    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let (factor, factor_layout) = self.factor.storage_and_layout();
        let candle_core::Storage::Cpu(factor) = &*factor else {
            candle_core::bail!("the constant factor is not in main memory")
        };
        let (a, b) = (layout.shape().dims2()?, factor_layout.shape().dims2()?);
        if self.left {
            let product = factor.matmul(storage, (1, b.0, a.1, b.1), factor_layout, layout)?;
            Ok((product, (b.0, a.1).into()))
        } else {
            let product = storage.matmul(factor, (1, a.0, b.1, a.1), layout, factor_layout)?;
            Ok((product, (a.0, b.1).into()))
        }
    }
    fn bwd(&self, _arg: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let turned = self.factor.t()?;
        Ok(Some(if self.left { turned.matmul(grad)? } else { grad.matmul(&turned)? }))
    }
}
