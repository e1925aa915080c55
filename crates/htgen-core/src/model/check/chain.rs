//! Rules of tensor trains, tensor rings and block terms: shapes match the modes, neighbouring ranks
//! match, and a sum is not empty.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::collect::Found;
use super::core::check_core;
use crate::error::Diagnostic;
use crate::model::shape;
use crate::model::{Block, Core, Matrix};

/// Maximum number of blocks in a block-term matrix.
const MAX_BLOCKS: usize = 64;

/// Checks cores of left rank x modes x right rank, where the right rank of each core is the left
/// rank of the next. The outer ranks are 1 if the chain is `open`, otherwise they are equal.
pub(super) fn check(
    cores: &[Core],
    modes: &[Vec<usize>],
    open: bool,
    place: &str,
    found: &mut Found,
) {
    if cores.len() != modes.len() {
        found.push(
            Diagnostic::new(place, "wrong number of cores")
                .found(cores.len())
                .expected(format!("{}, one per mode", modes.len())),
        );
        return;
    }
    for (k, (core, modes)) in cores.iter().zip(modes).enumerate() {
        let place = format!("{place}[{k}]");
        let fits = core.shape.len() == modes.len() + 2
            && core.shape[1..=modes.len()] == modes[..]
            && core.shape.iter().all(|&size| size > 0);
        if !fits {
            found.push(
                Diagnostic::new(place, "wrong shape")
                    .found(shape::text(&core.shape))
                    .expected(format!("left rank x {} x right rank", shape::text(modes))),
            );
            return;
        }
        check_core(&core.data, &core.shape, &place, found);
    }
    let left = |k: usize| cores[k].shape[0];
    let right = |k: usize| cores[k].shape[modes[k].len() + 1];
    for k in 1..cores.len() {
        if left(k) != right(k - 1) {
            found.push(ranks(format!("{place}[{k}]"), left(k), right(k - 1), "the core before"));
        }
    }
    let Some(last) = cores.len().checked_sub(1) else { return };
    if open && left(0) != 1 {
        found.push(ranks(format!("{place}[0]"), left(0), 1, "the end of a train"));
    }
    let (end, of) = if open { (1, "the end of a train") } else { (left(0), "the first core") };
    if right(last) != end {
        found.push(ranks(format!("{place}[{last}]"), right(last), end, of));
    }
}

fn ranks(place: String, found: usize, expected: usize, of: &str) -> Diagnostic {
    Diagnostic::new(place, "ranks do not match")
        .found(found)
        .expected(format!("{expected}, the rank of {of}"))
}

/// Checks the Tucker terms of a matrix.
pub(super) fn check_blocks(blocks: &[Block], matrix: &Matrix, place: &str, found: &mut Found) {
    if !found.range(place, "number of blocks", blocks.len(), 1, MAX_BLOCKS) {
        return;
    }
    let n_modes = matrix.out_modes.len().min(matrix.in_modes.len());
    for (k, block) in blocks.iter().enumerate() {
        let place = format!("{place}[{k}]");
        let ranks = &block.core.shape;
        if ranks.len() != n_modes || block.factors.len() != n_modes || ranks.contains(&0) {
            found.push(
                Diagnostic::new(place, "not one rank and one factor per mode")
                    .found(format!("{} and {}", shape::text(ranks), block.factors.len()))
                    .expected(format!("{n_modes} of each")),
            );
            continue;
        }
        check_core(&block.core.data, ranks, &format!("{place}.core"), found);
        for (mode, factor) in block.factors.iter().enumerate() {
            let place = format!("{place}.factors[{mode}]");
            let expected = [matrix.out_modes[mode], matrix.in_modes[mode], ranks[mode]];
            if factor.shape != expected {
                found.push(
                    Diagnostic::new(place, "wrong shape")
                        .found(shape::text(&factor.shape))
                        .expected(shape::text(&expected)),
                );
                continue;
            }
            check_core(&factor.data, &expected, &place, found);
        }
    }
}
