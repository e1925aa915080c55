//! Factors of zeros: which ranks a format takes, and the shapes of its cores.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::super::shape::{self, MAX_MODES};
use super::super::{Block, Core, Factors, HtNode, Tree};
use super::{Format, Memory, NewSpec, Ranks};
use crate::error::{Diagnostic, ErrorKind, Result};

/// A format with its ranks in full.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// Tree, and the ranks of all nodes but the root in the order of its text.
    HierarchicalTucker(Tree, Vec<usize>),
    /// Ranks between the cores.
    TensorTrain(Vec<usize>),
    /// Left rank of each core.
    TensorRing(Vec<usize>),
    /// Rank of each mode, number of terms.
    BlockTerm(Vec<usize>, usize),
    /// The matrix itself.
    Dense,
}

/// Maximum number of terms; a model may have no more.
const MAX_BLOCKS: usize = 64;
/// Maximum number of elements in the matrix that carries the values of a ring to its spread.
const MAX_RING: usize = 1 << 22;

impl Shape {
    /// Compares format, tree and ranks of a specification with each other.
    pub(super) fn of(spec: &NewSpec) -> Result<Shape> {
        let n_modes = spec.out_modes.len();
        if !spec.tree.is_empty() && spec.format != Format::HierarchicalTucker {
            return Err(Diagnostic::new("tree", "only for hierarchical Tucker")
                .found(spec.tree.chars().take(40).collect::<String>().escape_debug())
                .help("leave it out")
                .into());
        }
        let many = |count: usize| {
            if (1..=2 * MAX_MODES).contains(&count) {
                return Ok(());
            }
            Err(Diagnostic::new("out_modes", "number of modes out of range")
                .found(n_modes)
                .expected(format!("1 to {MAX_MODES}")))
        };
        match spec.format {
            Format::HierarchicalTucker => {
                let tree = Tree::parse(&spec.tree, n_modes)?;
                let ranks = tree_ranks(&spec.ranks, &tree)?;
                Ok(Shape::HierarchicalTucker(tree, ranks))
            }
            Format::TensorTrain => {
                many(n_modes)?;
                let ranks = list_ranks(&spec.ranks, n_modes - 1, "one between two cores")?;
                Ok(Shape::TensorTrain(ranks))
            }
            Format::TensorRing { closing_rank } => {
                let cores = n_modes + spec.in_modes.len();
                many(cores)?;
                let what = "one left of each core, the closing rank first";
                let mut ranks = list_ranks(&spec.ranks, cores, what)?;
                if let Some(rank) = closing_rank {
                    if matches!(spec.ranks, Ranks::PerNode(_)) {
                        return Err(Diagnostic::new("closing_rank", "given twice")
                            .found(rank)
                            .help("a list of ranks begins with it")
                            .into());
                    }
                    ranks[0] = rank;
                }
                let largest = ranks.iter().copied().max().unwrap_or(1);
                if shape::product(&[ranks[0], ranks[0], largest, largest])
                    .is_none_or(|size| size > MAX_RING)
                {
                    return Err(Diagnostic::new("ranks", "too large for a ring")
                        .kind(ErrorKind::Limit)
                        .found(format!("{} and {largest}", ranks[0]))
                        .expected(format!(
                            "closing rank times largest rank at most {}",
                            MAX_RING.isqrt()
                        ))
                        .into());
                }
                Ok(Shape::TensorRing(ranks))
            }
            Format::BlockTerm { blocks } => {
                many(n_modes)?;
                if !(1..=MAX_BLOCKS).contains(&blocks) {
                    return Err(Diagnostic::new("blocks", "number of blocks out of range")
                        .found(blocks)
                        .expected(format!("1 to {MAX_BLOCKS}"))
                        .into());
                }
                Ok(Shape::BlockTerm(list_ranks(&spec.ranks, n_modes, "one per mode")?, blocks))
            }
            Format::Dense => match &spec.ranks {
                Ranks::PerNode(ranks) if ranks.is_empty() => Ok(Shape::Dense),
                _ => Err(Diagnostic::new("ranks", "a dense matrix has no ranks")
                    .help("leave them out")
                    .into()),
            },
        }
    }

