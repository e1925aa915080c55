//! The element-wise part of a time step and its gradient, in plain numbers; twins of what
//! `model::Cell` states. Loops run over units, one operation at a time, so that they become vector
//! instructions.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::real::Real;
use crate::model::{Cell, GateActivation};

/// A layer without its matrices.
#[derive(Debug, Clone, Copy)]
pub struct CellShape {
    /// Kind of cell.
    pub cell: Cell,
    /// Activation of the gates.
    pub gate_activation: GateActivation,
    /// Hidden units, H.
    pub hidden: usize,
}

/// What one sequence contributes to a time step besides W x.
#[derive(Debug, Clone, Copy)]
pub struct Sums<'a, T> {
    /// The bias, H values per gate.
    pub bias: &'a [T],
    /// The product with h, H values per gate; none in the first step or if h is not fed back.
    pub h: Option<&'a [T]>,
    /// GRU: the bias of the candidate's hidden product.
    pub candidate: Option<&'a [T]>,
    /// The state before, H values.
    pub before: &'a [T],
}

/// Values that replace the computed ones: those that fixed-point hardware has in their place.
#[derive(Debug, Clone, Copy)]
pub struct Forced<'a, T> {
    /// Sums of the gates, 4 H: i, f, g, o; or r, z and the candidate's parts of h and of x.
    pub sums: &'a [T],
    /// The state: c of an LSTM, h of a GRU before it is rounded to a word of h.
    pub state: &'a [T],
    /// The hidden vector.
    pub h: &'a [T],
}

/// Where a step's results go.
#[derive(Debug)]
pub struct Results<'a, T> {
    /// In: W x, H values per gate: i, f, g, o for an LSTM; r, z, n for a GRU. Out: the gates.
    pub gates: &'a mut [T],
    /// H values that the gradient also needs: tanh(c) for an LSTM, the candidate's hidden part for
    /// a GRU.
    pub kept: &'a mut [T],
    /// The state, H values.
    pub state: &'a mut [T],
    /// The hidden vector, H values.
    pub h: &'a mut [T],
}

/// Gradients that go back from a step.
#[derive(Debug)]
pub struct Back<'a, T> {
    /// In: of the state after the step; out: of the state before it.
    pub state: &'a mut [T],
    /// In: of h after the step; out: of h before it, without the matrix product.
    pub h: &'a mut [T],
    /// In: the gates; out: the gradient of W x.
    pub gates: &'a mut [T],
    /// GRU: out: the gradient of the product with h; empty for an LSTM, where it equals that of W
    /// x.
    pub h_sums: &'a mut [T],
}

impl CellShape {
    /// One time step of one sequence.
    pub fn forward<T: Real>(
        self,
        sums: Sums<'_, T>,
        forced: Option<Forced<'_, T>>,
        to: Results<'_, T>,
    ) {
        let n = self.hidden;
        let Results { gates, kept, state, h } = to;
        let joint = if self.cell == Cell::Lstm { 4 * n } else { 2 * n };
        add(gates, sums.bias);
        if let Some(products) = sums.h {
            add(&mut gates[..joint], products);
        }
        if self.cell == Cell::Gru {
            match sums.h {
                Some(products) => kept.copy_from_slice(&products[2 * n..]),
                None => kept.fill(T::zero()),
            }
            sums.candidate.into_iter().for_each(|bias| add(kept, bias));
        }
        if let Some(forced) = forced {
            gates[..joint].copy_from_slice(&forced.sums[..joint]);
            if self.cell == Cell::Gru {
                kept.copy_from_slice(&forced.sums[2 * n..3 * n]);
                gates[2 * n..].copy_from_slice(&forced.sums[3 * n..]);
            }
        }
        match self.cell {
            Cell::Lstm => {
                let (i_f, g_o) = gates.split_at_mut(2 * n);
                let (g, o) = g_o.split_at_mut(n);
                self.gate(i_f);
                g.iter_mut().for_each(|g| *g = tanh(*g));
                self.gate(o);
                let (i, f) = i_f.split_at(n);
                match forced {
                    Some(forced) => state.copy_from_slice(forced.state),
                    None => (0..n).for_each(|j| state[j] = f[j] * sums.before[j] + i[j] * g[j]),
                }
                (0..n).for_each(|j| kept[j] = tanh(state[j]));
                (0..n).for_each(|j| h[j] = o[j] * kept[j]);
            }
            Cell::Gru => {
                let (r_z, candidate) = gates.split_at_mut(2 * n);
                self.gate(r_z);
                let (r, z) = r_z.split_at(n);
                (0..n).for_each(|j| candidate[j] = tanh(candidate[j] + r[j] * kept[j]));
                (0..n).for_each(|j| h[j] = candidate[j] + z[j] * (sums.before[j] - candidate[j]));
                state.copy_from_slice(forced.map_or(h, |forced| forced.state));
            }
        }
        if let Some(forced) = forced {
            h.copy_from_slice(forced.h);
        }
    }

