//! No command overwrites what it reads or what belongs to something else: every output of every
//! command against every input, under several names.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::every_command::{CASES, Case, stock};
use crate::support::needs;
use htgen::tool::{Run, Tool};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The content of the aliased input: a command that looks at content first reports something about
/// that.
const GARBAGE: &[u8] = b"years of work";

/// Outputs that are folders.
const FOLDERS: [&str; 5] = ["design", "placed", "work", "results", "parts"];

/// Words of the refusals.
const REFUSALS: [&str; 3] = [
    "this command reads it, so it is not replaced",
    "not the values of the model being written, so it is not replaced",
    "not a name for a model file",
];

/// Everything in a folder, with links as their targets, except what a refused command may leave: a
/// comparison keeps what it began.
fn content(dir: &Folder) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.path("")];
    let begun = [dir.path("work"), dir.path("results"), dir.path("parts")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if begun.contains(&path) {
                continue;
            }
            let bytes = match path.symlink_metadata().unwrap().file_type() {
                kind if kind.is_symlink() => {
                    fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
                }
                kind if kind.is_dir() => {
                    folders.push(path.clone());
                    Vec::new()
                }
                _ => fs::read(&path).unwrap(),
            };
            files.insert(path, bytes);
        }
    }
    files
}

/// Runs a command and checks that it is refused and that nothing changed.
#[track_caller]
fn refused(dir: &Folder, words: &[String], words_of_refusal: &[&str]) {
    let before = content(dir);
    let ended = dir.run(Run::new(env!("CARGO_BIN_EXE_htgen")).args(words));
    let line = words.join(" ");
    assert_eq!(ended.code, Some(2), "htgen {line}: {}{}", ended.stdout, ended.stderr);
    let after = content(dir);
    let changed: Vec<&PathBuf> =
        before.keys().filter(|path| before.get(*path) != after.get(*path)).collect();
    assert!(changed.is_empty(), "htgen {line} changed {changed:?}: {}", ended.stderr);
    let new: Vec<&PathBuf> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    assert!(new.is_empty(), "htgen {line} left {new:?}: {}", ended.stderr);
    let said = words_of_refusal.iter().any(|words| ended.stderr.contains(words));
    assert!(said, "htgen {line}: {}", ended.stderr);
}

fn remove(path: &Path) {
    if path.is_dir() && !path.is_symlink() {
        fs::remove_dir_all(path).unwrap();
    } else if path.symlink_metadata().is_ok() {
        fs::remove_file(path).unwrap();
    }
}

/// Each output in the line is given the name of an input, in another spelling.
fn by_other_names(dir: &Folder, case: &Case, input: &str) -> usize {
    let mut tried = 0;
    for output in case.named_outputs() {
        if FOLDERS.contains(&output) {
            continue;
        }
        let absolute = dir.path(input).display().to_string();
        let names = [
            input.to_owned(),
            format!("./{input}"),
            format!("rtl/../{input}"),
            format!("loop/{input}"),
            absolute,
        ];
        for name in names {
            refused(dir, &case.words_to(output, &name), &REFUSALS);
            tried += 1;
        }
    }
    tried
}

/// Each output, named in the line or not, is a link to an input.
fn by_links(dir: &Folder, case: &Case, input: &str) -> usize {
    let words: Vec<String> = case.words().into_iter().map(str::to_owned).collect();
    let mut tried = 0;
    for output in case.outputs() {
        if FOLDERS.contains(&output) {
            continue;
        }
        let (from, to) = (dir.path(input), dir.path(output));
        let before = fs::read(&from).unwrap();
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        for hard in [true, false] {
            if hard {
                fs::hard_link(&from, &to).unwrap()
            } else {
                symlink(&from, &to).unwrap()
            }
            refused(dir, &words, &REFUSALS);
            assert!(fs::read(&to).unwrap() == before, "htgen {}", words.join(" "));
            fs::remove_file(&to).unwrap();
            tried += 1;
        }
        FOLDERS.iter().for_each(|folder| remove(&dir.path(folder)));
    }
    tried
}

#[test]
fn no_command_writes_over_what_it_reads() {
    if [Tool::Verilator, Tool::Yosys, Tool::NextpnrIce40].map(needs).iter().any(Option::is_none) {
        return;
    }
    let dir = stock();
    symlink(".", dir.path("loop")).unwrap();
    let mut tried = 0;
    for case in CASES {
        for input in case.inputs() {
            let path = dir.path(input);
            let Ok(kept) = fs::read(&path) else { continue };
            // The configuration of a comparison determines what it writes.
            let is_needed = case.words()[0] == "compare";
            let held = if is_needed { &kept[..] } else { GARBAGE };
            fs::write(&path, held).unwrap();
            tried += by_other_names(&dir, case, input);
            tried += by_links(&dir, case, input);
            assert!(fs::read(&path).unwrap() == held);
            fs::write(&path, kept).unwrap();
        }
    }
    assert!(tried > 300, "{tried}");
}

