//! Training: a model of any format, cell and number of layers, from labelled sequences.
//!
//! [`fit`] starts from any [`Model`] and knows no presets. Gradients are
//! written out, operation by operation; only the matrix products come from a library.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, ErrorKind, Result};
use crate::model::Model;
use config::FitConfig;
use quantized::Quantized;
use rand::SeedableRng;
use serde::{Deserialize, Serialize};

mod augment;
mod batches;
mod cell;
mod checkpoint;
pub mod config;
mod contract;
mod fit;
mod layer;
mod matrix;
mod measure;
mod net;
mod optimizer;
mod order;
pub mod parameters;
mod plot;
mod product;
mod quantized;
mod real;
mod recurrence;
mod rows;
mod split;
mod start;
mod view;

pub use batches::preparation;
pub use checkpoint::{Checkpoint, fingerprint};
pub use config::{SplitBy, TrainConfig};
pub use fit::{End, Task, Watch, fit};
pub use measure::Measure;
pub use optimizer::Moments;
pub use plot::loss_curve;
pub use split::Split;
pub use start::fill;

/// The results of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Number, from 1.
    pub epoch: usize,
    /// Mean loss over the training part, while the values changed.
    pub loss: f64,
    /// Accuracy on the training part, while the values changed.
    pub accuracy: f64,
    /// Mean cross-entropy over the validation part.
    pub validation_loss: f64,
    /// Accuracy on the validation part.
    pub validation_accuracy: f64,
    /// Whether it was trained and measured in integers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_integers: bool,
}

/// Everything that training continues from, between two epochs.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainState {
    /// Values of every group of parameters.
    pub values: Vec<Vec<f64>>,
    /// Their running mean, which is measured and kept.
    pub mean: Vec<Vec<f64>>,
    /// That of the best epoch so far.
    pub best: Vec<Vec<f64>>,
    /// State of the optimizer.
    pub moments: Moments,
    /// The epochs done.
    pub history: Vec<Epoch>,
}

/// The model with the values of the best epoch; with formats if that was trained in integers.
///
/// # Errors
/// Values that are not finite: training has diverged.
pub fn best_model(task: Task<'_>, state: &TrainState) -> Result<Model> {
    let bare = task.model.with_formats(None)?;
    let model = parameters::put(&state.best, bare)?;
    let in_integers = state.best_epoch().is_some_and(|epoch| epoch.in_integers);
    if let Some(table) = task.quantization.filter(|_| in_integers) {
        let quantized = Quantized::of(task.model, task.data, &task.split.training, table)?;
        return model.with_formats(Some(quantized.formats(&state.best)?));
    }
    Ok(model)
}

/// Loss and decisions of a model with formats on some sequences, in integers.
///
/// # Errors
/// Never for a model returned by [`best_model`].
pub fn measure_integers(task: Task<'_>, sequences: &[usize]) -> Result<Option<Measure>> {
    let Some((table, formats)) = task.quantization.zip(task.model.formats.as_ref()) else {
        return Ok(None);
    };
    let quantized = Quantized::of(task.model, task.data, &task.split.training, table)?;
    let values: Vec<Vec<f64>> = parameters::of(task.model).into_iter().map(|g| g.values).collect();
    Ok(Some(quantized.measure(&quantized.plan(&values, formats)?, sequences)))
}

/// Loss and decisions of a model on some sequences, in double precision.
pub fn measure(task: Task<'_>, sequences: &[usize]) -> Measure {
    let values: Vec<Vec<f64>> = parameters::of(task.model).into_iter().map(|g| g.values).collect();
    let net = net::Net::of(task.model, task.config.batch);
    fit::measure::<f64>(task, &net, &values, sequences)
}

/// Outputs of the head after the last step of some sequences as computed by the forward pass of
/// training, in double precision: of floats, or of the integers of a model with formats.
pub fn outputs(task: Task<'_>, sequences: &[usize]) -> Result<Vec<Vec<f64>>> {
    let Task { model, data, .. } = task;
    let forced = task.quantization.zip(model.formats.as_ref()).map(|(table, formats)| {
        let quantized = Quantized::of(model, data, sequences, table)?;
        let values: Vec<Vec<f64>> = parameters::of(model).into_iter().map(|g| g.values).collect();
        Result::Ok(quantized.forced(&quantized.plan(&values, formats)?, sequences, &[]))
    });
    let forced = forced.transpose()?;
    let batch = batches::batch(data, sequences, &[], &model.input);
    let values: Vec<Vec<f64>> = parameters::of(model).into_iter().map(|g| g.values).collect();
    let net = net::Net::of(model, batch.rows.count());
    let outputs = net.forward(&values, &batch, None, forced.as_ref()).outputs;
    Ok(outputs.chunks_exact(net.outputs()).map(<[f64]>::to_vec).collect())
}

/// Loss of some sequences taken as one batch and its gradient for every group of parameters, in
/// double precision; in integers if the task asks for it, in which case the ranges come from these
/// sequences.
pub fn gradient(task: Task<'_>, sequences: &[usize]) -> Result<(f64, Vec<Vec<f64>>)> {
    let groups = parameters::of(task.model);
    let values: Vec<Vec<f64>> = groups.iter().map(|group| group.values.clone()).collect();
    let quantized = task
        .quantization
        .map(|table| Quantized::of(task.model, task.data, sequences, table))
        .transpose()?;
    let formats = quantized.as_ref().map(|q| q.formats(&values)).transpose()?;
    let integers = quantized.as_ref().zip(formats.as_ref());
    let net = net::Net::of(task.model, sequences.len());
    let mut rng = rand_chacha::ChaCha8Rng::from_seed([0; 32]);
    let config = FitConfig { dropout: 0.0, ..task.config.clone() };
    let task = Task { config: &config, ..task };
    let batch = fit::Batched { sequences, integers };
    match fit::learn::<f64>(task, &net, &groups, batch, &mut rng)? {
        Some(fit::Learned { loss, gradients, .. }) => Ok((loss, gradients)),
        None => Err(Diagnostic::new("", "the loss is not finite").kind(ErrorKind::Check).into()),
    }
}
