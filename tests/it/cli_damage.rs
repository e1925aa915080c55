//! Broken files at the command line: every erroneous model, truncated files, random damage to each
//! file that is read. One message, exit code 2, nothing half written, never a panic.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::{Ended, Folder};
use crate::errors::damage;
use htgen::tool::Run;
use std::fs;
use std::path::Path;

/// Runs `htgen` in the folder without any tools available, so that nothing long starts.
fn without_tools(dir: &Folder, line: &str) -> Ended {
    let run = Run::new(env!("CARGO_BIN_EXE_htgen")).args(line.split_whitespace());
    dir.run(run.env("PATH", "none").env("HTGEN_TOOLS", "."))
}

/// Whether the command refused; any other outcome except success is a failure.
#[track_caller]
fn refuses(ended: &Ended) -> bool {
    let said = !ended.stdout.contains("panicked") && !ended.stderr.contains("panicked");
    assert!(said && matches!(ended.code, Some(0 | 2)), "{:?}: {}", ended.code, ended.stderr);
    let refused = ended.code == Some(2);
    assert_eq!(refused, ended.stderr.contains("error: "), "{}", ended.stderr);
    refused
}

#[test]
fn every_provoking_model_is_refused() {
    let dir = Folder::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The messages name the files relative to the root of the repository.
    std::os::unix::fs::symlink(root.join("tests"), dir.path("tests")).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(root.join("tests/data/errors")).unwrap() {
        let golden = entry.unwrap().path();
        if golden.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let file = golden.strip_prefix(root).unwrap().with_extension("json");
        let ended = dir.htgen(&format!("emit {} -o rtl", file.display()));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{}", file.display());
        assert_eq!(ended.messages(), fs::read_to_string(&golden).unwrap());
        count += 1;
    }
    assert!(count > 50, "only {count} provoking files");
    assert_eq!(dir.names(), ["tests"]);
}

#[test]
fn cut_files_are_refused() {
    let dir = Folder::new();
    let shape = "--inputs 3 --hidden 2 --out-modes 4,2 --in-modes 2,3 --rank 2 --head 3";
    dir.done(&format!("new {shape} --safetensors -o tiny.json"));
    dir.data();
    for (file, line) in [
        ("tiny.json", "emit tiny.json -o rtl"),
        ("tiny.safetensors", "emit tiny.json -o rtl"),
        ("data.npz", "run tiny.json --inputs data.npz --outputs out.npz"),
    ] {
        let whole = fs::read(dir.path(file)).unwrap();
        for part in [0, 1, 8, whole.len() / 3, whole.len() / 2, whole.len() - 3] {
            fs::write(dir.path(file), &whole[..part]).unwrap();
            let ended = dir.htgen(line);
            let message = ended.messages();
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{part} bytes");
            assert!(message.starts_with("error: ") && message.contains(file), "{message}");
        }
        fs::write(dir.path(file), whole).unwrap();
    }
    assert_eq!(dir.names(), ["data.npz", "tiny.json", "tiny.safetensors"]);
}

#[test]
fn damaged_hardware_parameters_never_panic() {
    let dir = Folder::new();
    dir.tiny();
    let text = "lanes = 4\nelements_per_beat = 2\ncell_multiplier = \"dsp\"\noutput = \"step\"\n";
    fs::write(dir.path("hw.toml"), text).unwrap();
    let emit = || refuses(&without_tools(&dir, "emit tiny.json --hw hw.toml -o rtl"));
    let n_refused = damage(&dir.path("hw.toml"), 150, emit);
    assert!(n_refused > 75, "only {n_refused} of 150 damaged files were refused");
}

/// What `sim` and `synth` read back; a design that is still intact is refused because a tool is
/// missing.
#[test]
fn damaged_designs_never_panic() {
    let dir = Folder::new();
    dir.tiny();
    dir.done("emit tiny.json --pe 2 -o rtl");
    for file in ["rtl/design.json", "rtl/model.json", "rtl/hw.toml"] {
        for line in ["sim rtl --random 2", "synth rtl --target hx8k"] {
            let n_refused = damage(&dir.path(file), 60, || refuses(&without_tools(&dir, line)));
            assert_eq!(n_refused, 60, "{file}: {line}");
        }
    }
}
