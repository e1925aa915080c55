//! What `htgen compress` kept and lost.

use super::number::{grouped, percent, ratio};
use crate::compress::{Compressed, MatrixError, NodeError};
use crate::data::Sequences;
use crate::evaluate::decision;
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
    /// Core parameters, dense recurrent matrices included, bias and head apart.
    pub parameters: usize,
    /// Weights of the dense layers.
    pub dense_parameters: usize,
    /// How many times fewer.
    pub ratio: f64,
    /// Relative error of all factored matrices together, measured, Frobenius norm.
    pub error: f64,
    /// One entry a factored matrix.
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
    /// One entry a rank.
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

/// Decisions of the dense and of the compressed model over a data set, both in float.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unchanged {
    /// Sequences run.
    pub sequences: usize,
    /// Sequences that both decide alike.
    pub decisions_equal: usize,
    /// Largest difference of an output.
    pub largest_difference: f64,
    /// Fraction that the dense model decides as labeled; null without labels.
    pub accuracy_dense: Option<f64>,
    /// Fraction that the compressed model decides as labeled; null without labels.
    pub accuracy: Option<f64>,
}

impl Unchanged {
    /// Compares the outputs of both models.
    pub fn of(data: &Sequences, dense: &[Vec<f64>], compressed: &[Vec<f64>]) -> Unchanged {
        let pairs = || dense.iter().zip(compressed);
        let differences = pairs().flat_map(|(a, b)| a.iter().zip(b)).map(|(a, b)| (a - b).abs());
        let accuracy = |outputs: &[Vec<f64>]| {
            data.label(0)?;
            let is_right = |(k, output): &(usize, &Vec<f64>)| {
                let label = data.label(*k).and_then(|label| usize::try_from(label).ok());
                label.is_some() && label == decision(output)
            };
            let n_right = outputs.iter().enumerate().filter(is_right).count();
            Some(ratio(n_right as f64, outputs.len() as f64))
        };
        Unchanged {
            sequences: dense.len(),
            decisions_equal: pairs().filter(|(a, b)| decision(a) == decision(b)).count(),
            largest_difference: differences.fold(0.0, f64::max),
            accuracy_dense: accuracy(dense),
            accuracy: accuracy(compressed),
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

/// An error in words; what is no more than rounding is none.
fn shown(error: f64) -> String {
    if error < ROUNDING { "0".to_owned() } else { format!("{error:.2e}") }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} parameters for {} dense ones, {:.1} times fewer, in {}",
            self.name,
            grouped(self.parameters as u64),
            grouped(self.dense_parameters as u64),
            self.ratio,
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
        let Unchanged { sequences, decisions_equal, largest_difference, .. } = self;
        writeln!(
            f,
            "  decisions    {decisions_equal} of {sequences} as before, \
             largest difference of an output {largest_difference:.2e}"
        )?;
        if let (Some(dense), Some(after)) = (self.accuracy_dense, self.accuracy) {
            writeln!(f, "  accuracy     {} (dense {})", percent(after), percent(dense))?;
        }
        Ok(())
    }
}
