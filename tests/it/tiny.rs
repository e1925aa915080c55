//! `examples/tiny` and `rtl_out/tiny`, a small model and its design as they are in the repository:
//! both are made again and compared byte by byte. `UPDATE_EXPECT=1` writes them.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::{Folder, content};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The commands that make them, as their READMEs give them.
const NEW: &str = "new --inputs 16 --hidden 8 --out-modes 4,2,4 --in-modes 4,3,2 --rank 2 --head 4 \
                   --name tiny -o model.json";
const EMIT: &str = "emit model.json --pe 4 -o design";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a folder of the repository with its expected contents, or writes it.
#[track_caller]
fn check(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    let before = content(folder);
    if env::var_os("UPDATE_EXPECT").is_some_and(|set| set == "1") {
        fs::create_dir_all(folder).unwrap();
        for name in before.keys().filter(|name| !files.contains_key(*name)) {
            fs::remove_file(folder.join(name)).unwrap();
        }
        for (name, bytes) in files {
            fs::write(folder.join(name), bytes).unwrap();
        }
        return;
    }
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&before), names(files), "{}: other files", folder.display());
    for (name, bytes) in files {
        let (old, new) = (String::from_utf8_lossy(&before[name]), String::from_utf8_lossy(bytes));
        let line = old.lines().zip(new.lines()).position(|(old, new)| old != new);
        assert!(
            before[name] == *bytes,
            "{}/{name} differs from line {:?} on; UPDATE_EXPECT=1 cargo test tiny writes it",
            folder.display(),
            line.map(|line| line + 1)
        );
    }
}

#[test]
fn the_committed_model_and_design_are_those_of_the_commands() {
    let dir = Folder::new();
    dir.done(NEW);
    dir.done(EMIT);
    let model = repository("examples/tiny");
    let mut files = content(&model);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["README.md", "model.json"]);
    files.insert("model.json".into(), fs::read(dir.path("model.json")).unwrap());
    check(&model, &files);
    let words = |command: &str| command.split_whitespace().collect::<Vec<_>>().join(" ");
    let readme = fs::read_to_string(model.join("README.md")).unwrap();
    for command in [NEW, EMIT] {
        let command = words(command).replace("model.json", "examples/tiny/model.json");
        let command = command.replace("-o design", "-o rtl_out/tiny");
        assert!(readme.contains(&format!("htgen {command}\n")), "README.md without {command}");
    }
    check(&repository("rtl_out/tiny"), &content(&dir.path("design")));
}
