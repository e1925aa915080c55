//! Singular values and left singular vectors of wide matrices, only in the feature `compress`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, Result};

/// The components of a matrix.
pub(super) struct Left {
    /// Left singular vectors, rows x count, row-major, the strongest first.
    pub vectors: Vec<f64>,
    /// Singular values, largest first.
    pub values: Vec<f64>,
}

/// Says how to build htgen with singular values, if it was built without.
pub fn available() -> Result<()> {
    if cfg!(feature = "compress") {
        return Ok(());
    }
    Err(absent())
}

fn absent() -> crate::error::Problems {
    Diagnostic::new("", "this htgen was built without `compress`")
        .help("build it with `cargo build --release --features compress`")
        .into()
}

/// Left singular vectors of a row-major matrix; at most as many as it has rows or columns.
#[cfg(not(feature = "compress"))]
pub(super) fn left_singular(_matrix: &[f64], _rows: usize) -> Result<Left> {
    Err(absent())
}

/// Columns taken in at once, in multiples of the number of rows.
#[cfg(feature = "compress")]
const CHUNK: usize = 3;

/// Left singular vectors of a row-major matrix; at most as many as it has rows or columns.
///
/// A wide matrix is first reduced to a triangle as large as its rows, a part of the columns at a
/// time (QR of the transpose). Unlike the product with its transpose, this loses no precision.
#[cfg(feature = "compress")]
pub(super) fn left_singular(matrix: &[f64], rows: usize) -> Result<Left> {
    use faer::{Mat, MatRef};
    let columns = matrix.len() / rows;
    let whole = MatRef::from_row_major_slice(matrix, rows, columns);
    let small = if columns <= (CHUNK + 1) * rows {
        whole.to_owned()
    } else {
        let mut triangle = Mat::<f64>::zeros(0, rows);
        let mut from = 0;
        while from < columns {
            let width = (CHUNK * rows).max(1).min(columns - from);
            let above = triangle.nrows();
            let stacked = Mat::from_fn(above + width, rows, |i, j| match i.checked_sub(above) {
                None => triangle[(i, j)],
                Some(k) => matrix[j * columns + from + k],
            });
            triangle = stacked.qr().thin_R().to_owned();
            from += width;
        }
        triangle.transpose().to_owned()
    };
    let svd = small.thin_svd().map_err(|_| {
        Diagnostic::new("", "singular values do not converge")
            .found(format!("a matrix of {rows} x {columns}"))
    })?;
    let (u, s) = (svd.U(), svd.S().column_vector());
    let count = s.nrows();
    let vectors = (0..rows * count).map(|k| u[(k / count, k % count)]).collect();
    Ok(Left { vectors, values: (0..count).map(|k| s[k]).collect() })
}
