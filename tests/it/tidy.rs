//! Rules of form for all files of the repository that a test can check.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::path::{Path, PathBuf};

use crate::width::{WIDTH, wide};

/// What every source file says of its licence; users ship the emitted ones.
const LICENCE: &str = "SPDX-License-Identifier: MIT OR Apache-2.0";
/// Maximum number of lines in a source file.
const MOST_LINES: usize = 300;

/// Longer ones, each with the reason.
const LONGER: &[(&str, &str)] = &[
    (
        "crates/htgen-core/src/sched/timing.rs",
        "one model of one clock, whose registers are read side by side",
    ),
    ("templates/lib/ht_cells.v", "tables, buffers and units of one control"),
    ("templates/lib/ht_engine.v", "instances and what connects them, no logic"),
    ("templates/lib/ht_sequencer.v", "one control"),
    ("tests/it/cli.rs", "one test a command, mostly expected text"),
    ("tests/it/cli_refusals.rs", "expected messages"),
    ("tests/it/data_refusals.rs", "provoking inputs and expected messages"),
    ("tests/it/errors.rs", "provoking inputs and expected messages"),
    ("tests/it/lint.rs", "parameters and bounds of every module"),
    ("tests/it/sim.rs", "one subject: whole designs in Verilator"),
    ("tests/it/synth.rs", "boards and refusals with their texts"),
];

/// The only file that may start a process; clippy.toml says so too, but does not cover tests.
const STARTER: &str = "crates/htgen-tool/src/run.rs";

