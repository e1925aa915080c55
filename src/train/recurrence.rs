//! A layer's cells over all time steps, and back: candle multiplies the matrices, [`CellShape`] does the
//! rest.

use super::cell::{Back, CellShape, Forced, Real, Results, Sums};
use candle_core::{Device, Result, Tensor};
use rayon::prelude::*;

/// Units that one core does before another is woken.
const ALONE: usize = 1 << 12;

/// What a layer's cells work on.
pub struct CellInput<'a> {
    /// W x of all steps, step by step: (steps * sequences) x (gates * H); none without columns of x.
    pub x_part: Option<&'a Tensor>,
    /// Columns of h, transposed: H x (gates * H); none when h is not fed back.
    pub recurrent: Option<&'a Tensor>,
    /// The bias, gates * H values; behind it, in a GRU that has one, the bias of the candidate's
    /// hidden product, H values.
    pub bias: &'a Tensor,
    /// Time steps of the longest sequence.
    pub steps: usize,
    /// Time steps of each sequence, side by side; those behind leave its state alone.
    pub lengths: &'a [usize],
    /// What stands in for the values computed; none for plain floats.
    pub forced: Option<&'a ForcedSteps>,
}

/// Stand-ins for the values of all steps and sequences of a layer, step by step, sequence by sequence.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ForcedSteps {
    /// Sums of the gates, 4 H values each.
    pub sums: Vec<f32>,
    /// States, H values each.
    pub state: Vec<f32>,
    /// Hidden vectors, H values each.
    pub h: Vec<f32>,
}

/// All steps, done, with what their gradient needs.
pub struct Recurrence<T> {
    shape: CellShape,
    batch: usize,
    lengths: Vec<usize>,
    /// Columns of h: H x (gates * H).
    recurrent: Option<Tensor>,
    has_candidate: bool,
    /// Kept values and states of all steps, step by step.
    kept: Vec<T>,
    state: Vec<T>,
    /// Hidden vectors of all steps, (steps * sequences) x H; where a sequence has ended its last one
    /// stays.
    pub h: Vec<T>,
}

impl<T: Real> Recurrence<T> {
    /// Goes through all steps.
    pub fn of(shape: CellShape, input: &CellInput<'_>) -> Result<Self> {
        let (n, batch) = (shape.hidden, input.lengths.len());
        let sums_wide = shape.cell.gates() * n;
        let n_rows = input.steps * batch;
        let biases = numbers::<T>(input.bias)?;
        let (bias, candidate) = biases.split_at(sums_wide);
        let candidate = (!candidate.is_empty()).then_some(candidate);
        let x_part = input.x_part.map(numbers::<T>).transpose()?;
        let recurrent = input.recurrent.map(Tensor::detach);
        let forced = input.forced.map(Stand::<T>::of);
        let n_kept = shape.kept() * n;
        let least = (ALONE / n).max(1);
        let mut kept = vec![T::zero(); n_rows * n_kept];
        let (mut state, mut h) = (vec![T::zero(); n_rows * n], vec![T::zero(); n_rows * n]);
        for step in 0..n_rows / batch {
            let (start, end) = (step * batch, (step + 1) * batch);
            let (done_state, new_state) = state.split_at_mut(start * n);
            let (done_h, new_h) = h.split_at_mut(start * n);
            let before = step.checked_sub(1).map(|last| last * batch * n);
            let old = |all: &'_ [T]| before.map(|at| all[at..].to_vec());
            let (old_state, old_h) = (old(done_state), old(done_h));
            let products = match (&recurrent, &old_h) {
                (Some(recurrent), Some(old_h)) => Some(times(old_h, n, recurrent)?),
                _ => None,
            };
            let rows = new_state[..batch * n]
                .par_chunks_mut(n)
                .zip(new_h[..batch * n].par_chunks_mut(n))
                .zip(kept[start * n_kept..end * n_kept].par_chunks_mut(n_kept));
            rows.enumerate().with_min_len(least).for_each(|(k, ((state, h), kept))| {
                let old_state = old_state.as_ref().map(|all| &all[k * n..(k + 1) * n]);
                if step >= input.lengths[k] {
                    if let (Some(old_state), Some(old_h)) = (old_state, &old_h) {
                        state.copy_from_slice(old_state);
                        h.copy_from_slice(&old_h[k * n..(k + 1) * n]);
                    }
                    return;
                }
                let row = start + k;
                let sums = Sums {
                    x: x_part.as_ref().map(|x| &x[row * sums_wide..(row + 1) * sums_wide]),
                    h: products.as_ref().map(|p| &p[k * sums_wide..(k + 1) * sums_wide]),
                    bias,
                    candidate,
                };
                let forced = forced.as_ref().map(|forced| forced.row(row, n));
                shape.forward(sums, old_state, forced, Results { kept, state, h });
            });
        }
        let lengths = input.lengths.to_vec();
        let has_candidate = candidate.is_some();
        Ok(Recurrence { shape, batch, lengths, recurrent, has_candidate, kept, state, h })
    }

