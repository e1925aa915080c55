//! The pairs in which nodes are merged into one tensor: of all orders with connected tensors, the
//! one with the fewest multiplies. The order decides the last bit of a double, so docs/numerics.md
//! states it; it also decides the cost of merging, which is why no group is merged before its cost
//! is known.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{IndexKind, Network, NodeId, Tensor};

/// Pairs to contract, in order: numbers below the number of tensors are the given tensors, and the
/// result of pair k has the number `tensors + k`. The first of a pair contains the first node.
pub type Pairs = Vec<(usize, usize)>;

/// The cost of merging a set of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    /// Total number of multiplies.
    pub multiplies: u64,
    /// Words of the largest tensor formed on the way, including the result.
    pub largest: u64,
    /// Of the last pair, the half with the first node.
    half: u32,
}

/// All sets of nodes connected by shared indices, with the cheapest way to merge each.
pub struct Merges {
    sizes: Vec<u64>,
    open: Vec<u32>,
    best: Vec<Option<Merge>>,
    groups: Vec<u32>,
}

impl Merges {
    /// Computes the cost of every connected set of nodes of a network.
    pub fn of(network: &Network) -> Merges {
        let nodes = network.nodes().iter();
        let masks: Vec<u32> = nodes
            .map(|node| node.tensor.indices().iter().fold(0, |mask, id| mask | 1 << id.0))
            .collect();
        let outer = |kind: IndexKind| kind != IndexKind::Rank;
        let outer = network.ids(outer).into_iter().fold(0, |mask, id| mask | 1 << id.0);
        let groups = connected(&masks);
        let mut merges = Merges {
            sizes: network.indices().iter().map(|index| index.size as u64).collect(),
            open: open(&masks, outer),
            best: vec![None; 1 << masks.len()],
            groups: Vec::new(),
        };
        // Parts of a set have smaller numbers.
        for &group in &groups {
            merges.best[group as usize] = merges.weigh(group);
        }
        merges.groups = groups;
        merges
    }

    /// Connected sets of nodes, one bit per node, in ascending order.
    pub fn groups(&self) -> &[u32] {
        &self.groups
    }
    /// Indices of the tensor made from a set of nodes: those of rows and columns, and those shared
    /// with nodes outside the set.
    pub fn open(&self, set: u32) -> u32 {
        self.open[set as usize]
    }
    /// The cost of merging a connected set.
    pub fn cost(&self, set: u32) -> Merge {
        self.best[set as usize].expect("the set is connected")
    }
    /// The pairs of a connected set, its nodes numbered from 0 in order.
    pub fn pairs(&self, set: u32) -> Pairs {
        let mut pairs = Vec::new();
        self.unfold(set, set, &mut pairs);
        pairs
    }

    fn unfold(&self, set: u32, whole: u32, pairs: &mut Pairs) -> usize {
        let half = self.cost(set).half;
        if half == set {
            // The place of the only node among those of the whole network.
            return (whole & (set - 1)).count_ones() as usize;
        }
        let first = self.unfold(half, whole, pairs);
        let second = self.unfold(set & !half, whole, pairs);
        pairs.push((first, second));
        whole.count_ones() as usize + pairs.len() - 1
    }

    /// The cheapest last pair; if several are equal, the one whose half with the first node is the
    /// smallest number.
    fn weigh(&self, set: u32) -> Option<Merge> {
        let words = self.words(self.open(set));
        let first = set & set.wrapping_neg();
        if set == first {
            return Some(Merge { multiplies: 0, largest: words, half: set });
        }
        let rest = set & !first;
        let mut found: Option<Merge> = None;
        // Every part of the rest except all of it, in ascending order.
        let mut beside = 0u32;
        while beside != rest {
            let half = first | beside;
            let parts = self.best[half as usize].zip(self.best[(set & !half) as usize]);
            if let Some((a, b)) = parts {
                let own = self.words(self.open(half) | self.open(set & !half));
                let sum = a.multiplies.saturating_add(b.multiplies).saturating_add(own);
                if found.is_none_or(|best| sum < best.multiplies) {
                    let largest = words.max(a.largest).max(b.largest);
                    found = Some(Merge { multiplies: sum, largest, half });
                }
            }
            beside = beside.wrapping_sub(rest) & rest;
        }
        found
    }

    fn words(&self, indices: u32) -> u64 {
        let sizes = self.sizes.iter().enumerate().filter(|(k, _)| indices >> k & 1 == 1);
        sizes.fold(1, |product, (_, &size)| product.saturating_mul(size))
    }
}

impl Network {
    /// The tensor that results when nodes are merged in pairs.
    pub fn merged(&self, nodes: &[NodeId], pairs: &Pairs) -> Tensor {
        let tensor = |id: &NodeId| Some(self.nodes[usize::from(id.0)].tensor.clone());
        let mut tensors: Vec<Option<Tensor>> = nodes.iter().map(tensor).collect();
        for &(first, second) in pairs {
            let a = tensors[first].take().expect("a tensor is in one pair");
            let b = tensors[second].take().expect("a tensor is in one pair");
            let mut others: Vec<&Tensor> = tensors.iter().flatten().collect();
            let outside = (0..self.nodes.len()).filter(|&k| !nodes.contains(&NodeId(k as u8)));
            others.extend(outside.map(|k| &self.nodes[k].tensor));
            let needed = |id: &super::IndexId| {
                self.info(*id).kind != IndexKind::Rank
                    || others.iter().any(|t| t.indices().contains(id))
            };
            let result = a.contract_keeping(&b, needed);
            tensors.push(Some(result));
        }
        tensors.pop().flatten().expect("pairs leave one tensor")
    }
}

/// Indices of every set of nodes that something outside needs.
fn open(masks: &[u32], outer: u32) -> Vec<u32> {
    let mut all = vec![0u32; 1 << masks.len()];
    for set in 1..all.len() {
        all[set] = all[set & (set - 1)] | masks[set.trailing_zeros() as usize];
    }
    let full = all.len() - 1;
    (0..=full).map(|set| all[set] & (outer | all[full ^ set])).collect()
}

/// All connected sets of nodes; two nodes are neighbors when they share an index.
fn connected(masks: &[u32]) -> Vec<u32> {
    let neighbors: Vec<u32> = (0..masks.len())
        .map(|a| {
            (0..masks.len())
                .filter(|&b| b != a && masks[a] & masks[b] != 0)
                .fold(0, |m, b| m | 1 << b)
        })
        .collect();
    let grow = |set: u32| {
        (0..masks.len()).filter(|&k| set >> k & 1 == 1).fold(set, |m, k| m | neighbors[k])
    };
    let mut known = std::collections::BTreeSet::new();
    let mut queue: Vec<u32> = (0..masks.len()).map(|k| 1 << k).collect();
    while let Some(set) = queue.pop() {
        if known.insert(set) {
            let rim = grow(set) & !set;
            queue.extend((0..masks.len()).filter(|&k| rim >> k & 1 == 1).map(|k| set | 1 << k));
        }
    }
    known.into_iter().collect()
}
