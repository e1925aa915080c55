//! The order in which the tensors of a network are contracted pairwise: the cheapest found by a
//! search over all subsets, or for many tensors the one found by a greedy choice.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// Maximum number of tensors for the search over all subsets; 3^12 pairs of subsets are examined.
const MOST_EXHAUSTIVE: usize = 12;
/// The cost of a word of a result besides its multiplies: the gradient copies it, and back.
const WORD_COST: f64 = 16.0;

/// Sets of indices as bits, and the size of each index.
#[derive(Debug, Clone)]
pub struct IndexSets {
    /// Indices of each tensor.
    pub tensors: Vec<u64>,
    /// Size of each index, by number.
    pub sizes: Vec<usize>,
    /// Indices of the result.
    pub output: u64,
}

/// Pairs of tensors to contract, in order; the result of pair k has the number `tensors + k`.
pub type ContractionPath = Vec<(usize, usize)>;

impl IndexSets {
    fn words(&self, set: u64) -> f64 {
        let sizes = self.sizes.iter().enumerate().filter(|(k, _)| set >> k & 1 == 1);
        sizes.map(|(_, &size)| size as f64).product()
    }
    /// Multiplies and copies of one pair.
    fn cost(&self, a: u64, b: u64, result: u64) -> f64 {
        self.words(a | b) + WORD_COST * self.words(result)
    }
    /// The cheapest order; empty for one tensor.
    pub fn order(&self) -> ContractionPath {
        if self.tensors.len() <= MOST_EXHAUSTIVE { self.exhaustive() } else { self.greedy() }
    }

    fn exhaustive(&self) -> ContractionPath {
        let n = self.tensors.len();
        let all = (1usize << n) - 1;
        let union: Vec<u64> = (0..=all)
            .map(|set| (0..n).filter(|k| set >> k & 1 == 1).fold(0, |u, k| u | self.tensors[k]))
            .collect();
        // What is left of a subset's indices once it is contracted.
        let left = |set: usize| union[set] & (union[all & !set] | self.output);
        let mut best = vec![(f64::INFINITY, 0usize); all + 1];
        (0..n).for_each(|k| best[1 << k] = (0.0, 0));
        for set in 1..=all {
            if set.is_power_of_two() {
                continue;
            }
            let mut part = (set - 1) & set;
            while part > set & !part {
                let rest = set & !part;
                let below = best[part].0 + best[rest].0;
                let cost = below + self.cost(left(part), left(rest), left(set));
                if cost < best[set].0 {
                    best[set] = (cost, part);
                }
                part = (part - 1) & set;
            }
        }
        let mut order = Vec::with_capacity(n.saturating_sub(1));
        unfold(all, &best, n, &mut order);
        order
    }

    fn greedy(&self) -> ContractionPath {
        let n = self.tensors.len();
        let mut alive: Vec<(usize, u64)> = self.tensors.iter().copied().enumerate().collect();
        let mut order = Vec::new();
        while alive.len() > 1 {
            let mut best = (f64::INFINITY, 0, 1, 0);
            for i in 0..alive.len() {
                for j in i + 1..alive.len() {
                    let (a, b) = (alive[i].1, alive[j].1);
                    let others = alive.iter().enumerate().filter(|(k, _)| *k != i && *k != j);
                    let rest = others.fold(self.output, |u, (_, t)| u | t.1);
                    let result = (a | b) & rest;
                    let growth = self.words(result) - self.words(a) - self.words(b);
                    // Multiplies decide between pairs that grow alike.
                    let cost = growth + 1e-3 * self.words(a | b);
                    if cost < best.0 {
                        best = (cost, i, j, result);
                    }
                }
            }
            let (_, i, j, result) = best;
            order.push((alive[i].0, alive[j].0));
            alive.remove(j);
            alive.remove(i);
            alive.push((n + order.len() - 1, result));
        }
        order
    }
}

/// Lists the pairs of a subset, those of its parts first; returns the number of its result.
fn unfold(set: usize, best: &[(f64, usize)], n: usize, order: &mut ContractionPath) -> usize {
    if set.is_power_of_two() {
        return set.trailing_zeros() as usize;
    }
    let part = best[set].1;
    let a = unfold(part, best, n, order);
    let b = unfold(set & !part, best, n, order);
    order.push((a, b));
    n + order.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chain of matrices of 2x64, 64x64, 64x64: from the narrow end is cheaper.
    #[test]
    fn the_narrow_end_of_a_chain_comes_first() {
        let shapes = IndexSets {
            tensors: vec![0b0011, 0b0110, 0b1100],
            sizes: vec![2, 64, 64, 64],
            output: 0b1001,
        };
        // Which of a pair comes first does not matter.
        let found = shapes.exhaustive().into_iter().map(|(a, b)| (a.min(b), a.max(b)));
        assert_eq!(found.collect::<Vec<_>>(), [(0, 1), (2, 3)]);
        assert_eq!(shapes.greedy()[0], (0, 1));
    }

    #[test]
    fn one_tensor_needs_no_pair() {
        let shapes = IndexSets { tensors: vec![0b11], sizes: vec![2, 3], output: 0b11 };
        assert!(shapes.order().is_empty());
    }
}
