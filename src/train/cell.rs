//! The element-wise part of a time step and its gradient, in plain numbers; twins of what
//! `model::Cell` states.

use crate::model::{Cell, GateActivation};
use candle_core::WithDType;
use num_traits::Float;

/// A number of single or double precision.
pub trait Real: Float + WithDType {}
impl Real for f32 {}
impl Real for f64 {}

/// A constant, rounded.
pub fn real<T: Real>(value: f64) -> T {
    <T as WithDType>::from_f64(value)
}

/// What a layer is but for its matrices.
#[derive(Debug, Clone, Copy)]
pub struct CellShape {
    /// Kind of cell.
    pub cell: Cell,
    /// What the gates go through.
    pub gate_activation: GateActivation,
    /// Hidden units, H.
    pub hidden: usize,
}

/// What one sequence brings into a time step; every vector has H values a gate.
#[derive(Debug, Clone, Copy)]
pub struct Sums<'a, T> {
    /// W x: i, f, g, o of an LSTM; r, z, n of a GRU; none without columns of x.
    pub x: Option<&'a [T]>,
    /// The bias.
    pub bias: &'a [T],
    /// The product with h; none in the first step or when h is not fed back.
    pub h: Option<&'a [T]>,
    /// GRU: the bias of the candidate's hidden product.
    pub candidate: Option<&'a [T]>,
}

/// Values that stand in for those computed: what fixed-point hardware has in their place.
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
    /// What the gradient needs, [`CellShape::kept`] values a unit.
    pub kept: &'a mut [T],
    /// The state, H values.
    pub state: &'a mut [T],
    /// The hidden vector, H values.
    pub h: &'a mut [T],
}

/// Gradients that go back from a step.
#[derive(Debug)]
pub struct Back<'a, T> {
    /// In: of the state behind the step; out: of the state before it.
    pub state: &'a mut [T],
    /// In: of h behind the step; out: of h before it, the matrix product apart.
    pub h: &'a mut [T],
    /// Out: of `Sums::x`.
    pub x_sums: &'a mut [T],
    /// Out: of `Sums::h`.
    pub h_sums: &'a mut [T],
}

impl CellShape {
    /// Values a unit that a step keeps for its gradient: i, f, g, o and tanh(c) of an LSTM; r, z, n
    /// and the candidate's hidden part of a GRU.
    pub fn kept(self) -> usize {
        match self.cell {
            Cell::Lstm => 5,
            Cell::Gru => 4,
        }
    }

    /// One time step of one sequence, from the state `before`.
    pub fn forward<T: Real>(
        self,
        sums: Sums<'_, T>,
        before: Option<&[T]>,
        forced: Option<Forced<'_, T>>,
        to: Results<'_, T>,
    ) {
        let n = self.hidden;
        let of_h = |at: usize| sums.h.map_or(T::zero(), |h| h[at]);
        let of_x = |at: usize| sums.x.map_or(T::zero(), |x| x[at]) + sums.bias[at];
        for j in 0..n {
            let state = before.map_or(T::zero(), |state| state[j]);
            let z = |gate: usize| match forced {
                Some(forced) => forced.sums[gate * n + j],
                None => of_x(gate * n + j) + of_h(gate * n + j),
            };
            match self.cell {
                Cell::Lstm => {
                    let [i, f, o] = [0, 1, 3].map(|gate| self.gate(z(gate)));
                    let g = tanh(z(2));
                    let c = forced.map_or(f * state + i * g, |forced| forced.state[j]);
                    let t = tanh(c);
                    to.state[j] = c;
                    to.h[j] = o * t;
                    keep(to.kept, n, j, &[i, f, g, o, t]);
                }
                Cell::Gru => {
                    let [r, keep_part] = [0, 1].map(|gate| self.gate(z(gate)));
                    let bias = sums.candidate.map_or(T::zero(), |bias| bias[j]);
                    let (x_n, h_n) = match forced {
                        Some(forced) => (forced.sums[3 * n + j], forced.sums[2 * n + j]),
                        None => (of_x(2 * n + j), of_h(2 * n + j) + bias),
                    };
                    let candidate = tanh(x_n + r * h_n);
                    let next = candidate + keep_part * (state - candidate);
                    to.state[j] = forced.map_or(next, |forced| forced.state[j]);
                    to.h[j] = next;
                    keep(to.kept, n, j, &[r, keep_part, candidate, h_n]);
                }
            }
            if let Some(forced) = forced {
                to.h[j] = forced.h[j];
            }
        }
    }

