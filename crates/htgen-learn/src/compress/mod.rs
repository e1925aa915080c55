//! Dense layers to hierarchical Tucker, tensor train or tensor ring factors by singular values,
//! with the error of every step.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, Result};
use crate::model::{Columns, Factors, Layer, Matrix, Model, ModelParts, Tree, modes};

mod budget;
mod candidate;
mod decompose;
mod dense;
mod network;
mod options;
mod project;
mod ranks;
mod rebuild;
mod ring;
mod shape;
mod svd;
mod target;

pub use dense::{Runner, outputs};
pub use options::{CompressOptions, FactorFormat, Goal, Modes, RecurrentFactors};
pub use svd::available;

use decompose::decompose;
use dense::Weights;
use ranks::{Rule, ranks_of};
use shape::{Ring, Shape};
use target::Target;

/// A compressed model, and its loss.
#[derive(Debug, Clone, PartialEq)]
pub struct Compressed {
    /// The model.
    pub model: Model,
    /// One entry per factored matrix.
    pub matrices: Vec<MatrixError>,
    /// Relative error of all factored matrices together, measured.
    pub error: f64,
}

/// The loss of a matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixError {
    /// Its layer, from 0.
    pub layer: usize,
    /// What its columns multiply.
    pub columns: Columns,
    /// Row modes.
    pub out_modes: Vec<usize>,
    /// Column modes.
    pub in_modes: Vec<usize>,
    /// Core parameters.
    pub parameters: usize,
    /// Relative error in the Frobenius norm: the rebuilt matrix against the given one, in the
    /// columns in use.
    pub error: f64,
    /// Root of the sum of the squares of what all nodes discard, relative to the norm.
    pub bound: f64,
    /// Norm of the given matrix.
    pub norm: f64,
    /// One entry per rank.
    pub nodes: Vec<NodeError>,
}

/// The loss of the projection at one rank of the tree or train.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeError {
    /// The modes on one side of the rank: `2-3`, or `0..2` of a train.
    pub name: String,
    /// The rank kept.
    pub rank: usize,
    /// Largest rank that the sizes of both sides allow.
    pub full_rank: usize,
    /// What the projection changed, measured, relative to the norm of the matrix.
    pub error: f64,
    /// Root of the sum of the squares of the discarded singular values, relative to the norm.
    pub bound: f64,
    /// Singular values, largest first, relative to the norm.
    pub values: Vec<f64>,
}

/// Factors the dense matrices of a model.
///
/// Every projection is orthogonal, so the squares of the errors of the nodes add up to that of the
/// matrix. Padding columns are zero in the given matrix and do not count in the error.
///
/// # Errors
/// When a matrix is already factored, modes do not cover it, a rank is above the full rank, or the
/// goal cannot be reached.
pub fn compress(model: &Model, options: &CompressOptions) -> Result<Compressed> {
    check_goal(&options.goal)?;
    let mut layers = Vec::new();
    let mut jobs = Vec::new();
    for (index, layer) in model.layers.iter().enumerate() {
        let weights = Weights::of(layer, index)?;
        let (bare, mut own) = outline(layer, index, weights, options)?;
        jobs.append(&mut own);
        layers.push(bare);
    }
    let rules = rules(&mut jobs, &options.goal)?;
    let mut matrices = Vec::new();
    for (job, rule) in jobs.iter().zip(rules) {
        let place = |problem: crate::error::Problems| problem.in_file(job.place());
        let (factors, nodes) = decompose(&job.target, &job.shape, rule).map_err(place)?;
        let error = job.target.error(&factors, &job.shape.rebuilt_axes(&job.target));
        let norm = job.target.norm();
        let bound = lost(&nodes).sqrt();
        let Target { columns, out_modes, in_modes, .. } = &job.target;
        matrices.push(MatrixError {
            layer: job.layer,
            columns: *columns,
            out_modes: out_modes.clone(),
            in_modes: in_modes.clone(),
            parameters: factors.parameters(),
            error,
            bound,
            norm,
            nodes,
        });
        let (out_modes, in_modes) = (out_modes.clone(), in_modes.clone());
        let matrix = Matrix { columns: *columns, out_modes, in_modes, factors };
        layers[job.layer].matrices.insert(job.at, matrix);
    }
    let parts = ModelParts { layers, formats: None, ..model.clone().into_parts() };
    let model = Model::try_from(parts)?;
    let error = together(&matrices);
    if let Goal::Tolerance(most) = options.goal
        && let Some(worst) = matrices.iter().find(|matrix| matrix.error > most)
    {
        return Err(Diagnostic::new("`tolerance`", "below what double precision reaches")
            .found(format!("{most:e}, measured {:e}", worst.error))
            .help("take at least 1e-13")
            .into());
    }
    Ok(Compressed { model, matrices, error })
}

/// What all nodes discard, as a fraction of the square of the norm.
fn lost(nodes: &[NodeError]) -> f64 {
    nodes.iter().map(|node| node.bound * node.bound).sum()
}

