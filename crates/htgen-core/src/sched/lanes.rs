//! Which indices the lanes of each step run over: dynamic programming over lane patterns.
//!
//! With P = 2^p lanes a step's *pattern* takes a power-of-two factor (a *field*) of some free and
//! new indices; lanes differ in what they add to those indices. The layout of a result is the
//! pattern that produced it: bank = fields, address = the rest. A step may have a field on a free
//! index only up to the field that its operand's layout has there; a layout field that it does not
//! use becomes a loop that selects banks. So no word is ever moved between steps.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::shape::{Shapes, StepShape};
use crate::network::{IndexId, Network};
use crate::plan::Plan;

/// Field bits by index number.
pub type Fields = [u8; 32];

/// Patterns of all steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patterns {
    /// PartLayout of the input tensor.
    pub input: Fields,
    /// Pattern of each step; also the layout of its result.
    pub steps: Vec<Fields>,
    /// Cycles per time step in which the lanes work.
    pub busy_cycles: u64,
}

/// Paths kept after each step.
const BEAM: usize = 400;

/// Finds the patterns with the fewest cycles; among equal ones those with the fewest distinct
/// operands and the smallest weight ROM. If the input is `banked`, lanes find their own operands in
/// it.
pub fn choose(plan: &Plan, shapes: &Shapes, lane_bits: u32, banked: bool) -> Patterns {
    let network = plan.network();
    let mut beam = vec![Path::start()];
    for (s, step) in shapes.steps.iter().enumerate() {
        let slabs = if step.per_slab { plan.slabs().count as u64 } else { 1 };
        let mut next: Vec<Path> = Vec::new();
        for path in &beam {
            let layout = (s > 0 || !banked).then_some(&path.layout);
            for pattern in patterns(network, step, layout, lane_bits) {
                next.push(path.with(network, step, pattern, s == 0, slabs));
            }
        }
        next.sort_by_key(Path::cost);
        // Of several paths with the same layout only the cheapest can win.
        let mut seen = std::collections::BTreeSet::new();
        next.retain(|c| seen.insert(c.layout));
        next.truncate(BEAM);
        beam = next;
    }
    let best = beam.into_iter().next().expect("every step has a pattern");
    Patterns { input: best.input, steps: best.steps, busy_cycles: best.cycles }
}

/// Patterns of the steps so far, with what they cost.
#[derive(Clone)]
struct Path {
    input: Fields,
    layout: Fields,
    steps: Vec<Fields>,
    cycles: u64,
    distinct: u32,
    rom: u64,
}

impl Path {
    fn start() -> Self {
        Path { input: [0; 32], layout: [0; 32], steps: vec![], cycles: 0, distinct: 0, rom: 0 }
    }

    fn cost(&self) -> (u64, u32, u64, Vec<Fields>) {
        (self.cycles, self.distinct, self.rom, self.steps.clone())
    }

    fn with(
        &self,
        net: &Network,
        step: &StepShape,
        pattern: Fields,
        first: bool,
        slabs: u64,
    ) -> Self {
        let mut next = self.clone();
        if first {
            for id in &step.free {
                next.input[usize::from(id.0)] = pattern[usize::from(id.0)];
            }
            next.layout = next.input;
        }
        let (cycles, rom) = iterations(net, step, &next.layout, &pattern);
        next.cycles += cycles * slabs;
        next.rom += rom;
        next.distinct +=
            step.free.iter().map(|id| u32::from(pattern[usize::from(id.0)])).sum::<u32>();
        next.layout = pattern;
        next.steps.push(pattern);
        next
    }
}

/// Cycles of one run of a step and ROM words, lanes side by side.
fn iterations(net: &Network, step: &StepShape, layout: &Fields, pattern: &Fields) -> (u64, u64) {
    let at = |fields: &Fields, id: &IndexId| u32::from(fields[usize::from(id.0)]);
    let padded = |id: &IndexId, e: u32| net.size(*id).div_ceil(1 << e) as u64;
    let free: u64 = step
        .free
        .iter()
        .map(|id| padded(id, at(layout, id)) << (at(layout, id) - at(pattern, id)))
        .product();
    let whole = |ids: &[IndexId]| -> u64 {
        ids.iter().map(|id| padded(id, at(layout, id)) << at(layout, id)).product()
    };
    let batch = whole(&step.batch);
    let new: u64 = step.new.iter().map(|id| padded(id, at(pattern, id))).product();
    let contracted = whole(&step.contracted);
    let (columns, widest) = match step.merged {
        Some((full, last)) => (((step.positions - 1) * full + last) as u64, full as u64),
        None => (step.positions as u64, 1),
    };
    (columns * batch * free * new * contracted, widest * batch * new * contracted)
}

/// All patterns that use as many lanes as the indices allow. If `layout` is none, the layout of the
/// input is free, so any field on a column is allowed.
fn patterns(
    net: &Network,
    step: &StepShape,
    layout: Option<&Fields>,
    lane_bits: u32,
) -> Vec<Fields> {
    let ceil_log2 = |n: usize| n.next_power_of_two().trailing_zeros();
    let free = step.free.iter().map(|id| {
        let size = net.size(*id);
        // The loader writes the input in a plain loop nest: its fields divide their modes.
        let of_input = size.trailing_zeros();
        (*id, layout.map_or(of_input, |l| u32::from(l[usize::from(id.0)]).min(ceil_log2(size))))
    });
    let new = step.new.iter().map(|id| (*id, ceil_log2(net.size(*id))));
    let room: Vec<(IndexId, u32)> = free.chain(new).filter(|r| r.1 > 0).collect();
    let all: u32 = room.iter().map(|r| r.1).sum();
    let mut out = Vec::new();
    spread(&room, all.min(lane_bits), all, [0; 32], &mut out);
    out
}

/// Distributes `bits` over the room; `left` is the room's total.
fn spread(room: &[(IndexId, u32)], bits: u32, left: u32, fields: Fields, out: &mut Vec<Fields>) {
    let Some((&(id, most), rest)) = room.split_first() else {
        out.push(fields);
        return;
    };
    let left = left - most;
    for take in bits.saturating_sub(left)..=most.min(bits) {
        let mut next = fields;
        next[usize::from(id.0)] = take as u8;
        spread(rest, bits - take, left, next, out);
    }
}
