//! [`Model`] to [`ModelFile`]: the reverse of `from_file`, with tensors inline or set aside under
//! stable names.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::file::{
    ActivationFile, BlockFile, CellFile, ColumnsFile, ColumnsKind, ElementFile, FactorsFile,
    FactorsKind, FormatName, HeadFile, InputFile, LayerFile, MatrixFile, ModelFile, NodeFile,
    Numbers, TensorFile, VERSION,
};
use super::{
    Cell, Columns, Core, Element, Factors, GateActivation, HtNode, Layer, Matrix, Model, shape,
};

/// A tensor set aside for the safetensors file.
pub(super) struct Named {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// The file of a checked model, and the tensors set aside when `cores` names a file for them.
pub(super) fn convert(model: &Model, cores: Option<String>) -> (ModelFile, Vec<Named>) {
    let mut writer = Writer { named: cores.is_some().then(Vec::new) };
    let file = ModelFile {
        format: FormatName::HtgenModel,
        version: VERSION,
        name: model.name.clone(),
        cores,
        cores_sha256: None,
        input: writer.input(model),
        layers: model.layers.iter().enumerate().map(|(k, layer)| writer.layer(layer, k)).collect(),
        head: model.head.as_ref().map(|head| HeadFile {
            outputs: head.outputs,
            weight: writer.tensor(
                "head.weight",
                vec![head.outputs, head.weight.len() / head.outputs],
                &head.weight,
            ),
            bias: writer.vector("head.bias", &head.bias),
        }),
        formats: model.formats.clone(),
    };
    (file, writer.named.unwrap_or_default())
}

struct Writer {
    /// Tensors set aside; none when they are written inline.
    named: Option<Vec<Named>>,
}

impl Writer {
    fn input(&mut self, model: &Model) -> InputFile {
        let mean = &model.input.mean;
        InputFile {
            element: match model.input.element {
                Element::U8 => ElementFile::U8,
                Element::Real => ElementFile::Real,
            },
            shift: model.input.shift,
            mean: (!mean.is_empty()).then(|| self.vector("input.mean", mean)),
        }
    }

    fn layer(&mut self, layer: &Layer, index: usize) -> LayerFile {
        let name = format!("layers.{index}");
        let matrices = layer.matrices.iter().enumerate();
        LayerFile {
            cell: match layer.cell {
                Cell::Lstm => CellFile::Lstm,
                Cell::Gru => CellFile::Gru,
            },
            gate_activation: match layer.gate_activation {
                GateActivation::Sigmoid => ActivationFile::Sigmoid,
                GateActivation::HardSigmoid => ActivationFile::HardSigmoid,
            },
            inputs: layer.inputs,
            hidden: layer.hidden,
            matrices: matrices
                .map(|(k, matrix)| self.matrix(matrix, &format!("{name}.matrices.{k}")))
                .collect(),
            bias: self.vector(&format!("{name}.bias"), &layer.bias),
            candidate_bias: (layer.cell == Cell::Gru)
                .then(|| self.vector(&format!("{name}.candidate_bias"), &layer.candidate_bias)),
        }
    }

    fn matrix(&mut self, matrix: &Matrix, name: &str) -> MatrixFile {
        let columns = match matrix.columns {
            Columns::Input => ColumnsFile { kind: ColumnsKind::Input, hidden_offset: None },
            Columns::Hidden => ColumnsFile { kind: ColumnsKind::Hidden, hidden_offset: None },
            Columns::InputAndHidden { hidden_offset } => ColumnsFile {
                kind: ColumnsKind::InputAndHidden,
                hidden_offset: Some(hidden_offset),
            },
        };
        MatrixFile {
            columns,
            out_modes: matrix.out_modes.clone(),
            in_modes: matrix.in_modes.clone(),
            factors: self.factors(matrix, name),
        }
    }

    fn factors(&mut self, matrix: &Matrix, name: &str) -> FactorsFile {
        let mut file = FactorsFile {
            kind: FactorsKind::Dense,
            tree: None,
            cores: None,
            blocks: None,
            weight: None,
        };
        match &matrix.factors {
            Factors::HierarchicalTucker(root) => {
                file.kind = FactorsKind::HierarchicalTucker;
                file.tree = Some(self.node(root, matrix, true, name));
            }
            Factors::TensorTrain(cores) => {
                file.kind = FactorsKind::TensorTrain;
                file.cores = Some(self.cores(cores, &format!("{name}.cores")));
            }
            Factors::TensorRing(cores) => {
                file.kind = FactorsKind::TensorRing;
                file.cores = Some(self.cores(cores, &format!("{name}.cores")));
            }
            Factors::BlockTerm(blocks) => {
                file.kind = FactorsKind::BlockTerm;
                let blocks = blocks.iter().enumerate().map(|(k, block)| BlockFile {
                    core: self.core(&block.core, &format!("{name}.blocks.{k}.core")),
                    factors: self.cores(&block.factors, &format!("{name}.blocks.{k}.factors")),
                });
                file.blocks = Some(blocks.collect());
            }
            Factors::Dense(weight) => {
                let shape = vec![matrix.rows(), matrix.columns_padded()];
                file.weight = Some(self.tensor(&format!("{name}.weight"), shape, weight));
            }
        }
        file
    }

    fn cores(&mut self, cores: &[Core], name: &str) -> Vec<TensorFile> {
        cores.iter().enumerate().map(|(k, core)| self.core(core, &format!("{name}.{k}"))).collect()
    }

    fn core(&mut self, core: &Core, name: &str) -> TensorFile {
        self.tensor(name, core.shape.clone(), &core.data)
    }

    fn node(&mut self, node: &HtNode, matrix: &Matrix, is_root: bool, name: &str) -> NodeFile {
        match node {
            HtNode::Leaf { mode, rank, core } => {
                let (rows, columns) = (matrix.out_modes[*mode], matrix.in_modes[*mode]);
                let shape = shape::leaf(rows, columns, *rank, is_root);
                NodeFile {
                    mode: Some(*mode),
                    rank: *rank,
                    core: self.tensor(&format!("{name}.leaf.{mode}"), shape, core),
                    left: None,
                    right: None,
                }
            }
            HtNode::Inner { rank, core, left, right } => {
                let shape = shape::inner(*rank, left.rank(), right.rank(), is_root);
                let core_name = if is_root {
                    format!("{name}.root")
                } else {
                    format!("{name}.transfer.{}", modes(node).join("-"))
                };
                NodeFile {
                    mode: None,
                    rank: *rank,
                    core: self.tensor(&core_name, shape, core),
                    left: Some(Box::new(self.node(left, matrix, false, name))),
                    right: Some(Box::new(self.node(right, matrix, false, name))),
                }
            }
        }
    }

    fn vector(&mut self, name: &str, values: &[f64]) -> TensorFile {
        self.tensor(name, vec![values.len()], values)
    }

    fn tensor(&mut self, name: &str, shape: Vec<usize>, values: &[f64]) -> TensorFile {
        let Some(named) = &mut self.named else {
            return TensorFile { shape, data: Some(Numbers(values.to_vec())), tensor: None };
        };
        named.push(Named { name: name.to_string(), shape: shape.clone(), values: values.to_vec() });
        TensorFile { shape, data: None, tensor: Some(name.to_string()) }
    }
}

/// The modes below a node, left to right.
fn modes(node: &HtNode) -> Vec<String> {
    match node {
        HtNode::Leaf { mode, .. } => vec![mode.to_string()],
        HtNode::Inner { left, right, .. } => {
            let mut modes = modes(left);
            modes.extend(self::modes(right));
            modes
        }
    }
}
