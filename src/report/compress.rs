//! What `htgen compress` kept and lost.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::number::{grouped, percent, ratio, times_fewer};
use crate::compress::{Compressed, MatrixError, NodeError};
use crate::evaluate::{Agreement, Confusion, Judged, Judgement};
use crate::model::shape_text;
use crate::printable;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// Relative errors below this are those of double precision.
const ROUNDING: f64 = 1e-13;

/// A compressed model.
#[derive(Debug, Clone, Serialize)]
pub struct Compression {
    /// Its name.
    pub name: String,
    /// The file written.
    pub file: PathBuf,
    /// Core parameters, including dense recurrent matrices, without bias and head.
    pub parameters: usize,
    /// Weights of the dense layers.
    pub dense_parameters: usize,
    /// Reduction factor.
    pub ratio: f64,
    /// Relative error of all factored matrices together, measured, Frobenius norm.
    pub error: f64,
    /// One entry per factored matrix.
    pub matrices: Vec<MatrixReport>,
    /// Decisions before and after; null without a data set.
    pub decisions: Option<Unchanged>,
}

/// One factored matrix.
#[derive(Debug, Clone, Serialize)]
pub struct MatrixReport {
    /// Its layer, from 0.
    pub layer: usize,
    /// What its columns multiply.
    pub columns: &'static str,
    /// Row modes.
    pub out_modes: Vec<usize>,
    /// Column modes.
    pub in_modes: Vec<usize>,
    /// Core parameters.
    pub parameters: usize,
    /// Relative error, measured in the columns in use.
    pub error: f64,
    /// Bound from the discarded singular values of all nodes.
    pub bound: f64,
    /// One entry per rank.
    pub nodes: Vec<NodeReport>,
}

/// One rank of a tree or train.
#[derive(Debug, Clone, Serialize)]
pub struct NodeReport {
    /// The modes on one side of it.
    pub modes: String,
    /// The rank.
    pub rank: usize,
    /// Largest rank that the sizes allow.
    pub full_rank: usize,
    /// What its projection changed, measured, relative to the norm of the matrix.
    pub error: f64,
    /// The same from its discarded singular values.
    pub bound: f64,
    /// Singular values relative to the norm of the matrix, largest first.
    pub singular_values: Vec<f64>,
}

/// Outputs and decisions of the dense and of the compressed model over a data set, both in float.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unchanged {
    /// Sequences run.
    pub sequences: usize,
    /// The outputs compared with those of the dense model.
    pub outputs: Agreement,
    /// Sequences for which both decide alike; null for a model without a head.
    pub decisions_equal: Option<usize>,
    /// Largest difference of an output.
    pub largest_difference: f64,
    /// Fraction that the dense model classifies as labelled; null without labels.
    pub accuracy_dense: Option<f64>,
    /// Fraction that the compressed model classifies as labelled; null without labels.
    pub accuracy: Option<f64>,
    /// The mean of that fraction over the classes, for the dense model.
    pub balanced_accuracy_dense: Option<f64>,
    /// The mean of that fraction over the classes, for the compressed model.
    pub balanced_accuracy: Option<f64>,
}

impl Unchanged {
    /// Compares the outputs of both models.
    pub fn of(judged: &Judged<'_>, dense: &[Vec<f64>], compressed: &[Vec<f64>]) -> Unchanged {
        let judgement = Judgement::of(judged, dense, compressed);
        let decisions = judgement.decisions.as_ref();
        let labelled = decisions.and_then(|decisions| decisions.labelled.as_ref());
        let of_dense = |of: fn(&Confusion) -> f64| labelled.map(|labelled| of(&labelled.float));
        let of_run = |of: fn(&Confusion) -> f64| labelled.map(|labelled| of(&labelled.run));
        Unchanged {
            sequences: judgement.sequences,
            decisions_equal: decisions.map(|decisions| decisions.equal),
            largest_difference: judgement.outputs.worst_output().map_or(0.0, |(_, error)| error),
            accuracy_dense: of_dense(Confusion::accuracy),
            accuracy: of_run(Confusion::accuracy),
            balanced_accuracy_dense: of_dense(Confusion::balanced_accuracy),
            balanced_accuracy: of_run(Confusion::balanced_accuracy),
            outputs: judgement.outputs,
        }
    }
}

