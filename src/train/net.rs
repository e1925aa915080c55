//! A model with gradients: a batch of sequences to the outputs behind their last steps.

use super::cell::{CellInput, CellShape};
use super::matrix::Wiring;
use super::parameters::{self, Group};
use crate::model::Model;
use candle_core::{DType, Device, Result, Tensor, Var};

/// The structure of a model, without its values.
#[derive(Debug)]
pub struct Net {
    layers: Vec<NetLayer>,
    outputs: usize,
}

#[derive(Debug)]
struct NetLayer {
    shape: CellShape,
    gates: usize,
    wirings: Vec<Wiring>,
    candidate: bool,
}

/// A batch of prepared inputs, all sequences side by side, step by step.
pub struct Batch {
    /// (steps * sequences) x inputs.
    pub x: Tensor,
    /// Sequences.
    pub count: usize,
    /// Per step 1 where a sequence has this step, else 0, sequences x 1; none when all have all.
    pub alive: Option<Vec<Tensor>>,
}

/// What drops values out while training; called with a shape, returns factors 0 or 1 / (1 - p).
pub type Dropout<'a> = &'a mut dyn FnMut(&[usize]) -> Result<Tensor>;

impl Net {
    /// The structure of a checked model with a head, wired for batches of so many input vectors.
    pub fn of(model: &Model, vectors: usize) -> Net {
        let layer = |layer: &crate::model::Layer| NetLayer {
            shape: CellShape {
                cell: layer.cell,
                gate_activation: layer.gate_activation,
                hidden: layer.hidden,
            },
            gates: layer.cell.gates(),
            wirings: layer.matrices.iter().map(|m| Wiring::of(layer, m, vectors)).collect(),
            candidate: !layer.candidate_bias.is_empty(),
        };
        let outputs = model.head.as_ref().map_or(0, |head| head.outputs);
        Net { layers: model.layers.iter().map(layer).collect(), outputs }
    }

    /// Parameters as variables that get gradients.
    pub fn variables(groups: &[Group], dtype: DType) -> Result<Vec<Var>> {
        let variable = |g: &Group| Var::from_tensor(&parameters::tensor(&g.values, dtype)?);
        groups.iter().map(variable).collect()
    }

    /// Outputs of the head behind the last step of each sequence, sequences x outputs.
    ///
    /// `values` are the groups of `parameters::of`, as constants or as variables.
    pub fn forward(
        &self,
        values: &[Tensor],
        batch: &Batch,
        mut dropout: Option<Dropout<'_>>,
    ) -> Result<Tensor> {
        let mut values = values.iter();
        let mut next = || values.next().expect("a value for every group");
        let mut x = batch.x.clone();
        let mut last = None;
        for (k, layer) in self.layers.iter().enumerate() {
            if let Some(hs) = last.take() {
                let hs: Vec<Tensor> = hs;
                x = Tensor::cat(&hs, 0)?;
                if let Some(dropout) = &mut dropout {
                    x = (&x * dropout(x.dims())?)?;
                }
            }
            last = Some(layer.run(&mut next, &x, k > 0, batch)?);
        }
        let hs = last.expect("a model has a layer");
        let mut h = hs.last().expect("a sequence has a step").clone();
        if let Some(dropout) = &mut dropout {
            h = (&h * dropout(h.dims())?)?;
        }
        let weight = next().reshape((self.outputs, h.dim(1)?))?;
        h.matmul(&weight.t()?)?.broadcast_add(next())
    }
}

impl NetLayer {
    fn run<'a>(
        &self,
        next: &mut impl FnMut() -> &'a Tensor,
        x: &Tensor,
        x_varies: bool,
        batch: &Batch,
    ) -> Result<Vec<Tensor>> {
        let (mut x_part, mut recurrent) = (None, None);
        for wiring in &self.wirings {
            let values = next();
            x_part = add(x_part, wiring.times_x(values, x, x_varies)?)?;
            recurrent = add(recurrent, wiring.recurrent(values)?)?;
        }
        let bias = next();
        let rows = self.gates * self.shape.hidden;
        let x_part = match x_part {
            Some(x_part) => x_part.broadcast_add(bias)?,
            None => bias.broadcast_as((x.dim(0)?, rows))?.contiguous()?,
        };
        let candidate_bias = if self.candidate { Some(next()) } else { None };
        self.shape.run(&CellInput {
            x_part: &x_part,
            recurrent: recurrent.as_ref(),
            candidate_bias,
            batch: batch.count,
            alive: batch.alive.as_deref(),
        })
    }
}

fn add(sum: Option<Tensor>, term: Option<Tensor>) -> Result<Option<Tensor>> {
    match (sum, term) {
        (Some(sum), Some(term)) => (sum + term).map(Some),
        (sum, term) => Ok(sum.or(term)),
    }
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
