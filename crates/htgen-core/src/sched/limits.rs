//! What is refused before any of it is made.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::layout::PartLayout;
use super::weights;
use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use crate::quant::{QuantLayer, QuantPlan};

/// Maximum number of weights in the ROM, unless the plan itself has half as many.
const MOST_LANE_WEIGHTS: u64 = 1 << 26;
/// Maximum number of words in a buffer for one operand.
const MOST_WORDS: u64 = 1 << 25;

/// Refuses memories that no chip has and no computer should list.
pub(super) fn memories(layouts: &[PartLayout<'_>], lanes: usize, weights: u64) -> Result<()> {
    let words = layouts.iter().map(weights::count).fold(0, u64::saturating_add);
    let largest_of = |layout: &PartLayout<'_>| -> usize {
        (0..layout.shapes.tensors.len() - 1).map(|t| layout.addressing(t).words).max().unwrap_or(0)
    };
    let largest = layouts.iter().map(largest_of).max().unwrap_or(0) as u64;
    let figures = [
        (words.saturating_mul(lanes as u64), MOST_LANE_WEIGHTS.max(2 * weights), "weights in ROM"),
        (largest, MOST_WORDS, "words of an operand"),
    ];
    let beyond = figures.into_iter().filter(|(found, most, _)| found > most);
    let problems: Vec<Diagnostic> = beyond
        .map(|(found, most, what)| {
            Diagnostic::new("schedule", format!("too large for {lanes} lanes"))
                .kind(ErrorKind::Limit)
                .found(format!("{found} {what}, those of idle lanes included"))
                .expected(format!("at most {most}"))
                .help("fewer `lanes` or smaller ranks would do")
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

/// One kind of element-wise unit serves all layers.
pub(super) fn one_kind_of_cells(quant: &QuantPlan) -> Result<()> {
    let kind = |layer: &QuantLayer| (layer.cell.kind, layer.cell.gates);
    let bottom = kind(&quant.layers()[0]);
    match quant.layers().iter().position(|layer| kind(layer) != bottom) {
        None => Ok(()),
        Some(layer) => Err(Diagnostic::new(format!("layers[{layer}].cell"), "not as below")
            .kind(ErrorKind::Unsupported)
            .found(format!("{:?}", kind(&quant.layers()[layer])))
            .expected(format!("{bottom:?}, as in layers[0]: one element-wise unit serves all"))
            .into()),
    }
}
