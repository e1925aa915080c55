//! What is measured of a model on labelled sequences.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::evaluate::Confusion;

/// How well a model does on some sequences.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Mean cross-entropy.
    pub loss: f64,
    /// Decisions against labels.
    pub confusion: Confusion,
}
