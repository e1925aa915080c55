//! Tensor rings: SVD around the ring (Q. Zhao et al., Tensor ring decomposition, 2016), starting at
//! the core and with the closing rank that lose least.
//!
//! The first core is cut off with as many singular vectors as the product of its two ranks; the
//! vectors are orthonormal however they are distributed over the two, so errors add up as in a
//! train.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::candidate::Candidate;
use super::decompose::decompose;
use super::ranks::{Rule, ranks_of};
use super::shape::{Ring, Shape};
use super::target::Target;
use super::{Goal, Job, lost};
use crate::error::{Diagnostic, Result};
use crate::model::{Ranks, list_ranks};

/// Maximum number of rings tried for a matrix, and for one of more than `MANY` elements.
const MAX_TRIED: usize = 32;
const MAX_TRIED_LARGE: usize = 6;
const MANY: usize = 1 << 19;
/// Largest closing rank tried for a tolerance or a budget.
const MAX_CLOSE: usize = 4;

/// Chooses where the rings of all jobs begin and how they close; with given ranks, also the rules.
pub(super) fn choose(jobs: &mut [Job], goal: &Goal) -> Result<Option<Vec<Rule>>> {
    let all: usize = jobs.iter().map(|job| job.target.elements()).sum();
    let mut rules = Vec::new();
    for job in jobs.iter_mut() {
        let place = job.place();
        let in_place = |problems: crate::error::Problems| problems.in_file(&place);
        let target = &job.target;
        let (ring, rule) = match goal {
            Goal::Ranks(ranks) => {
                let (ring, rule) = by_ranks(target, ranks).map_err(in_place)?;
                (ring, Some(rule))
            }
            Goal::Tolerance(most) => (by_tolerance(target, *most).map_err(in_place)?, None),
            Goal::Parameters(most) => {
                let share = (*most as f64 * target.elements() as f64 / all as f64) as usize;
                (by_parameters(job, share)?, None)
            }
        };
        job.shape = Shape::Ring(ring);
        rules.extend(rule);
    }
    Ok((!rules.is_empty()).then_some(rules))
}

/// Rings to try: large modes first, since their cores carry larger ranks.
fn tried(target: &Target, closes: impl Fn(usize, usize) -> Vec<usize>) -> Vec<Ring> {
    let plain = Ring::plain(target);
    let mut firsts: Vec<usize> = (0..plain.sizes.len()).collect();
    firsts.sort_by_key(|&first| std::cmp::Reverse(plain.sizes[first]));
    let rings = firsts.iter().flat_map(|&first| {
        closes(first, plain.sizes[first])
            .into_iter()
            .map(move |close| Ring::new(target, first, close))
    });
    let most = if target.elements() > MANY { MAX_TRIED_LARGE } else { MAX_TRIED };
    rings.take(most).collect()
}

/// Closing ranks that leave a core of this size another rank as large.
fn squares(_first: usize, size: usize) -> Vec<usize> {
    (1..=MAX_CLOSE).filter(|close| *close == 1 || close * close <= size).collect()
}

/// The ring with the smallest loss among ranks of at most these.
fn by_ranks(target: &Target, ranks: &Ranks) -> Result<(Ring, Rule)> {
    let sizes = Ring::plain(target).sizes;
    let count = sizes.len();
    let asked = list_ranks(ranks, count, "one left of each core, column modes first")?;
    for (k, rank) in asked.iter().enumerate() {
        let (before, after) = ((k + count - 1) % count, (k + 1) % count);
        let most = (sizes[k].saturating_mul(asked[after]))
            .min(sizes[before].saturating_mul(asked[before]));
        if !(1..=most.max(1)).contains(rank) {
            let what = if *rank == 0 { "empty rank" } else { "above the full rank" };
            return Err(Diagnostic::new(format!("rank left of core {k}"), what)
                .found(rank)
                .expected(format!("1 to {most}"))
                .into());
        }
    }
    let closes = |first: usize, size: usize| (1..=asked[first].min(size)).rev().collect();
    let mut best: Option<(f64, Ring, Rule)> = None;
    for ring in tried(target, closes) {
        let at = |k: usize| asked[(ring.first + k + 1) % count];
        let mut own: Vec<usize> = (0..count - 1).map(at).collect();
        own[0] = own[0].min(ring.sizes[0] / ring.close);
        let shape = Shape::Ring(ring.clone());
        let rule = ranks_of(&shape, own);
        let (_, nodes) = decompose(target, &shape, rule.clone())?;
        let lost = lost(&nodes);
        if best.as_ref().is_none_or(|(least, ..)| lost < *least) {
            best = Some((lost, ring, rule));
        }
    }
    let (_, ring, rule) = best.expect("one ring is always tried");
    Ok((ring, rule))
}

/// The ring with the fewest parameters within a tolerance.
fn by_tolerance(target: &Target, most: f64) -> Result<Ring> {
    let mut best: Option<(usize, Ring)> = None;
    for ring in tried(target, squares) {
        let shape = Shape::Ring(ring.clone());
        let rule = Rule::energy((most * target.norm()).powi(2), &shape);
        let (factors, nodes) = decompose(target, &shape, rule)?;
        // A closing rank that does not divide the full rank leaves vectors out.
        if lost(&nodes).sqrt() > most {
            continue;
        }
        if best.as_ref().is_none_or(|(least, _)| factors.parameters() < *least) {
            best = Some((factors.parameters(), ring));
        }
    }
    Ok(best.map_or_else(|| Ring::plain(target), |(_, ring)| ring))
}

/// The ring with the smallest loss for this many parameters.
fn by_parameters(job: &Job, most: usize) -> Result<Ring> {
    let mut best: Option<(f64, Ring)> = None;
    for ring in tried(&job.target, squares) {
        let candidate = Candidate::of(job, &Shape::Ring(ring.clone()), most)?;
        let Some(lost) = candidate.within(most) else { continue };
        if best.as_ref().is_none_or(|(least, _)| lost < *least) {
            best = Some((lost, ring));
        }
    }
    Ok(best.map_or_else(|| Ring::plain(&job.target), |(_, ring)| ring))
}
