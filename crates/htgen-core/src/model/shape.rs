//! Shapes of cores, and the size limits that prevent a hostile or mistaken model from taking
//! gigabytes. All products are checked.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// Largest number of modes of a matrix.
pub(super) const MAX_MODES: usize = 8;
/// Largest number of rows or of columns of a matrix, and of inputs and hidden units.
pub(super) const MAX_SIDE: usize = 1 << 26;
/// Largest number of elements of a core or vector, and of all of them together.
pub(super) const MAX_ELEMENTS: usize = 1 << 27;
/// Largest number of layers.
pub(super) const MAX_LAYERS: usize = 64;
/// Largest number of matrices in a layer.
pub(super) const MAX_MATRICES: usize = 16;

/// Shape of a leaf frame; a leaf that is the root has no rank axis.
pub(super) fn leaf(rows: usize, columns: usize, rank: usize, is_root: bool) -> Vec<usize> {
    if is_root { vec![rows, columns] } else { vec![rows, columns, rank] }
}

/// Shape of a transfer tensor; the root has no leading rank axis.
pub(super) fn inner(rank: usize, left: usize, right: usize, is_root: bool) -> Vec<usize> {
    if is_root { vec![left, right] } else { vec![rank, left, right] }
}

/// Product of the factors, `None` when it does not fit a `usize`.
pub(super) fn product(factors: &[usize]) -> Option<usize> {
    factors.iter().try_fold(1usize, |product, &factor| product.checked_mul(factor))
}

/// Number of elements of a shape, `None` above [`MAX_ELEMENTS`].
pub(super) fn elements(shape: &[usize]) -> Option<usize> {
    product(shape).filter(|&count| count <= MAX_ELEMENTS)
}

/// A shape as text, `4 x 4 x 6`; long ones are cut.
pub fn text(shape: &[usize]) -> String {
    let shown: Vec<String> = shape.iter().take(MAX_MODES).map(usize::to_string).collect();
    let more = if shape.len() > MAX_MODES { " x ..." } else { "" };
    format!("{}{more}", shown.join(" x "))
}
