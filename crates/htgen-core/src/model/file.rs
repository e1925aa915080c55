//! The model file as serde types, and the JSON schema made from them. These types never leave the
//! `model` module; what they mean together is checked on the [`Model`](super::Model) they become.
//!
//! Doc comments here are the descriptions in `docs/model.schema.json`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::formats::Formats;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod numbers;
mod rules;

pub(super) use numbers::Numbers;

/// Value of the key `format`.
pub(super) const FORMAT: &str = "htgen-model";
/// Value of the key `version`.
pub(super) const VERSION: u32 = 1;

/// The JSON schema of a model file, as text that ends in a newline.
pub fn schema() -> String {
    let schema = schemars::schema_for!(ModelFile);
    let text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text + "\n"
}

/// A trained recurrent network in factored form, for htgen.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "htgen model")]
pub(super) struct ModelFile {
    /// What kind of file this is.
    pub format: FormatName,
    /// Version of the format; this is version 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Name of the model: a letter, then letters, digits and underscores, at most 48 characters.
    #[schemars(regex(pattern = "^[A-Za-z][A-Za-z0-9_]{0,47}$"))]
    pub name: String,
    /// Relative path of the safetensors file that holds the tensors referred to by name; in or
    /// below the folder of this file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<String>,
    /// SHA-256 of that file, in hexadecimal; another file is then refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub cores_sha256: Option<String>,
    /// How a stream element becomes an input.
    pub input: InputFile,
    /// Recurrent layers from input to output.
    #[schemars(length(min = 1, max = 64))]
    pub layers: Vec<LayerFile>,
    /// Linear classifier on the hidden vector of the last layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<HeadFile>,
    /// Fixed-point formats; written by `htgen quantize`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formats: Option<Formats>,
}

/// Name of the format.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) enum FormatName {
    /// A model file of htgen.
    #[serde(rename = "htgen-model")]
    HtgenModel,
}

/// How a stream element e becomes an input: x = (e - mean) * 2^-shift.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InputFile {
    /// What one stream element is.
    pub element: ElementFile,
    /// Power-of-two divisor.
    #[schemars(range(min = -32, max = 32))]
    pub shift: i32,
    /// Mean of each input in units of the raw element, shape [inputs]; zero when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<TensorFile>,
}

/// Kind of a stream element.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ElementFile {
    /// An unsigned byte.
    U8,
    /// A real number.
    Real,
}

/// One recurrent layer.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LayerFile {
    /// Kind of cell.
    pub cell: CellFile,
    /// Activation of all gates except the candidate; sigmoid when absent.
    #[serde(default, skip_serializing_if = "ActivationFile::is_usual")]
    pub gate_activation: ActivationFile,
    /// Inputs per time step, N.
    #[schemars(range(min = 1))]
    pub inputs: usize,
    /// Hidden units, H.
    #[schemars(range(min = 1))]
    pub hidden: usize,
    /// The matrices that together map [x ; h] to the gate pre-activations.
    #[schemars(length(min = 1, max = 16))]
    pub matrices: Vec<MatrixFile>,
    /// Bias, shape [gates * hidden], one block per gate.
    pub bias: TensorFile,
    /// Only for a GRU: bias of the candidate's product with h, shape [hidden]; zero when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate_bias: Option<TensorFile>,
}

/// Activation of all gates except the candidate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ActivationFile {
    /// 1 / (1 + exp(-z)).
    #[default]
    Sigmoid,
    /// clip(0.2 z + 0.5, 0, 1).
    HardSigmoid,
}

impl ActivationFile {
    fn is_usual(&self) -> bool {
        *self == ActivationFile::Sigmoid
    }
}

/// Kind of a recurrent cell.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CellFile {
    /// Long short-term memory; gates in the order i, f, g, o.
    Lstm,
    /// Gated recurrent unit, r applied after the hidden product; gates in the order r, z, n.
    Gru,
}

/// A factored matrix, row-major over its modes with mode 0 slowest.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MatrixFile {
    /// What the columns multiply.
    pub columns: ColumnsFile,
    /// Row modes; their product is gates * hidden, where the gate is the slowest part of mode 0.
    #[schemars(length(min = 1, max = 8), inner(range(min = 1)))]
    pub out_modes: Vec<usize>,
    /// Column modes, as many as row modes but for tensor-ring and dense; their product covers the
    /// columns in use.
    #[schemars(length(min = 1, max = 8), inner(range(min = 1)))]
    pub in_modes: Vec<usize>,
    /// The factors.
    pub factors: FactorsFile,
}

/// What the columns of a matrix multiply.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnsFile {
    /// Which vectors.
    pub kind: ColumnsKind,
    /// First column of h, at least the number of inputs, which is the default; only with
    /// input-and-hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_offset: Option<usize>,
}

/// Vectors that the columns of a matrix multiply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ColumnsKind {
    /// x from column 0, h from column hidden_offset, zeros elsewhere.
    InputAndHidden,
    /// Only x, from column 0.
    Input,
    /// Only h, from column 0.
    Hidden,
}

/// The factors of a matrix: besides the kind, the one key that belongs to it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = rules::one_content)]
pub(super) struct FactorsFile {
    /// Tensor format.
    pub kind: FactorsKind,
    /// For hierarchical-tucker: root of the binary dimension tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<NodeFile>,
    /// For tensor-train: one core per mode, shape [left rank, out_modes[k], in_modes[k], right
    /// rank], where the outer ranks are 1. For tensor-ring: one core per mode, all of in_modes,
    /// then all of out_modes, shape [left rank, mode, right rank].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<Vec<TensorFile>>,
    /// For block-term: the Tucker terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Vec<BlockFile>>,
    /// For dense: the matrix, shape [rows, padded columns].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<TensorFile>,
}

/// Tensor formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FactorsKind {
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
pub(super) struct BlockFile {
    /// Core, one axis per mode, each a rank.
    pub core: TensorFile,
    /// Factors, one per mode, shape [out_modes[k], in_modes[k], rank].
    pub factors: Vec<TensorFile>,
}

/// A node of the dimension tree: a leaf with a mode, or an inner node with two children.
///
/// Shape of the core: leaf [out_modes[mode], in_modes[mode], rank], inner node
/// [rank, rank of left, rank of right]; the root has no axis for its own rank.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = rules::leaf_or_inner)]
pub(super) struct NodeFile {
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

/// Linear classifier y = weight h + bias.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadFile {
    /// Number of outputs.
    #[schemars(range(min = 1))]
    pub outputs: usize,
    /// Weights, shape [outputs, hidden].
    pub weight: TensorFile,
    /// Bias, shape [outputs].
    pub bias: TensorFile,
}

/// Numbers, row-major, in this file (data) or in the safetensors file (tensor).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = rules::data_or_tensor)]
pub(super) struct TensorFile {
    /// Size of each axis, slowest first.
    pub shape: Vec<usize>,
    /// The numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<f64>>")]
    pub data: Option<Numbers>,
    /// Name of an F32 or F64 tensor of the safetensors file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tensor: Option<String>,
}
