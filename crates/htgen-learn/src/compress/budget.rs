//! Ranks within a budget of parameters: the step that keeps most energy for its parameters comes
//! first; then steps are undone where others keep more in their place.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::candidate::{Candidate, fill, spent};
use super::decompose::decompose;
use super::ranks::ranks_of;
use super::{Job, lost};
use crate::error::{Diagnostic, Result};

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

/// Ranks of all matrices, with at most this many parameters together.
pub(super) fn choose(jobs: &[Job], most: usize) -> Result<Ranks> {
    let mut candidates = Vec::with_capacity(jobs.len());
    for job in jobs {
        candidates.push(Candidate::of(job, &job.shape, most)?);
    }
    let least = spent(&candidates);
    if least > most {
        return Err(Diagnostic::new("`parameters`", "too few")
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
