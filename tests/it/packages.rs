//! What the packages say of themselves, what is in them, and which Rust their dependencies need.
// SPDX-License-Identifier: MIT OR Apache-2.0

use htgen::tool::Run;
use serde_json::Value;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The output of the cargo that builds this.
#[track_caller]
fn cargo(line: &str) -> String {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let run = Run::new(cargo).cwd(root()).args(line.split_whitespace());
    run.run_ok().unwrap_or_else(|e| panic!("cargo {line}: {e}")).stdout
}

/// The packages of the workspace, as cargo reads their manifests.
static MEMBERS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let text = cargo("metadata --format-version 1 --no-deps --offline");
    let metadata: Value = serde_json::from_str(&text).unwrap();
    metadata["packages"].as_array().unwrap().clone()
});

/// The packages of the workspace, each with its name.
fn members() -> impl Iterator<Item = (&'static str, &'static Value)> {
    MEMBERS.iter().map(|package| (package["name"].as_str().unwrap(), package))
}

#[test]
fn every_package_is_described() {
    assert_eq!(members().count(), 7);
    for (name, package) in members() {
        let text = |key: &str| package[key].as_str().unwrap_or_else(|| panic!("{name}: {key}"));
        let count = |key: &str| package[key].as_array().unwrap().len();
        assert!((20..200).contains(&text("description").len()), "{name}");
        assert_eq!(text("license"), "MIT OR Apache-2.0", "{name}");
        assert_eq!(text("documentation"), format!("https://docs.rs/{name}"));
        assert!(text("readme").ends_with("README.md"), "{name}");
        assert!(!text("rust_version").is_empty(), "{name}");
        assert!((1..=5).contains(&count("keywords")), "{name}");
        assert!((1..=5).contains(&count("categories")), "{name}");
        assert_eq!(package["metadata"]["docs"]["rs"]["all-features"], true, "{name}");
    }
}

/// `path` without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// Files that a source takes in, relative to its package.
fn included(file: &Path, text: &str) -> Vec<PathBuf> {
    let folder = file.parent().unwrap();
    let quoted = |rest: &str| rest.split('"').nth(1).map(str::to_owned);
    let beside = text.match_indices("include_str!(\"").filter_map(|(at, _)| quoted(&text[at..]));
    let beside = beside.map(|name| plain(&folder.join(name)));
    let filled =
        text.match_indices("#[template(path = \"").filter_map(|(at, _)| quoted(&text[at..]));
    beside.chain(filled.map(|name| Path::new("templates").join(name))).collect()
}

/// A package has its licences, all its sources and what these take in, and no file besides.
#[test]
fn every_package_has_what_it_needs() {
    let mut taken_in = 0;
    for (name, package) in members() {
        let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        let list = cargo(&format!("package --list --allow-dirty --offline -p {name}"));
        let files: BTreeSet<&Path> = list.lines().map(Path::new).collect();
        let has = |file: &Path| files.contains(file);
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            assert!(has(Path::new(licence)), "{name}: no {licence}");
            let (own, whole) = (folder.join(licence), root().join(licence));
            assert_eq!(fs::read(own).unwrap(), fs::read(whole).unwrap(), "{name}: {licence}");
        }
        assert!(has(Path::new("README.md")), "{name}: no README.md");
        for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "rs")) {
            for needed in included(file, &fs::read_to_string(folder.join(file)).unwrap()) {
                taken_in += 1;
                assert!(has(&needed), "{name}: {} needs {}", file.display(), needed.display());
            }
        }
        let known = ["src", "templates", "constraints", "testbenches"];
        for file in files.iter().filter(|file| file.components().count() > 1) {
            let first = file.components().next().unwrap().as_os_str().to_string_lossy();
            assert!(known.contains(&first.as_ref()), "{name}: {}", file.display());
        }
    }
    assert!(taken_in > 20, "only {taken_in} files are taken in");
    // The library is listed by a macro.
    let list = cargo("package --list --allow-dirty --offline -p htgen");
    for entry in fs::read_dir(root().join("templates/lib")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(list.lines().any(|line| line == format!("templates/lib/{name}")), "{name}");
    }
}

/// Numbers of a version, three of them.
fn version(text: &str) -> [u32; 3] {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap());
    std::array::from_fn(|_| numbers.next().unwrap_or(0))
}

/// Manifests, README and setup.sh name the same oldest Rust, and no dependency needs a newer one.
#[test]
fn the_oldest_rust_is_enough() {
    let (_, package) = members().next().unwrap();
    let oldest = package["rust_version"].as_str().unwrap();
    for (name, package) in members() {
        assert_eq!(package["rust_version"], oldest, "{name}");
    }
    let setup = fs::read_to_string(root().join("scripts/setup.sh")).unwrap();
    assert!(setup.contains(&format!("\nRUST_MINIMUM={oldest}\n")), "scripts/setup.sh");
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for claim in [format!("no Rust {oldest} or newer"), format!("version {oldest} or newer")] {
        assert!(readme.contains(&claim), "README.md: {claim}");
    }

    let platform = format!("{}-unknown-linux-gnu", env::consts::ARCH);
    let line = format!("metadata --format-version 1 --locked --filter-platform {platform}");
    let metadata: Value = serde_json::from_str(&cargo(&line)).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100, "only {} packages", packages.len());
    for package in packages {
        let needed = package["rust_version"].as_str().unwrap_or("1");
        assert!(
            version(needed) <= version(oldest),
            "{} {} needs Rust {needed}, Cargo.toml promises {oldest}",
            package["name"],
            package["version"]
        );
    }
}
