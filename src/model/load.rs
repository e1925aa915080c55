//! Reading a model: the JSON file and, where it names one, the safetensors file beside it.

use super::tensors::Tensors;
use super::{Model, from_file, json, values};
use crate::error::{Diagnostic, Problems, Result};
use crate::files;
use std::path::Path;

/// Largest model file; numbers in a larger one belong in a safetensors file.
pub(super) const MAX_BYTES: u64 = 1 << 28;

/// Reads and checks a model file.
///
/// Every problem names the file and the key path; all problems of a file that parses are reported
/// together.
pub fn load(path: &Path) -> Result<Model> {
    let text = files::read(path, MAX_BYTES)?;
    let file =
        json::parse(&text).map_err(|problem| Problems::from(problem.in_file(path.display())))?;
    drop(text);
    let Some(cores) = file.cores.clone() else {
        if file.cores_sha256.is_some() {
            let problem = Diagnostic::new("cores_sha256", "the hash of a file that is not named");
            return Err(problem.help("the key cores names it").in_file(path.display()).into());
        }
        return from_file::convert(file, None).map_err(|p| p.in_file(path.display()));
    };
    let bytes = values::read(path, &cores, file.cores_sha256.as_deref())?;
    let tensors = Tensors::parse(&cores, &bytes)
        .map_err(|problem| Problems::from(problem.in_file(path.display())))?;
    from_file::convert(file, Some(&tensors)).map_err(|p| p.in_file(path.display()))
}
