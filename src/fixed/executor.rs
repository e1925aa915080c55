//! The fixed-point reference: a quantised plan on integer inputs, one time step after the other.

use super::cell::Cell;
use super::requant::{round_shift, saturate};
use crate::model::Element;
use crate::quant::{QuantPlan, WIDE_BITS};

/// Where a value arises; what observers and mismatch reports name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Site {
    /// Word of the input buffer.
    Input,
    /// Result of contraction step k in canonical order.
    Step(usize),
    /// Gate pre-activation with bias.
    Gate,
    /// Cell state.
    Cell,
    /// Hidden vector.
    Hidden,
    /// Output vector.
    Output,
}

/// Is told every tensor of a time step and how many of its values were clipped.
pub trait Observer {
    /// `values` at `site`, `clipped` of them saturated.
    fn see(&mut self, site: Site, values: &[i32], clipped: usize);
}

impl Observer for () {
    fn see(&mut self, _: Site, _: &[i32], _: usize) {}
}

/// Runs sequences through a quantised plan.
pub struct Executor<'a> {
    quant: &'a QuantPlan,
    cell: Cell,
    /// Weights in the accumulator's type.
    weights: Vec<Vec<i64>>,
    narrow: Vec<Vec<i32>>,
    h: Vec<i32>,
    c: Vec<i32>,
}

impl<'a> Executor<'a> {
    /// Prepares the plan; the state is that of a new sequence.
    pub fn new(quant: &'a QuantPlan) -> Self {
        let units = quant.cell().units;
        let wide = |k: usize| quant.steps()[k].acc_bits > 31;
        let steps = 0..quant.steps().len();
        Executor {
            cell: Cell {
                cell_frac: quant.cell().cell_frac,
                hidden_frac: quant.cell().hidden_frac,
                activation_bits: quant.activation_bits(),
            },
            weights: steps
                .clone()
                .map(|k| match wide(k) {
                    true => quant.steps()[k].weights.iter().map(|&w| i64::from(w)).collect(),
                    false => Vec::new(),
                })
                .collect(),
            narrow: steps
                .map(|k| if wide(k) { Vec::new() } else { quant.steps()[k].weights.clone() })
                .collect(),
            quant,
            h: vec![0; units],
            c: vec![0; units],
        }
    }
    /// Back to the state at the start of a sequence.
    pub fn reset(&mut self) {
        self.h.fill(0);
        self.c.fill(0);
    }
    /// One time step on stream elements.
    pub fn step(&mut self, elements: &[i32], see: &mut impl Observer) {
        let gates = self.contract(elements, see);
        let units = self.quant.cell().units;
        let bias = &self.quant.cell().bias;
        let mut clipped = 0;
        let z: Vec<i32> = gates
            .iter()
            .zip(bias)
            .map(|(&z, &b)| {
                let sum = (i64::from(z) << self.quant.cell().gate_shift) + i64::from(b);
                let out = saturate(sum, WIDE_BITS);
                clipped += usize::from(i64::from(out) != sum);
                out
            })
            .collect();
        see.see(Site::Gate, &z, clipped);
        for j in 0..units {
            let own = [z[j], z[units + j], z[2 * units + j], z[3 * units + j]];
            (self.c[j], self.h[j]) = self.cell.step(own, self.c[j]);
        }
        see.see(Site::Cell, &self.c, 0);
        see.see(Site::Hidden, &self.h, 0);
    }
    /// The output vector: the head's values, or h of a model without a head.
    pub fn output(&self, see: &mut impl Observer) -> Vec<i32> {
        let Some(head) = self.quant.head() else { return self.h.clone() };
        let mut clipped = 0;
        let out: Vec<i32> = (0..head.outputs)
            .map(|o| {
                let column = head.weights[o..].iter().step_by(head.outputs);
                let acc: i64 =
                    column.zip(&self.h).map(|(&w, &h)| i64::from(w) * i64::from(h)).sum();
                let sum = i64::from(head.requantise.apply(acc)) + i64::from(head.bias[o]);
                let out = saturate(sum, WIDE_BITS);
                clipped += usize::from(head.requantise.clips(acc) || i64::from(out) != sum);
                out
            })
            .collect();
        see.see(Site::Output, &out, clipped);
        out
    }
    /// The word that the input buffer holds for a stream element.
    pub fn input_word(quant: &QuantPlan, element: i32) -> i32 {
        let input = quant.input();
        let wide = i64::from(element);
        let shifted = match input.shift_left {
            left @ 0.. => wide << left.min(32),
            right => round_shift(wide, right.unsigned_abs()),
        };
        match input.element {
            Element::U8 => saturate(shifted, quant.activation_bits()),
            Element::Real => element,
        }
    }

    fn contract(&self, elements: &[i32], see: &mut impl Observer) -> Vec<i32> {
        let mut act = vec![0i32; self.quant.steps()[0].walk.in_words];
        let words = elements.iter().map(|&e| Self::input_word(self.quant, e));
        act.iter_mut().zip(words).for_each(|(a, w)| *a = w);
        see.see(Site::Input, &act[..elements.len()], 0);
        if let Some(offset) = self.quant.input().hidden_offset {
            act[offset..offset + self.h.len()].copy_from_slice(&self.h);
        }
        for (k, step) in self.quant.steps().iter().enumerate() {
            let mut result = vec![0i32; step.walk.out_words];
            let mut clipped = 0;
            let mut finish = |acc: i64| {
                clipped += usize::from(step.requantise.clips(acc));
                step.requantise.apply(acc)
            };
            match self.narrow[k].is_empty() {
                true => {
                    let wide: Vec<i64> = act.iter().map(|&a| i64::from(a)).collect();
                    step.walk.contract(&self.weights[k], &wide, &mut result, finish);
                }
                false => step
                    .walk
                    .contract(&self.narrow[k], &act, &mut result, |acc| finish(i64::from(acc))),
            }
            see.see(Site::Step(k), &result, clipped);
            act = result;
        }
        act
    }
}
