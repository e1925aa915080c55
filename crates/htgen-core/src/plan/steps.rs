//! One contraction step: an activation tensor is contracted with one merged weight tensor.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::prefix::{Prefix, extent};
use crate::network::{IndexId, Merge, Network, NodeId, Pairs};

/// One step of a plan. The column modes inside the prefixes are listed like all other indices;
/// `before` and `after` say how far they run.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Nodes merged into this step's weight tensor.
    pub nodes: Vec<NodeId>,
    /// The pairs in which they are merged.
    pub pairs: Pairs,
    /// The cost of merging them.
    pub merge: Merge,
    /// Indices kept from the activation tensor.
    pub free: Vec<IndexId>,
    /// Indices that activation and weight tensor share and the result keeps: each of their
    /// positions has its own weights.
    pub batch: Vec<IndexId>,
    /// Indices summed over.
    pub contracted: Vec<IndexId>,
    /// Indices brought by the weight tensor.
    pub new: Vec<IndexId>,
    /// Column positions in the activation tensor that is read.
    pub before: Prefix,
    /// Column positions in the result.
    pub after: Prefix,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Words of the merged weight tensor.
    pub weight_words: u64,
    /// Words of the result.
    pub out_words: u64,
}

impl Step {
    /// Indices of the result.
    pub fn output(&self) -> Vec<IndexId> {
        self.free.iter().chain(&self.batch).chain(&self.new).copied().collect()
    }
    /// Maximum number of positions summed for one result element, and the number in the last prefix
    /// group if that is shorter: (full, last).
    pub fn contracted_columns(&self, network: &Network) -> (usize, usize) {
        let (from, to) = (self.after.modes, self.before.modes);
        let group = extent(network, from, to);
        match self.before.count {
            count if self.after.count == 1 => (count, count),
            count => (group, count - (self.after.count - 1) * group),
        }
    }
}

/// Sizes as the search needs them: bit masks over indices, products by table look-up.
pub(super) struct Costs<'a> {
    pub network: &'a Network,
    /// Product of the sizes of non-column indices by mask, low and high halves of 16 bits.
    low: Vec<u64>,
    high: Vec<u64>,
    input: Prefix,
}

impl<'a> Costs<'a> {
    pub fn new(network: &'a Network, drop_zero: bool) -> Self {
        let sizes: Vec<u64> = network.indices().iter().map(|i| i.size as u64).collect();
        let table = |half: usize| -> Vec<u64> {
            let sizes = sizes.get(16 * half..).unwrap_or(&[]);
            let mut products = vec![1u64; 1 << sizes.len().min(16)];
            for mask in 1..products.len() {
                let size = sizes[mask.trailing_zeros() as usize];
                products[mask] = products[mask & (mask - 1)].saturating_mul(size);
            }
            products
        };
        let (low, high) = (table(0), table(1));
        Costs { network, low, high, input: Prefix::of_input(network, drop_zero) }
    }
    /// Product of the sizes in a mask.
    pub fn product(&self, mask: u32) -> u64 {
        self.low[(mask & 0xffff) as usize].saturating_mul(self.high[(mask >> 16) as usize])
    }
    /// Mask of the column indices.
    pub fn columns(&self) -> u32 {
        (1u32 << self.network.columns().len()) - 1
    }
    /// The prefix once the columns in the mask are contracted.
    pub fn prefix(&self, contracted_columns: u32) -> Prefix {
        match contracted_columns {
            0 => self.input,
            mask => self.input.after(self.network, mask),
        }
    }
    /// Words of an activation tensor over `indices` with column positions `prefix`.
    pub fn words(&self, indices: u32, prefix: Prefix) -> u64 {
        let fused = (1u32 << prefix.modes) - 1;
        self.product(indices & !fused).saturating_mul(prefix.count as u64)
    }
    /// Multiplies of a step and words of its weights, or `None` if the truncated prefix would need
    /// a shape that is no longer a prefix.
    pub fn step(&self, act: u32, weight: u32, done: u32) -> Option<(u64, u64)> {
        let here = act & weight & self.columns();
        let before = self.prefix(done);
        let after = self.prefix(done | here);
        let fused = (1u32 << before.modes) - 1;
        let inner = fused & !((1u32 << after.modes) - 1);
        let whole = here & inner == inner;
        if !whole && before.truncated(self.network) {
            return None;
        }
        let macs = self.words(act | weight, before);
        let shared = weight & !inner;
        let columns = match after.count {
            1 => before.count as u64,
            _ => self.product(inner),
        };
        let weights = match whole {
            true => self.product(shared).saturating_mul(columns),
            false => self.product(weight),
        };
        Some((macs, weights))
    }
}

/// Splits a mask into index numbers.
pub(super) fn ids(mask: u32) -> Vec<IndexId> {
    (0..32).filter(|b| mask >> b & 1 == 1).map(|b| IndexId(b as u8)).collect()
}