    /// Factors of zeros for these modes.
    pub(super) fn zeros(
        &self,
        out_modes: &[usize],
        in_modes: &[usize],
        memory: &mut Memory,
    ) -> Result<Factors> {
        let mut core = |shape: Vec<usize>| {
            let data = memory.zeros("ranks", &shape)?;
            Ok(Core { shape, data })
        };
        // Missing modes have no elements; the rules of the model report them.
        let mode = |modes: &[usize], k: usize| modes.get(k).copied().unwrap_or(0);
        let pair = |k: usize| [mode(out_modes, k), mode(in_modes, k)];
        match self {
            Shape::HierarchicalTucker(tree, ranks) => {
                let mut nodes = Nodes { out_modes, in_modes, ranks: ranks.iter(), memory };
                Ok(Factors::HierarchicalTucker(nodes.node(tree, None)?))
            }
            Shape::TensorTrain(ranks) => {
                let ends: Vec<usize> = [&[1][..], ranks, &[1]].concat();
                let cores = ends.windows(2).enumerate().map(|(k, rank)| {
                    let [rows, columns] = pair(k);
                    core(vec![rank[0], rows, columns, rank[1]])
                });
                Ok(Factors::TensorTrain(cores.collect::<Result<_>>()?))
            }
            Shape::TensorRing(ranks) => {
                let modes = in_modes.iter().chain(out_modes);
                let rights = ranks.iter().cycle().skip(1);
                let cores = modes.zip(ranks).zip(rights);
                let cores = cores.map(|((&mode, &left), &right)| core(vec![left, mode, right]));
                Ok(Factors::TensorRing(cores.collect::<Result<_>>()?))
            }
            Shape::BlockTerm(ranks, blocks) => {
                let mut block = || {
                    let factors = ranks.iter().enumerate().map(|(k, &rank)| {
                        let [rows, columns] = pair(k);
                        core(vec![rows, columns, rank])
                    });
                    let factors = factors.collect::<Result<_>>()?;
                    Ok(Block { factors, core: core(ranks.clone())? })
                };
                let blocks = (0..*blocks).map(|_| block()).collect::<Result<_>>()?;
                Ok(Factors::BlockTerm(blocks))
            }
            Shape::Dense => {
                let side = |modes: &[usize]| shape::product(modes).unwrap_or(usize::MAX);
                let shape = [side(out_modes), side(in_modes)];
                Ok(Factors::Dense(memory.zeros("hidden", &shape)?))
            }
        }
    }
}

/// Ranks of a format without a tree.
pub fn list_ranks(ranks: &Ranks, count: usize, what: &str) -> Result<Vec<usize>> {
    match ranks {
        Ranks::Uniform { leaf, inner } if leaf == inner => Ok(vec![*leaf; count]),
        Ranks::Uniform { leaf, inner } => {
            Err(Diagnostic::new("ranks", "leaves and inner nodes belong to a tree")
                .found(format!("{leaf}:{inner}"))
                .expected("one rank, or a list")
                .into())
        }
        Ranks::PerNode(ranks) if ranks.len() == count => Ok(ranks.clone()),
        Ranks::PerNode(ranks) => Err(Diagnostic::new("ranks", "wrong number of ranks")
            .found(ranks.len())
            .expected(format!("{count}, {what}"))
            .into()),
    }
}

/// Ranks of all nodes but the root in the order of the tree's text.
pub fn tree_ranks(ranks: &Ranks, tree: &Tree) -> Result<Vec<usize>> {
    let n_edges = 2 * (tree.n_modes() - 1);
    match ranks {
        Ranks::PerNode(ranks) if ranks.len() == n_edges => Ok(ranks.clone()),
        Ranks::PerNode(ranks) => Err(Diagnostic::new("ranks", "one rank per node except the root")
            .found(ranks.len())
            .expected(format!("{n_edges} for the tree {tree}"))
            .help(
                "list them in the order of the tree's text: a node, its left half, its right half",
            )
            .into()),
        Ranks::Uniform { leaf, inner } => {
            let mut ranks = Vec::with_capacity(n_edges);
            uniform(tree, *leaf, *inner, &mut ranks);
            // The first entry belongs to the root.
            Ok(ranks.split_off(1))
        }
    }
}

fn uniform(tree: &Tree, leaf: usize, inner: usize, ranks: &mut Vec<usize>) {
    match tree {
        Tree::Leaf(_) => ranks.push(leaf),
        Tree::Pair(left, right) => {
            ranks.push(inner);
            uniform(left, leaf, inner, ranks);
            uniform(right, leaf, inner, ranks);
        }
    }
}

/// Makes the nodes of a tree.
struct Nodes<'a> {
    out_modes: &'a [usize],
    in_modes: &'a [usize],
    ranks: std::slice::Iter<'a, usize>,
    memory: &'a mut Memory,
}

impl Nodes<'_> {
    /// A node of the given rank; `None` at the root.
    fn node(&mut self, tree: &Tree, rank: Option<usize>) -> Result<HtNode> {
        let is_root = rank.is_none();
        let rank = rank.unwrap_or(1);
        match tree {
            Tree::Leaf(mode) => {
                let size = |modes: &[usize]| modes.get(*mode).copied().unwrap_or(0);
                let shape = shape::leaf(size(self.out_modes), size(self.in_modes), rank, is_root);
                Ok(HtNode::Leaf { mode: *mode, rank, core: self.memory.zeros("ranks", &shape)? })
            }
            Tree::Pair(left, right) => {
                let left = Box::new(self.child(left)?);
                let right = Box::new(self.child(right)?);
                let shape = shape::inner(rank, left.rank(), right.rank(), is_root);
                Ok(HtNode::Inner { rank, core: self.memory.zeros("ranks", &shape)?, left, right })
            }
        }
    }

    fn child(&mut self, tree: &Tree) -> Result<HtNode> {
        let rank = *self.ranks.next().expect("as many ranks as nodes below the root");
        self.node(tree, Some(rank))
    }
}
