//! A layer as one operation of candle with a gradient of its own.
//!
//! Written out in candle's operations a time step is dozens of small tensors, whose making takes longer
//! than their arithmetic; and candle adds every gradient to a tensor of zeros.

use super::cell::{CellShape, Real};
use super::matrix::{Product, Wiring};
use super::recurrence::{CellInput, ForcedSteps, Recurrence, numbers};
use crate::model;
use candle_core::{CpuStorage, CustomOp2, DType, Layout, Result, Shape, Tensor};
use std::sync::Arc;

/// The structure of a layer, without its values.
#[derive(Debug)]
pub struct NetLayer {
    shape: CellShape,
    wirings: Arc<Vec<Wiring>>,
    candidate: bool,
}

/// What a layer works on.
#[derive(Debug, Clone, Copy)]
pub struct LayerInput<'a> {
    /// (steps * sequences) x inputs, step by step.
    pub x: &'a Tensor,
    /// Whether x depends on parameters, so that a gradient goes to it.
    pub x_varies: bool,
    /// Time steps of each sequence.
    pub lengths: &'a [usize],
    /// What stands in for the values computed.
    pub forced: Option<&'a ForcedSteps>,
}

impl NetLayer {
    /// The structure of a layer of a checked model, wired for so many input vectors at a time.
    pub fn of(layer: &model::Layer, vectors: usize) -> NetLayer {
        let shape = CellShape {
            cell: layer.cell,
            gate_activation: layer.gate_activation,
            hidden: layer.hidden,
        };
        let wirings = layer.matrices.iter().map(|m| Wiring::of(layer, m, vectors)).collect();
        let candidate = !layer.candidate_bias.is_empty();
        NetLayer { shape, wirings: Arc::new(wirings), candidate }
    }

    /// Hidden vectors of all steps, (steps * sequences) x H; where a sequence has ended its last one
    /// stays. The values of its matrices and biases are the next ones.
    pub fn run<'a>(
        &self,
        next: &mut impl FnMut() -> &'a Tensor,
        input: LayerInput<'_>,
    ) -> Result<Tensor> {
        let groups = self.wirings.len() + 1 + usize::from(self.candidate);
        let groups: Vec<&Tensor> = (0..groups).map(|_| next()).collect();
        let rows = input.x.dim(0)?;
        let h = match input.x.dtype() {
            DType::F64 => self.done::<f64>(&groups, input)?,
            _ => self.done::<f32>(&groups, input)?,
        };
        h.reshape((rows, self.shape.hidden))
    }

    fn done<T: Real>(&self, groups: &[&Tensor], input: LayerInput<'_>) -> Result<Tensor> {
        let (matrices, biases) = groups.split_at(self.wirings.len());
        let (mut x_part, mut recurrent) = (None, None);
        let mut products = Vec::new();
        for (k, (wiring, values)) in self.wirings.iter().zip(matrices).enumerate() {
            if let Some(product) = wiring.times_x(values, input.x, input.x_varies)? {
                x_part = add(x_part, &product.result)?;
                products.push((k, Of::X, product));
            }
            if let Some(product) = wiring.recurrent(values)? {
                recurrent = add(recurrent, &product.result)?;
                products.push((k, Of::H, product));
            }
        }
        let recurrence = Recurrence::<T>::of(
            self.shape,
            &CellInput {
                x_part: x_part.as_ref(),
                recurrent: recurrent.as_ref(),
                bias: &Tensor::cat(biases, 0)?.detach(),
                steps: input.x.dim(0)? / input.lengths.len(),
                lengths: input.lengths,
                forced: input.forced,
            },
        )?;
        let lengths = matrices.iter().map(|values| values.elem_count()).collect();
        let wirings = Arc::clone(&self.wirings);
        let values = Tensor::cat(groups, 0)?;
        values.apply_op2(input.x, Done { recurrence, products, wirings, lengths })
    }
}

/// What a product goes into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    X,
    H,
}

/// A layer that has run, as an operation of candle on all of its values, one behind the other, and x.
struct Done<T> {
    recurrence: Recurrence<T>,
    /// The products with the number of their matrix.
    products: Vec<(usize, Of, Product)>,
    wirings: Arc<Vec<Wiring>>,
    /// Number of values of each matrix.
    lengths: Vec<usize>,
}

impl<T: Real> CustomOp2 for Done<T> {
    fn name(&self) -> &'static str {
        "layer"
    }
    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let h = &self.recurrence.h;
        Ok((T::to_cpu_storage(h), h.len().into()))
    }
    fn bwd(
        &self,
        _values: &Tensor,
        _x: &Tensor,
        _result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let back = self.recurrence.gradients(&numbers::<T>(gradient)?)?;
        let mut of_matrices: Vec<Option<Tensor>> = vec![None; self.wirings.len()];
        let mut of_x = None;
        for (k, of, product) in &self.products {
            let gradient = match (of, &back.recurrent) {
                (Of::H, Some(recurrent)) => recurrent,
                _ => &back.x_part,
            };
            let (values, x) = self.wirings[*k].gradients(product, gradient, self.lengths[*k])?;
            of_matrices[*k] = add(of_matrices[*k].take(), &values)?;
            if let Some(x) = x {
                of_x = add(of_x, &x)?;
            }
        }
        let mut all: Vec<Tensor> =
            of_matrices.into_iter().map(|of| of.expect("a matrix has columns")).collect();
        all.push(back.bias);
        Ok((Some(Tensor::cat(&all, 0)?), of_x))
    }
}

fn add(sum: Option<Tensor>, term: &Tensor) -> Result<Option<Tensor>> {
    match sum {
        Some(sum) => (sum + term).map(Some),
        None => Ok(Some(term.clone())),
    }
}