    /// The gradient of [`forward`](Self::forward) from the values that it kept.
    pub fn backward<T: Real>(self, kept: &[T], before: &[T], back: Back<'_, T>) {
        match self.gate_activation {
            GateActivation::Sigmoid => {
                self.backward_by(|gate: T| gate * (T::one() - gate), kept, before, back);
            }
            GateActivation::HardSigmoid => {
                let inside = |gate: T| gate > T::zero() && gate < T::one();
                let slope = |gate: T| if inside(gate) { T::of(0.2) } else { T::zero() };
                self.backward_by(slope, kept, before, back);
            }
        }
    }

    /// The slope of a gate's activation where it has a given value.
    fn backward_by<T: Real>(
        self,
        slope: impl Fn(T) -> T,
        kept: &[T],
        before: &[T],
        back: Back<'_, T>,
    ) {
        let (n, one) = (self.hidden, T::one());
        let (kept, before) = (&kept[..n], &before[..n]);
        let (state, h) = (&mut back.state[..n], &mut back.h[..n]);
        let (first, others) = back.gates.split_at_mut(n);
        let (second, others) = others.split_at_mut(n);
        match self.cell {
            Cell::Lstm => {
                let (i, f, (g, o)) = (first, second, others.split_at_mut(n));
                let o = &mut o[..n];
                for j in 0..n {
                    let to_c = state[j] + h[j] * o[j] * (one - kept[j] * kept[j]);
                    let (was_i, was_f) = (i[j], f[j]);
                    i[j] = to_c * g[j] * slope(was_i);
                    f[j] = to_c * before[j] * slope(was_f);
                    g[j] = to_c * was_i * (one - g[j] * g[j]);
                    o[j] = h[j] * kept[j] * slope(o[j]);
                    state[j] = to_c * was_f;
                }
            }
            Cell::Gru => {
                let (r, z, candidate) = (first, second, &mut others[..n]);
                let of_h = &mut back.h_sums[..3 * n];
                for j in 0..n {
                    let to_state = state[j] + h[j];
                    let to_n = to_state * (one - z[j]) * (one - candidate[j] * candidate[j]);
                    of_h[2 * n + j] = to_n * r[j];
                    r[j] = to_n * kept[j] * slope(r[j]);
                    state[j] = to_state * z[j];
                    z[j] = to_state * (before[j] - candidate[j]) * slope(z[j]);
                    candidate[j] = to_n;
                }
                of_h[..n].copy_from_slice(r);
                of_h[n..2 * n].copy_from_slice(z);
            }
        }
        h.fill(T::zero());
    }

    fn gate<T: Real>(self, sums: &mut [T]) {
        match self.gate_activation {
            GateActivation::Sigmoid => sums.iter_mut().for_each(|z| *z = sigmoid(*z)),
            GateActivation::HardSigmoid => {
                let line = |z: T| T::of(0.2) * z + T::of(0.5);
                sums.iter_mut().for_each(|z| *z = line(*z).clamp(T::zero(), T::one()));
            }
        }
    }
}

/// 1 / (1 + exp(-z)).
#[inline(always)]
fn sigmoid<T: Real>(z: T) -> T {
    T::one() / (T::one() + (-z).power_of_e())
}

/// Computed through the sigmoid, in a third of the time of a tanh that is exactly rounded near 0.
#[inline(always)]
fn tanh<T: Real>(z: T) -> T {
    let two = T::one() + T::one();
    two * sigmoid(two * z) - T::one()
}

/// Adds numbers element by element to others.
pub fn add<T: Real>(to: &mut [T], others: &[T]) {
    to.iter_mut().zip(others).for_each(|(to, other)| *to += *other);
}
