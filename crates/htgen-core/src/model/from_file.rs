//! [`ModelFile`] to [`Model`]: resolves tensors, compares the given shapes with those required by
//! modes and ranks, and collects every problem together with those of the model's own rules.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::check::Found;
use super::file::{
    ActivationFile, CellFile, ColumnsFile, ColumnsKind, ElementFile, HeadFile, InputFile,
    LayerFile, MatrixFile, ModelFile, TensorFile,
};
use super::shape::{self, MAX_ELEMENTS};
use super::tensors::Tensors;
use super::{
    Cell, Columns, Element, GateActivation, InputPrep, Layer, Linear, Matrix, Model, ModelParts,
};
use crate::error::{Diagnostic, ErrorKind, Result};

mod factors;

/// Makes the checked model; places in problems are key paths of the file.
pub(super) fn convert(file: ModelFile, tensors: Option<&Tensors<'_>>) -> Result<Model> {
    let mut reader = Reader { tensors, found: Found::default(), n_left: MAX_ELEMENTS };
    if file.layers.is_empty() {
        // Nothing else can be compared.
        let problem = Diagnostic::new("layers", "no layer").expected("at least one");
        return Err(problem.into());
    }
    let model = reader.model(file);
    Model::checked(model, reader.found)
}

struct Reader<'a> {
    tensors: Option<&'a Tensors<'a>>,
    found: Found,
    /// Elements that the whole model may still take; one tensor can be referenced many times.
    n_left: usize,
}

impl Reader<'_> {
    fn model(&mut self, file: ModelFile) -> ModelParts {
        let n_inputs = file.layers.first().map_or(0, |layer| layer.inputs);
        let n_hidden = file.layers.last().map_or(0, |layer| layer.hidden);
        ModelParts {
            name: file.name,
            input: self.input(file.input, n_inputs),
            layers: file.layers.into_iter().enumerate().map(|(k, l)| self.layer(l, k)).collect(),
            head: file.head.map(|head| self.head(head, n_hidden)),
            formats: file.formats,
        }
    }

    fn input(&mut self, file: InputFile, n_inputs: usize) -> InputPrep {
        InputPrep {
            element: match file.element {
                ElementFile::U8 => Element::U8,
                ElementFile::Real => Element::Real,
            },
            shift: file.shift,
            mean: file
                .mean
                .map(|mean| self.tensor(mean, &[n_inputs], "input.mean"))
                .unwrap_or_default(),
        }
    }

    fn layer(&mut self, file: LayerFile, index: usize) -> Layer {
        let place = format!("layers[{index}]");
        let cell = match file.cell {
            CellFile::Lstm => Cell::Lstm,
            CellFile::Gru => Cell::Gru,
        };
        let rows = cell.gates().saturating_mul(file.hidden);
        let matrices =
            file.matrices.into_iter().enumerate().map(|(k, matrix)| {
                self.matrix(matrix, file.inputs, &format!("{place}.matrices[{k}]"))
            });
        let matrices = matrices.collect();
        let bias = self.tensor(file.bias, &[rows], &format!("{place}.bias"));
        let candidate_bias = match (cell, file.candidate_bias) {
            (Cell::Gru, None) => vec![0.0; file.hidden.min(MAX_ELEMENTS)],
            (_, None) => Vec::new(),
            (_, Some(bias)) => {
                self.tensor(bias, &[file.hidden], &format!("{place}.candidate_bias"))
            }
        };
        Layer {
            cell,
            gate_activation: match file.gate_activation {
                ActivationFile::Sigmoid => GateActivation::Sigmoid,
                ActivationFile::HardSigmoid => GateActivation::HardSigmoid,
            },
            inputs: file.inputs,
            hidden: file.hidden,
            matrices,
            bias,
            candidate_bias,
        }
    }

    fn matrix(&mut self, file: MatrixFile, inputs: usize, place: &str) -> Matrix {
        let columns = self.columns(&file.columns, inputs, place);
        let factors = factors::read(
            self,
            file.factors,
            [&file.out_modes, &file.in_modes],
            &format!("{place}.factors"),
        );
        Matrix { columns, factors, out_modes: file.out_modes, in_modes: file.in_modes }
    }

    fn columns(&mut self, file: &ColumnsFile, inputs: usize, place: &str) -> Columns {
        match file.kind {
            ColumnsKind::InputAndHidden => {
                Columns::InputAndHidden { hidden_offset: file.hidden_offset.unwrap_or(inputs) }
            }
            kind @ (ColumnsKind::Input | ColumnsKind::Hidden) => {
                let (name, columns) = match kind {
                    ColumnsKind::Hidden => ("hidden", Columns::Hidden),
                    _ => ("input", Columns::Input),
                };
                if let Some(offset) = file.hidden_offset {
                    let what = if columns == Columns::Hidden { "no x here" } else { "no h here" };
                    self.found.push(
                        Diagnostic::new(format!("{place}.columns.hidden_offset"), what)
                            .found(offset)
                            .expected(format!("no such key for columns of kind \"{name}\"")),
                    );
                }
                columns
            }
        }
    }

    fn head(&mut self, file: HeadFile, hidden: usize) -> Linear {
        Linear {
            outputs: file.outputs,
            weight: self.tensor(file.weight, &[file.outputs, hidden], "head.weight"),
            bias: self.tensor(file.bias, &[file.outputs], "head.bias"),
        }
    }

    /// The values of a tensor; an empty list and a problem if they cannot be obtained.
    fn tensor(&mut self, file: TensorFile, expected: &[usize], place: &str) -> Vec<f64> {
        let values = self.check_size(&file, expected).and_then(|()| self.values(file));
        match values {
            Ok(values) => values,
            Err(mut problem) => {
                problem.place = place.to_string();
                self.found.push(problem);
                Vec::new()
            }
        }
    }

    fn check_size(
        &mut self,
        file: &TensorFile,
        expected: &[usize],
    ) -> std::result::Result<(), Diagnostic> {
        if file.shape != expected {
            return Err(Diagnostic::new("", "wrong shape")
                .found(shape::text(&file.shape))
                .expected(shape::text(expected)));
        }
        let left = shape::elements(expected).and_then(|count| self.n_left.checked_sub(count));
        let Some(left) = left else {
            return Err(Diagnostic::new("", "too large")
                .kind(ErrorKind::Limit)
                .found(format!("{} elements", shape::text(expected)))
                .expected(format!("at most {MAX_ELEMENTS} in the whole model")));
        };
        self.n_left = left;
        Ok(())
    }

    fn values(&self, file: TensorFile) -> std::result::Result<Vec<f64>, Diagnostic> {
        match (file.data, file.tensor) {
            (Some(data), None) => {
                let count: usize = file.shape.iter().product();
                if data.0.len() == count {
                    return Ok(data.0);
                }
                Err(Diagnostic::new("", "wrong number of elements")
                    .found(data.0.len())
                    .expected(format!("{} = {count}", shape::text(&file.shape))))
            }
            (None, Some(name)) => match self.tensors {
                Some(tensors) => tensors.values(&name, &file.shape),
                None => Err(Diagnostic::new("", "a tensor by name in a model without `cores`")
                    .found(format!("\"{}\"", name.escape_debug()))
                    .help("name the safetensors file in `cores`, or give `data`")),
            },
            (data, _) => Err(Diagnostic::new("", "numbers missing or given twice")
                .found(if data.is_some() { "both `data` and `tensor`" } else { "neither" })
                .expected("`data` or `tensor`")),
        }
    }
}
