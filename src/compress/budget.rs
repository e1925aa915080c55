//! Ranks under a number of parameters: the step that keeps most energy for its parameters comes first;
//! then steps are taken back where others keep more in their place.

use super::Job;
use super::network::Network;
use super::project::{Shape, decompose};
use super::ranks::{halves, ranks_of, sides};
use crate::error::{Diagnostic, Result};

/// Singular values below this part of the norm are rounding.
const ROUNDING: f64 = 1e-14;
/// Most exchanges of steps.
const MAX_EXCHANGES: usize = 64;

/// What is known of a matrix before its ranks are chosen.
pub(super) struct Candidate {
    network: Network,
    /// Ranks that can grow together.
    ways: Vec<Vec<usize>>,
    /// Squares of the singular values of each rank, those that come with one more of it added up; none
    /// where another rank counts them.
    energies: Vec<Vec<f64>>,
    /// Largest ranks that are known.
    most: Vec<usize>,
    ranks: Vec<usize>,
    rounding: f64,
}

/// Ranks of all matrices, with at most so many parameters together.
pub(super) fn choose(jobs: &[Job], most: usize) -> Result<Vec<Vec<usize>>> {
    let mut candidates = Vec::with_capacity(jobs.len());
    for job in jobs {
        candidates.push(Candidate::of(job, &job.shape, most)?);
    }
    let least: usize = candidates.iter().map(Candidate::cost).sum();
    if least > most {
        return Err(Diagnostic::new("--parameters", "too few")
            .found(most)
            .expected(format!("at least {least}, those of rank 1"))
            .help("more modes make smaller cores")
            .into());
    }
    fill(&mut candidates, most, None);
    for _ in 0..MAX_EXCHANGES {
        if !exchange(&mut candidates, most) {
            break;
        }
    }
    Ok(candidates.into_iter().map(|candidate| candidate.ranks).collect())
}

/// Takes steps as long as one fits; `without` is a way of a candidate that is not gone.
fn fill(candidates: &mut [Candidate], most: usize, without: Option<(usize, usize)>) {
    let mut spent: usize = candidates.iter().map(Candidate::cost).sum();
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

/// Takes one step back and goes others; keeps the first such exchange that loses less.
fn exchange(candidates: &mut [Candidate], most: usize) -> bool {
    let lost = |candidates: &[Candidate]| candidates.iter().map(Candidate::lost).sum::<f64>();
    let before = lost(candidates);
    let ranks: Vec<Vec<usize>> = candidates.iter().map(|c| c.ranks.clone()).collect();
    let steps: Vec<(usize, usize)> = candidates
        .iter()
        .enumerate()
        .flat_map(|(k, candidate)| (0..candidate.ways.len()).map(move |way| (k, way)))
        .collect();
    for (k, way) in steps {
        if !candidates[k].step_back(way) {
            continue;
        }
        fill(candidates, most, Some((k, way)));
        if lost(candidates) < before * (1.0 - 1e-9) {
            return true;
        }
        for (candidate, ranks) in candidates.iter_mut().zip(&ranks) {
            candidate.ranks.clone_from(ranks);
        }
    }
    false
}

impl Candidate {
    /// Ranks 1, and what singular values a shape has as far as the parameters can pay for them.
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

    /// Ranks for at most so many parameters, and what they lose; none when rank 1 costs more.
    pub(super) fn within(mut self, most: usize) -> Option<f64> {
        if self.cost() > most {
            return None;
        }
        fill(std::slice::from_mut(&mut self), most, None);
        Some(self.lost())
    }

    /// The ranks with those of one way larger by one, and the energy that this keeps; none when that
    /// is nothing, or a rank is more than its neighbours can fill.
    fn step(&self, way: usize) -> Option<(Vec<usize>, f64)> {
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

    fn step_back(&mut self, way: usize) -> bool {
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
    fn lost(&self) -> f64 {
        let tail =
            |(energies, rank): (&Vec<f64>, &usize)| -> f64 { energies.iter().skip(*rank).sum() };
        self.energies.iter().zip(&self.ranks).map(tail).sum()
    }
}

/// Ranks as large as so many parameters could pay for.
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
