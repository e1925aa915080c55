//! Untrained models from modes and ranks: sizes are checked before anything is allocated, then
//! `init` fills the cores from a seed.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::check::{Found, check_name, problems};
use super::shape::{self, MAX_ELEMENTS, MAX_LAYERS};
use super::{
    Cell, Columns, Factors, GateActivation, InputPrep, Layer, Linear, Matrix, Model, ModelParts,
    init, modes,
};
use crate::error::{Diagnostic, ErrorKind, Problems, Result};

mod outline;

pub use outline::{list_ranks, tree_ranks};

/// What an untrained model looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSpec {
    /// Name of the model, an identifier.
    pub name: String,
    /// Kind of cell.
    pub cell: Cell,
    /// Activation of all gates except the candidate.
    pub gate_activation: GateActivation,
    /// Inputs per time step, N.
    pub inputs: usize,
    /// Hidden units of each layer, H.
    pub hidden: usize,
    /// Layers, at least 1. Those above the first have the same row modes, as many column modes of
    /// their own ([`modes::covering`]) and the same ranks.
    pub layers: usize,
    /// Tensor format of the factored matrices.
    pub format: Format,
    /// Row modes; their product is gates x H. None for a dense matrix: one mode.
    pub out_modes: Vec<usize>,
    /// Column modes; their product covers the columns in use. None for a dense matrix: one mode.
    pub in_modes: Vec<usize>,
    /// Dimension tree as text, modes from 0; empty for the balanced tree. Only for
    /// [`Format::HierarchicalTucker`].
    pub tree: String,
    /// Ranks; a dense matrix has none.
    pub ranks: Ranks,
    /// Where the columns of h are.
    pub recurrent: Recurrent,
    /// Outputs of a linear head; none for a model whose output is its hidden vector.
    pub head: Option<usize>,
    /// Stream element and preparation.
    pub input: InputPrep,
    /// Seed of the values.
    pub seed: u64,
}

/// How the matrices are factored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Hierarchical Tucker.
    HierarchicalTucker,
    /// Tensor train.
    TensorTrain,
    /// Tensor ring.
    TensorRing {
        /// Rank between the last core and the first; the uniform rank when absent.
        closing_rank: Option<usize>,
    },
    /// Block term.
    BlockTerm {
        /// Number of Tucker terms.
        blocks: usize,
    },
    /// No factors.
    Dense,
}

/// How the hidden vector is fed back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recurrent {
    /// In the same matrix as the inputs (fully decomposed).
    Shared {
        /// First column of h in the first layer; the number of inputs when absent, as in the layers
        /// above.
        hidden_offset: Option<usize>,
    },
    /// Not at all.
    None,
    /// Through a dense matrix.
    Dense,
    /// Through a matrix of the same format, row modes and ranks, with as many column modes of its
    /// own ([`modes::covering`]).
    Factored,
}

/// Ranks of a matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ranks {
    /// One rank for all leaves of a tree, one for all its inner nodes; the root has rank 1. The
    /// other formats have no inner nodes, and there the two are equal.
    Uniform {
        /// Rank of each leaf.
        leaf: usize,
        /// Rank of each inner node but the root.
        inner: usize,
    },
    /// A list.
    ///
    /// Tree: one rank per node except the root in the order of the tree's text: a node, then its
    /// left half, then its right half; for `((0,1),2)`: (0,1), 0, 1, 2. Train: those between the
    /// cores. Ring: the left rank of each core, the closing rank first. Block term: the Tucker rank
    /// of each mode.
    PerNode(Vec<usize>),
}

/// Builds the model that the specification describes, with seeded values: each rebuilt matrix has
/// standard deviation 1/sqrt(H), the bias of the gate that keeps the state is about 1.
pub fn new(spec: &NewSpec) -> Result<Model> {
    let mut model = outline(spec)?;
    init::fill(&mut model, spec.seed);
    Model::try_from(model)
}

