//! A folder in which the built `htgen` runs, and tiny models and data in it.
// SPDX-License-Identifier: MIT OR Apache-2.0

use htgen::data::{Array, ArrayData, write_npz};
use htgen::tool::Run;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A temporary folder.
pub struct Folder(pub TempDir);

/// The outcome of a command.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Notes and errors; a slow machine may have put lines of progress before or between them.
    pub fn messages(&self) -> String {
        let at = self.stderr.find("error: ").unwrap_or(self.stderr.len());
        let (before, errors) = self.stderr.split_at(at);
        let notes = before.lines().filter(|line| line.starts_with("note: "));
        notes.map(|line| format!("{line}\n")).collect::<String>() + errors
    }
}

impl Folder {
    pub fn new() -> Folder {
        Folder(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `htgen` with the words of `line`, which contain no blanks.
    pub fn htgen(&self, line: &str) -> Ended {
        self.run(Run::new(env!("CARGO_BIN_EXE_htgen")).args(line.split_whitespace()))
    }

    /// Runs a program in the folder.
    pub fn run(&self, run: Run) -> Ended {
        // Records of compiled models stay out of the user's home.
        self.run_bare(run.env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache")))
    }

    /// Runs a program in the folder, in an environment of its own.
    pub fn run_bare(&self, run: Run) -> Ended {
        let finished = run.cwd(self.0.path()).run().unwrap();
        Ended { code: finished.status.code(), stdout: finished.stdout, stderr: finished.stderr }
    }

    /// What `htgen` prints on success.
    #[track_caller]
    pub fn done(&self, line: &str) -> String {
        let ended = self.htgen(line);
        assert_eq!(ended.code, Some(0), "htgen {line}: {}", ended.stderr);
        ended.stdout
    }

    /// The single JSON object that `htgen` prints on success.
    #[track_caller]
    pub fn json(&self, line: &str) -> Value {
        object(&self.done(&format!("{line} --json")))
    }

    /// Every file in the folder and below it.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.0.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    files.insert(path.clone(), Vec::new());
                    folders.push(path);
                } else {
                    files.insert(path.clone(), fs::read(path).unwrap());
                }
            }
        }
        files
    }

    /// Names of everything in the folder.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A tiny model of 3 byte inputs, 2 hidden units and 3 classes in `tiny.json`.
    pub fn tiny(&self) {
        let shape = "--inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3 --rank 2 --head 3";
        self.done(&format!("new {shape} --seed 5 -o tiny.json"));
    }

    /// Six labeled sequences of up to four steps for the tiny model in `data.npz`.
    pub fn data(&self) {
        let bytes = (0..6 * 4 * 3u32).map(|k| (k * 37 % 256) as u8).collect();
        let ints = |values: &[i64]| Array { shape: vec![6], data: ArrayData::I64(values.into()) };
        let arrays = [
            ("x", Array { shape: vec![6, 4, 3], data: ArrayData::U8(bytes) }),
            ("y", ints(&[0, 1, 2, 0, 1, 2])),
            ("length", ints(&[4, 1, 2, 3, 4, 4])),
        ];
        write_npz(&self.path("data.npz"), &arrays).unwrap();
    }
}

/// Files of a folder by name; none if there is no such folder.
pub fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    entries.filter(|path| path.is_file()).map(|p| (name(&p), fs::read(&p).unwrap())).collect()
}

/// Exactly one JSON object.
#[track_caller]
pub fn object(text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
    assert!(value.is_object(), "{text}");
    value
}

/// The keys of an object, in order.
#[track_caller]
pub fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}
