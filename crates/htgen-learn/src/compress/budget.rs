//! Ranks within a budget of parameters: the step that keeps most energy for its parameters comes
//! first; then steps are undone where others keep more in their place.

use super::network::Network;
use super::project::{Shape, decompose};
use super::ranks::{halves, ranks_of, sides};
use super::{Job, lost};
use crate::error::{Diagnostic, Result};

/// Singular values below this part of the norm are rounding.
const ROUNDING: f64 = 1e-14;
/// Maximum number of exchanges of steps.
const MAX_EXCHANGES: usize = 64;
/// The part of a budget that should be used, and how much more energy may be lost for that.
const USED: f64 = 0.9;
const SLACK: f64 = 1.05;

/// Maximum number of steps undone at once, and maximum number of elements of all tensors that are
/// then factored to measure the loss.
const MAX_STEPS: usize = 4;
const MAX_ELEMENTS: usize = 1 << 22;

/// The ranks of all matrices.
type Ranks = Vec<Vec<usize>>;

/// What is known of a matrix before its ranks are chosen.
pub(super) struct Candidate {
    network: Network,
    /// Ranks that can grow together.
    ways: Vec<Vec<usize>>,
    /// Squares of the singular values of each rank, where those gained by one more of it are added
    /// up; none where another rank counts them.
    energies: Vec<Vec<f64>>,
    /// Largest ranks that are known.
    most: Vec<usize>,
    ranks: Vec<usize>,
    rounding: f64,
}

/// Ranks of all matrices, with at most this many parameters together.
pub(super) fn choose(jobs: &[Job], most: usize) -> Result<Ranks> {
    let mut candidates = Vec::with_capacity(jobs.len());
    for job in jobs {
        candidates.push(Candidate::of(job, &job.shape, most)?);
    }
    let least = spent(&candidates);
    if least > most {
        return Err(Diagnostic::new("--parameters", "too few")
            .found(most)
            .expected(format!("at least {least}, those of rank 1"))
            .help("more modes make smaller cores")
            .into());
    }
    let mut tried = Vec::new();
    fill(&mut candidates, most, None);
    tried.push(trimmed(&mut candidates));
    for _ in 0..MAX_EXCHANGES {
        if !exchange(&mut candidates, most, 1.0 - 1e-9) {
            break;
        }
    }
    tried.push(trimmed(&mut candidates));
    // Steps are coarse where there are few; different ones may come closer.
    if (spent(&candidates) as f64) < USED * most as f64 && exchange(&mut candidates, most, SLACK) {
        tried.push(trimmed(&mut candidates));
    }
    let mut best = best(jobs, &candidates, tried, most)?.expect("some ranks were tried");
    let elements: usize = jobs.iter().map(|job| job.target.elements()).sum();
    let mut left = MAX_ELEMENTS / elements.max(1);
    loop {
        let others = neighbours(&mut candidates, &best.1, most);
        if others.len() > left {
            break;
        }
        left -= others.len();
        match self::best(jobs, &candidates, others, most)? {
            Some(other) if other.0 < best.0 => best = other,
            _ => break,
        }
    }
    // An exchange leaves out the steps it took back; they may fit again.
    for (candidate, ranks) in candidates.iter_mut().zip(&best.1) {
        candidate.ranks.clone_from(ranks);
    }
    fill(&mut candidates, most, None);
    let grown = trimmed(&mut candidates);
    let both = vec![best.1, grown];
    Ok(self::best(jobs, &candidates, both, most)?.expect("some ranks were tried").1)
}

/// The ranks that result when some steps of one kind are replaced by others.
fn neighbours(candidates: &mut [Candidate], ranks: &Ranks, most: usize) -> Vec<Ranks> {
    let mut found = Vec::new();
    for k in 0..candidates.len() {
        for way in 0..candidates[k].ways.len() {
            for steps in 1..=MAX_STEPS {
                for (candidate, ranks) in candidates.iter_mut().zip(ranks) {
                    candidate.ranks.clone_from(ranks);
                }
                if !(0..steps).all(|_| candidates[k].step_back(way)) {
                    break;
                }
                fill(candidates, most, Some((k, way)));
                found.push(trimmed(candidates));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The ranks without those that keep nothing.
fn trimmed(candidates: &mut [Candidate]) -> Ranks {
    for candidate in candidates.iter_mut() {
        candidate.trim();
    }
    candidates.iter().map(|candidate| candidate.ranks.clone()).collect()
}

/// The ranks with the smallest loss when they are applied, because the singular values of a rank
/// change once those before it have been cut; a little more loss is accepted for a budget that is
/// used up.
fn best(
    jobs: &[Job],
    candidates: &[Candidate],
    tried: Vec<Ranks>,
    most: usize,
) -> Result<Option<(f64, Ranks)>> {
    let mut best: Option<(f64, Ranks)> = None;
    for ranks in tried {
        let mut error = 0.0;
        let mut used = 0;
        for ((job, candidate), ranks) in jobs.iter().zip(candidates).zip(&ranks) {
            let rule = ranks_of(&job.shape, ranks.clone());
            let (_, nodes) = decompose(&job.target, &job.shape, rule)?;
            error += lost(&nodes) * job.target.norm().powi(2);
            used += candidate.network.parameters(ranks);
        }
        if (used as f64) < USED * most as f64 {
            error *= SLACK;
        }
        if best.as_ref().is_none_or(|(least, _)| error < *least) {
            best = Some((error, ranks));
        }
    }
    Ok(best)
}

fn spent(candidates: &[Candidate]) -> usize {
    candidates.iter().map(Candidate::cost).sum()
}

/// Takes steps as long as one fits; `without` is a way that is not taken.
fn fill(candidates: &mut [Candidate], most: usize, without: Option<(usize, usize)>) {
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

/// Undoes one step and takes others; keeps the first such exchange that loses less than this many
/// times the present loss and, where more may be lost, uses the budget.
fn exchange(candidates: &mut [Candidate], most: usize, factor: f64) -> bool {
    let all = |candidates: &[Candidate]| candidates.iter().map(Candidate::lost).sum::<f64>();
    let before = all(candidates);
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
        let is_used = factor < 1.0 || spent(candidates) as f64 >= USED * most as f64;
        if is_used && all(candidates) < before * factor {
            return true;
        }
        for (candidate, ranks) in candidates.iter_mut().zip(&ranks) {
            candidate.ranks.clone_from(ranks);
        }
    }
    false
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

    /// Undoes steps that kept nothing.
    fn trim(&mut self) {
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
