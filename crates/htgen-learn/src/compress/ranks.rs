//! Ranks from a list or from a tolerance, and what they cost.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::shape::Shape;
use super::target::Target;
use crate::error::{Diagnostic, Result};
use crate::model::{Ranks, Tree, list_ranks, tree_ranks};

/// What decides a rank when its singular values are known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Rule {
    /// A list.
    Fixed(Vec<usize>),
    /// This much may be discarded, by this many nodes.
    Energy {
        /// Sum of squares of singular values.
        left: f64,
        /// Nodes that share it.
        nodes: usize,
        /// The right half of a tree, whose matrix has already been cut by its left half.
        whole: Option<usize>,
    },
}

impl Rule {
    /// A sum of squares for all ranks of a shape.
    pub(super) fn energy(left: f64, shape: &Shape) -> Rule {
        let whole = halves(shape).map(|[_, right]| right);
        Rule::Energy { left, nodes: shape.ranks() - whole.iter().count(), whole }
    }

    /// The rank at this place in the list; at least 1. Each node takes an equal share of what may
    /// be discarded, and leaves what it does not use to the others.
    pub(super) fn rank(&mut self, index: usize, values: &[f64]) -> usize {
        match self {
            Rule::Fixed(ranks) => ranks[index],
            Rule::Energy { whole: Some(whole), .. } if *whole == index => values.len(),
            Rule::Energy { left, nodes, .. } => {
                let share = *left / (*nodes).max(1) as f64;
                let (mut rank, mut lost) = (values.len(), 0.0);
                while rank > 1 && lost + values[rank - 1].powi(2) <= share {
                    rank -= 1;
                    lost += values[rank].powi(2);
                }
                *left -= lost;
                *nodes = nodes.saturating_sub(1);
                rank
            }
        }
    }
}

/// The ranks of a shape one by one.
pub(super) fn listed(ranks: &Ranks, shape: &Shape) -> Result<Vec<usize>> {
    match shape {
        Shape::Tree(tree) => tree_ranks(ranks, tree),
        Shape::Train(count) => list_ranks(ranks, count - 1, "one between two cores"),
        Shape::Ring(_) => unreachable!("ring::choose lists the ranks of a ring"),
    }
}

/// Refuses ranks that no matrix of these modes can have.
pub(super) fn check(ranks: &[usize], shape: &Shape, target: &Target) -> Result<()> {
    let refuse = |modes: &[usize], rank: usize, most: usize| {
        let names: Vec<String> = modes.iter().map(usize::to_string).collect();
        let place = format!("rank of modes {}", names.join("-"));
        let problem = match rank {
            0 => Diagnostic::new(place, "empty rank"),
            _ => Diagnostic::new(place, "above the full rank"),
        };
        problem.found(rank).expected(format!("1 to {most}"))
    };
    for (k, (modes, below)) in sides(shape).iter().enumerate() {
        let all = |modes: &mut dyn Iterator<Item = usize>| {
            modes.fold(1usize, |product, mode| product.saturating_mul(target.pair(mode)))
        };
        let mut most = all(&mut modes.iter().copied());
        most = most.min(all(&mut (0..target.out_modes.len()).filter(|m| !modes.contains(m))));
        if let Some([left, right]) = below {
            // An empty rank is reported at its own place.
            most = most.min(ranks[*left].max(1).saturating_mul(ranks[*right].max(1)));
        }
        if !(1..=most).contains(&ranks[k]) {
            return Err(refuse(modes, ranks[k], most).into());
        }
    }
    Ok(())
}

/// A rank: the modes (of a ring, cores) on its side, and the ranks of the two halves of an inner
/// node.
pub(super) type Side = (Vec<usize>, Option<[usize; 2]>);

/// The ranks in the order of the list.
pub(super) fn sides(shape: &Shape) -> Vec<Side> {
    fn walk(tree: &Tree, sides: &mut Vec<Side>) {
        let Tree::Pair(left, right) = tree else { return };
        let [mut first, mut second] = [0; 2];
        for (half, place) in [(left, &mut first), (right, &mut second)] {
            *place = sides.len();
            sides.push((Shape::Tree((**half).clone()).order(), None));
            let own = *place;
            walk(half, sides);
            if let Tree::Pair(..) = **half {
                // Its own halves: the next one, and the one after all of that.
                let Tree::Pair(inner, _) = &**half else { unreachable!("a pair") };
                let behind = own + 2 + 2 * (inner.n_modes() - 1);
                sides[own].1 = Some([own + 1, behind]);
            }
        }
    }
    match shape {
        Shape::Train(count) => (1..*count).map(|k| ((0..k).collect(), None)).collect(),
        Shape::Ring(ring) => (1..ring.sizes.len()).map(|k| ((0..k).collect(), None)).collect(),
        Shape::Tree(tree) => {
            let mut sides = Vec::new();
            walk(tree, &mut sides);
            sides
        }
    }
}

/// The ranks of the two halves of a tree, which are the same.
pub(super) fn halves(shape: &Shape) -> Option<[usize; 2]> {
    match shape {
        Shape::Tree(Tree::Pair(left, _)) => Some([0, 1 + 2 * (left.n_modes() - 1)]),
        _ => None,
    }
}

/// The rule for ranks one by one; the first of a ring counts together with the rank that closes it.
pub(super) fn ranks_of(shape: &Shape, mut ranks: Vec<usize>) -> Rule {
    if let Some(first) = ranks.first_mut() {
        *first = first.saturating_mul(shape.step(0));
    }
    Rule::Fixed(ranks)
}
