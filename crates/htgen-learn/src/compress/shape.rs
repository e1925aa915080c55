//! Shapes of factors: a tree, a train or a ring over the modes of a matrix.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::target::{Axis, Target};
use crate::model::Tree;

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
    pub(super) fn axes(&self, target: &Target) -> Vec<Axis> {
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

/// A ring that is cut at one core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ring {
    /// Number of the core that is cut off first.
    pub first: usize,
    /// Rank before it.
    pub close: usize,
    /// Modes starting there, all around.
    pub sizes: Vec<usize>,
}

impl Ring {
    /// The ring whose core `first` is cut off first, with this rank before it.
    pub(super) fn new(target: &Target, first: usize, close: usize) -> Ring {
        let mut sizes: Vec<usize> =
            target.in_modes.iter().chain(&target.out_modes).copied().collect();
        sizes.rotate_left(first);
        Ring { first, close, sizes }
    }

    /// The ring before anything is known.
    pub(super) fn plain(target: &Target) -> Ring {
        Ring::new(target, 0, 1)
    }

    /// Column modes, then row modes, from the first core on.
    pub(super) fn axes(&self, n_columns: usize) -> Vec<Axis> {
        let axis = |core: usize| match core.checked_sub(n_columns) {
            None => Axis::Column(core),
            Some(row) => Axis::Row(row),
        };
        let mut axes: Vec<Axis> = (0..self.sizes.len()).map(axis).collect();
        axes.rotate_left(self.first);
        axes
    }
}
