//! The passes through the training part.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::augment::Move;
use super::batches::batch;
use super::config::{Augment, FitConfig, QuantizationTable};
use super::measure::Measure;
use super::net::{self, Dropout, ForcedOutputs, Net};
use super::optimizer::{self, Moments};
use super::parameters::{self, Group};
use super::quantized::Quantized;
use super::real::Real;
use super::split::{Split, label};
use super::{Epoch, TrainState};
use crate::data::LabelledSequences;
use crate::error::Result;
use crate::evaluate::{Confusion, decision};
use crate::model::{Formats, Model};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Number of sequences in a batch when nothing is learned from it.
const LOOK: usize = 64;

/// What is trained on what.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The model: its shape, its input preparation and the values to start from.
    pub model: &'a Model,
    /// The data.
    pub data: &'a LabelledSequences,
    /// Their parts.
    pub split: &'a Split,
    /// How to train.
    pub config: &'a FitConfig,
    /// How training sequences are varied.
    pub augment: Option<&'a Augment>,
    /// How it is trained in integers.
    pub quantization: Option<&'a QuantizationTable>,
}

/// Who is informed about progress.
pub trait Watch {
    /// After a step of the optimizer: steps done and total number of steps. False asks to stop.
    fn step(&mut self, done: usize, steps: usize) -> bool;
    /// After an epoch: the place to store the state.
    fn epoch(&mut self, state: &TrainState) -> Result<()>;
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All epochs are done.
    Done,
    /// `Watch::step` asked to stop; the state is from the middle of an epoch.
    Stopped,
    /// The loss or its gradient became NaN or infinite in this epoch, counted from 1.
    NotFinite(usize),
}

/// Trains from a state on until all epochs are done.
pub fn fit(task: Task<'_>, state: &mut TrainState, watch: &mut dyn Watch) -> Result<End> {
    let Task { data, split, config, .. } = task;
    let steps_per_epoch = split.training.len().div_ceil(config.batch);
    let steps = config.epochs * steps_per_epoch;
    let mut groups = parameters::of(task.model);
    for (group, values) in groups.iter_mut().zip(&state.values) {
        group.values.clone_from(values);
    }
    let longest = (0..data.sequences.count()).map(|k| data.sequences.steps(k)).max().unwrap_or(1);
    let net = Net::of(task.model, config.batch * longest);
    let quantized = task
        .quantization
        .map(|table| Quantized::of(task.model, data, &split.training, table))
        .transpose()?;
    let after = task.quantization.map_or(config.epochs, |table| table.after);
    for epoch in state.history.len() + 1..=config.epochs {
        let quantized = quantized.as_ref().filter(|_| epoch > after);
        let formats = quantized.map(|q| q.formats(&state.values)).transpose()?;
        let integers = quantized.zip(formats.as_ref());
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        rng.set_stream(epoch as u64);
        let mut order = split.training.clone();
        order.shuffle(&mut rng);
        let (mut sum, mut right) = (0.0, 0);
        for sequences in order.chunks(config.batch) {
            let rate = optimizer::rate(config, state.moments.step, steps);
            let batch = Batched { sequences, integers };
            let learned = learn::<f32>(task, &net, &groups, batch, &mut rng)?;
            let Some(Learned { loss, n_right, mut gradients }) = learned else {
                return Ok(End::NotFinite(epoch));
            };
            optimizer::step(&mut groups, &mut gradients, &mut state.moments, rate, config);
            optimizer::average(&mut state.mean, &groups, config.average, state.moments.step);
            sum += loss * sequences.len() as f64;
            right += n_right;
            if !watch.step(state.moments.step, steps) {
                return Ok(End::Stopped);
            }
        }
        state.values = groups.iter().map(|group| group.values.clone()).collect();
        let held = match quantized {
            Some(quantized) => quantized.measure_values(&state.mean, &split.validation)?,
            None => measure::<f32>(task, &net, &state.mean, &split.validation),
        };
        if !held.loss.is_finite() {
            return Ok(End::NotFinite(epoch));
        }
        let n = order.len() as f64;
        state.end_epoch(Epoch {
            epoch,
            loss: sum / n,
            accuracy: right as f64 / n,
            validation_loss: held.loss,
            validation_accuracy: held.confusion.accuracy(),
            in_integers: quantized.is_some(),
        });
        watch.epoch(state)?;
    }
    Ok(End::Done)
}

pub(super) struct Learned {
    pub(super) loss: f64,
    n_right: usize,
    pub(super) gradients: Vec<Vec<f64>>,
}

/// What a step of the optimizer learns from.
pub(super) struct Batched<'a> {
    pub(super) sequences: &'a [usize],
    /// What runs forward instead of floats.
    pub(super) integers: Option<(&'a Quantized<'a>, &'a Formats)>,
}

