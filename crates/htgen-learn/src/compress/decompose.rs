//! Hierarchical SVD from the leaves to the root, TT-SVD, and SVD around a ring.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::NodeError;
use super::project::{Work, full_rank};
use super::ranks::Rule;
use super::shape::{Ring, Shape};
use super::target::Target;
use crate::error::Result;
use crate::model::{Core, Factors, HtNode, Tree};

/// Factors a matrix; also returns the loss of each rank, in the order in which ranks are listed.
pub(super) fn decompose(
    target: &Target,
    shape: &Shape,
    rule: Rule,
) -> Result<(Factors, Vec<NodeError>)> {
    let dims = match shape {
        Shape::Ring(ring) => ring.sizes.clone(),
        _ => shape.order().iter().map(|&mode| target.pair(mode)).collect(),
    };
    let mut work = Work {
        data: target.tensor(&shape.axes(target)),
        dims,
        norm: target.norm(),
        rule,
        step: shape.step(0),
        nodes: vec![None; shape.ranks()],
    };
    let factors = match shape {
        Shape::Train(_) => work.train(target)?,
        Shape::Ring(ring) => work.ring(ring, target)?,
        Shape::Tree(tree) => {
            let mut next = 0;
            Factors::HierarchicalTucker(work.node(tree, 0, None, &mut next, target)?)
        }
    };
    let nodes = work.nodes.into_iter().map(|node| node.expect("every rank was chosen"));
    Ok((factors, nodes.collect()))
}

impl Work {
    /// Factors the subtree whose first axis is `at`; `index` is the place of its rank in the list,
    /// none at the root. `next` counts the ranks in the order of the tree's text.
    fn node(
        &mut self,
        tree: &Tree,
        at: usize,
        index: Option<usize>,
        next: &mut usize,
        target: &Target,
    ) -> Result<HtNode> {
        match tree {
            Tree::Leaf(mode) => {
                let Some(index) = index else {
                    let core = std::mem::take(&mut self.data);
                    return Ok(HtNode::Leaf { mode: *mode, rank: 1, core });
                };
                let full = full_rank(self.dims[at], others(target, &[*mode]));
                let (core, rank) = self.project(at, index, mode.to_string(), full)?;
                Ok(HtNode::Leaf { mode: *mode, rank, core })
            }
            Tree::Pair(left, right) => {
                let own = Some(*next);
                *next += 1;
                let left = Box::new(self.node(left, at, own, next, target)?);
                let own = Some(*next);
                *next += 1;
                let right = Box::new(self.node(right, at + 1, own, next, target)?);
                let Some(index) = index else {
                    let core = std::mem::take(&mut self.data);
                    return Ok(HtNode::Inner { rank: 1, core, left, right });
                };
                let pairs = self.dims.remove(at + 1);
                self.dims[at] *= pairs;
                let modes = Shape::Tree(tree.clone()).order();
                let name = modes.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
                let full = full_rank(self.dims[at], others(target, &modes));
                let (frame, rank) = self.project(at, index, name, full)?;
                let pairs = frame.len() / rank;
                let core = (0..frame.len()).map(|k| frame[k % pairs * rank + k / pairs]).collect();
                Ok(HtNode::Inner { rank, core, left, right })
            }
        }
    }

    fn train(&mut self, target: &Target) -> Result<Factors> {
        let count = self.dims.len();
        let mut cores = Vec::with_capacity(count);
        let mut left = 1;
        for k in 0..count {
            let (rows, columns) = (target.out_modes[k], target.in_modes[k]);
            let modes: Vec<usize> = (0..=k).collect();
            let (data, rank) = if k + 1 < count {
                let full = full_rank(self.dims[0], others(target, &modes));
                self.project(0, k, format!("0..{k}"), full)?
            } else {
                (std::mem::take(&mut self.data), 1)
            };
            cores.push(Core { shape: vec![left, rows, columns, rank], data });
            left = rank;
            if self.dims.len() > 1 {
                let pair = self.dims.remove(1);
                self.dims[0] *= pair;
            }
        }
        Ok(Factors::TensorTrain(cores))
    }

    /// Factors around the ring: the first core takes both of its ranks.
    fn ring(&mut self, ring: &Ring, target: &Target) -> Result<Factors> {
        let axes = ring.axes(target.in_modes.len());
        let name = |k: usize| match k {
            0 => axes[0].to_string(),
            _ => format!("{}..{}", axes[0], axes[k]),
        };
        let count = ring.sizes.len();
        let rest = |k: usize| ring.sizes[k + 1..].iter().fold(1usize, |n, m| n.saturating_mul(*m));
        let full = ring.sizes[0].min(rest(0));
        let (frame, kept) = self.project(0, 0, name(0), full)?;
        let mut left = kept / ring.close;
        let first = (0..ring.close).flat_map(|a| {
            let frame = &frame;
            (0..ring.sizes[0])
                .flat_map(move |i| (0..left).map(move |b| frame[i * kept + b * ring.close + a]))
        });
        let first = Core { shape: vec![ring.close, ring.sizes[0], left], data: first.collect() };
        let mut cores = vec![first];
        self.close(ring.close);
        for k in 1..count {
            let pair = self.dims.remove(1);
            self.dims[0] *= pair;
            let (data, right) = if k + 1 < count {
                let full = full_rank(self.dims[0], rest(k).saturating_mul(ring.close));
                self.project(0, k, name(k), full)?
            } else {
                (std::mem::take(&mut self.data), ring.close)
            };
            cores.push(Core { shape: vec![left, ring.sizes[k], right], data });
            left = right;
        }
        cores.rotate_right(ring.first);
        Ok(Factors::TensorRing(cores))
    }

    /// Moves the closing rank from the first axis to the last.
    fn close(&mut self, close: usize) {
        let rest: usize = self.dims[1..].iter().product();
        let data = self.data.chunks_exact(close * rest).flat_map(|block| {
            (0..rest).flat_map(move |x| (0..close).map(move |a| block[a * rest + x]))
        });
        self.data = data.collect();
        self.dims[0] /= close;
        self.dims.push(close);
    }
}

/// Combinations of all modes but these.
fn others(target: &Target, modes: &[usize]) -> usize {
    let others = (0..target.out_modes.len()).filter(|mode| !modes.contains(mode));
    others.fold(1usize, |product, mode| product.saturating_mul(target.pair(mode)))
}
