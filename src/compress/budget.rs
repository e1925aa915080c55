//! Ranks under a number of parameters: the step that keeps most energy for its parameters comes first.

use super::Job;
use super::project::{Shape, decompose};
use super::ranks::{Rule, Side, halves, parameters, sides};
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
    /// no further singular value, or is more than its neighbours can fill.
    fn step(&self, group: &[usize]) -> Option<(Vec<usize>, f64)> {
        let root = halves(&self.job.shape);
        let (mut ranks, mut gain) = (self.ranks.clone(), 0.0);
        for &k in group {
            let value = self.values[k].get(ranks[k])?;
            ranks[k] += 1;
            // The two halves of a tree see the same matrix.
            if root.is_none_or(|[_, right]| k != right) {
                gain += value * value;
            }
        }
        let fills = |a: usize, b: usize, c: usize| a <= b * c && b <= a * c && c <= a * b;
        let root_fits = root.is_none_or(|[left, right]| fills(1, ranks[left], ranks[right]));
        let fits = sides(&self.job.shape).iter().zip(&ranks).all(|((_, halves), rank)| {
            halves.is_none_or(|[left, right]| fills(*rank, ranks[left], ranks[right]))
        });
        (root_fits && fits).then_some((ranks, gain))
    }
}

/// Ranks that grow together: each alone, and in a tree all between two leaves.
fn groups(shape: &Shape, sides: &[Side]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = (0..sides.len()).map(|k| vec![k]).collect();
    if let Shape::Tree(_) = shape {
        let between = |a: usize, b: usize| {
            let apart = |(modes, _): &Side| modes.contains(&a) != modes.contains(&b);
            (0..sides.len()).filter(|&k| apart(&sides[k])).collect()
        };
        let count = shape.order().len();
        groups.extend((0..count).flat_map(|a| {
            (a + 1..count).map({
                let between = &between;
                move |b| between(a, b)
            })
        }));
    }
    groups
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
    let groups = groups(&job.shape, &sides);
    Ok(Candidate { job, values: values.collect(), ranks: vec![1; sides.len()], groups })
}
