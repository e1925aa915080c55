//! Ranks under a number of parameters: the step that keeps most energy for its parameters comes first.

use super::ranks::{Rule, halves, parameters, sides};
use super::{Job, decompose};
use crate::error::{Diagnostic, Result};

/// What is known of a matrix before its ranks are chosen.
struct Candidate<'a> {
    job: &'a Job,
    /// Singular values of each rank, relative to the norm of the matrix, times that norm.
    values: Vec<Vec<f64>>,
    ranks: Vec<usize>,
    /// Ranks that grow together.
    groups: Vec<Vec<usize>>,
}

/// Ranks of all matrices, with at most so many parameters together.
pub(super) fn choose(jobs: &[Job], most: usize) -> Result<Vec<Rule>> {
    let mut candidates = Vec::with_capacity(jobs.len());
    for job in jobs {
        candidates.push(candidate(job, most)?);
    }
    let mut spent: usize = candidates.iter().map(|c| c.cost(&c.ranks)).sum();
    if spent > most {
        return Err(Diagnostic::new("--parameters", "too few")
            .found(most)
            .expected(format!("at least {spent}, those of rank 1"))
            .help("more modes make smaller cores")
            .into());
    }
    loop {
        let mut best: Option<(f64, usize, Vec<usize>, usize)> = None;
        for (k, candidate) in candidates.iter().enumerate() {
            for group in &candidate.groups {
                let Some((ranks, gain)) = candidate.step(group) else { continue };
                let cost = candidate.cost(&ranks) - candidate.cost(&candidate.ranks);
                let worth = gain / cost as f64;
                let better = best.as_ref().is_none_or(|best| worth > best.0);
                if spent + cost <= most && gain > 0.0 && better {
                    best = Some((worth, k, ranks, cost));
                }
            }
        }
        let Some((_, k, ranks, cost)) = best else { break };
        spent += cost;
        candidates[k].ranks = ranks;
    }
    Ok(candidates.into_iter().map(|candidate| Rule::Fixed(candidate.ranks)).collect())
}

impl Candidate<'_> {
    fn cost(&self, ranks: &[usize]) -> usize {
        parameters(ranks, &self.job.shape, &self.job.target)
    }

    /// The ranks with one group larger by one, and the energy that this keeps; none when a rank has
    /// no further singular value, or an inner node more than its halves can fill.
    fn step(&self, group: &[usize]) -> Option<(Vec<usize>, f64)> {
        let mut ranks = self.ranks.clone();
        for &k in group {
            ranks[k] += 1;
        }
        let value = self.values[group[0]].get(self.ranks[group[0]])?;
        let fits = sides(&self.job.shape).iter().enumerate().all(|(k, (_, halves))| {
            ranks[k] <= self.values[k].len()
                && halves.is_none_or(|[left, right]| ranks[k] <= ranks[left] * ranks[right])
        });
        fits.then_some((ranks, value * value))
    }
}

/// Singular values of all ranks as far as the parameters can pay for them.
fn candidate(job: &Job, most: usize) -> Result<Candidate<'_>> {
    let sides = sides(&job.shape);
    let root = (most as f64).sqrt();
    let caps = sides.iter().map(|(modes, halves)| {
        // A leaf of rank r needs an inner node of at least r x r beside its own core.
        let pair = job.target.pair(modes[0]) as f64;
        let leaf = ((pair * pair + 4.0 * most as f64).sqrt() - pair) / 2.0;
        let is_leaf = halves.is_none() && modes.len() == 1;
        (if is_leaf { leaf } else { root }).max(1.0) as usize
    });
    let rule = Rule::Fixed(caps.collect());
    let in_place = |problems: crate::error::Problems| problems.in_file(job.place());
    let (_, nodes) = decompose(&job.target, &job.shape, rule).map_err(in_place)?;
    let norm = job.target.norm();
    let values = nodes.iter().map(|node| node.values.iter().map(|v| v * norm).collect());
    let joined = halves(&job.shape);
    let mut groups: Vec<Vec<usize>> = (0..sides.len())
        .filter(|k| joined.is_none_or(|joined| !joined.contains(k)))
        .map(|k| vec![k])
        .collect();
    groups.extend(joined.map(|joined| joined.to_vec()));
    Ok(Candidate { job, values: values.collect(), ranks: vec![1; sides.len()], groups })
}
