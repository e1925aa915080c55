//! Rules of the JSON schema that the Rust types express only through options.
// SPDX-License-Identifier: MIT OR Apache-2.0

use schemars::Schema;

/// Exactly one of two sets of keys.
fn one_of(schema: &mut Schema, left: &[&str], right: &[&str]) {
    schema.insert(
        "oneOf".to_string(),
        serde_json::json!([{ "required": left }, { "required": right }]),
    );
}

pub fn one_content(schema: &mut Schema) {
    let keys = ["tree", "cores", "blocks", "weight"];
    let required: Vec<_> =
        keys.iter().map(|key| serde_json::json!({ "required": [key] })).collect();
    schema.insert("oneOf".to_string(), required.into());
}

pub fn leaf_or_inner(schema: &mut Schema) {
    one_of(schema, &["mode"], &["left", "right"]);
}

pub fn data_or_tensor(schema: &mut Schema) {
    one_of(schema, &["data"], &["tensor"]);
}
