//! Reads a model: the JSON file and, if it names one, the safetensors file beside it.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::tensors::Tensors;
use super::{Model, from_file, json, values};
use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use crate::{files, foreign};
use std::path::Path;

/// Largest model file; numbers in a larger one belong in a safetensors file.
pub(super) const MAX_BYTES: u64 = 1 << 28;

/// Reads and checks a model file.
///
/// Every problem names the file and the key path; all problems of a file that parses are reported
/// together.
pub fn load(path: &Path) -> Result<Model> {
    refuse_others(path)?;
    let text = files::read(path, MAX_BYTES)?;
    let file =
        json::parse(&text).map_err(|problem| Problems::from(problem.in_file(path.display())))?;
    drop(text);
    let Some(cores) = file.cores.clone() else {
        if file.cores_sha256.is_some() {
            let problem = Diagnostic::new("cores_sha256", "the hash of a file that is not named")
                .kind(ErrorKind::Damaged);
            return Err(problem.help("the key cores names it").in_file(path.display()).into());
        }
        return from_file::convert(file, None).map_err(|p| p.in_file(path.display()));
    };
    let bytes = values::read(path, &cores, file.cores_sha256.as_deref())?;
    let tensors = Tensors::parse(&cores, &bytes)
        .map_err(|problem| Problems::from(problem.in_file(path.display())))?;
    from_file::convert(file, Some(&tensors)).map_err(|p| p.in_file(path.display()))
}

/// Whether a file is a model and not a checkpoint, judging by its first bytes: a JSON object that
/// is not an index of several files.
pub fn is_model(path: &Path) -> Result<bool> {
    let head = foreign::head(path)?;
    let is_index = || head.windows(INDEX_KEY.len()).any(|bytes| bytes == INDEX_KEY);
    Ok(head.trim_ascii_start().starts_with(b"{") && !is_index() && !is_named_index(path))
}

/// The key of an index, and the usual name of its file.
const INDEX_KEY: &[u8] = b"\"weight_map\"";
const INDEX_END: &str = ".index.json";

fn is_named_index(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(INDEX_END))
}

/// Reports files of other kinds as what they are.
fn refuse_others(path: &Path) -> Result<()> {
    foreign::refuse(path)?;
    let head = foreign::head(path)?;
    let what = match &head[..] {
        [b'P', b'K', 3, 4, ..] => "an npz file, not a model",
        [_, _, _, _, _, _, _, _, b'{', ..] if !head.trim_ascii_start().starts_with(b"{") => {
            "a safetensors file, not a model"
        }
        _ if head.trim_ascii_start().starts_with(b"{") && !is_model(path)? => {
            "the index of a checkpoint, not a model"
        }
        _ => return Ok(()),
    };
    Err(Diagnostic::new("", what)
        .help("if it holds the weights of a layer, make a model of it with htgen import")
        .in_file(path.display())
        .into())
}
