//! Search over pairwise orders by dynamic programming over sets of contracted nodes.
//!
//! The activation tensor absorbs one connected group of nodes after another; a group of several
//! nodes is a weight tensor merged at build time. First the least number of multiplies from every
//! set to the end is found, then the orders that multiply no more are kept as Pareto fronts of ROM
//! words and buffer words. Where none of these keeps the limits, `limited` searches all orders.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::bounds::Bounds;
use super::memory_bits;
use super::steps::{Costs, Step, ids};
use crate::network::{Merges, Network, NodeId};

/// Multiplies of the walk that contracts node after node in the order of the tree (left subtree,
/// node, right subtree), with nothing merged and zero columns included.
pub(super) fn leaf_by_leaf(network: &Network, merges: &Merges) -> u64 {
    let space = Space::new(network, merges, &Bounds::NONE, false);
    let (mut set, mut total) = (0u32, 0u64);
    for node in 0..network.nodes().len() {
        let weight = merges.open(1 << node);
        total = total.saturating_add(space.costs.product(space.activation(set) | weight));
        set |= 1 << node;
    }
    total
}

const LABELS_A_SET: usize = 24;

#[derive(Clone, Copy)]
struct Label {
    macs: u64,
    rom: u64,
    peak: u64,
    from: u32,
    from_label: u32,
}

impl Label {
    fn dominates(&self, other: &Label) -> bool {
        self.macs <= other.macs && self.rom <= other.rom && self.peak <= other.peak
    }
}

/// The orders of one network: sets of nodes, and the steps from set to set.
pub(super) struct Space<'a> {
    pub costs: Costs<'a>,
    merges: &'a Merges,
    bounds: &'a Bounds,
    /// Sets of nodes that a step may merge.
    groups: Vec<u32>,
}

impl<'a> Space<'a> {
    pub fn new(
        network: &'a Network,
        merges: &'a Merges,
        bounds: &'a Bounds,
        drop_zero: bool,
    ) -> Self {
        let groups = merges.groups().iter().copied();
        let groups = groups.filter(|&group| bounds.allows(merges.cost(group))).collect();
        Space { costs: Costs::new(network, drop_zero), merges, bounds, groups }
    }

    /// Indices of the activation tensor once the nodes of `set` are absorbed.
    fn activation(&self, set: u32) -> u32 {
        self.costs.columns() ^ self.merges.open(set)
    }

    /// Columns that the nodes of `set` have summed away.
    pub fn done(&self, set: u32) -> u32 {
        self.costs.columns() & self.merges.open(set)
    }

    /// Every way to continue from `set`: (group, multiplies, weight words).
    pub fn moves(&self, set: u32) -> impl Iterator<Item = (u32, u64, u64)> + '_ {
        let act = self.activation(set);
        let done = self.done(set);
        self.groups.iter().filter_map(move |&group| {
            let weight = self.merges.open(group);
            // Something must be summed over; what the result still has is not.
            if group & set != 0 || weight & act & !self.activation(set | group) == 0 {
                return None;
            }
            let (macs, words) = self.costs.step(act, weight, done)?;
            if words > self.bounds.weights || self.words(set | group) > self.bounds.result {
                return None;
            }
            Some((group, macs, words))
        })
    }

    pub fn full(&self) -> u32 {
        ((1usize << self.costs.network.nodes().len()) - 1) as u32
    }

    /// The least of a cost from every set to the end, the largest number where there is no end.
    pub fn least_to_go(&self, cost: impl Fn(u64, u64) -> u64) -> Vec<u64> {
        let mut best = vec![u64::MAX; self.full() as usize + 1];
        best[self.full() as usize] = 0;
        for set in (0..self.full()).rev() {
            best[set as usize] = self
                .moves(set)
                .map(|(group, macs, words)| {
                    cost(macs, words).saturating_add(best[(set | group) as usize])
                })
                .min()
                .unwrap_or(u64::MAX);
        }
        best
    }

    /// Fewest multiplies from every set to the end.
    pub fn least_macs_to_go(&self) -> Vec<u64> {
        self.least_to_go(|macs, _| macs)
    }

    /// Orders of at most `bound` multiplies, some of those that no other beats in ROM and buffer
    /// words.
    pub fn pareto(&self, to_go: &[u64], bound: u64) -> Vec<Vec<Step>> {
        let mut fronts: Vec<Vec<Label>> = vec![Vec::new(); self.full() as usize + 1];
        fronts[0].push(Label { macs: 0, rom: 0, peak: 0, from: 0, from_label: 0 });
        for set in 0..self.full() {
            if fronts[set as usize].is_empty() {
                continue;
            }
            let here = fronts[set as usize].clone();
            let input = self.words(set);
            for (group, macs, words) in self.moves(set) {
                let next = set | group;
                let output = self.words(next);
                for (k, label) in here.iter().enumerate() {
                    let new = Label {
                        macs: label.macs.saturating_add(macs),
                        rom: label.rom.saturating_add(words),
                        peak: label.peak.max(input.saturating_add(output)),
                        from: set,
                        from_label: k as u32,
                    };
                    let least = new.macs.saturating_add(to_go[next as usize]);
                    if least <= bound && least < u64::MAX {
                        insert(&mut fronts[next as usize], new);
                    }
                }
            }
        }
        (0..fronts[self.full() as usize].len()).map(|k| self.trace(&fronts, k)).collect()
    }

    /// Words of the intermediate result after `set`; the input and the last result do not count.
    pub fn words(&self, set: u32) -> u64 {
        match set {
            0 => 0,
            set if set == self.full() => 0,
            set => self.costs.words(self.activation(set), self.costs.prefix(self.done(set))),
        }
    }

    fn trace(&self, fronts: &[Vec<Label>], label: usize) -> Vec<Step> {
        let (mut set, mut k) = (self.full(), label);
        let mut steps = Vec::new();
        while set != 0 {
            let at = fronts[set as usize][k];
            steps.push(self.step(at.from, set));
            (set, k) = (at.from, at.from_label as usize);
        }
        steps.reverse();
        steps
    }

    pub fn step(&self, from: u32, to: u32) -> Step {
        let group = to & !from;
        let (act, weight) = (self.activation(from), self.merges.open(group));
        let shared = act & weight;
        let batch = shared & self.activation(to);
        let (macs, weight_words) =
            self.costs.step(act, weight, self.done(from)).expect("the search took this step");
        let after = self.costs.prefix(self.done(to));
        Step {
            nodes: (0..32).filter(|b| group >> b & 1 == 1).map(|b| NodeId(b as u8)).collect(),
            pairs: self.merges.pairs(group),
            merge: self.merges.cost(group),
            free: ids(act & !weight),
            batch: ids(batch),
            contracted: ids(shared & !batch),
            new: ids(weight & !act),
            before: self.costs.prefix(self.done(from)),
            after,
            macs,
            weight_words,
            out_words: self.costs.words(self.activation(to), after),
        }
    }
}

fn insert(front: &mut Vec<Label>, new: Label) {
    if front.iter().any(|l| l.dominates(&new)) {
        return;
    }
    // Labels that later sets point at must not move: a front is only read once it is complete,
    // because every step leads to a larger set number.
    front.retain(|l| !new.dominates(l));
    front.push(new);
    if front.len() > LABELS_A_SET {
        let worst = (0..front.len())
            .max_by_key(|&k| (front[k].macs, memory_bits(front[k].rom, front[k].peak)))
            .expect("the front is not empty");
        front.swap_remove(worst);
    }
}