/// Files whose lines are counted and whose first line says what they are.
const SOURCES: [&str; 6] = ["rs", "v", "cpp", "h", "py", "sh"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of the repository below `folder`, without build output and downloads.
fn below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let kept = ["rtl_out/README.md", "rtl_out/tiny"].contains(&relative(&path).as_str());
        let output = ["target", ".git", ".tools", "__pycache__"].contains(&name.as_str())
            || folder.ends_with("rtl_out") && !kept;
        if output || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            below(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned()
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

/// Every text file, with its path relative to the root.
fn texts() -> Vec<(String, String)> {
    let mut files = Vec::new();
    below(root(), &mut files);
    files.sort();
    assert!(files.len() > 200, "only {} files: is this the repository?", files.len());
    let text = |path: &PathBuf| Some((relative(path), fs::read_to_string(path).ok()?));
    files.iter().filter_map(text).collect()
}

/// Fails with every problem at once.
#[track_caller]
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// Violations of the rules of form in a text; `name` determines which rules apply to it.
fn problems_of(name: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let extension = extension(Path::new(name));
    let is_source = SOURCES.contains(&extension);
    let generated = name.starts_with("rtl_out/") || name.starts_with("tests/data/");
    let head = text.lines().find(|line| !line.starts_with("#!")).unwrap_or_default();
    let says = match extension {
        "rs" => head.starts_with("//! "),
        "v" | "cpp" | "h" => head.starts_with("// "),
        "py" => head.starts_with("\"\"\""),
        "sh" => head.starts_with("# "),
        _ => true,
    };
    if !says {
        problems.push(format!("{name}: does not begin with what it is"));
    }
    if is_source && !generated && !text.contains(LICENCE) {
        problems.push(format!("{name}: no line {LICENCE}"));
    }
    let count = text.lines().count();
    let longer = LONGER.iter().any(|(file, _)| *file == name);
    if is_source && !generated && count > MOST_LINES && !longer {
        problems.push(format!("{name}: {count} lines, at most {MOST_LINES}"));
    }
    for (n, line) in text.lines().enumerate() {
        let mut say = |what: &str| problems.push(format!("{name}:{}: {what}", n + 1));
        let golden = name.starts_with("tests/data/") || name == "Cargo.lock";
        if !golden && line.trim_end() != line && !line.ends_with('\u{c}') {
            say("blanks at the end");
        }
        if is_source && line.contains('\t') {
            say("a tab");
        }
        if [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"]].iter().any(|w| line.contains(&w.concat())) {
            say("a note to oneself");
        }
        if [["/ho", "me/"], ["/ro", "ot/"], ["/Us", "ers/"]]
            .iter()
            .any(|w| line.contains(&w.concat()))
        {
            say("the home of somebody");
        }
        if extension == "rs" && name != STARTER && line.contains(&["Command", "::new("].concat()) {
            say("starts a process");
        }
    }
    if extension == "rs" {
        let say = |n| format!("{name}:{n}: wider than {WIDTH} characters");
        problems.extend(wide(text).into_iter().map(say));
    }
    if is_source && !text.ends_with('\n') {
        problems.push(format!("{name}: no new line at the end"));
    }
    problems
}

#[test]
fn files_keep_the_form() {
    let problems: Vec<String> =
        texts().iter().flat_map(|(name, text)| problems_of(name, text)).collect();
    none(&problems);
}

/// The rules detect what they are for.
#[test]
fn broken_form_is_noticed() {
    let long = format!("//! Much.\n{}", "let a = 1;\n".repeat(MOST_LINES - 1));
    let note = format!("//! A file.\n// {}{}: later\n", "TO", "DO");
    let start = format!("//! A file.\n{}{}\"sh\");\n", "Command::", "new(");
    let wide = format!("//! A file.\nlet a = \"{}\";\n", "ä".repeat(WIDTH - 10));
    let home = format!("//! A file.\nlet a = \"/{}me/me/a\";\n", "ho");
    for (name, text) in [
        ("src/a.rs", "use std::fs;\n"),
        ("src/a.rs", &long),
        ("src/a.rs", "//! A file. \n"),
        ("src/a.rs", "//! A file.\n\tlet a = 1;\n"),
        ("src/a.rs", &note),
        ("src/a.rs", &home),
        ("src/a.rs", &wide),
        ("src/a.rs", "//! A file."),
        ("tests/it/a.rs", &start),
        ("templates/lib/a.v", "module a;\nendmodule\n"),
        ("scripts/a.sh", "#!/bin/sh\nset -eu\n"),
        ("docs/a.py", "import sys\n"),
    ] {
        // With the line on the licence, wherever it stands.
        let licensed = match text.split_once('\n') {
            Some((first, rest)) => format!("{first}\n// {LICENCE}\n{rest}"),
            None => format!("{text} {LICENCE}"),
        };
        assert_eq!(problems_of(name, &licensed).len(), 1, "{name}: {text}");
    }
    assert_eq!(problems_of("src/a.rs", "//! A file.\n").len(), 1, "without a licence");
}

/// Exceptions are still needed.
#[test]
fn no_exception_is_stale() {
    for (name, reason) in LONGER {
        let text = fs::read_to_string(root().join(name)).unwrap_or_default();
        assert!(text.lines().count() > MOST_LINES, "{name} needs no exception ({reason})");
    }
}

/// Targets of the links in a page, `[text](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("](").filter_map(|(at, _)| text[at + 2..].split(')').next())
}

#[test]
fn links_lead_somewhere() {
    let mut problems = Vec::new();
    let mut count = 0;
    for (name, text) in texts().iter().filter(|(name, _)| name.ends_with(".md")) {
        let folder = root().join(name);
        let folder = folder.parent().expect("a file is in a folder");
        for link in links(text).filter(|link| !link.contains("://")) {
            count += 1;
            let path = link.split('#').next().expect("split yields one part at least");
            if !path.is_empty() && !folder.join(path).exists() {
                problems.push(format!("{name}: {link}"));
            }
        }
    }
    none(&problems);
    assert!(count > 20, "only {count} links found");
}

/// Paths in code marks on the front pages: everything that begins with a folder of the repository.
#[test]
fn paths_on_the_front_pages_exist() {
    let mut problems = Vec::new();
    let mut count = 0;
    let folders = [
        "src/",
        "crates/",
        "templates/",
        "testbenches/",
        "tests/",
        "docs/",
        "scripts/",
        "examples/",
    ];
    for page in ["README.md", "ARCHITECTURE.md", "docs/engine.md", "docs/numerics.md"] {
        let text = fs::read_to_string(root().join(page)).expect("a page");
        let words = text.split(|c: char| c.is_whitespace() || "`()[],;".contains(c));
        let words = words.map(|word| word.trim_end_matches(['.', ':']));
        for word in words.filter(|word| folders.iter().any(|folder| word.starts_with(folder))) {
            count += 1;
            if !root().join(word).exists() {
                problems.push(format!("{page}: {word}"));
            }
        }
    }
    none(&problems);
    assert!(count > 30, "only {count} paths found");
}

/// Every command line of the front pages is accepted by the program, and every `make` has a target.
#[test]
fn commands_on_the_front_pages_exist() {
    let makefile = fs::read_to_string(root().join("Makefile")).expect("the Makefile");
    let mut count = 0;
    for page in ["README.md", "docs/numerics.md", "docs/simulation.md", "examples/tiny/README.md"] {
        let text = fs::read_to_string(root().join(page)).expect("a page");
        let lines = text.lines().map(|line| line.trim_start_matches("$ "));
        let commands = lines.flat_map(|line| line.split(" && "));
        for command in
            commands.filter(|line| line.starts_with("htgen ") || line.starts_with("make "))
        {
            let command = command.split(['#', '>']).next().expect("one part at least").trim();
            let words: Vec<&str> = command.split_whitespace().collect();
            let prose = words.iter().any(|word| word.starts_with('`') || word.ends_with('`'));
            if prose || command.ends_with('.') {
                continue;
            }
            count += 1;
            if words[0] == "make" {
                let target = format!("\n{}:", words[1]);
                assert!(makefile.contains(&target), "{page}: {command}");
            } else {
                let parsed = htgen::cli::definition().try_get_matches_from(&words);
                assert!(parsed.is_ok(), "{page}: {command}: {}", parsed.unwrap_err());
            }
        }
    }
    assert!(count > 12, "only {count} commands found");
}
