//! A model with gradients: a batch of sequences to the outputs behind their last steps.

use super::layer::{LayerInput, NetLayer};
use super::parameters::{self, Group};
use super::recurrence::ForcedSteps;
use crate::model::Model;
use candle_core::{DType, Device, Result, Tensor, Var};

/// The structure of a model, without its values.
#[derive(Debug)]
pub struct Net {
    layers: Vec<NetLayer>,
    outputs: usize,
}

/// A batch of prepared inputs, all sequences side by side, step by step.
pub struct Batch {
    /// (steps * sequences) x inputs.
    pub x: Tensor,
    /// Time steps of each sequence; behind them its rows of x are zeros.
    pub lengths: Vec<usize>,
}

/// What drops values out while training; called with a shape, returns factors 0 or 1 / (1 - p).
pub type Dropout<'a> = &'a mut dyn FnMut(&[usize]) -> Result<Tensor>;

impl Net {
    /// The structure of a checked model with a head, wired for batches of so many input vectors.
    pub fn of(model: &Model, vectors: usize) -> Net {
        let outputs = model.head.as_ref().map_or(0, |head| head.outputs);
        let layers = model.layers.iter().map(|layer| NetLayer::of(layer, vectors)).collect();
        Net { layers, outputs }
    }

    /// Parameters as variables that get gradients.
    pub fn variables(groups: &[Group], dtype: DType) -> Result<Vec<Var>> {
        let variable = |g: &Group| Var::from_tensor(&parameters::tensor(&g.values, dtype)?);
        groups.iter().map(variable).collect()
    }

    /// Outputs of the head behind the last step of each sequence, sequences x outputs.
    ///
    /// `values` are the groups of `parameters::of`, as constants or as variables. Where values are
    /// `forced` on the layers and outputs, gradients go past them as if they had been computed.
    pub fn forward(
        &self,
        values: &[Tensor],
        batch: &Batch,
        mut dropout: Option<Dropout<'_>>,
        forced: Option<&Forced>,
    ) -> Result<Tensor> {
        let mut values = values.iter();
        let mut next = || values.next().expect("a value for every group");
        let mut x = batch.x.clone();
        for (k, layer) in self.layers.iter().enumerate() {
            if let (Some(dropout), true) = (&mut dropout, k > 0) {
                x = (&x * dropout(x.dims())?)?;
            }
            let forced = forced.map(|forced| &forced.layers[k]);
            let (x_varies, lengths) = (k > 0, &batch.lengths[..]);
            x = layer.run(&mut next, LayerInput { x: &x, x_varies, lengths, forced })?;
        }
        let count = batch.lengths.len();
        let mut h = x.narrow(0, x.dim(0)? - count, count)?.contiguous()?;
        if let Some(dropout) = &mut dropout {
            h = (&h * dropout(h.dims())?)?;
        }
        let weight = next().reshape((self.outputs, h.dim(1)?))?;
        let outputs = h.matmul(&weight.t()?)?.broadcast_add(next())?;
        let Some(forced) = forced else { return Ok(outputs) };
        let instead = Tensor::from_slice(&forced.outputs, outputs.dims(), &Device::Cpu)?;
        // A difference of zero carries the gradient, so that the values are exactly the others.
        let carrier = (&outputs - outputs.detach())?;
        instead.to_dtype(outputs.dtype())? + carrier
    }
}

/// Values that stand in for those computed, of every layer and of the outputs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Forced {
    /// Of each layer those of all steps and sequences.
    pub layers: Vec<ForcedSteps>,
    /// Outputs of each sequence.
    pub outputs: Vec<f32>,
}

/// Mean over the sequences of the cross-entropy between `targets`, sequences x outputs, rows of
/// which sum up to 1, and the softmax of `outputs`.
pub fn loss(outputs: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let largest = outputs.detach().max_keepdim(1)?;
    let shifted = outputs.broadcast_sub(&largest)?;
    let total = shifted.exp()?.sum_keepdim(1)?.log()?;
    let log_softmax = shifted.broadcast_sub(&total)?;
    (log_softmax * targets)?.sum_all()?.affine(-1.0 / outputs.dim(0)? as f64, 0.0)
}

/// Targets of classes: 1 - `smoothing` for the label, `smoothing` shared by all classes.
pub fn targets(labels: &[usize], classes: usize, smoothing: f64, dtype: DType) -> Result<Tensor> {
    let mut values = vec![smoothing / classes as f64; labels.len() * classes];
    for (k, &label) in labels.iter().enumerate() {
        values[k * classes + label] += 1.0 - smoothing;
    }
    Tensor::from_vec(values, (labels.len(), classes), &Device::Cpu)?.to_dtype(dtype)
}
