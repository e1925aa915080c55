//! Untrained models from modes, tree and ranks: sizes are checked before anything is allocated,
//! then `init` fills the cores from a seed.

use super::check::{Found, check_name, problems};
use super::shape::{self, MAX_ELEMENTS};
use super::{
    Cell, Columns, Factors, GateActivation, HtNode, InputPrep, Layer, Linear, Matrix, Model, Tree,
    init,
};
use crate::error::{Diagnostic, Problems, Result};

/// What an untrained one-layer model looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSpec {
    /// Name of the model, an identifier.
    pub name: String,
    /// Inputs a time step, N.
    pub inputs: usize,
    /// Hidden units, H.
    pub hidden: usize,
    /// Row modes; their product is 4 H.
    pub out_modes: Vec<usize>,
    /// Column modes; their product covers the columns in use.
    pub in_modes: Vec<usize>,
    /// Dimension tree as text, modes from 0; empty for the balanced tree.
    pub tree: String,
    /// Ranks.
    pub ranks: Ranks,
    /// First column of h; N when absent. Only for a fully decomposed model.
    pub hidden_offset: Option<usize>,
    /// Whether the matrix holds the columns of h too (FDHT); else those of x alone.
    pub fully: bool,
    /// Outputs of a linear head; none for a model that yields its hidden vector.
    pub head: Option<usize>,
    /// Stream element and preparation.
    pub input: InputPrep,
    /// Seed of the values.
    pub seed: u64,
}

/// Ranks of the edges of a tree; the root has rank 1 and is never listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ranks {
    /// One rank for all leaves, one for all inner nodes.
    Uniform {
        /// Rank of each leaf.
        leaf: usize,
        /// Rank of each inner node but the root.
        inner: usize,
    },
    /// One rank a node in the order of the tree's text: a node, then its left half, then its right
    /// half. For `((0,1),2)`: (0,1), 0, 1, 2.
    PerNode(Vec<usize>),
}

/// Builds the model that the specification describes, with seeded values: the rebuilt matrix has
/// standard deviation 1/sqrt(H), the forget gate's bias is about 1.
pub fn new(spec: &NewSpec) -> Result<Model> {
    let tree = Tree::parse(&spec.tree, spec.out_modes.len())?;
    let mut model = outline(spec, &tree)?;
    init::fill(&mut model, spec.seed);
    model.check()?;
    Ok(model)
}

/// The model with every core and vector allocated and zero.
fn outline(spec: &NewSpec, tree: &Tree) -> Result<Model> {
    let mut found = Found::default();
    check_name(&spec.name, &mut found);
    if !spec.fully && spec.hidden_offset.is_some() {
        found.push(
            Diagnostic::new("hidden_offset", "no h in this matrix")
                .help("leave it out, or decompose fully"),
        );
    }
    found.finish()?;
    let mut allocator =
        Allocator { spec, n_left: MAX_ELEMENTS, ranks: rank_list(spec, tree)?.into_iter() };
    let factors = Factors::HierarchicalTucker(allocator.node(tree, None)?);
    let gates = Cell::Lstm.gates();
    let bias = allocator.zeros("hidden", &[gates, spec.hidden])?;
    let head = spec.head.map(|outputs| allocator.head(outputs)).transpose()?;
    let columns = if spec.fully {
        Columns::InputAndHidden { hidden_offset: spec.hidden_offset.unwrap_or(spec.inputs) }
    } else {
        Columns::Input
    };
    let matrix = Matrix {
        columns,
        out_modes: spec.out_modes.clone(),
        in_modes: spec.in_modes.clone(),
        factors,
    };
    let layer = Layer {
        cell: Cell::Lstm,
        gate_activation: GateActivation::Sigmoid,
        inputs: spec.inputs,
        hidden: spec.hidden,
        matrices: vec![matrix],
        bias,
        candidate_bias: Vec::new(),
    };
    let model = Model {
        name: spec.name.clone(),
        layers: vec![layer],
        head,
        input: spec.input.clone(),
        formats: None,
    };
    problems(&model).finish()?;
    Ok(model)
}

/// Ranks of all nodes but the root in the order of the tree's text.
fn rank_list(spec: &NewSpec, tree: &Tree) -> Result<Vec<usize>> {
    let n_edges = 2 * (tree.n_modes() - 1);
    match &spec.ranks {
        Ranks::PerNode(ranks) if ranks.len() == n_edges => Ok(ranks.clone()),
        Ranks::PerNode(ranks) => Err(Diagnostic::new("ranks", "one rank a node but the root")
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

/// Makes zero cores, within the number of elements that a model may have.
struct Allocator<'a> {
    spec: &'a NewSpec,
    n_left: usize,
    ranks: std::vec::IntoIter<usize>,
}

impl Allocator<'_> {
    /// A node of the given rank; `None` at the root.
    fn node(&mut self, tree: &Tree, rank: Option<usize>) -> Result<HtNode> {
        match tree {
            Tree::Leaf(mode) => {
                let rows = self.spec.out_modes.get(*mode).copied().unwrap_or(0);
                let columns = self.spec.in_modes.get(*mode).copied().unwrap_or(0);
                let shape = shape::leaf(rows, columns, rank.unwrap_or(1), rank.is_none());
                let core = self.zeros("ranks", &shape)?;
                Ok(HtNode::Leaf { mode: *mode, rank: rank.unwrap_or(1), core })
            }
            Tree::Pair(left, right) => {
                let left = self.child(left)?;
                let right = self.child(right)?;
                let shape =
                    shape::inner(rank.unwrap_or(1), left.rank(), right.rank(), rank.is_none());
                let core = self.zeros("ranks", &shape)?;
                let (left, right) = (Box::new(left), Box::new(right));
                Ok(HtNode::Inner { rank: rank.unwrap_or(1), core, left, right })
            }
        }
    }

    fn child(&mut self, tree: &Tree) -> Result<HtNode> {
        let rank = self.ranks.next().expect("as many ranks as nodes below the root");
        self.node(tree, Some(rank))
    }

    fn head(&mut self, outputs: usize) -> Result<Linear> {
        Ok(Linear {
            outputs,
            weight: self.zeros("head", &[outputs, self.spec.hidden])?,
            bias: self.zeros("head", &[outputs])?,
        })
    }

    fn zeros(&mut self, place: &str, shape: &[usize]) -> Result<Vec<f64>> {
        let count = shape::elements(shape);
        let left = count.and_then(|count| self.n_left.checked_sub(count));
        let (Some(count), Some(left)) = (count, left) else {
            return Err(Problems::from(
                Diagnostic::new(place, "too large")
                    .found(format!("{} elements", shape::text(shape)))
                    .expected(format!("at most {MAX_ELEMENTS} in the whole model")),
            ));
        };
        self.n_left = left;
        Ok(vec![0.0; count])
    }
}