    /// The gradient of [`forward`](Self::forward).
    pub fn backward<T: Real>(self, kept: &[T], before: Option<&[T]>, back: Back<'_, T>) {
        let n = self.hidden;
        let one = T::one();
        for j in 0..n {
            let at = |k: usize| kept[k * n + j];
            let state = before.map_or(T::zero(), |state| state[j]);
            match self.cell {
                Cell::Lstm => {
                    let (i, f, g, o, t) = (at(0), at(1), at(2), at(3), at(4));
                    let to_c = back.state[j] + back.h[j] * o * (one - t * t);
                    let sums = [
                        to_c * g * self.slope(i),
                        to_c * state * self.slope(f),
                        to_c * i * (one - g * g),
                        back.h[j] * t * self.slope(o),
                    ];
                    for (gate, sum) in sums.into_iter().enumerate() {
                        back.x_sums[gate * n + j] = sum;
                        back.h_sums[gate * n + j] = sum;
                    }
                    back.state[j] = to_c * f;
                }
                Cell::Gru => {
                    let (r, keep_part, candidate, h_n) = (at(0), at(1), at(2), at(3));
                    let to_state = back.state[j] + back.h[j];
                    let to_n = to_state * (one - keep_part) * (one - candidate * candidate);
                    let to_r = to_n * h_n * self.slope(r);
                    let to_z = to_state * (state - candidate) * self.slope(keep_part);
                    for (gate, of_x, of_h) in
                        [(0, to_r, to_r), (1, to_z, to_z), (2, to_n, to_n * r)]
                    {
                        back.x_sums[gate * n + j] = of_x;
                        back.h_sums[gate * n + j] = of_h;
                    }
                    back.state[j] = to_state * keep_part;
                }
            }
            back.h[j] = T::zero();
        }
    }

    fn gate<T: Real>(self, z: T) -> T {
        match self.gate_activation {
            GateActivation::Sigmoid => sigmoid(z),
            GateActivation::HardSigmoid => {
                let line = real::<T>(0.2) * z + real(0.5);
                if line <= T::zero() {
                    T::zero()
                } else if line >= T::one() {
                    T::one()
                } else {
                    line
                }
            }
        }
    }

    /// Slope of a gate's activation where it has the given value.
    fn slope<T: Real>(self, gate: T) -> T {
        match self.gate_activation {
            GateActivation::Sigmoid => gate * (T::one() - gate),
            GateActivation::HardSigmoid if gate > T::zero() && gate < T::one() => real(0.2),
            GateActivation::HardSigmoid => T::zero(),
        }
    }
}

/// 1 / (1 + exp(-z)); exp yields 0 or infinity where it cannot yield a number, and both are right.
fn sigmoid<T: Real>(z: T) -> T {
    T::one() / (T::one() + (-z).exp())
}

/// By way of the sigmoid, in a third of the time that the exactly rounded tanh near 0 takes.
fn tanh<T: Real>(z: T) -> T {
    let two = T::one() + T::one();
    two * sigmoid(two * z) - T::one()
}

/// Stores what a unit keeps, value by value H apart.
fn keep<T: Copy>(kept: &mut [T], n: usize, j: usize, values: &[T]) {
    for (k, value) in values.iter().enumerate() {
        kept[k * n + j] = *value;
    }
}
