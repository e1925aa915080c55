//! The layout of a part: which indices the lanes of each step run over, and where the elements of
//! each tensor lie.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::isa::{Dest, Source};
use super::lanes::{self, Fields};
use super::shape::Shapes;
use super::slots::{FieldBit, Slots};
use crate::network::{IndexId, Network, Operand};
use crate::plan::{ModelPlan, Plan, PlanPart};

/// Everything that determines the loops of a part.
pub(super) struct PartLayout<'a> {
    /// The part of the model that is laid out.
    pub part: &'a PlanPart,
    /// Its layer.
    pub layer: usize,
    /// Whether it is the layer's last part, which completes the gates.
    pub completes: bool,
    /// Its plan.
    pub plan: &'a Plan,
    /// Its tensors and steps by role.
    pub shapes: Shapes,
    /// Lane bits by tensor.
    pub slots: Slots,
    /// Lane fields of each tensor: the input's, then each step's pattern.
    pub fields: Vec<Fields>,
    /// log2 of the lanes.
    pub lane_bits: u32,
}

/// Where the elements of a tensor lie, apart from lanes: strides in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Addressing {
    /// Words from one position of the fused prefix to the next.
    pub position: usize,
    /// Words of the whole tensor (of one slab if only slabs are kept).
    pub words: usize,
    strides: Vec<(IndexId, usize)>,
}

impl Addressing {
    /// Distance for one count of an index above its field.
    pub fn stride(&self, id: IndexId) -> usize {
        self.strides.iter().find(|s| s.0 == id).map_or(0, |s| s.1)
    }
}

