//! Hierarchical SVD from the leaves to the root, and TT-SVD: the tensor is projected on the leading
//! singular vectors of one group of modes after another.

use super::NodeError;
use super::ranks::Rule;
use super::ring::Ring;
use super::svd::left_singular;
use super::target::{Axis, Target};
use crate::error::Result;
use crate::model::{Core, Factors, HtNode, Tree};

/// The shape of the factors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// A dimension tree.
    Tree(Tree),
    /// A train over this many modes.
    Train(usize),
    /// A ring over separate column and row modes.
    Ring(Ring),
}

impl Shape {
    /// Pairs of modes in the order in which the factors have them.
    pub(super) fn order(&self) -> Vec<usize> {
        fn walk(tree: &Tree, order: &mut Vec<usize>) {
            match tree {
                Tree::Leaf(mode) => order.push(*mode),
                Tree::Pair(left, right) => {
                    walk(left, order);
                    walk(right, order);
                }
            }
        }
        let mut order = Vec::new();
        match self {
            Shape::Train(count) => order.extend(0..*count),
            Shape::Tree(tree) => walk(tree, &mut order),
            Shape::Ring(_) => unreachable!("modes of a ring are not in pairs"),
        }
        order
    }
    /// Axes of the tensor that is factored.
    fn axes(&self, target: &Target) -> Vec<Axis> {
        match self {
            Shape::Ring(ring) => ring.axes(target.in_modes.len()),
            _ => self.order().iter().flat_map(|&k| [Axis::Row(k), Axis::Column(k)]).collect(),
        }
    }
    /// Axes of the tensor that the factors rebuild: those of a ring starting at core 0.
    pub(super) fn rebuilt_axes(&self, target: &Target) -> Vec<Axis> {
        match self {
            Shape::Ring(_) => Ring::plain(target).axes(target.in_modes.len()),
            _ => self.axes(target),
        }
    }
    /// Singular vectors gained by one more of a rank.
    pub(super) fn step(&self, index: usize) -> usize {
        match self {
            Shape::Ring(ring) if index == 0 => ring.close,
            _ => 1,
        }
    }
    /// Number of ranks.
    pub(super) fn ranks(&self) -> usize {
        match self {
            Shape::Tree(tree) => 2 * (tree.n_modes() - 1),
            Shape::Train(count) => count - 1,
            Shape::Ring(ring) => ring.sizes.len() - 1,
        }
    }
}

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

/// The tensor, as far as it is projected.
pub(super) struct Work {
    pub(super) data: Vec<f64>,
    pub(super) dims: Vec<usize>,
    norm: f64,
    rule: Rule,
    /// The first rank is a multiple of this.
    step: usize,
    nodes: Vec<Option<NodeError>>,
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

    /// Projects axis `at` on its leading singular vectors, which it returns as size x rank.
    pub(super) fn project(
        &mut self,
        at: usize,
        index: usize,
        name: String,
        full_rank: usize,
    ) -> Result<(Vec<f64>, usize)> {
        let size = self.dims[at];
        let inner: usize = self.dims[at + 1..].iter().product();
        let left = if at == 0 {
            left_singular(&self.data, size)?
        } else {
            let mut unfolded = Vec::with_capacity(self.data.len());
            for k in 0..size {
                for outer in self.data.chunks_exact(size * inner) {
                    unfolded.extend_from_slice(&outer[k * inner..(k + 1) * inner]);
                }
            }
            left_singular(&unfolded, size)?
        };
        let count = left.values.len();
        let step = if index == 0 { self.step } else { 1 };
        let rank =
            self.rule.rank(index, &left.values).next_multiple_of(step).min(count / step * step);
        let frame: Vec<f64> =
            left.vectors.chunks_exact(count).flat_map(|row| &row[..rank]).copied().collect();
        let (projected, lost) = onto(&self.data, &frame, size, rank, inner);
        let relative = |value: f64| if self.norm > 0.0 { value / self.norm } else { 0.0 };
        let discarded = left.values[rank..].iter().fold(0.0, |sum, value| sum + value * value);
        self.nodes[index] = Some(NodeError {
            name,
            rank,
            full_rank,
            error: relative(lost.sqrt()),
            bound: relative(discarded.sqrt()),
            values: left.values.iter().map(|value| relative(*value)).collect(),
        });
        self.data = projected;
        self.dims[at] = rank;
        Ok((frame, rank))
    }
}

/// Largest rank between this many combinations of modes on either side.
pub(super) fn full_rank(size: usize, others: usize) -> usize {
    size.min(others)
}

/// Combinations of all modes but these.
fn others(target: &Target, modes: &[usize]) -> usize {
    let others = (0..target.out_modes.len()).filter(|mode| !modes.contains(mode));
    others.fold(1usize, |product, mode| product.saturating_mul(target.pair(mode)))
}

/// The tensor with its middle axis projected on orthonormal columns, and the square of what that
/// loses.
fn onto(data: &[f64], frame: &[f64], size: usize, rank: usize, inner: usize) -> (Vec<f64>, f64) {
    let mut projected = vec![0.0; data.len() / size * rank];
    let mut lost = 0.0;
    let mut rest = vec![0.0; inner];
    for (from, to) in data.chunks_exact(size * inner).zip(projected.chunks_exact_mut(rank * inner))
    {
        for (values, weights) in from.chunks_exact(inner).zip(frame.chunks_exact(rank)) {
            for (to, weight) in to.chunks_exact_mut(inner).zip(weights) {
                to.iter_mut().zip(values).for_each(|(to, value)| *to += weight * value);
            }
        }
        for (values, weights) in from.chunks_exact(inner).zip(frame.chunks_exact(rank)) {
            rest.copy_from_slice(values);
            for (to, weight) in to.chunks_exact(inner).zip(weights) {
                rest.iter_mut().zip(to).for_each(|(rest, value)| *rest -= weight * value);
            }
            lost += rest.iter().map(|value| value * value).sum::<f64>();
        }
    }
    (projected, lost)
}
