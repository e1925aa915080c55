//! From field sizes to bank numbers: every field bit gets a *slot*, a bit of the lane number.
//!
//! A field bit that a step inherits from its operand keeps its slot, so the lane finds its operand
//! in the bank with its own number. Slots are then renumbered once for the whole program: inherited
//! bits lowest (few banks), gate bits of the last step highest (units spread over the low slots).
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::lanes::{Fields, Patterns};
use super::shape::Shapes;
use crate::network::{IndexId, Network};
use crate::plan::Plan;

/// One bit of an index.
///
/// The field of a column is its slowest digits, so whole runs of columns that are consecutive in
/// the stream lie in one bank, and the loader can write several of them at once. Fields of other
/// indices are their fastest digits, because those may be padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldBit {
    /// The index.
    pub id: IndexId,
    /// Which bit of its field.
    pub bit: u8,
    /// What the bit adds to the index's value.
    pub weight: usize,
}

impl FieldBit {
    /// Bit `bit` of the fields of an index.
    pub fn of(network: &Network, id: IndexId, bit: u32) -> FieldBit {
        let weight = match network.columns().contains(&id) {
            true => network.size(id) >> (bit + 1),
            false => 1 << bit,
        };
        FieldBit { id, bit: bit as u8, weight }
    }
}

/// What each bit of the lane number stands for, in each tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots {
    /// By tensor: what each slot stands for; for the input, slots outside its fields are empty.
    pub tensors: Vec<Vec<Option<FieldBit>>>,
    /// Input fields occupy slots 0..this.
    pub input_bits: u32,
    /// Inherited bits of later steps lie in slots 0..this.
    pub kept_bits: u32,
    /// Slots 0..this hold unit bits, no gate bits, in the last step.
    pub unit_bits: u32,
}

impl Slots {
    /// Assigns slots to the patterns' bits.
    pub fn assign(plan: &Plan, shapes: &Shapes, patterns: &Patterns, lane_bits: u32) -> Slots {
        let net = plan.network();
        let mut tensors = vec![place(net, &vec![None; lane_bits as usize], &patterns.input)];
        for pattern in &patterns.steps {
            let before = tensors.last().expect("the input tensor is there");
            let kept: Vec<Option<FieldBit>> =
                before.iter().map(|b| b.filter(|b| b.bit < pattern[usize::from(b.id.0)])).collect();
            tensors.push(place(net, &kept, pattern));
        }
        let mut slots = Slots { tensors, input_bits: 0, kept_bits: 0, unit_bits: 0 };
        slots.renumber(plan, shapes, lane_bits as usize);
        slots
    }

    /// Whether step `s` inherits what slot `k` holds: a field on a free index.
    pub fn inherited(&self, s: usize, k: usize) -> bool {
        self.tensors[s][k].is_some() && self.tensors[s][k] == self.tensors[s + 1][k]
    }
    /// Mask of the slots that step `s` inherits.
    pub fn keep_mask(&self, s: usize) -> u32 {
        (0..self.tensors[s].len()).filter(|&k| self.inherited(s, k)).fold(0, |m, k| m | 1 << k)
    }
    /// Slot of a field bit in tensor `t`.
    pub fn of(&self, t: usize, bit: FieldBit) -> Option<usize> {
        self.tensors[t].iter().position(|&b| b == Some(bit))
    }
    /// The values that a lane adds to the indices of tensor `t`.
    pub fn lane_values(
        &self,
        t: usize,
        lane: usize,
    ) -> impl Iterator<Item = (IndexId, usize)> + '_ {
        self.tensors[t]
            .iter()
            .enumerate()
            .filter_map(move |(k, b)| b.map(|b| (b.id, (lane >> k & 1) * b.weight)))
    }

    fn renumber(&mut self, plan: &Plan, shapes: &Shapes, count: usize) {
        let gate = plan.network().gate();
        let last = shapes.steps.len();
        let class = |k: usize| -> u8 {
            let later = (1..last).any(|s| self.inherited(s, k));
            match self.tensors[last][k] {
                _ if self.tensors[0][k].is_some() => 0,
                _ if later => 1,
                Some(bit) if Some(bit.id) == gate => 4,
                Some(_) => 2,
                None => 3,
            }
        };
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&k| (class(k), self.tensors[last][k], k));
        self.input_bits = (0..count).filter(|&k| class(k) == 0).count() as u32;
        for tensor in &mut self.tensors {
            *tensor = order.iter().map(|&k| tensor[k]).collect();
        }
        let kept = (0..count).filter(|&k| (1..last).any(|s| self.inherited(s, k))).max();
        self.kept_bits = kept.map_or(0, |k| k as u32 + 1);
        let unit = |b: &Option<FieldBit>| gate.is_some() && b.is_some_and(|b| Some(b.id) != gate);
        self.unit_bits = self.tensors[last].iter().take_while(|b| unit(b)).count() as u32;
    }
}

/// Keeps the given bits in their slots and puts the other bits of the pattern into free slots.
fn place(net: &Network, kept: &[Option<FieldBit>], pattern: &Fields) -> Vec<Option<FieldBit>> {
    let all = (0..32u8).flat_map(|id| {
        let bits = 0..u32::from(pattern[usize::from(id)]);
        bits.map(move |bit| FieldBit::of(net, IndexId(id), bit))
    });
    let mut slots = kept.to_vec();
    for bit in all.filter(|b| !kept.contains(&Some(*b))) {
        let free = slots.iter().position(Option::is_none);
        let free = free.expect("a pattern has at most one bit a slot");
        slots[free] = Some(bit);
    }
    slots
}
