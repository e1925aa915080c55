//! The fixed-point reference: a quantized plan on integer inputs, one time step after another.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::arith::WIDE_BITS;
use crate::arith::cell::gate_sum;
use crate::arith::requant::saturate;
use crate::network::Operand;
use crate::quant::{QuantLayer, QuantPart, QuantPlan, QuantStep};

/// Where a value is produced; observers and mismatch reports use these names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Site {
    /// Word of the input buffer.
    Input,
    /// Result of contraction step k in canonical order.
    Step(usize),
    /// Gate pre-activations of a layer with bias: the four sums of a unit, phase-major.
    Gate(usize),
    /// The state of a layer's cell: c for an LSTM, h for a GRU.
    Cell(usize),
    /// Hidden vector of a layer.
    Hidden(usize),
    /// Output vector.
    Output,
}

/// Receives every tensor of a time step and the number of its clipped values.
pub trait Observer {
    /// `values` at `site`, `clipped` of them saturated.
    fn see(&mut self, site: Site, values: &[i32], clipped: usize);
}

impl Observer for () {
    fn see(&mut self, _: Site, _: &[i32], _: usize) {}
}

/// Runs sequences through a quantized plan.
pub struct Executor<'a> {
    quant: &'a QuantPlan,
    parts: Vec<Vec<Contraction<'a>>>,
    states: Vec<State>,
}

/// One part with its weights in the accumulators' types, step by step.
struct Contraction<'a> {
    part: &'a QuantPart,
    weights: Vec<Weights<'a>>,
}

enum Weights<'a> {
    /// For sums of up to 31 bits.
    Narrow(&'a [i32]),
    Wide(Vec<i64>),
}

/// What a layer keeps from step to step.
struct State {
    h: Vec<i32>,
    c: Vec<i32>,
}

impl<'a> Executor<'a> {
    /// Prepares the plan; the state is that of a new sequence.
    pub fn new(quant: &'a QuantPlan) -> Self {
        let weights = |step: &'a QuantStep| match step.acc_bits > 31 {
            true => Weights::Wide(step.weights.iter().map(|&w| i64::from(w)).collect()),
            false => Weights::Narrow(&step.weights),
        };
        let part = |part: &'a QuantPart| Contraction {
            part,
            weights: part.steps.iter().map(weights).collect(),
        };
        let zeros = |layer: &QuantLayer| vec![0; layer.cell.units];
        let states = quant.layers().iter().map(|l| State { h: zeros(l), c: zeros(l) });
        Executor {
            parts: quant.layers().iter().map(|l| l.parts.iter().map(part).collect()).collect(),
            states: states.collect(),
            quant,
        }
    }
    /// Back to the state at the start of a sequence.
    pub fn reset(&mut self) {
        for state in &mut self.states {
            state.h.fill(0);
            state.c.fill(0);
        }
    }
    /// One time step on stream elements.
    pub fn step(&mut self, elements: &[i32], see: &mut impl Observer) {
        let mut x: Vec<i32> = elements.iter().map(|&e| self.quant.input_word(e)).collect();
        see.see(Site::Input, &x, 0);
        let layers = self.quant.layers().iter().zip(&self.parts).zip(&mut self.states);
        for (k, ((layer, parts), state)) in layers.enumerate() {
            let results: Vec<Vec<i32>> =
                parts.iter().map(|part| part.run(&x, &state.h, see)).collect();
            let sums = sums(layer, &results, k, see);
            let unit = self.quant.cell_unit(k);
            for j in 0..layer.cell.units {
                let z = [0, 1, 2, 3].map(|phase| sums[phase * layer.cell.units + j]);
                let (c, h) = unit.step(z, state.c[j] as i16);
                (state.c[j], state.h[j]) = (i32::from(c), i32::from(h));
            }
            see.see(Site::Cell(k), &state.c, 0);
            see.see(Site::Hidden(k), &state.h, 0);
            x.clone_from(&state.h);
        }
    }
    /// The output vector: the values of the head, or h for a model without a head.
    pub fn output(&self, see: &mut impl Observer) -> Vec<i32> {
        let h = &self.states.last().expect("a plan has a layer").h;
        let Some(head) = self.quant.head() else { return h.clone() };
        let mut clipped = 0;
        let out: Vec<i32> = (0..head.outputs)
            .map(|o| {
                let column = head.weights[o..].iter().step_by(head.outputs);
                let acc: i64 = column.zip(h).map(|(&w, &h)| i64::from(w) * i64::from(h)).sum();
                let sum = i64::from(head.requantize.apply(acc)) + i64::from(head.bias[o]);
                let out = saturate(sum, WIDE_BITS) as i32;
                clipped += usize::from(head.requantize.clips(acc) || i64::from(out) != sum);
                out
            })
            .collect();
        see.see(Site::Output, &out, clipped);
        out
    }
}

/// The four sums of every unit, phase-major.
fn sums(layer: &QuantLayer, results: &[Vec<i32>], k: usize, see: &mut impl Observer) -> Vec<i16> {
    let cell = &layer.cell;
    let mut clipped = 0;
    let mut sums = Vec::with_capacity(4 * cell.units);
    for phase in 0..4 {
        for j in 0..cell.units {
            let used = layer.parts.iter().zip(results).filter_map(|(part, result)| {
                cell.row(phase, j, part.operand).map(|row| result[row])
            });
            let results: i32 = used.sum();
            let bias = cell.bias[phase * cell.units + j];
            let sum = gate_sum(results, bias, cell.gate_shift);
            clipped += usize::from((results + bias) << cell.gate_shift != i32::from(sum));
            sums.push(sum);
        }
    }
    let values: Vec<i32> = sums.iter().map(|&sum| i32::from(sum)).collect();
    see.see(Site::Gate(k), &values, clipped);
    sums
}

impl Contraction<'_> {
    /// The product with the part's operand.
    fn run(&self, x: &[i32], h: &[i32], see: &mut impl Observer) -> Vec<i32> {
        let mut act = vec![0i32; self.part.steps[0].walk.in_words];
        match self.part.operand {
            Operand::Input { hidden_offset } => {
                act[..x.len()].copy_from_slice(x);
                if let Some(first) = hidden_offset {
                    act[first..first + h.len()].copy_from_slice(h);
                }
            }
            Operand::Hidden { first } => act[first..first + h.len()].copy_from_slice(h),
        }
        for (k, (step, weights)) in self.part.steps.iter().zip(&self.weights).enumerate() {
            let mut result = vec![0i32; step.walk.out_words];
            let mut clipped = 0;
            let mut finish = |acc: i64| {
                clipped += usize::from(step.requantize.clips(acc));
                step.requantize.apply(acc)
            };
            match weights {
                Weights::Wide(weights) => {
                    let wide: Vec<i64> = act.iter().map(|&a| i64::from(a)).collect();
                    step.walk.contract(weights, &wide, &mut result, finish);
                }
                Weights::Narrow(weights) => {
                    step.walk.contract(weights, &act, &mut result, |acc| finish(i64::from(acc)));
                }
            }
            see.see(Site::Step(self.part.first_step + k), &result, clipped);
            act = result;
        }
        act
    }
}
