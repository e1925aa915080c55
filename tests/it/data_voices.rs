//! `examples/digits/make-voices.sh`: synthetic voices that the example's model understands.

use crate::cli_support::Folder;
use crate::data_support::{arrays, integers, strings};
use crate::support::absent;
use htgen::tool::Run;
use std::env;
use std::path::Path;

/// Whether a program is on PATH.
fn present(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).any(|dir| dir.join(name).is_file());
    if !found {
        absent(&format!("{name} is missing; apt-get install {name}"));
    }
    found
}

#[test]
fn the_model_understands_voices_made_here() {
    if !present("espeak-ng") || !present("sox") {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = root.join("examples/digits/make-voices.sh");
    let dir = Folder::new();
    let make = |out: &str| {
        let run = Run::new(&script).args([out, "5"]).env("HTGEN", env!("CARGO_BIN_EXE_htgen"));
        let ended = dir.run(run);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stdout
    };
    let text = make("voices.npz");
    assert!(text.starts_with("100 sequences of 8 steps of 1,024 bytes"), "{text}");
    let made = arrays(&dir.path("voices.npz"));
    assert_eq!(strings(&made, "groups").len(), 5);
    assert_eq!(integers(&made, "y"), (0..100).map(|k| k / 10).collect::<Vec<_>>());
    make("again.npz");
    assert_eq!(made, arrays(&dir.path("again.npz")), "the same voices again");
    let model = root.join("examples/digits/model.json");
    let report = dir.json(&format!("run {} --inputs voices.npz", model.display()));
    let accuracy = report["accuracy_float"].as_f64().unwrap();
    assert!(accuracy >= 0.75, "features of another kind: {accuracy} decided as spoken");
}
