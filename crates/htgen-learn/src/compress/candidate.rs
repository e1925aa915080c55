//! A matrix before its ranks are chosen: what each step keeps and costs.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Job;
use super::decompose::decompose;
use super::network::Network;
use super::ranks::{halves, ranks_of, sides};
use super::shape::Shape;
use crate::error::Result;

/// Singular values below this part of the norm are rounding.
const ROUNDING: f64 = 1e-14;

/// What is known of a matrix before its ranks are chosen.
pub(super) struct Candidate {
    pub(super) network: Network,
    /// Ranks that can grow together.
    pub(super) ways: Vec<Vec<usize>>,
    /// Squares of the singular values of each rank, where those gained by one more of it are added
    /// up; none where another rank counts them.
    energies: Vec<Vec<f64>>,
    /// Largest ranks that are known.
    most: Vec<usize>,
    pub(super) ranks: Vec<usize>,
    rounding: f64,
}

impl Candidate {
    /// Ranks 1, and the singular values of a shape as far as the parameters can pay for them.
    pub(super) fn of(job: &Job, shape: &Shape, most: usize) -> Result<Candidate> {
        let network = Network::of(shape, &job.target);
        let caps = caps(job, shape, most);
        let in_place = |problems: crate::error::Problems| problems.in_file(job.place());
        let (_, nodes) = decompose(&job.target, shape, ranks_of(shape, caps)).map_err(in_place)?;
        let norm = job.target.norm();
        let right = halves(shape).map(|[_, right]| right);
        let mut energies = Vec::with_capacity(nodes.len());
        let mut most = Vec::with_capacity(nodes.len());
        for (k, node) in nodes.iter().enumerate() {
            let width = shape.step(k);
            let squares: Vec<f64> =
                node.values.iter().map(|value| (value * norm).powi(2)).collect();
            let blocks = squares.chunks(width).map(|block| block.iter().sum());
            most.push(squares.len() / width);
            // The two halves of a tree see the same matrix.
            energies.push(if right == Some(k) { Vec::new() } else { blocks.collect() });
        }
        let (ways, ranks) = (network.ways(), vec![1; nodes.len()]);
        Ok(Candidate { network, ways, energies, most, ranks, rounding: (ROUNDING * norm).powi(2) })
    }

    pub(super) fn cost(&self) -> usize {
        self.network.parameters(&self.ranks)
    }

    /// Ranks for at most this many parameters, and their loss; none when rank 1 costs more.
    pub(super) fn within(mut self, most: usize) -> Option<f64> {
        if self.cost() > most {
            return None;
        }
        fill(std::slice::from_mut(&mut self), most, None);
        Some(self.lost())
    }

    /// The ranks with those of one way increased by one, and the energy that this keeps; none if
    /// that is nothing, or if a rank is more than its neighbours can fill.
    pub(super) fn step(&self, way: usize) -> Option<(Vec<usize>, f64)> {
        let (mut ranks, mut gain) = (self.ranks.clone(), 0.0);
        for &k in &self.ways[way] {
            if ranks[k] >= self.most[k] {
                return None;
            }
            gain += self.energies[k].get(ranks[k]).copied().unwrap_or(0.0);
            ranks[k] += 1;
        }
        (gain > self.rounding && self.network.fits(&ranks)).then_some((ranks, gain))
    }

    /// Undoes steps that kept nothing.
    pub(super) fn trim(&mut self) {
        for way in 0..self.ways.len() {
            loop {
                let (ranks, before) = (self.ranks.clone(), self.lost());
                if !self.step_back(way) {
                    break;
                }
                if self.lost() > before + self.rounding {
                    self.ranks = ranks;
                    break;
                }
            }
        }
    }

    pub(super) fn step_back(&mut self, way: usize) -> bool {
        let mut ranks = self.ranks.clone();
        for &k in &self.ways[way] {
            ranks[k] -= 1;
        }
        let fits = !ranks.contains(&0) && self.network.fits(&ranks);
        if fits {
            self.ranks = ranks;
        }
        fits
    }

    /// The energy of what no rank keeps.
    pub(super) fn lost(&self) -> f64 {
        let tail =
            |(energies, rank): (&Vec<f64>, &usize)| -> f64 { energies.iter().skip(*rank).sum() };
        self.energies.iter().zip(&self.ranks).map(tail).sum()
    }
}

/// Parameters of all of them.
pub(super) fn spent(candidates: &[Candidate]) -> usize {
    candidates.iter().map(Candidate::cost).sum()
}

/// Takes steps as long as one fits; `without` is a way that is not taken.
pub(super) fn fill(candidates: &mut [Candidate], most: usize, without: Option<(usize, usize)>) {
    let mut spent = spent(candidates);
    loop {
        let mut best: Option<(f64, usize, Vec<usize>, usize)> = None;
        for (k, candidate) in candidates.iter().enumerate() {
            let own = candidate.cost();
            for way in (0..candidate.ways.len()).filter(|way| without != Some((k, *way))) {
                let Some((ranks, gain)) = candidate.step(way) else { continue };
                let cost = candidate.network.parameters(&ranks) - own;
                let worth = gain / cost as f64;
                let is_better = best.as_ref().is_none_or(|best| worth > best.0);
                if spent + cost <= most && is_better {
                    best = Some((worth, k, ranks, cost));
                }
            }
        }
        let Some((_, k, ranks, cost)) = best else { break };
        spent += cost;
        candidates[k].ranks = ranks;
    }
}

/// The largest ranks that this many parameters could pay for.
fn caps(job: &Job, shape: &Shape, most: usize) -> Vec<usize> {
    let root = (most as f64).sqrt();
    let is_tree = matches!(shape, Shape::Tree(_));
    let cap = |(modes, halves): (Vec<usize>, Option<[usize; 2]>)| {
        let is_leaf = is_tree && halves.is_none() && modes.len() == 1;
        if !is_leaf {
            return root.max(1.0) as usize;
        }
        // A leaf of rank r needs an inner node of at least r x r beside its own core.
        let pair = job.target.pair(modes[0]) as f64;
        (((pair * pair + 4.0 * most as f64).sqrt() - pair) / 2.0).max(1.0) as usize
    };
    sides(shape).into_iter().map(cap).collect()
}
