//! Models with some of their parts changed.
// SPDX-License-Identifier: MIT OR Apache-2.0

use htgen::model::{Model, ModelParts};

/// The model after `change`, which must leave it consistent.
#[track_caller]
pub fn changed(model: &Model, change: impl FnOnce(&mut ModelParts)) -> Model {
    let mut parts = model.clone().into_parts();
    change(&mut parts);
    Model::try_from(parts).expect("a consistent model")
}