/// Relative error of several matrices.
fn together(matrices: &[MatrixError]) -> f64 {
    let lost: f64 = matrices.iter().map(|m| (m.error * m.norm).powi(2)).sum();
    let all: f64 = matrices.iter().map(|m| m.norm.powi(2)).sum();
    if all > 0.0 { (lost / all).sqrt() } else { 0.0 }
}

fn check_goal(goal: &Goal) -> Result<()> {
    match goal {
        Goal::Tolerance(most) if !(*most > 0.0 && *most < 1.0) => {
            Err(Diagnostic::new("`tolerance`", "out of range")
                .found(most)
                .expected("above 0 and below 1, the error relative to the norm")
                .into())
        }
        _ => Ok(()),
    }
}

/// A matrix to be factored.
struct Job {
    layer: usize,
    /// Its place among the matrices of the layer.
    at: usize,
    target: Target,
    shape: Shape,
}

impl Job {
    fn place(&self) -> String {
        format!("layers[{}], {}", self.layer, self.target.columns.kind())
    }
}

/// The layer without its factored matrices, and those as jobs.
fn outline(
    layer: &Layer,
    index: usize,
    weights: Weights,
    options: &CompressOptions,
) -> Result<(Layer, Vec<Job>)> {
    let (inputs, hidden, gates) = (layer.inputs, layer.hidden, layer.cell.gates());
    let mut jobs = Vec::new();
    let mut bare = Layer { matrices: Vec::new(), ..layer.clone() };
    let mut job = |columns: Columns, weight: Vec<f64>, given: bool| {
        let used = match columns {
            Columns::InputAndHidden { hidden_offset } => hidden_offset.saturating_add(hidden),
            Columns::Input => inputs,
            Columns::Hidden => hidden,
        };
        let (out_modes, in_modes) = match &options.modes {
            Modes::Count(count) => {
                (modes::rows(gates, hidden, *count)?, modes::covering(used, *count)?)
            }
            Modes::Given { out, columns } if given => (out.clone(), columns.clone()),
            Modes::Given { out, columns } => (out.clone(), modes::covering(used, columns.len())?),
        };
        let n_modes = out_modes.len();
        let in_pairs = options.format != FactorFormat::TensorRing;
        let tree = match &options.format {
            FactorFormat::HierarchicalTucker(tree) => Some(Tree::parse(tree, n_modes)?),
            _ => None,
        };
        let target = Target::new(columns, out_modes, in_modes, weight, [inputs, hidden], in_pairs)
            .map_err(|problems| problems.in_file(format!("layers[{index}]")))?;
        let shape = match tree {
            Some(tree) => Shape::Tree(tree),
            None if in_pairs => Shape::Train(n_modes),
            None => Shape::Ring(Ring::plain(&target)),
        };
        jobs.push(Job { layer: index, at: jobs.len(), target, shape });
        Ok::<(), crate::error::Problems>(())
    };
    let first = index == 0;
    match (options.recurrent, weights.of_h.clone()) {
        (RecurrentFactors::Shared(offset), Some(_)) => {
            let hidden_offset = offset.filter(|_| first).unwrap_or(inputs);
            job(Columns::InputAndHidden { hidden_offset }, weights.beside(), first)?;
        }
        (RecurrentFactors::Factored, Some(of_h)) => {
            job(Columns::Input, weights.of_x, first)?;
            job(Columns::Hidden, of_h, false)?;
        }
        (RecurrentFactors::Dense, Some(of_h)) => {
            job(Columns::Input, weights.of_x, first)?;
            bare.matrices.push(Matrix {
                columns: Columns::Hidden,
                out_modes: vec![gates * hidden],
                in_modes: vec![hidden],
                factors: Factors::Dense(of_h),
            });
        }
        (_, None) => job(Columns::Input, weights.of_x, first)?,
    }
    Ok((bare, jobs))
}

/// How the ranks of each matrix are determined.
fn rules(jobs: &mut [Job], goal: &Goal) -> Result<Vec<Rule>> {
    if matches!(jobs[0].shape, Shape::Ring(_))
        && let Some(rules) = ring::choose(jobs, goal)?
    {
        return Ok(rules);
    }
    match goal {
        Goal::Tolerance(most) => {
            let rule = |job: &Job| Rule::energy((most * job.target.norm()).powi(2), &job.shape);
            Ok(jobs.iter().map(rule).collect())
        }
        Goal::Ranks(ranks) => {
            let fixed = |job: &Job| {
                let ranks = ranks::listed(ranks, &job.shape)?;
                ranks::check(&ranks, &job.shape, &job.target)
                    .map_err(|problems| problems.in_file(job.place()))?;
                Ok(Rule::Fixed(ranks))
            };
            jobs.iter().map(fixed).collect()
        }
        Goal::Parameters(most) => {
            let chosen = budget::choose(jobs, *most)?;
            Ok(jobs.iter().zip(chosen).map(|(job, ranks)| ranks_of(&job.shape, ranks)).collect())
        }
    }
}