impl<'a> PartLayout<'a> {
    /// The layouts of all parts of a plan, in order.
    pub fn all(plan: &'a ModelPlan, lane_bits: u32) -> Vec<PartLayout<'a>> {
        let layers = plan.layers().iter().enumerate();
        let parts = layers.flat_map(|(layer, parts)| {
            let last = parts.len() - 1;
            parts.iter().enumerate().map(move |(k, part)| (layer, part, k == last))
        });
        parts
            .map(|(layer, part, completes)| PartLayout::of(part, layer, completes, lane_bits))
            .collect()
    }

    /// The input buffer has as many banks as lanes may want; the hidden buffer has one.
    fn of(part: &'a PlanPart, layer: usize, completes: bool, lane_bits: u32) -> PartLayout<'a> {
        let plan = part.plan();
        let shapes = Shapes::of(plan);
        let banked = layer == 0 && matches!(part.operand(), Operand::Input { .. });
        let patterns = lanes::choose(plan, &shapes, lane_bits, banked);
        let slots = Slots::assign(plan, &shapes, &patterns, lane_bits);
        let fields = [&[patterns.input][..], &patterns.steps].concat();
        PartLayout { part, layer, completes, plan, shapes, slots, fields, lane_bits }
    }

    /// The network.
    pub fn network(&self) -> &'a Network {
        self.plan.network()
    }
    /// The memory that the part's operands lie in.
    pub fn source(&self) -> Source {
        match (self.part.operand(), self.layer) {
            (Operand::Input { .. }, 0) => Source::Input,
            (Operand::Input { .. }, _) => Source::Hidden,
            (Operand::Hidden { .. }, _) => Source::HiddenBefore,
        }
    }
    /// The memory that the results of the part's last step go to.
    pub fn gates(&self) -> Dest {
        if self.completes { Dest::Gates } else { Dest::EarlierGates }
    }
    /// Columns of one slab: of one position of the input's fused prefix, or of the whole frame if
    /// the plan is uncut.
    pub fn slab_columns(&self) -> usize {
        let shape = &self.shapes.tensors[0];
        let inner: usize = shape.rest.iter().map(|&id| self.network().size(id)).product();
        if self.plan.slabs().steps == 0 { inner * shape.prefix.count } else { inner }
    }
    /// Field bits of an index in tensor `t`.
    pub fn field(&self, t: usize, id: IndexId) -> u32 {
        u32::from(self.fields[t][usize::from(id.0)])
    }
    /// Bits of the lane number that stand for nothing in tensor `t`: lanes with one set are idle.
    pub fn idle_bits(&self, t: usize) -> usize {
        let slots = self.slots.tensors[t].iter().enumerate();
        slots.filter(|(_, bit)| bit.is_none()).fold(0, |mask, (k, _)| mask | 1 << k)
    }
    /// What a lane adds to the value of an index of tensor `t`.
    pub fn lane_value(&self, t: usize, lane: usize, id: IndexId) -> usize {
        self.slots.lane_values(t, lane).filter(|v| v.0 == id).map(|v| v.1).sum()
    }
    /// The digits of an index above a field of `e` bits, slowest first: weight in the value of the
    /// index, iterations, and which field bit it is, if it is one from bit `from` on.
    pub fn digits(&self, id: IndexId, e: u32, from: u32) -> Vec<(usize, usize, Option<u32>)> {
        let bound = self.network().size(id).div_ceil(1 << e);
        let bit = |bit| (FieldBit::of(self.network(), id, bit).weight, 2, Some(bit));
        match self.network().columns().contains(&id) {
            true => (from..e).map(bit).chain([(1, bound, None)]).collect(),
            false => [(1 << e, bound, None)].into_iter().chain((from..e).rev().map(bit)).collect(),
        }
    }
    /// Stride of a field bit in tensor `t`: between two banks.
    pub fn bank(&self, t: usize, id: IndexId, bit: u32) -> i64 {
        let bit = FieldBit::of(self.network(), id, bit);
        1i64 << self.slots.of(t, bit).expect("a field bit of the layout has a slot")
    }
    /// Values of an index of tensor `t` outside its field, as many as the loops of its producer run
    /// through: a step that splits the field of its operand into lanes and a loop may run past the
    /// end.
    fn extent(&self, t: usize, id: IndexId) -> usize {
        let own = self.field(t, id);
        let before = match t {
            0 => own,
            _ if self.shapes.steps[t - 1].keeps(id) => self.field(t - 1, id),
            _ => own,
        };
        self.network().size(id).div_ceil(1 << before) << (before - own)
    }
    /// Addresses of tensor `t`: fused prefix slowest, then the rest in order, banks fastest.
    pub fn addressing(&self, t: usize) -> Addressing {
        let shape = &self.shapes.tensors[t];
        let bank_bits = if t == 0 { self.slots.input_bits } else { self.lane_bits };
        let mut next = 1usize << bank_bits;
        let mut strides = Vec::new();
        for &id in shape.rest.iter().rev() {
            strides.push((id, next));
            next *= self.extent(t, id);
        }
        let position = next;
        let mut inner = position;
        for &id in self.network().columns()[..shape.prefix.modes].iter().rev() {
            strides.push((id, inner));
            inner *= self.network().size(id);
        }
        let words = if shape.per_slab { position } else { position * shape.prefix.count };
        Addressing { position, words, strides }
    }
    /// Positions of the operand's prefix in one position of the result's, for step `s`.
    pub fn positions_merged(&self, s: usize) -> usize {
        let (before, after) = (self.shapes.tensors[s].prefix, self.shapes.tensors[s + 1].prefix);
        let merged = &self.network().columns()[after.modes..before.modes];
        merged.iter().map(|&id| self.network().size(id)).product()
    }
    /// Word of the operand's memory that holds a column.
    pub fn operand_word(&self, column: usize) -> usize {
        let network = self.network();
        let addressing = self.addressing(0);
        let (mut rest, mut word) = (column, 0);
        for &id in network.columns().iter().rev() {
            let mut value = rest % network.size(id);
            rest /= network.size(id);
            for (weight, _, bit) in self.digits(id, self.field(0, id), 0) {
                let stride =
                    bit.map_or(addressing.stride(id), |bit| self.bank(0, id, bit) as usize);
                word += value / weight * stride;
                value %= weight;
            }
        }
        word
    }
}
