//! Rules of one factored matrix: modes with the right product, a tree that contains every mode
//! once, ranks and core sizes. A rank above the full rank of its edge is allowed: wasteful, not
//! wrong.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::chain;
use super::collect::Found;
use super::core::check_core;
use crate::error::{Diagnostic, ErrorKind};
use crate::model::shape::{self, MAX_MODES, MAX_SIDE};
use crate::model::{Factors, HtNode, Matrix};

/// Maximum number of cores in a ring; the planner cannot distinguish more indices than this.
const MAX_RING: usize = 15;

/// Checks a matrix of exactly `rows` rows and at least `columns` columns (`None`: a count that does
/// not fit a `usize`).
pub(super) fn check_matrix(
    matrix: &Matrix,
    rows: usize,
    columns: Option<usize>,
    place: &str,
    found: &mut Found,
) {
    check_modes(&matrix.out_modes, &format!("{place}.out_modes"), found, |product| {
        (product != rows)
            .then(|| format!("{rows}, gates times hidden units; change a mode or `hidden`"))
    });
    check_modes(&matrix.in_modes, &format!("{place}.in_modes"), found, |product| match columns {
        Some(columns) if product >= columns => None,
        Some(columns) => Some(format!("at least {columns}, the columns in use")),
        None => Some("at least the columns in use, more than can be counted".to_string()),
    });
    let pairs = !matches!(matrix.factors, Factors::TensorRing(_) | Factors::Dense(_));
    if pairs && matrix.out_modes.len() != matrix.in_modes.len() {
        found.push(
            Diagnostic::new(format!("{place}.in_modes"), "modes come in pairs")
                .found(format!("{} of them", matrix.in_modes.len()))
                .expected(format!("{}, as in out_modes", matrix.out_modes.len())),
        );
    }
    match &matrix.factors {
        Factors::HierarchicalTucker(root) => {
            check_tree(matrix, root, &format!("{place}.factors.tree"), found);
        }
        Factors::TensorTrain(cores) => {
            let pairs = matrix.out_modes.iter().zip(&matrix.in_modes);
            let modes: Vec<Vec<usize>> = pairs.map(|(&m, &n)| vec![m, n]).collect();
            chain::check(cores, &modes, true, &format!("{place}.factors.cores"), found);
        }
        Factors::TensorRing(cores) => {
            let modes = matrix.in_modes.len() + matrix.out_modes.len();
            found.range(&format!("{place}.factors.cores"), "number of cores", modes, 2, MAX_RING);
            let all = matrix.in_modes.iter().chain(&matrix.out_modes);
            let modes: Vec<Vec<usize>> = all.map(|&mode| vec![mode]).collect();
            chain::check(cores, &modes, false, &format!("{place}.factors.cores"), found);
        }
        Factors::BlockTerm(blocks) => {
            chain::check_blocks(blocks, matrix, &format!("{place}.factors.blocks"), found);
        }
        Factors::Dense(weight) => {
            let shape = [&matrix.out_modes, &matrix.in_modes].map(|m| shape::product(m));
            let shape = shape.map(|side| side.unwrap_or(usize::MAX));
            check_core(weight, &shape, &format!("{place}.factors.weight"), found);
        }
    }
}

/// `wrong` says what was expected if the product does not match.
fn check_modes(
    modes: &[usize],
    place: &str,
    found: &mut Found,
    wrong: impl Fn(usize) -> Option<String>,
) {
    if !found.range(place, "number of modes", modes.len(), 1, MAX_MODES) {
        return;
    }
    if let Some(zero) = modes.iter().position(|&mode| mode == 0) {
        let problem = Diagnostic::new(format!("{place}[{zero}]"), "empty mode");
        found.push(problem.found(0).expected("at least 1"));
        return;
    }
    let text = shape::text(modes);
    match shape::product(modes).filter(|&product| product <= MAX_SIDE) {
        None => found.push(
            Diagnostic::new(place, "product too large")
                .kind(ErrorKind::Limit)
                .found(text)
                .expected(format!("a product of at most {MAX_SIDE}")),
        ),
        Some(product) => {
            if let Some(expected) = wrong(product) {
                found.push(
                    Diagnostic::new(place, "modes have the wrong product")
                        .found(format!("{text} = {product}"))
                        .expected(expected),
                );
            }
        }
    }
}

fn check_tree(matrix: &Matrix, root: &HtNode, place: &str, found: &mut Found) {
    let n_modes = matrix.out_modes.len().min(matrix.in_modes.len()).min(MAX_MODES);
    let mut walk = Walk { matrix, seen: vec![false; n_modes], found };
    if root.rank() != 1 {
        let problem = Diagnostic::new(format!("{place}.rank"), "the root has rank 1");
        walk.found.push(problem.found(root.rank()).expected(1));
    }
    walk.node(root, place, 0);
    let missing: Vec<String> =
        (0..n_modes).filter(|&mode| !walk.seen[mode]).map(|mode| mode.to_string()).collect();
    if !missing.is_empty() {
        walk.found.push(
            Diagnostic::new(place, "modes without a leaf")
                .found(format!("none for {}", missing.join(", ")))
                .expected(format!("one leaf for each of the {n_modes} modes")),
        );
    }
}

/// Walks over the tree and ticks off the modes.
struct Walk<'a> {
    matrix: &'a Matrix,
    seen: Vec<bool>,
    found: &'a mut Found,
}

impl Walk<'_> {
    fn node(&mut self, node: &HtNode, place: &str, depth: usize) {
        if depth >= MAX_MODES {
            let problem = Diagnostic::new(place, "tree too deep").kind(ErrorKind::Limit);
            self.found.push(problem.expected(format!("at most {MAX_MODES} levels")));
            return;
        }
        if node.rank() == 0 {
            let problem = Diagnostic::new(format!("{place}.rank"), "empty rank");
            self.found.push(problem.found(0).expected("at least 1"));
        }
        match node {
            HtNode::Leaf { mode, rank, core } => self.leaf(*mode, *rank, core, place, depth),
            HtNode::Inner { rank, core, left, right } => {
                let shape = shape::inner(*rank, left.rank(), right.rank(), depth == 0);
                self.core(core, &shape, place);
                self.node(left, &format!("{place}.left"), depth + 1);
                self.node(right, &format!("{place}.right"), depth + 1);
            }
        }
    }

    fn leaf(&mut self, mode: usize, rank: usize, core: &[f64], place: &str, depth: usize) {
        match self.seen.get_mut(mode) {
            None => {
                let problem = Diagnostic::new(format!("{place}.mode"), "no such mode");
                let last = self.seen.len().saturating_sub(1);
                self.found.push(problem.found(mode).expected(format!("0 to {last}")));
            }
            Some(seen) if *seen => {
                let problem = Diagnostic::new(format!("{place}.mode"), "mode used twice");
                self.found.push(problem.found(mode).expected("one leaf per mode"));
            }
            Some(seen) => *seen = true,
        }
        let modes = (self.matrix.out_modes.get(mode), self.matrix.in_modes.get(mode));
        if let (Some(&rows), Some(&columns)) = modes {
            self.core(core, &shape::leaf(rows, columns, rank, depth == 0), place);
        }
    }

    fn core(&mut self, core: &[f64], shape: &[usize], place: &str) {
        check_core(core, shape, &format!("{place}.core"), self.found);
    }
}