    /// From the gradient of all hidden vectors those of what came in.
    pub fn gradients(&self, of_h: &[T]) -> Result<Gradients> {
        let (n, batch) = (self.shape.hidden, self.batch);
        let n_rows = of_h.len() / n;
        let wide = self.shape.cell.gates() * n;
        let n_kept = self.shape.kept() * n;
        let least = (ALONE / n).max(1);
        let mut x_sums = vec![T::zero(); n_rows * wide];
        let mut h_sums = vec![T::zero(); n_rows * wide];
        let mut state_back = vec![T::zero(); batch * n];
        let mut h_back = vec![T::zero(); batch * n];
        let turned = self.recurrent.as_ref().map(|recurrent| recurrent.t()).transpose()?;
        for step in (0..n_rows / batch).rev() {
            let (start, end) = (step * batch, (step + 1) * batch);
            for (sum, own) in h_back.iter_mut().zip(&of_h[start * n..end * n]) {
                *sum += *own;
            }
            let before = step.checked_sub(1).map(|last| &self.state[last * batch * n..start * n]);
            let rows = (x_sums[start * wide..end * wide].par_chunks_mut(wide))
                .zip(h_sums[start * wide..end * wide].par_chunks_mut(wide))
                .zip(state_back.par_chunks_mut(n))
                .zip(h_back.par_chunks_mut(n));
            rows.enumerate().with_min_len(least).for_each(|(k, (((x_sums, h_sums), state), h))| {
                if step < self.lengths[k] {
                    let kept = &self.kept[(start + k) * n_kept..(start + k + 1) * n_kept];
                    let before = before.map(|all| &all[k * n..(k + 1) * n]);
                    self.shape.backward(kept, before, Back { state, h, x_sums, h_sums });
                }
            });
            if let (Some(turned), Some(_)) = (&turned, before) {
                let products = times(&h_sums[start * wide..end * wide], wide, turned)?;
                for (sum, product) in h_back.iter_mut().zip(products) {
                    *sum += product;
                }
            }
        }
        let mut bias = column_sums(&x_sums, wide);
        if self.has_candidate {
            bias.extend_from_slice(&column_sums(&h_sums, wide)[wide - n..]);
        }
        let recurrent = match &self.recurrent {
            None => None,
            Some(recurrent) if n_rows == batch => Some(recurrent.zeros_like()?),
            // h of every step but the last met the sums of the step behind it.
            Some(_) => {
                let before = Tensor::from_slice(&self.h, (n_rows, n), &Device::Cpu)?;
                let before = before.narrow(0, 0, n_rows - batch)?;
                let sums = Tensor::from_vec(h_sums, (n_rows, wide), &Device::Cpu)?;
                Some(before.t()?.matmul(&sums.narrow(0, batch, n_rows - batch)?)?)
            }
        };
        Ok(Gradients {
            x_part: Tensor::from_vec(x_sums, (n_rows, wide), &Device::Cpu)?,
            recurrent,
            bias: Tensor::from_slice(&bias, bias.len(), &Device::Cpu)?,
        })
    }
}

/// Gradients of what came in, in the shapes of [`CellInput`].
pub struct Gradients {
    /// Of W x of all steps.
    pub x_part: Tensor,
    /// Of the columns of h.
    pub recurrent: Option<Tensor>,
    /// Of the bias, and behind it that of the candidate's hidden product.
    pub bias: Tensor,
}

/// Stand-ins in the precision of the run.
struct Stand<T> {
    sums: Vec<T>,
    state: Vec<T>,
    h: Vec<T>,
}

impl<T: Real> Stand<T> {
    fn of(forced: &ForcedSteps) -> Stand<T> {
        let cast = |values: &[f32]| values.iter().map(|v| T::from_f64(f64::from(*v))).collect();
        Stand { sums: cast(&forced.sums), state: cast(&forced.state), h: cast(&forced.h) }
    }
    fn row(&self, row: usize, n: usize) -> Forced<'_, T> {
        let own = row * n..(row + 1) * n;
        Forced {
            sums: &self.sums[4 * row * n..4 * (row + 1) * n],
            state: &self.state[own.clone()],
            h: &self.h[own],
        }
    }
}

fn column_sums<T: Real>(rows: &[T], width: usize) -> Vec<T> {
    let mut sums = vec![T::zero(); width];
    for row in rows.chunks(width) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += *value);
    }
    sums
}

/// Rows of so many values times a matrix.
fn times<T: Real>(rows: &[T], width: usize, matrix: &Tensor) -> Result<Vec<T>> {
    let rows = Tensor::from_slice(rows, (rows.len() / width, width), &Device::Cpu)?;
    numbers(&rows.matmul(matrix)?)
}

/// The values of a tensor, row by row.
pub fn numbers<T: Real>(tensor: &Tensor) -> Result<Vec<T>> {
    tensor.flatten_all()?.to_vec1::<T>()
}
