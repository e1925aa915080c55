//! What a model costs according to its plan.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::integers::planned;
use crate::error::Result;
use crate::model::{self, Model};
use crate::plan::PlanConfig;
use crate::report::Inspection;
use std::path::Path;

/// The limits under which a model is planned: those that are asked for, or those under which its
/// formats were chosen.
pub fn limits_of(model: &Model, asked: Option<PlanConfig>) -> PlanConfig {
    match (asked, &model.formats) {
        (None, Some(formats)) => PlanConfig::of(formats),
        (asked, _) => asked.unwrap_or(PlanConfig::UNLIMITED),
    }
}

/// Plans the model of a file and says what it costs; with `keep_zero_columns` the columns that are
/// structurally zero count as data.
///
/// # Errors
/// A model that cannot be read; what [`Planned::new`](crate::plan::Planned::new) refuses.
pub fn inspect(
    path: &Path,
    asked: Option<PlanConfig>,
    keep_zero_columns: bool,
) -> Result<Inspection> {
    let model = model::load(path)?;
    let own = limits_of(&model, asked);
    let limits = PlanConfig { drop_zero_columns: !keep_zero_columns, ..own };
    Ok(Inspection::of(&planned(path, &model, &limits)?))
}
