//! A dense matrix as a tensor over pairs of modes, and the distance of factors to it.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::rebuild::rebuild;
use crate::error::{Diagnostic, ErrorKind, Result};
use crate::model::{Columns, Factors, shape_text};
use crate::network::{for_each_offset, strides};
use std::fmt;

/// Maximum number of elements in the padded matrix; two copies of it are in memory at a time.
const MAX_PADDED: usize = 1 << 28;

/// A mode of the rows or of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Row(usize),
    Column(usize),
}

impl fmt::Display for Axis {
    /// As `m2` or `n0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Axis::Row(k) => write!(f, "m{k}"),
            Axis::Column(k) => write!(f, "n{k}"),
        }
    }
}

/// A matrix to be approximated.
pub(super) struct Target {
    /// What the columns multiply.
    pub columns: Columns,
    /// Row modes.
    pub out_modes: Vec<usize>,
    /// Column modes.
    pub in_modes: Vec<usize>,
    /// rows x source columns.
    weight: Vec<f64>,
    /// Source column of each padded column.
    sources: Vec<Option<usize>>,
    n_sources: usize,
}

impl Target {
    /// Spreads the columns of `weight` over the padded ones.
    pub(super) fn new(
        columns: Columns,
        out_modes: Vec<usize>,
        in_modes: Vec<usize>,
        weight: Vec<f64>,
        [inputs, hidden]: [usize; 2],
        in_pairs: bool,
    ) -> Result<Target> {
        let (n_sources, used) = match columns {
            Columns::InputAndHidden { hidden_offset } if hidden_offset < inputs => {
                return Err(Diagnostic::new("hidden_offset", "h would overlap the inputs")
                    .found(hidden_offset)
                    .expected(format!("at least {inputs}, the inputs"))
                    .into());
            }
            Columns::InputAndHidden { hidden_offset } => {
                (inputs + hidden, hidden_offset.saturating_add(hidden))
            }
            Columns::Input => (inputs, inputs),
            Columns::Hidden => (hidden, hidden),
        };
        let rows = weight.len() / n_sources;
        let product = |modes: &[usize]| {
            modes.iter().try_fold(1usize, |product, mode| product.checked_mul(*mode))
        };
        let wrong = |place: &str, modes: &[usize], expected: String| {
            Diagnostic::new(place, "modes have the wrong product")
                .found(shape_text(modes))
                .expected(expected)
        };
        if product(&out_modes) != Some(rows) {
            let expected = format!("{rows}, gates times hidden units");
            return Err(wrong("`out_modes`", &out_modes, expected).into());
        }
        if in_pairs && out_modes.len() != in_modes.len() {
            return Err(Diagnostic::new("`in_modes`", "modes come in pairs")
                .found(format!("{} of them", in_modes.len()))
                .expected(format!("{}, as in `out_modes`", out_modes.len()))
                .into());
        }
        let Some(padded) = product(&in_modes).filter(|padded| *padded >= used) else {
            let expected = format!("at least {used}, the columns in use");
            return Err(wrong("`in_modes`", &in_modes, expected).into());
        };
        if rows.checked_mul(padded).is_none_or(|count| count > MAX_PADDED) {
            return Err(Diagnostic::new("`in_modes`", "too large")
                .kind(ErrorKind::Limit)
                .found(format!("{rows} x {padded} elements, padding included"))
                .expected(format!("at most {MAX_PADDED}"))
                .into());
        }
        let source = |column: usize| match columns {
            Columns::InputAndHidden { hidden_offset } if column >= hidden_offset => {
                Some(column - hidden_offset + inputs).filter(|_| column < used)
            }
            _ => Some(column).filter(|column| *column < inputs.min(used)),
        };
        let sources = match columns {
            Columns::Hidden => (0..padded).map(|c| Some(c).filter(|c| *c < hidden)).collect(),
            _ => (0..padded).map(source).collect(),
        };
        Ok(Target { columns, out_modes, in_modes, weight, sources, n_sources })
    }

    /// Number of elements over pair of modes k.
    pub(super) fn pair(&self, mode: usize) -> usize {
        self.out_modes[mode] * self.in_modes[mode]
    }

    /// Frobenius norm.
    pub(super) fn norm(&self) -> f64 {
        self.weight.iter().map(|value| value * value).sum::<f64>().sqrt()
    }

    /// Number of elements, padding included.
    pub(super) fn elements(&self) -> usize {
        self.weight.len() / self.n_sources * self.sources.len()
    }

    /// The tensor over these axes.
    pub(super) fn tensor(&self, axes: &[Axis]) -> Vec<f64> {
        let mut tensor = Vec::with_capacity(self.elements());
        self.visit(axes, |source| tensor.push(source.map_or(0.0, |at| self.weight[at])));
        tensor
    }

    /// Relative distance of factors that rebuild the tensor over these axes, in the columns in use.
    pub(super) fn error(&self, factors: &Factors, axes: &[Axis]) -> f64 {
        let rebuilt = rebuild(factors);
        let mut values = rebuilt.iter();
        let mut sum = 0.0;
        self.visit(axes, |source| {
            let value = values.next().expect("as many elements as the tensor has");
            if let Some(at) = source {
                sum += (value - self.weight[at]).powi(2);
            }
        });
        let norm = self.norm();
        if norm > 0.0 { sum.sqrt() / norm } else { sum.sqrt() }
    }

    /// Calls `f` with the place of every element in `weight`; none for padding.
    fn visit(&self, axes: &[Axis], mut f: impl FnMut(Option<usize>)) {
        let padded = self.sources.len();
        let (out, columns) = (strides(&self.out_modes), strides(&self.in_modes));
        let axes = axes.iter().map(|axis| match *axis {
            Axis::Row(k) => (self.out_modes[k], out[k] * padded),
            Axis::Column(k) => (self.in_modes[k], columns[k]),
        });
        let (dims, steps): (Vec<usize>, Vec<usize>) = axes.unzip();
        for_each_offset(&dims, &steps, |offset| {
            let source = self.sources[offset % padded];
            f(source.map(|column| offset / padded * self.n_sources + column));
        });
    }
}