impl Compression {
    /// Describes a model that was written to `file`.
    pub fn of(compressed: &Compressed, decisions: Option<Unchanged>, file: &Path) -> Compression {
        let model = &compressed.model;
        let (parameters, dense_parameters) = (model.parameters(), model.dense_parameters());
        Compression {
            name: model.name.clone(),
            file: file.to_path_buf(),
            parameters,
            dense_parameters,
            ratio: ratio(dense_parameters as f64, parameters as f64),
            error: compressed.error,
            matrices: compressed.matrices.iter().map(matrix).collect(),
            decisions,
        }
    }
}

fn matrix(matrix: &MatrixError) -> MatrixReport {
    let node = |node: &NodeError| NodeReport {
        modes: node.name.clone(),
        rank: node.rank,
        full_rank: node.full_rank,
        error: node.error,
        bound: node.bound,
        singular_values: node.values.clone(),
    };
    MatrixReport {
        layer: matrix.layer,
        columns: matrix.columns.kind(),
        out_modes: matrix.out_modes.clone(),
        in_modes: matrix.in_modes.clone(),
        parameters: matrix.parameters,
        error: matrix.error,
        bound: matrix.bound,
        nodes: matrix.nodes.iter().map(node).collect(),
    }
}

/// An error in words; an error no larger than rounding counts as none.
fn shown(error: f64) -> String {
    if error < ROUNDING { "0".to_owned() } else { format!("{error:.2e}") }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} parameters for {} dense ones, {}, in {}",
            self.name,
            grouped(self.parameters as u64),
            grouped(self.dense_parameters as u64),
            times_fewer(self.ratio),
            printable::path(&self.file)
        )?;
        writeln!(f, "  error        {:.2e} of the norm, measured", self.error)?;
        for matrix in &self.matrices {
            writeln!(
                f,
                "  layer {}, {}: rows {}, columns {}, {} parameters, error {:.2e}, bound {:.2e}",
                matrix.layer,
                matrix.columns,
                shape_text(&matrix.out_modes),
                shape_text(&matrix.in_modes),
                grouped(matrix.parameters as u64),
                matrix.error,
                matrix.bound
            )?;
            writeln!(
                f,
                "    {:<16}{:>6}{:>8}{:>12}{:>12}",
                "modes", "rank", "full", "error", "bound"
            )?;
            for node in &matrix.nodes {
                let NodeReport { modes, rank, full_rank, .. } = node;
                let [error, bound] = [node.error, node.bound].map(shown);
                writeln!(f, "    {modes:<16}{rank:>6}{full_rank:>8}{error:>12}{bound:>12}")?;
            }
        }
        match &self.decisions {
            None => Ok(()),
            Some(decisions) => write!(f, "{decisions}"),
        }
    }
}

impl fmt::Display for Unchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unchanged { sequences, decisions_equal, largest_difference, outputs, .. } = self;
        write!(f, "  outputs      ")?;
        if let Some(cosine) = outputs.cosine {
            write!(f, "cosine {:.6} on average, {:.6} at worst, ", cosine.mean, cosine.worst)?;
        }
        writeln!(f, "largest difference {largest_difference:.2e}, over {sequences} sequences")?;
        if let Some(equal) = decisions_equal {
            writeln!(f, "  decisions    {equal} of {sequences} as before")?;
        }
        for (title, dense, after) in [
            ("accuracy", self.accuracy_dense, self.accuracy),
            ("balanced", self.balanced_accuracy_dense, self.balanced_accuracy),
        ] {
            if let (Some(dense), Some(after)) = (dense, after) {
                writeln!(f, "  {title:<12} {} (dense {})", percent(after), percent(dense))?;
            }
        }
        Ok(())
    }
}