/// Loss and gradients of a batch; none if one of them is NaN or infinite.
pub(super) fn learn<T: Real>(
    task: Task<'_>,
    net: &Net,
    groups: &[Group],
    batch: Batched<'_>,
    rng: &mut ChaCha8Rng,
) -> Result<Option<Learned>> {
    let steps = |&sequence: &usize| task.data.sequences.steps(sequence);
    let draw = |augment: &Augment| {
        let lengths = batch.sequences.iter().map(steps);
        lengths.filter_map(|n_steps| Move::draw(augment, n_steps, rng)).collect()
    };
    let moves: Vec<Move> = task.augment.map(draw).unwrap_or_default();
    let forced = batch.integers.map(|(quantized, formats)| -> Result<ForcedOutputs> {
        let values: Vec<Vec<f64>> = groups.iter().map(|group| group.values.clone()).collect();
        let quant = quantized.plan(&values, formats)?;
        Ok(quantized.forced(&quant, batch.sequences, &moves))
    });
    let forced = forced.transpose()?;
    let run = || gradients::<T>(task, net, groups, batch.sequences, &moves, forced.as_ref(), rng);
    Ok(on_all_cores(run))
}

/// Runs it as one of rayon's threads: from any other thread, each of its loops would be handed over
/// and waited for.
fn on_all_cores<R: Send>(run: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| run())
}

fn gradients<T: Real>(
    task: Task<'_>,
    net: &Net,
    groups: &[Group],
    sequences: &[usize],
    moves: &[Move],
    forced: Option<&ForcedOutputs>,
    rng: &mut ChaCha8Rng,
) -> Option<Learned> {
    let Task { model, data, config, .. } = task;
    let values = parameters::cast::<T>(groups.iter().map(|group| &group.values));
    let inputs = batch(data, sequences, moves, &model.input);
    let labels: Vec<usize> = sequences.iter().map(|&k| label(data, k)).collect();
    let mut factors = |count: usize| mask(count, config.dropout, rng);
    let drops = config.dropout > 0.0 && forced.is_none();
    let dropout: Option<Dropout<'_, T>> = if drops { Some(&mut factors) } else { None };
    let run = net.forward(&values, &inputs, dropout, forced);
    let (loss, of_outputs) = net::loss(&run.outputs, &labels, config.label_smoothing);
    let n_right = n_right(&run.outputs, net.outputs(), &labels);
    let gradients = net.gradients(&values, &inputs.rows, run, &of_outputs);
    let double = |values: &Vec<T>| values.iter().map(|value| value.double()).collect();
    let gradients: Vec<Vec<f64>> = gradients.iter().map(double).collect();
    let finite = loss.is_finite() && gradients.iter().flatten().all(|g| g.is_finite());
    finite.then_some(Learned { loss, n_right, gradients })
}

fn n_right<T: Real>(outputs: &[T], classes: usize, labels: &[usize]) -> usize {
    let rows = outputs.chunks_exact(classes).zip(labels);
    rows.filter(|(row, label)| decision(row) == Some(**label)).count()
}

/// Factors of dropout: 0 with the given probability, otherwise the factor that keeps the mean.
fn mask<T: Real>(count: usize, probability: f64, rng: &mut ChaCha8Rng) -> Vec<T> {
    let limit = (probability * 2f64.powi(32)) as u64;
    let kept = T::of(1.0 / (1.0 - probability));
    let factor = |_| if u64::from(rng.next_u32()) < limit { T::zero() } else { kept };
    (0..count).map(factor).collect()
}

/// Loss and decisions with the given values.
pub fn measure<T: Real>(
    task: Task<'_>,
    net: &Net,
    values: &[Vec<f64>],
    sequences: &[usize],
) -> Measure {
    let values = parameters::cast::<T>(values);
    let (mut loss, mut confusion) = (0.0, Confusion::new(net.outputs()));
    for sequences in sequences.chunks(LOOK) {
        let inputs = batch(task.data, sequences, &[], &task.model.input);
        let labels: Vec<usize> = sequences.iter().map(|&k| label(task.data, k)).collect();
        let outputs = on_all_cores(|| net.forward(&values, &inputs, None, None).outputs);
        for (row, &label) in outputs.chunks_exact(net.outputs()).zip(&labels) {
            confusion.add(label, decision(row).unwrap_or(0));
        }
        loss += net::loss(&outputs, &labels, 0.0).0 * sequences.len() as f64;
    }
    let n = sequences.len().max(1) as f64;
    Measure { loss: loss / n, confusion }
}

impl TrainState {
    /// The state before the first step.
    pub fn start(model: &Model) -> TrainState {
        let groups = parameters::of(model);
        let moments = Moments::of(&groups);
        let values: Vec<Vec<f64>> = groups.into_iter().map(|group| group.values).collect();
        TrainState {
            best: values.clone(),
            mean: values.clone(),
            values,
            moments,
            history: Vec::new(),
        }
    }

    /// Records an epoch; its mean becomes the best if it is better than all before.
    fn end_epoch(&mut self, epoch: Epoch) {
        let better = self.best_epoch().is_none_or(|best| epoch.is_better(best));
        self.history.push(epoch);
        if better {
            self.best.clone_from(&self.mean);
        }
    }

    /// The epoch whose values are the best; none before the first has ended.
    pub fn best_epoch(&self) -> Option<&Epoch> {
        self.history.iter().reduce(|best, epoch| if epoch.is_better(best) { epoch } else { best })
    }
}

impl Epoch {
    /// Better means: in integers where the other is not; right more often on the validation part,
    /// or equally often with less loss.
    fn is_better(&self, other: &Epoch) -> bool {
        if self.in_integers != other.in_integers {
            return self.in_integers;
        }
        let by_accuracy = self.validation_accuracy.total_cmp(&other.validation_accuracy);
        by_accuracy.then(other.validation_loss.total_cmp(&self.validation_loss)).is_gt()
    }
}
