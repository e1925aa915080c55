//! Recognizes files that nothing here reads, by their first bytes or else by their name, and says
//! how to turn them into something that is read. Knows neither models nor checkpoints.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, ErrorKind, Result};
use crate::files;
use std::io::Read;
use std::path::Path;

/// Bytes that identify a kind; the name of the first entry of a zip archive is among them.
const HEAD_BYTES: u64 = 1024;
/// Where the name of the first entry of a zip archive begins, and where its length is stored.
const ZIP_NAME: usize = 30;
const ZIP_NAME_LENGTH: usize = 26;

const TORCH: &str = "load it in PyTorch and write its state_dict() with \
                     safetensors.torch.save_file; docs/import.md shows how";
const KERAS: &str =
    "load it in Keras and write its weights with numpy.savez; docs/import.md shows how";
const ONNX: &str = "write the weights of the network that it was exported from; docs/import.md \
                    shows how from PyTorch and Keras";
const TENSORFLOW: &str = "load it in TensorFlow and write its variables with numpy.savez; \
                          docs/import.md has the names";
const PICKLE: &str = "a pickle can run any program, so it is never loaded here; load it where it \
                      comes from, and write its arrays with numpy.savez or its tensors with \
                      safetensors";

/// A kind of file and how to convert it to one that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    /// What it is.
    pub what: &'static str,
    /// What to do.
    pub help: &'static str,
}

const fn kind(what: &'static str, help: &'static str) -> Option<Kind> {
    Some(Kind { what, help })
}

/// Refuses a file of a kind that nothing reads, before all of it is read.
pub fn refuse(path: &Path) -> Result<()> {
    match of(&head(path)?, path) {
        None => Ok(()),
        Some(Kind { what, help }) => {
            Err(Diagnostic::new("", format!("{what}, which htgen does not read"))
                .kind(ErrorKind::Unsupported)
                .help(help)
                .in_file(path.display())
                .into())
        }
    }
}

/// The first bytes of a regular file.
pub fn head(path: &Path) -> Result<Vec<u8>> {
    let (file, _) = files::open(path)?;
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head).map_err(|error| {
        Diagnostic::new("", format!("cannot be read ({error})"))
            .kind(ErrorKind::Io)
            .in_file(path.display())
    })?;
    Ok(head)
}

/// The kind of a file with these first bytes; none if it may be one of those that are read.
fn of(head: &[u8], path: &Path) -> Option<Kind> {
    // Checked first, because the length of its header may look like anything.
    if is_safetensors(head) || head.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let starts = |magic: &[u8]| head.starts_with(magic);
    if starts(b"\x89HDF\r\n\x1a\n") {
        return kind("an HDF5 file, as written by Keras (.h5, .hdf5)", KERAS);
    }
    if starts(b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") {
        return kind("a torch.save file", TORCH);
    }
    if let [0x80, 2..=5, ..] = head {
        return kind("a Python pickle", PICKLE);
    }
    if head.get(4..8) == Some(b"TFL3") {
        return kind("a TensorFlow Lite model", TENSORFLOW);
    }
    if starts(b"\x93NUMPY") {
        return kind("a single NumPy array", "write all arrays into one file with numpy.savez");
    }
    if starts(b"GGUF") {
        return kind("a GGUF file", "import the weights that it was converted from");
    }
    if starts(b"version https://git-lfs") {
        return kind("a Git LFS pointer, not the file itself", "fetch it with git lfs pull");
    }
    if starts(b"\x1f\x8b") || starts(b"BZh") || starts(b"\xfd7zXZ") || starts(b"7z\xbc\xaf") {
        return kind("a compressed file", "unpack it first");
    }
    if head.get(257..262) == Some(b"ustar") {
        return kind(
            "a tar archive",
            "unpack it first, or load it in PyTorch if torch.save wrote it",
        );
    }
    if starts(b"PK\x03\x04") {
        return of_zip(head, path);
    }
    if is_onnx(head) {
        return kind("an ONNX model", ONNX);
    }
    by_name(path)
}

