//! The loop nest of one contraction step: bounds and, for each of the three address streams, the
//! stride of every loop.

use super::lanes::Fields;
use super::program::{Dest, Source};
use super::shape::Shapes;
use super::slots::{FieldBit, Slots};
use crate::network::Operand;
use crate::network::{IndexId, Network};
use crate::plan::{Plan, PlanPart};

/// Everything that determines the loops.
pub struct Context<'a> {
    /// The part of the model that is laid out.
    pub part: &'a PlanPart,
    /// Its layer.
    pub layer: usize,
    /// Whether it is the layer's last part, which completes the gates.
    pub completes: bool,
    /// Its plan.
    pub plan: &'a Plan,
    /// Its tensors and steps by role.
    pub shapes: &'a Shapes,
    /// Lane bits by tensor.
    pub slots: &'a Slots,
    /// Layout of each tensor: the input's, then each step's pattern.
    pub layouts: Vec<Fields>,
    /// log2 of the lanes.
    pub lane_bits: u32,
}

/// What a loop counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digit {
    /// Groups of fused columns that are kept.
    Group,
    /// Fused columns that are summed over.
    Merged,
    /// `factor` x counter, part of an index.
    Index {
        /// The index.
        id: IndexId,
        /// Its weight in the index's value.
        factor: usize,
    },
}

/// One loop before fusing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawLoop {
    /// What it counts.
    pub digit: Digit,
    /// Number of iterations.
    pub bound: usize,
    /// Summed over.
    pub contracted: bool,
    /// Stride of the operand, in words.
    pub act: i64,
    /// Stride in the weight ROM, in ROM words.
    pub wgt: i64,
    /// Stride of the result, in groups of P words.
    pub out: i64,
}

impl RawLoop {
    /// What one count adds to the value of an index; 0 if the loop does not concern that index.
    pub fn part_of(&self, index: IndexId) -> usize {
        match self.digit {
            Digit::Index { id, factor } if id == index => factor,
            _ => 0,
        }
    }
}

/// Where the elements of a tensor lie, apart from lanes: strides in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressing {
    /// Words from one position of the fused prefix to the next.
    pub position: usize,
    /// Words of the whole tensor (of one slab if only slabs are kept).
    pub words: usize,
    strides: Vec<(IndexId, usize)>,
}

impl Addressing {
    /// Distance for one count of the part of an index outside its field.
    pub fn stride(&self, id: IndexId) -> usize {
        self.strides.iter().find(|s| s.0 == id).map_or(0, |s| s.1)
    }
}

impl<'a> Context<'a> {
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
    /// Field bits of an index in tensor `t`.
    pub fn field(&self, t: usize, id: IndexId) -> u32 {
        u32::from(self.layouts[t][usize::from(id.0)])
    }
    /// The parts of an index above a field of `e` bits, slowest first: weight in the value of the
    /// index, iterations, and which field bit it is, if it is one from bit `from` on.
    pub fn parts(&self, id: IndexId, e: u32, from: u32) -> Vec<(usize, usize, Option<u32>)> {
        let bound = self.network().size(id).div_ceil(1 << e);
        let bit = |bit| (FieldBit::of(self.network(), id, bit).weight, 2, Some(bit));
        match self.network().columns().contains(&id) {
            true => (from..e).map(bit).chain([(1, bound, None)]).collect(),
            false => [(1 << e, bound, None)].into_iter().chain((from..e).rev().map(bit)).collect(),
        }
    }
    /// What a part of this weight counts in an index without the field of `f` bits.
    fn beside_field(&self, id: IndexId, f: u32, weight: usize) -> i64 {
        let shift = if self.network().columns().contains(&id) { 0 } else { f };
        (weight >> shift) as i64
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
        let mut unit = 1usize << bank_bits;
        let mut strides = Vec::new();
        for &id in shape.rest.iter().rev() {
            strides.push((id, unit));
            unit *= self.extent(t, id);
        }
        let position = unit;
        let mut inner = position;
        for &id in self.network().columns()[..shape.prefix.modes].iter().rev() {
            strides.push((id, inner));
            inner *= self.network().size(id);
        }
        let words = if shape.per_slab { position } else { position * shape.prefix.count };
        Addressing { position, words, strides }
    }

    /// The loops of step `s`, outermost first, for `groups` groups with `merged` fused columns
    /// each; `full` is the number of fused columns of the step's longest group.
    pub fn loops(&self, s: usize, groups: usize, merged: usize, full: usize) -> Vec<RawLoop> {
        let (input, output) = (self.addressing(s), self.addressing(s + 1));
        let mut loops = self.kept_loops(s, groups, &input, &output);
        let contracted = self.contracted_loops(s, merged, &input);
        self.weigh(&mut loops, contracted, merged, full)
    }

