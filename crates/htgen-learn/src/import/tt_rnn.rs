//! `TT_LSTM` of TT_RNN for Keras: one flat vector `kernel` with the cores from last to first, each
//! of n x right rank x left rank x m; a dense `recurrent_kernel` (H, 4H); `bias` (4H); gates i, f,
//! c, o through the hard sigmoid clip(0.2 z + 0.5, 0, 1). Modes and ranks are not in the file.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::dense::{self, lstm, transposed};
use super::train::{self, permuted};
use super::{ImportOptions, keras};
use crate::checkpoint::{Checkpoint, Part, escaped};
use crate::error::{Diagnostic, ErrorKind};
use crate::model::{Columns, Core, GateActivation, Layer, shape_text};

pub(super) fn read(
    checkpoint: &Checkpoint<'_>,
    prefix: &str,
    options: &ImportOptions,
) -> Part<Vec<Layer>> {
    let name = |key: &str| keras::name(checkpoint, prefix, key);
    let recurrent = checkpoint.of_axes(&name("recurrent_kernel"), "H, 4H", 2)?;
    let (hidden, rows) = (recurrent.shape[0], recurrent.shape[1]);
    if hidden.checked_mul(4) != Some(rows) {
        let gru = hidden.checked_mul(3) == Some(rows);
        let help = "the GRU of TT_RNN multiplies by r before the product; htgen has the other form";
        let problem = Diagnostic::new(escaped(&name("recurrent_kernel")), "not an LSTM")
            .kind(ErrorKind::Unsupported)
            .found(shape_text(&recurrent.shape))
            .expected("H x 4H");
        return Err(if gru { problem.help(help) } else { problem });
    }
    let kernel = checkpoint.of_axes(&name("kernel"), "all cores of the train, flat", 1)?;
    let shape = Shape::of(options, rows, hidden)?;
    let cores = shape.cores(&kernel, &name("kernel"))?;
    let inputs = shape.in_modes.iter().product();
    let of_x = train::matrix(cores, Columns::Input);
    let of_h = dense::matrix(transposed(&recurrent), Columns::Hidden);
    let bias = checkpoint.bias(&name("bias"), rows)?;
    let mut layer = lstm(inputs, hidden, vec![of_x, of_h], bias);
    layer.gate_activation = GateActivation::HardSigmoid;
    Ok(vec![layer])
}

/// Modes and ranks of the train, as given by the options.
struct Shape {
    in_modes: Vec<usize>,
    /// With the factor of the gates in the first.
    out_modes: Vec<usize>,
    /// One more than modes, 1 at both ends.
    ranks: Vec<usize>,
}

impl Shape {
    fn of(options: &ImportOptions, rows: usize, hidden: usize) -> Part<Shape> {
        let (in_modes, mut out_modes) = (options.in_modes.clone(), options.out_modes.clone());
        if in_modes.is_empty() || out_modes.is_empty() || options.ranks.is_empty() {
            return Err(Diagnostic::new("", "modes and ranks of a flat train are not in the file")
                .expected("`in_modes`, `out_modes` and `rank`")
                .help("as in tt_input_shape, tt_output_shape and tt_ranks of the layer"));
        }
        if in_modes.len() != out_modes.len() {
            return Err(Diagnostic::new("", "modes come in pairs")
                .found(format!("{} of `in_modes`", in_modes.len()))
                .expected(format!("{}, as many as `out_modes`", out_modes.len())));
        }
        let product = |modes: &[usize]| modes.iter().try_fold(1usize, |p, &m| p.checked_mul(m));
        if product(&out_modes) == Some(hidden) {
            out_modes[0] *= 4;
        }
        if product(&in_modes).is_none_or(|inputs| inputs == 0) {
            return Err(Diagnostic::new("", "column modes whose product is too large")
                .kind(ErrorKind::Limit)
                .found(shape_text(&in_modes)));
        }
        if product(&out_modes) != Some(rows) {
            return Err(Diagnostic::new("", "row modes have the wrong product")
                .found(shape_text(&out_modes))
                .expected(format!("{hidden}, the hidden units, or {rows} with the gates")));
        }
        let ranks = ranks(&options.ranks, in_modes.len())?;
        Ok(Shape { in_modes, out_modes, ranks })
    }

    /// The cores as left rank x m x n x right rank.
    fn cores(&self, kernel: &Core, key: &str) -> Part<Vec<Core>> {
        let shapes: Vec<[usize; 4]> = (0..self.in_modes.len())
            .map(|k| [self.in_modes[k], self.ranks[k + 1], self.ranks[k], self.out_modes[k]])
            .collect();
        let sizes = shapes
            .iter()
            .map(|shape| shape.iter().try_fold(1usize, |product, &side| product.checked_mul(side)));
        let total = sizes.clone().try_fold(0usize, |sum, size| sum.checked_add(size?));
        if total != Some(kernel.data.len()) {
            let wanted = total.map_or("more than can be counted".to_owned(), |t| t.to_string());
            let (n, m) = (shape_text(&self.in_modes), shape_text(&self.out_modes));
            return Err(Diagnostic::new(escaped(key), "other modes or ranks than these")
                .found(format!("{} values", kernel.data.len()))
                .expected(format!(
                    "{wanted} for n {n}, m {m} and ranks {}",
                    shape_text(&self.ranks)
                )));
        }
        let mut end = kernel.data.len();
        let stored = shapes.iter().map(|shape| {
            let size: usize = shape.iter().product();
            let data = kernel.data[end - size..end].to_vec();
            end -= size;
            permuted(&Core { shape: shape.to_vec(), data }, &[2, 3, 0, 1])
        });
        Ok(stored.collect())
    }
}

/// The ranks of all edges, 1 at both ends.
fn ranks(given: &[usize], n_modes: usize) -> Part<Vec<usize>> {
    let inner = match given {
        [rank] => vec![*rank; n_modes - 1],
        [1, inner @ .., 1] if inner.len() + 1 == n_modes => inner.to_vec(),
        inner if inner.len() + 1 == n_modes => inner.to_vec(),
        _ => {
            return Err(Diagnostic::new("", "not a rank for every edge of the train")
                .found(format!("{} ranks", given.len()))
                .expected(format!("one for all, {} inner ones, or {}", n_modes - 1, n_modes + 1)));
        }
    };
    Ok([vec![1], inner, vec![1]].concat())
}
