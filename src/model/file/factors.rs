//! The factors of a matrix as serde types, tensor format by tensor format.

use super::{TensorFile, one_of};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

/// The factors of a matrix: beside the kind, the one key that belongs to it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = one_content)]
pub(in crate::model) struct FactorsFile {
    /// Tensor format.
    pub kind: FactorsKind,
    /// Of hierarchical-tucker: root of the binary dimension tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<NodeFile>,
    /// Of tensor-train: a core a mode, shape [left rank, out_modes[k], in_modes[k], right rank], the
    /// outer ranks being 1. Of tensor-ring: a core a mode, all of in_modes, then all of out_modes,
    /// shape [left rank, mode, right rank].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<Vec<TensorFile>>,
    /// Of block-term: the Tucker terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Vec<BlockFile>>,
    /// Of dense: the matrix, shape [rows, padded columns].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<TensorFile>,
}

/// Tensor formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::model) enum FactorsKind {
    /// Hierarchical Tucker over a binary dimension tree.
    HierarchicalTucker,
    /// Tensor train.
    TensorTrain,
    /// Tensor ring.
    TensorRing,
    /// A sum of Tucker terms.
    BlockTerm,
    /// No factors: the matrix itself.
    Dense,
}

/// A Tucker term.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::model) struct BlockFile {
    /// Core, an axis a mode, each a rank.
    pub core: TensorFile,
    /// Factors, one a mode, shape [out_modes[k], in_modes[k], rank].
    pub factors: Vec<TensorFile>,
}

/// A node of the dimension tree: a leaf with a mode, or an inner node with two children.
///
/// Shape of the core: leaf [out_modes[mode], in_modes[mode], rank], inner node
/// [rank, rank of left, rank of right]; the root has no axis for its own rank.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = leaf_or_inner)]
pub(in crate::model) struct NodeFile {
    /// Mode of a leaf, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<usize>,
    /// Rank of the edge above the node; 1 at the root.
    #[schemars(range(min = 1))]
    pub rank: usize,
    /// Leaf frame or transfer tensor.
    pub core: TensorFile,
    /// Left child of an inner node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Box<NodeFile>>,
    /// Right child of an inner node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<Box<NodeFile>>,
}

fn one_content(schema: &mut Schema) {
    let keys = ["tree", "cores", "blocks", "weight"];
    let required: Vec<_> =
        keys.iter().map(|key| serde_json::json!({ "required": [key] })).collect();
    schema.insert("oneOf".to_string(), required.into());
}

fn leaf_or_inner(schema: &mut Schema) {
    one_of(schema, &["mode"], &["left", "right"]);
}