/// The model with every core and vector allocated and zero.
fn outline(spec: &NewSpec) -> Result<ModelParts> {
    let format = outline::Shape::of(spec)?;
    let mut found = Found::default();
    check_name(&spec.name, &mut found);
    found.range("layers", "number of layers", spec.layers, 1, MAX_LAYERS);
    found.finish()?;
    let mut memory = Memory { n_left: MAX_ELEMENTS };
    let mut layers = Vec::with_capacity(spec.layers);
    for index in 0..spec.layers {
        layers.push(layer(spec, &format, index, &mut memory)?);
    }
    let head = spec.head.map(|outputs| {
        let weight = memory.zeros("head", &[outputs, spec.hidden])?;
        Ok::<_, Problems>(Linear { outputs, weight, bias: memory.zeros("head", &[outputs])? })
    });
    let model = ModelParts {
        name: spec.name.clone(),
        layers,
        head: head.transpose()?,
        input: spec.input.clone(),
        formats: None,
    };
    problems(&model).finish()?;
    Ok(model)
}

fn layer(
    spec: &NewSpec,
    format: &outline::Shape,
    index: usize,
    memory: &mut Memory,
) -> Result<Layer> {
    let (hidden, gates) = (spec.hidden, spec.cell.gates());
    let inputs = if index == 0 { spec.inputs } else { hidden };
    let columns = match spec.recurrent {
        Recurrent::Shared { hidden_offset } => {
            let offset = hidden_offset.filter(|_| index == 0).unwrap_or(inputs);
            Columns::InputAndHidden { hidden_offset: offset }
        }
        _ => Columns::Input,
    };
    let used = |columns: Columns| match columns {
        Columns::InputAndHidden { hidden_offset } => hidden_offset.saturating_add(hidden),
        Columns::Input => inputs,
        Columns::Hidden => hidden,
    };
    let mut matrix = |format: &outline::Shape, columns: Columns, given: bool| {
        let or_one = |modes: &[usize], size: usize| match modes {
            [] if *format == outline::Shape::Dense => vec![size],
            modes => modes.to_vec(),
        };
        let out_modes = or_one(&spec.out_modes, gates.saturating_mul(hidden));
        let in_modes = match spec.in_modes.len() {
            count if !given && count > 0 => modes::covering(used(columns), count)?,
            _ => or_one(&spec.in_modes, used(columns)),
        };
        let factors = format.zeros(&out_modes, &in_modes, memory)?;
        Ok::<_, Problems>(Matrix { columns, out_modes, in_modes, factors })
    };
    let mut matrices = vec![matrix(format, columns, index == 0)?];
    match spec.recurrent {
        Recurrent::Shared { .. } | Recurrent::None => {}
        Recurrent::Factored => matrices.push(matrix(format, Columns::Hidden, false)?),
        Recurrent::Dense => {
            let (out_modes, in_modes) = (vec![gates.saturating_mul(hidden)], vec![hidden]);
            let factors = Factors::Dense(memory.zeros("hidden", &[out_modes[0], hidden])?);
            matrices.push(Matrix { columns: Columns::Hidden, out_modes, in_modes, factors });
        }
    }
    let candidates = if spec.cell == Cell::Gru { hidden } else { 0 };
    Ok(Layer {
        cell: spec.cell,
        gate_activation: spec.gate_activation,
        inputs,
        hidden,
        matrices,
        bias: memory.zeros("hidden", &[gates, hidden])?,
        candidate_bias: memory.zeros("hidden", &[candidates])?,
    })
}

/// Elements that the model may still take.
struct Memory {
    n_left: usize,
}

impl Memory {
    fn zeros(&mut self, place: &str, shape: &[usize]) -> Result<Vec<f64>> {
        let count = shape::elements(shape);
        let left = count.and_then(|count| self.n_left.checked_sub(count));
        let (Some(count), Some(left)) = (count, left) else {
            return Err(Problems::from(
                Diagnostic::new(place, "too large")
                    .kind(ErrorKind::Limit)
                    .found(format!("{} elements", shape::text(shape)))
                    .expected(format!("at most {MAX_ELEMENTS} in the whole model")),
            ));
        };
        self.n_left = left;
        Ok(vec![0.0; count])
    }
}
