//! The safetensors file beside a model: where it may be, how large it may be, and that it is the
//! one that the model was written with.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, Problems, Result};
use crate::files;
use sha2::{Digest, Sha256};
use std::path::{Component, Path, PathBuf};

/// Largest file: a tensor with the maximum number of elements, in doubles, and the header.
pub(super) const MAX_BYTES: u64 = (1 << 30) + (1 << 22);
/// Number of digits of a hash that a message shows.
const SHOWN: usize = 12;

/// The SHA-256 of a file's bytes, in hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads the file named by the key `cores` of the model at `model`; the path must be relative and
/// stay in the folder of the model, symbolic links included. If the model gives its hash, the file
/// must match it.
pub(super) fn read(model: &Path, cores: &str, expected: Option<&str>) -> Result<Vec<u8>> {
    let path = locate(model, cores).map_err(Problems::from)?;
    let bytes = files::read(&path, MAX_BYTES)?;
    let Some(expected) = expected else { return Ok(bytes) };
    let found = hash(&bytes);
    if found.eq_ignore_ascii_case(expected) {
        return Ok(bytes);
    }
    let what = format!("{cores} is not the file that this model was written with");
    let shown = |hash: &str| hash.chars().take(SHOWN).collect::<String>();
    Err(Diagnostic::new("cores_sha256", what)
        .found(format!("{}…", shown(&found)))
        .expected(format!("{}…", shown(expected).escape_debug()))
        .help(
            "copy both files again, or rerun the command that wrote them, which may have been \
             interrupted; if the numbers were changed on purpose, remove this key",
        )
        .in_file(model.display())
        .into())
}

fn locate(model: &Path, cores: &str) -> std::result::Result<PathBuf, Diagnostic> {
    let refused = |what: &str| {
        Diagnostic::new("cores", what)
            .found(format!("\"{}\"", cores.escape_debug()))
            .expected("a file in or below the folder of the model")
            .in_file(model.display())
    };
    let relative = Path::new(cores);
    let is_plain = !cores.is_empty()
        && !cores.contains('\\')
        && relative.components().all(|part| matches!(part, Component::Normal(_)));
    if !is_plain {
        return Err(refused("not a plain relative path"));
    }
    let folder = files::folder(model);
    let path = folder.join(relative);
    let missing = |error: std::io::Error| {
        refused(&format!("cannot be opened ({error})")).help("keep the two files together")
    };
    let resolved = path.canonicalize().map_err(missing)?;
    if !resolved.starts_with(folder.canonicalize().map_err(missing)?) {
        return Err(refused("a link that leaves the folder of the model"));
    }
    Ok(path)
}