/// A zip archive, identified by the name of its first entry.
fn of_zip(head: &[u8], path: &Path) -> Option<Kind> {
    let length = head.get(ZIP_NAME_LENGTH..ZIP_NAME_LENGTH + 2)?;
    let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
    let name = head.get(ZIP_NAME..ZIP_NAME + length).unwrap_or_default();
    let name = String::from_utf8_lossy(name);
    let last = name.rsplit('/').next().unwrap_or_default();
    if last.ends_with(".npy") {
        return None;
    }
    match last {
        "data.pkl" | "constants.pkl" | "byteorder" | ".format_version" => {
            kind("a torch.save file or a TorchScript module", TORCH)
        }
        "model.weights.h5" | "metadata.json" | "config.json" => kind("a .keras file", KERAS),
        _ => by_name(path),
    }
}

/// A protobuf message that begins as ONNX does: the version of its format, then another field of
/// the model.
fn is_onnx(head: &[u8]) -> bool {
    matches!(head, [0x08, 3..=32, 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42, ..])
}

/// The length of a header, less than 4 GiB, and the object that it is.
fn is_safetensors(head: &[u8]) -> bool {
    head.get(4..9) == Some(b"\0\0\0\0{")
}

/// What a file with this name would be; none for those that are read.
fn by_name(path: &Path) -> Option<Kind> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "h5" | "hdf5" => kind("by its name an HDF5 file, as written by Keras", KERAS),
        "keras" => kind("by its name a .keras file", KERAS),
        "onnx" => kind("by its name an ONNX model", ONNX),
        "pt" | "pth" | "bin" | "jit" | "torchscript" => {
            kind("by its name a torch.save file", TORCH)
        }
        "pkl" | "pickle" | "joblib" => kind("by its name a Python pickle", PICKLE),
        "tflite" | "lite" => kind("by its name a TensorFlow Lite model", TENSORFLOW),
        "ckpt" | "pb" | "index" | "meta" => {
            kind("by its name a TensorFlow or PyTorch checkpoint", TENSORFLOW)
        }
        "mat" => kind("by its name a MATLAB file", "write its arrays with numpy.savez"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(head: &[u8], name: &str) -> &'static str {
        of(head, Path::new(name)).map_or("read", |kind| kind.what)
    }

    fn zip(entry: &str) -> Vec<u8> {
        let mut head = b"PK\x03\x04".to_vec();
        head.resize(ZIP_NAME_LENGTH, 0);
        head.extend((entry.len() as u16).to_le_bytes());
        head.extend([0, 0]);
        head.extend(entry.as_bytes());
        head
    }

    #[test]
    fn the_content_tells_whatever_the_name() {
        // A length of 0x280 begins as a pickle does.
        let header = [&640u64.to_le_bytes()[..], b"{\"a\":"].concat();
        for name in ["m.safetensors", "m.json", "m.onnx", "m"] {
            assert!(what(b"\x89HDF\r\n\x1a\n\0\0", name).starts_with("an HDF5"));
            assert_eq!(
                what(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", name),
                "a torch.save file"
            );
            assert_eq!(what(b"\x80\x04\x95\x10", name), "a Python pickle");
            assert_eq!(what(b"\x1c\0\0\0TFL3\x14", name), "a TensorFlow Lite model");
            assert_eq!(what(b"\x08\x07\x12\x07pytorch", name), "an ONNX model");
            assert!(what(&zip("archive/data.pkl"), name).starts_with("a torch.save file"));
            assert_eq!(what(&zip("metadata.json"), name), "a .keras file");
            assert_eq!(what(&zip("lstm.kernel.npy"), name), "read");
            assert_eq!(what(&header, name), "read");
            assert_eq!(what(b" {\"format\"", name), "read");
        }
    }

    #[test]
    fn else_the_name_tells() {
        assert!(what(b"(dp0\nS'a'", "m.pkl").starts_with("by its name a Python pickle"));
        assert!(what(b"", "m.H5").starts_with("by its name an HDF5"));
        assert!(what(&zip("weights"), "m.pth").starts_with("by its name a torch.save file"));
        assert_eq!(what(&zip("weights"), "m.npz"), "read");
        assert_eq!(what(b"words", "m.safetensors"), "read");
    }
}
