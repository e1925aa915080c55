//! A core by itself: as many numbers as its shape has, all finite.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::collect::Found;
use super::{check_finite, too_large};
use crate::error::Diagnostic;
use crate::model::shape;

/// As many values as the shape has elements, all finite.
pub(super) fn check_core(values: &[f64], shape: &[usize], place: &str, found: &mut Found) {
    match shape::elements(shape) {
        None => found.push(too_large(place, &shape::text(shape))),
        Some(length) if length != values.len() => found.push(
            Diagnostic::new(place, "wrong number of elements")
                .found(values.len())
                .expected(format!("{} = {length}", shape::text(shape))),
        ),
        Some(_) => {}
    }
    check_finite(values, place, found);
}