    /// Loops over groups, free, batch and new indices; the gate innermost.
    fn kept_loops(
        &self,
        s: usize,
        groups: usize,
        input: &Addressing,
        output: &Addressing,
    ) -> Vec<RawLoop> {
        let step = &self.shapes.steps[s];
        let unit = 1i64 << self.lane_bits;
        let hop = group_columns(self, s) * input.position;
        let mut loops = vec![RawLoop {
            digit: Digit::Group,
            bound: groups,
            contracted: false,
            act: hop as i64,
            wgt: 0,
            out: output.position as i64 / unit,
        }];
        let batch = step.batch.iter().map(|&id| (id, 1));
        for (id, wgt) in step.free.iter().map(|&id| (id, 0)).chain(batch) {
            let (e, f) = (self.field(s, id), self.field(s + 1, id));
            let out = output.stride(id) as i64 / unit;
            for (factor, bound, bit) in self.parts(id, e, f) {
                loops.push(RawLoop {
                    digit: Digit::Index { id, factor },
                    bound,
                    contracted: false,
                    act: bit.map_or(input.stride(id) as i64, |bit| self.bank(s, id, bit)),
                    wgt, // marks a loop that weights depend on; `weigh` sets the stride
                    out: out * self.beside_field(id, f, factor),
                });
            }
        }
        for &id in &step.new {
            let f = self.field(s + 1, id);
            loops.push(RawLoop {
                digit: Digit::Index { id, factor: 1 << f },
                bound: self.network().size(id).div_ceil(1 << f),
                contracted: false,
                act: 0,
                wgt: 1,
                out: output.stride(id) as i64 / unit,
            });
        }
        let gate = self.network().gate();
        let is_gate = |l: &RawLoop| matches!(l.digit, Digit::Index { id, .. } if Some(id) == gate);
        loops.sort_by_key(is_gate);
        if s + 1 == self.shapes.steps.len() {
            number_in_order(&mut loops);
        }
        loops
    }

    fn contracted_loops(&self, s: usize, merged: usize, input: &Addressing) -> Vec<RawLoop> {
        let step = &self.shapes.steps[s];
        let of =
            |digit, bound, act| RawLoop { digit, bound, contracted: true, act, wgt: 1, out: 0 };
        let mut loops = Vec::new();
        if step.merged.is_some() {
            loops.push(of(Digit::Merged, merged, input.position as i64));
        }
        for &id in &step.contracted {
            let e = self.field(s, id);
            for (factor, bound, bit) in self.parts(id, e, 0) {
                let act = bit.map_or(input.stride(id) as i64, |bit| self.bank(s, id, bit));
                loops.push(of(Digit::Index { id, factor }, bound, act));
            }
        }
        loops
    }

    /// Joins the two parts and gives the weight loops consecutive ROM words, innermost fastest. The
    /// merged loop counts with its full bound, so that a short last group reads the same words.
    fn weigh(
        &self,
        kept: &mut Vec<RawLoop>,
        contracted: Vec<RawLoop>,
        merged: usize,
        full: usize,
    ) -> Vec<RawLoop> {
        let mut loops = std::mem::take(kept);
        loops.extend(contracted);
        let mut words = 1i64;
        for l in loops.iter_mut().rev().filter(|l| l.wgt != 0) {
            l.wgt = words;
            let bound = if l.digit == Digit::Merged { full.max(merged) } else { l.bound };
            words *= bound as i64;
        }
        loops
    }

    /// Stride of a field bit in tensor `t`: between two banks.
    pub fn bank(&self, t: usize, id: IndexId, bit: u32) -> i64 {
        let bit = FieldBit::of(self.network(), id, bit);
        1i64 << self.slots.of(t, bit).expect("a field bit of the layout has a slot")
    }
}

/// Prefix positions of tensor `s` in one group of step `s`.
fn group_columns(ctx: &Context<'_>, s: usize) -> usize {
    let (before, after) = (ctx.shapes.tensors[s].prefix, ctx.shapes.tensors[s + 1].prefix);
    ctx.network().columns()[after.modes..before.modes]
        .iter()
        .map(|&c| ctx.network().size(c))
        .product()
}

/// Results in the order in which they are produced.
fn number_in_order(loops: &mut [RawLoop]) {
    let mut next = 1;
    for l in loops.iter_mut().rev() {
        l.out = next;
        next *= l.bound as i64;
    }
}
