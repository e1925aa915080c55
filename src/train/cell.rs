//! The recurrent cells over all time steps, in candle; twins of what `model::Cell` states.

use crate::model::{Cell, GateActivation};
use candle_core::{Result, Tensor};

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

/// What a cell works on.
pub struct CellInput<'a> {
    /// W x + b of all steps, step by step: (steps * batch) x (gates * H).
    pub x_part: &'a Tensor,
    /// Columns of h, transposed: H x (gates * H); none when h is not fed back.
    pub recurrent: Option<&'a Tensor>,
    /// GRU: the bias of the candidate's hidden product, H values.
    pub candidate_bias: Option<&'a Tensor>,
    /// Sequences side by side.
    pub batch: usize,
    /// Per step 1 where a sequence has this step, else 0, batch x 1; none when all have all.
    pub alive: Option<&'a [Tensor]>,
}

impl CellShape {
    /// The hidden vectors of all steps, batch x H each; where a sequence has ended its last one stays.
    pub fn run(self, input: &CellInput<'_>) -> Result<Vec<Tensor>> {
        let n_steps = input.x_part.dim(0)? / input.batch;
        let mut state: Option<State> = None;
        let mut all = Vec::with_capacity(n_steps);
        for step in 0..n_steps {
            let x_part = input.x_part.narrow(0, step * input.batch, input.batch)?;
            let before = state.as_ref();
            let mut next = match self.cell {
                Cell::Lstm => self.lstm(&x_part, input, before)?,
                Cell::Gru => self.gru(&x_part, input, before)?,
            };
            if let (Some(alive), Some(before)) = (input.alive, before) {
                let change = (next.h - &before.h)?.broadcast_mul(&alive[step])?;
                next.h = (&before.h + change)?;
            }
            all.push(next.h.clone());
            state = Some(next);
        }
        Ok(all)
    }

    fn lstm(self, x_part: &Tensor, input: &CellInput<'_>, before: Option<&State>) -> Result<State> {
        let z = match (input.recurrent, before) {
            (Some(recurrent), Some(before)) => (x_part + before.h.matmul(recurrent)?)?,
            _ => x_part.clone(),
        };
        let gate = |k: usize| z.narrow(1, k * self.hidden, self.hidden)?.contiguous();
        let input_gate = self.gate(&gate(0)?)?;
        let candidate = gate(2)?.tanh()?;
        let mut c = (input_gate * candidate)?;
        if let Some(before) = before {
            c = (c + (self.gate(&gate(1)?)? * &before.c)?)?;
        }
        let h = (self.gate(&gate(3)?)? * c.tanh()?)?;
        Ok(State { h, c })
    }

    fn gru(self, x_part: &Tensor, input: &CellInput<'_>, before: Option<&State>) -> Result<State> {
        let gate = |z: &Tensor, k: usize| z.narrow(1, k * self.hidden, self.hidden)?.contiguous();
        let h_part = match (input.recurrent, before) {
            (Some(recurrent), Some(before)) => Some(before.h.matmul(recurrent)?),
            _ => None,
        };
        let sum = |k: usize| match &h_part {
            Some(h_part) => gate(x_part, k)? + gate(h_part, k)?,
            None => gate(x_part, k),
        };
        let reset = self.gate(&sum(0)?)?;
        let update = self.gate(&sum(1)?)?;
        let mut hidden_product = match &h_part {
            Some(h_part) => gate(h_part, 2)?,
            None => reset.zeros_like()?,
        };
        if let Some(bias) = input.candidate_bias {
            hidden_product = hidden_product.broadcast_add(bias)?;
        }
        let candidate = (gate(x_part, 2)? + (reset * hidden_product)?)?.tanh()?;
        // h = (1 - z) n + z h, with h = 0 before the first step.
        let kept = match before {
            Some(before) => (&before.h - &candidate)?,
            None => candidate.neg()?,
        };
        let h = (candidate + (update * kept)?)?;
        Ok(State { c: h.clone(), h })
    }

    fn gate(self, z: &Tensor) -> Result<Tensor> {
        match self.gate_activation {
            // 1 / (1 + exp(-z)) by way of tanh, which neither overflows nor divides.
            GateActivation::Sigmoid => z.affine(0.5, 0.0)?.tanh()?.affine(0.5, 0.5),
            GateActivation::HardSigmoid => z.affine(0.2, 0.5)?.clamp(0.0, 1.0),
        }
    }
}

/// State of a batch.
struct State {
    h: Tensor,
    c: Tensor,
}
