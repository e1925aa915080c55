//! The tensors of the safetensors file beside a model: what a model may take from it.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::shape;
use crate::error::{Diagnostic, ErrorKind};
use crate::tensors;
use safetensors::Dtype;

/// The tensors of the file.
pub(crate) struct Tensors<'a> {
    /// Name of the file as the model gives it.
    file: &'a str,
    content: tensors::Tensors<'a>,
}

impl<'a> Tensors<'a> {
    /// Parses the bytes of `file`.
    pub(crate) fn parse(file: &'a str, bytes: &'a [u8]) -> std::result::Result<Self, Diagnostic> {
        let content = tensors::Tensors::parse(bytes).map_err(|reason| {
            Diagnostic::new("cores", format!("{file} is not a whole safetensors file ({reason})"))
                .kind(ErrorKind::Damaged)
                .help("was it copied whole?")
        })?;
        Ok(Tensors { file, content })
    }

    /// The values of a tensor, which must have the given shape; the problem has no place yet.
    pub(crate) fn values(
        &self,
        name: &str,
        shape: &[usize],
    ) -> std::result::Result<Vec<f64>, Diagnostic> {
        let label = format!("tensor \"{}\" of {}", name.escape_debug(), self.file);
        let Some((found, dtype)) = self.content.kind(name) else {
            return Err(Diagnostic::new("", format!("{label} does not exist"))
                .expected(format!("one of {}", tensors::listed(&self.content.names()))));
        };
        if found != shape {
            return Err(Diagnostic::new("", format!("{label} has the wrong shape"))
                .found(shape::text(&found))
                .expected(shape::text(shape)));
        }
        let exact = matches!(dtype, Dtype::F32 | Dtype::F64);
        exact.then(|| self.content.values(name)).flatten().ok_or_else(|| {
            Diagnostic::new("", format!("{label} has the wrong type"))
                .found(dtype)
                .expected("F32 or F64")
        })
    }
}
