//! Cores and the ranks between them: what ranks cost, which ranks the neighbouring cores can fill,
//! and which can grow together.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::ranks::{halves, sides};
use super::shape::Shape;
use super::target::Target;

/// A core by its ranks.
pub(super) struct Core {
    /// Values of the core with all ranks 1.
    size: usize,
    /// No rank exceeds this times the product of the other ranks of the core.
    fill: usize,
    /// Its ranks, by their places in the list.
    ranks: Vec<usize>,
}

/// All cores of a shape.
pub(super) struct Network(Vec<Core>);

impl Network {
    pub(super) fn of(shape: &Shape, target: &Target) -> Network {
        let core = |size: usize, ranks: Vec<usize>| Core { size, fill: size, ranks };
        let chain = |sizes: &[usize]| -> Vec<Core> {
            let last = sizes.len() - 1;
            let ranks = |k: usize| (k.saturating_sub(1)..(k + 1).min(last)).collect();
            sizes.iter().enumerate().map(|(k, size)| core(*size, ranks(k))).collect()
        };
        Network(match shape {
            Shape::Train(count) => chain(&(0..*count).map(|k| target.pair(k)).collect::<Vec<_>>()),
            Shape::Ring(ring) => {
                let mut sizes = ring.sizes.clone();
                let last = sizes.len() - 1;
                sizes[last] *= ring.close;
                let mut cores = chain(&sizes);
                // The first core carries the closing rank in addition to its mode.
                cores[0].size *= ring.close;
                cores[0].fill /= ring.close;
                cores
            }
            Shape::Tree(_) => match halves(shape) {
                None => vec![core(target.pair(0), Vec::new())],
                Some(root) => {
                    let below =
                        sides(shape).into_iter().enumerate().map(|(own, (modes, halves))| {
                            match halves {
                                None => core(target.pair(modes[0]), vec![own]),
                                Some([left, right]) => core(1, vec![own, left, right]),
                            }
                        });
                    std::iter::once(core(1, root.to_vec())).chain(below).collect()
                }
            },
        })
    }

    /// Values in all cores.
    pub(super) fn parameters(&self, ranks: &[usize]) -> usize {
        let values =
            |core: &Core| core.ranks.iter().fold(core.size, |n, &k| n.saturating_mul(ranks[k]));
        self.0.iter().map(values).fold(0, usize::saturating_add)
    }

    /// Whether the cores on both sides of every rank can fill it.
    pub(super) fn fits(&self, ranks: &[usize]) -> bool {
        self.0.iter().all(|core| {
            core.ranks.iter().all(|&own| {
                let others = core.ranks.iter().filter(|&&other| other != own);
                ranks[own] <= others.fold(core.fill, |n, &k| n.saturating_mul(ranks[k]))
            })
        })
    }

    /// Ranks that can grow together: those on the way between two cores.
    ///
    /// With one more of each rank along such a path, the cores on it fill their ranks as before, so
    /// only its ends may prevent it.
    pub(super) fn ways(&self) -> Vec<Vec<usize>> {
        let mut ways = Vec::new();
        for from in 0..self.0.len() {
            self.walk(from, from, &mut Vec::new(), &mut ways);
        }
        ways
    }

    /// The paths from a core to those with a larger number.
    fn walk(&self, start: usize, at: usize, way: &mut Vec<usize>, ways: &mut Vec<Vec<usize>>) {
        for &rank in &self.0[at].ranks {
            if way.last() == Some(&rank) {
                continue;
            }
            let joins =
                |(k, core): (usize, &Core)| (k != at && core.ranks.contains(&rank)).then_some(k);
            let next = self.0.iter().enumerate().find_map(joins).expect("a rank joins two cores");
            way.push(rank);
            if next > start {
                let mut sorted = way.clone();
                sorted.sort_unstable();
                ways.push(sorted);
            }
            self.walk(start, next, way, ways);
            way.pop();
        }
    }
}