/// A folder that is replaced as a whole contains nothing that the command reads.
#[test]
fn no_folder_is_replaced_from_within() {
    if needs(Tool::Yosys).is_none() || needs(Tool::NextpnrIce40).is_none() {
        return;
    }
    let dir = stock();
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let held = ["a folder that holds what this command reads is not replaced"];
    for line in [
        "emit rtl/model.json -o rtl",
        "emit rtl/model.json --dir ./rtl/../rtl",
        "emit link.json -o rtl",
        "emit tiny.json --hw rtl/hw.toml -o rtl",
        "emit tiny.json --target rtl/board.toml -o rtl",
        "emit tiny.json --target rtl/board.toml -o linked",
        "synth rtl --target hx8k -o rtl",
        "synth rtl --target hx8k -o linked",
    ] {
        fs::copy(dir.path("board.toml"), dir.path("rtl/board.toml")).unwrap();
        let _ = symlink("rtl/model.json", dir.path("link.json"));
        let _ = symlink("rtl", dir.path("linked"));
        refused(&dir, &words(line), &held);
    }
    // Where the name of the model decides, that folder.
    fs::create_dir(dir.path("rtl_out")).unwrap();
    fs::rename(dir.path("rtl"), dir.path("rtl_out/tiny")).unwrap();
    refused(&dir, &words("emit rtl_out/tiny/model.json"), &held);
}

#[test]
fn two_outputs_are_two_files() {
    let dir = stock();
    let line = "compress torch.safetensors --modes 2 --rank 1 --scree ./new.json -o new.json";
    let ended = dir.htgen(line);
    let message = "error: ./new.json: two outputs in one place: found new.json; give them \
                   different names\n";
    assert_eq!((ended.code, ended.messages().as_str()), (Some(2), message));
    assert!(!dir.path("new.json").exists());
}

/// A device is not a file that was written before.
#[test]
fn no_special_file_is_replaced() {
    let dir = stock();
    symlink("/dev/null", dir.path("sink")).unwrap();
    let ended = dir.htgen("new --preset digits -o sink");
    let message =
        "error: sink: not a regular file, so it is not replaced; give the name of a file\n";
    assert_eq!((ended.code, ended.messages().as_str()), (Some(2), message));
    assert!(dir.path("sink").is_symlink());
}

/// The file of values beside a model belongs to it, and to no other.
#[test]
fn values_are_replaced_with_their_model_alone() {
    let dir = stock();
    fs::copy(dir.path("torch.safetensors"), dir.path("m.safetensors")).unwrap();
    let whole = fs::read(dir.path("m.safetensors")).unwrap();
    let lines = [
        "import m.safetensors --head fc --safetensors -o m.json",
        "import torch.npz --head fc --safetensors -o m.json",
        "compress torch.safetensors --modes 2 --rank 1 --safetensors -o m.json",
        "quantize tiny.json --calibrate easy.npz --safetensors -o m.json",
        "train easy.npz --config train.toml --safetensors -o m.json",
        "new --preset digits --safetensors -o m.json",
    ];
    let message = "error: m.safetensors: not the values of the model being written, so it is not \
                   replaced: expected no such file, or one that m.json names and fits; give the \
                   model another name with -o, or move this file away\n";
    let refuse = |line: &str| {
        let ended = dir.htgen(line);
        assert_eq!((ended.code, ended.messages().as_str()), (Some(2), message), "{line}");
        assert!(fs::read(dir.path("m.safetensors")).unwrap() == whole, "{line}");
    };
    lines.iter().for_each(|line| refuse(line));
    // A model file that contains its own numbers, or names others.
    dir.done("new --preset digits -o m.json");
    lines.iter().for_each(|line| refuse(line));
    dir.done("new --preset digits --safetensors -o other.json");
    fs::copy(dir.path("other.json"), dir.path("m.json")).unwrap();
    lines.iter().for_each(|line| refuse(line));
    // One that names it, but was written with another.
    let text = fs::read_to_string(dir.path("other.json")).unwrap();
    fs::write(dir.path("m.json"), text.replace("other.safetensors", "m.safetensors")).unwrap();
    lines.iter().for_each(|line| refuse(line));
    // Its own are replaced, identified by a hash or, in older files, by the name.
    fs::remove_file(dir.path("m.safetensors")).unwrap();
    dir.done(lines[5]);
    dir.done(lines[3]);
    let text = fs::read_to_string(dir.path("m.json")).unwrap();
    let older = text.lines().filter(|line| !line.contains("cores_sha256"));
    fs::write(dir.path("m.json"), older.collect::<Vec<_>>().join("\n")).unwrap();
    dir.done("inspect m.json");
    dir.done(lines[1]);
    dir.done("inspect m.json");
}
