//! The index of a checkpoint in several safetensors files: which key lies in which file. Its names
//! are untrusted: each must be a file in the folder of the index.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{self, Diagnostic, ErrorKind, Problems, Result};
use crate::files;
use crate::tensors::MAX_BYTES;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Component, Path};

/// Maximum number of files in a checkpoint.
const MAX_FILES: usize = 1000;

/// The files of a checkpoint, and the number of the file that holds a key.
pub(super) struct Shards {
    pub files: Vec<(String, Vec<u8>)>,
    pub index: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Reads the files named by an index; together they may be as large as one file may be.
pub(super) fn read(path: &Path, text: &[u8]) -> Result<Shards> {
    let in_file = |problem: Diagnostic| Problems::from(problem.in_file(path.display()));
    let Index { weight_map } =
        serde_json::from_slice(text).map_err(|error| in_file(no_index(text, &error)))?;
    let mut shards = Shards { files: Vec::new(), index: BTreeMap::new() };
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut left = MAX_BYTES;
    for (key, name) in &weight_map {
        let number = match numbers.get(name.as_str()) {
            Some(number) => *number,
            None => {
                check_name(name).map_err(in_file)?;
                if numbers.len() == MAX_FILES {
                    return Err(in_file(
                        Diagnostic::new("weight_map", "too many files")
                            .kind(ErrorKind::Limit)
                            .expected(format!("at most {MAX_FILES}")),
                    ));
                }
                let bytes = files::read(&path.with_file_name(name), left)?;
                left -= bytes.len() as u64;
                shards.files.push((name.clone(), bytes));
                numbers.insert(name, numbers.len());
                numbers.len() - 1
            }
        };
        shards.index.insert(key.clone(), number);
    }
    Ok(shards)
}

/// What is wrong with JSON that is not an index.
fn no_index(text: &[u8], error: &serde_json::Error) -> Diagnostic {
    let value = serde_json::from_slice::<serde_json::Value>(text).ok();
    if value.is_some_and(|value| value.get("layers").is_some()) {
        return Diagnostic::new("", "a model file, which needs no import")
            .expected("a safetensors or npz file, or the index of several safetensors files")
            .help("give it to inspect, quantize or emit as it is");
    }
    Diagnostic::new(
        "",
        format!("not the index of a checkpoint ({})", error::parser(&error.to_string())),
    )
    .expected("a safetensors or npz file, or the index of several safetensors files")
}

fn check_name(name: &str) -> std::result::Result<(), Diagnostic> {
    let mut parts = Path::new(name).components();
    let is_plain = matches!(parts.next(), Some(Component::Normal(part)) if part == name)
        && parts.next().is_none()
        && !name.contains(['/', '\\']);
    match is_plain {
        true => Ok(()),
        false => Err(Diagnostic::new("weight_map", "not the name of a file beside the index")
            .found(format!("\"{}\"", name.escape_debug()))
            .help("keep all files of a checkpoint in one folder")),
    }
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_stay_in_the_folder() {
        assert!(check_name("model-00001-of-00002.safetensors").is_ok());
        for name in ["", ".", "..", "../a", "/a", "a/b", "a/", "./a", "a\\b"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
