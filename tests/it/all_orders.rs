//! All orders and all cuts of a small network with what they take, walked from the definitions
//! only.
// SPDX-License-Identifier: MIT OR Apache-2.0

use htgen::network::{IndexId, IndexKind, Network};
use std::collections::{BTreeSet, HashMap};

/// What a plan takes.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// Multiplies a time step.
    pub macs: u64,
    /// ROM words.
    pub rom: u64,
    /// Buffer words.
    pub peak: u64,
}

/// One step of a walk.
#[derive(Debug, Clone, Copy)]
struct Stride {
    macs: u64,
    rom: u64,
    /// Positions that carry data, and how many leading column modes they are of.
    count: u64,
    modes: usize,
    /// Column modes in front in the result, and its words.
    left: usize,
    words: u64,
}

/// All orders of a network.
struct Orders<'a> {
    network: &'a Network,
    /// Sizes of the column modes.
    columns: Vec<u64>,
    used: u64,
    /// Steps by the nodes that are done and those that are met; none where there is no such step.
    strides: HashMap<(u32, u32), Option<Stride>>,
    found: Vec<Taken>,
}

type Set = BTreeSet<usize>;
type Indices = BTreeSet<IndexId>;

impl Orders<'_> {
    /// Indices that a set of nodes leaves to others.
    fn open(&self, set: &Set) -> Indices {
        let nodes = self.network.nodes();
        let has = |k: usize, id: &IndexId| nodes[k].tensor.indices().contains(id);
        let all = set.iter().flat_map(|&k| nodes[k].tensor.indices());
        let needed = |id: &&IndexId| {
            self.network.info(**id).kind != IndexKind::Rank
                || (0..nodes.len()).any(|k| !set.contains(&k) && has(k, id))
        };
        all.filter(needed).copied().collect()
    }

    fn product(&self, ids: impl IntoIterator<Item = IndexId>) -> u64 {
        ids.into_iter().map(|id| self.network.size(id) as u64).product()
    }

    /// Leading column modes that are fused after a set, and their positions with data.
    fn fused(&self, set: &Set) -> (usize, u64) {
        let columns = self.network.columns();
        let open = self.open(set);
        let first = columns.iter().position(|id| open.contains(id)).unwrap_or(columns.len());
        (first, self.used.div_ceil(self.product(columns[first..].iter().copied())))
    }

    /// Indices of the intermediate result after a set.
    fn result(&self, set: &Set) -> Indices {
        let columns: Indices = self.network.columns().into_iter().collect();
        self.open(set).symmetric_difference(&columns).copied().collect()
    }

    fn words(&self, ids: &Indices, set: &Set) -> u64 {
        let (modes, count) = self.fused(set);
        let columns = self.network.columns();
        count * self.product(ids.iter().copied().filter(|id| !columns[..modes].contains(id)))
    }

    /// Whether the nodes hang together.
    fn connected(&self, group: &Set) -> bool {
        let indices = |k: usize| self.network.nodes()[k].tensor.indices();
        let mut known: Set = group.iter().take(1).copied().collect();
        loop {
            let touches = |k: &usize| {
                known.iter().any(|&o| indices(o).iter().any(|id| indices(*k).contains(id)))
            };
            let next: Set = group.iter().copied().filter(touches).collect();
            if next == known {
                return known == *group;
            }
            known = next;
        }
    }

    fn stride(&self, done: &Set, group: &Set) -> Option<Stride> {
        let next: Set = done | group;
        let (operand, weight) = (self.result(done), self.open(group));
        let after = self.result(&next);
        if !operand.intersection(&weight).any(|id| !after.contains(id)) {
            return None;
        }
        let ((modes, count), (left, positions)) = (self.fused(done), self.fused(&next));
        let columns = self.network.columns();
        let inner = &columns[left..modes];
        let whole = inner.iter().all(|id| weight.contains(id));
        if !whole && count < self.product(columns[..modes].iter().copied()) {
            return None;
        }
        let summed = if positions == 1 { count } else { self.product(inner.iter().copied()) };
        let others = weight.iter().copied().filter(|id| !inner.contains(id));
        let rom = match whole {
            true => summed * self.product(others),
            false => self.product(weight.iter().copied()),
        };
        let macs = self.words(&(&operand | &weight), done);
        let last = next.len() == self.network.nodes().len();
        let words = if last { 0 } else { self.words(&after, &next) };
        Some(Stride { macs, rom, count, modes, left, words })
    }

    /// The step that meets `group` after `done`, both a bit a node.
    fn stride_of(&mut self, done: u32, group: u32) -> Option<Stride> {
        if let Some(known) = self.strides.get(&(done, group)) {
            return *known;
        }
        let set = |bits: u32| -> Set { (0..32).filter(|k| bits >> k & 1 == 1).collect() };
        let together = self.connected(&set(group));
        let stride = together.then(|| self.stride(&set(done), &set(group))).flatten();
        self.strides.insert((done, group), stride);
        stride
    }

    fn walk(&mut self, done: u32, strides: &mut Vec<Stride>) {
        let all = (1u32 << self.network.nodes().len()) - 1;
        if done == all {
            self.found.push(self.taken(strides));
        }
        for group in (1..=all).filter(|group| group & done == 0) {
            if let Some(stride) = self.stride_of(done, group) {
                strides.push(stride);
                self.walk(done | group, strides);
                strides.pop();
            }
        }
    }

    fn taken(&self, strides: &[Stride]) -> Taken {
        let cuts = (1..strides.len())
            .flat_map(|n| (1..=strides[n - 1].left).filter_map(move |m| self.cut(strides, n, m)));
        Taken {
            macs: strides.iter().map(|s| s.macs).sum(),
            rom: strides.iter().map(|s| s.rom).sum(),
            peak: cuts.chain([pairs(strides, 0)]).min().unwrap(),
        }
    }

    /// Words alive when the first `n` steps run slab by slab over `m` modes; none where that is too
    /// many slabs or more than three in a hundred more multiplies.
    fn cut(&self, strides: &[Stride], n: usize, m: usize) -> Option<u64> {
        let inner = |modes: usize| self.columns[m..modes].iter().product::<u64>();
        let slabs = strides[0].count.div_ceil(inner(strides[0].modes));
        let filled = |s: &Stride| s.macs / s.count * slabs * inner(s.modes);
        let more: u64 = strides[..n].iter().map(filled).sum();
        let rest: u64 = strides[n..].iter().map(|s| s.macs).sum();
        let exact: u64 = strides.iter().map(|s| s.macs).sum();
        let two: u64 = strides[..n - 1].iter().map(|s| 2 * s.words.div_ceil(slabs)).sum();
        let peak = (two + strides[n - 1].words).max(pairs(strides, n));
        (slabs <= 64 && (more + rest) * 100 <= exact * 103).then_some(peak)
    }
}

/// Most words of operand and result together, from step `n` on.
fn pairs(strides: &[Stride], n: usize) -> u64 {
    let operand = |k: usize| if k == 0 { 0 } else { strides[k - 1].words };
    (n..strides.len()).map(|k| operand(k) + strides[k].words).max().unwrap()
}

/// Every order, with the columns that are zero left out and with them.
pub fn all(network: &Network) -> Vec<Taken> {
    let columns: Vec<u64> = network.columns().iter().map(|&id| network.size(id) as u64).collect();
    let used: BTreeSet<u64> = [network.columns_used() as u64, columns.iter().product()].into();
    let of = |used: u64| {
        let (columns, strides, found) = (columns.clone(), HashMap::new(), Vec::new());
        let mut orders = Orders { network, columns, used, strides, found };
        orders.walk(0, &mut Vec::new());
        orders.found
    };
    used.into_iter().flat_map(of).collect()
}
