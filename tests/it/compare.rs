//! `htgen compare`: a small comparison down to the board, what is repeated and what is not,
//! refusals.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::{Folder, object};
use crate::interrupted::{Moment, interrupt};
use crate::support::needs;
use crate::train::easy;
use htgen::compare::CompareConfig;
use htgen::tool::{Run, Tool};
use rustix::process::Signal;
use std::fs;
use std::io::Write;
use std::path::Path;

const CONFIG: &str = r#"
name = "easy"
title = "Spots & places"
about = "Eight noisy bytes per step."
files = ["easy.npz"]
seeds = [1, 2]
lanes = [2]
widths = [[8, 12], [6, 8]]
simulate = 3

[[board]]
target = "icebreaker"
lanes = 2

[model]
hidden = 4
out_modes = [4, 4]

[data]
validation = 0.25

[train]
epochs = 3
batch = 8

[[try]]
learning_rate = 0.03

[[try]]
learning_rate = 0.0001

[[system]]
name = "fdht"
label = "FDHT-LSTM"
model = { in_modes = [4, 3], rank = 3 }

[[system]]
name = "dense"
label = "dense LSTM"
model = { format = "dense", in_modes = [4, 2], recurrent = "dense" }
"#;

const LINE: &str = "compare --config compare.toml --work work -o results";

/// Commands that were run, by their first word, in order.
fn ran(stderr: &str) -> Vec<&str> {
    stderr.lines().filter_map(|l| l.strip_prefix("htgen ")?.split(' ').next()).collect()
}

#[test]
fn a_comparison_goes_down_to_the_board_and_is_not_done_twice() {
    let tools = [Tool::Verilator, Tool::Yosys, Tool::NextpnrIce40, Tool::Icepack].map(needs);
    if tools.iter().any(Option::is_none) {
        return;
    }
    let dir = Folder::new();
    easy(&dir);
    fs::write(dir.path("compare.toml"), CONFIG).unwrap();
    let ended = dir.htgen(&format!("{LINE} --json"));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // Two systems of two tries and two seeds; the better try at two widths and two seeds.
    let all = ran(&ended.stderr);
    let count = |word: &str| all.iter().filter(|&&w| w == word).count();
    let counts = ["data", "train", "quantize", "run", "inspect", "emit", "sim", "synth"].map(count);
    assert_eq!(counts, [1, 8, 8, 8, 2, 4, 2, 2]);
    let report = object(&ended.stdout);
    let names = ["easy.cycles.svg", "easy.json", "easy.md", "easy.svg"];
    let read = || names.map(|name| fs::read_to_string(dir.path("results").join(name)).unwrap());
    let first = read();
    assert_eq!(object(&first[1]), report);

    let fdht = &report["systems"][0];
    assert_eq!((&report["training"], &report["validation"]), (&63.into(), &27.into()));
    // 4x4x3 + 4x3x3 + 3x3.
    assert_eq!(fdht["parameters"], 48 + 36 + 9);
    assert_eq!(fdht["recurrent_parameters"], 0);
    assert_eq!(report["systems"][1]["parameters"], 16 * 8 + 16 * 4);
    assert_eq!(report["systems"][1]["recurrent_parameters"], 16 * 4);
    assert_eq!(fdht["best_try"], 0, "a rate of 0.0001 learns nothing in three epochs");
    assert_eq!(fdht["lanes"][0]["bit_exact"], true);
    assert_eq!(fdht["lanes"][0]["outputs_compared"], 3 * 3);
    assert_eq!(fdht["boards"][0]["fits"], true);
    assert!(fdht["boards"][0]["fmax_mhz"].as_f64().unwrap() > 10.0);
    assert!(first[2].contains("| buffer bits | try |\n"), "{}", first[2]);
    // The page has the figures of the commands that it lists.
    let line = "run work/fdht_s2_w6_a8.json --inputs work/validation.npz";
    assert!(first[2].contains(&format!("htgen {line}")), "{}", first[2]);
    let run = dir.json(line)["accuracy"].as_f64().unwrap();
    let fixed = &fdht["fixed"][1]["accuracy"];
    let of = |key: &str| fixed[key].as_f64().unwrap();
    assert!(run == of("least") || run == of("largest"), "{run} {fixed}");

    let again = dir.htgen(LINE);
    assert_eq!((again.code, ran(&again.stderr).len()), (Some(0), 0), "{}", again.stderr);
    assert!(first == read(), "nothing was done again, and the same was written");

    // A third seed is trained in addition to the others, which are not trained again.
    fs::write(dir.path("compare.toml"), CONFIG.replace("[1, 2]", "[1, 2, 3]")).unwrap();
    let more = dir.htgen(LINE);
    let words = ran(&more.stderr);
    let count = |word: &str| words.iter().filter(|&&w| w == word).count();
    assert_eq!(["train", "quantize", "emit", "synth"].map(count), [4, 4, 0, 0], "{}", more.stderr);
}

/// A training that was cut off continues, and is then treated like any other.
#[test]
fn what_was_cut_off_goes_on_and_is_not_done_twice() {
    let dir = Folder::new();
    easy(&dir);
    let only = CONFIG.split("[[board]]").next().unwrap().replace("lanes = [2]", "lanes = []");
    let model = CONFIG.split("[model]").nth(1).unwrap().split("[[try]]").next().unwrap();
    let system = CONFIG.split("[[system]]").nth(1).unwrap();
    let config =
        format!("{only}[model]{model}[[system]]{system}").replace("= 3\nbatch", "= 400\nbatch");
    fs::write(dir.path("compare.toml"), config).unwrap();
    let seen = || dir.path("work/fdht_t0_s1.checkpoint").is_file();
    let ended = interrupt(&dir, LINE, &[], Moment { signal: Signal::INT, seen: &seen });
    assert_ne!(ended.code, Some(0), "{}", ended.stderr);
    assert!(seen(), "{}", ended.stderr);
    let gone_on = dir.htgen(LINE);
    assert_eq!(gone_on.code, Some(0), "{}", gone_on.stderr);
    assert!(
        gone_on.stderr.contains("fdht_t0_s1.json --safetensors --resume"),
        "{}",
        gone_on.stderr
    );
    let page = fs::read_to_string(dir.path("results/easy.md")).unwrap();
    assert!(!page.contains("--resume"), "{page}");
    let again = dir.htgen(LINE);
    assert_eq!((again.code, ran(&again.stderr).len()), (Some(0), 0), "{}", again.stderr);
}

/// Another build of the program does everything again, the same one nothing.
#[test]
fn a_changed_program_is_noticed() {
    let dir = Folder::new();
    easy(&dir);
    let only = CONFIG.split("[[board]]").next().unwrap().replace("lanes = [2]", "lanes = []");
    let shape = CONFIG.split("[model]").nth(1).unwrap().split("[[try]]").next().unwrap();
    let system = CONFIG.split("[[system]]").nth(1).unwrap();
    let config = format!("{only}[model]{shape}[[system]]{system}").replace("[1, 2]", "[1]");
    fs::write(dir.path("compare.toml"), config).unwrap();
    // What follows the sections of an executable changes it and nothing that it does.
    let program = dir.path("other");
    fs::copy(env!("CARGO_BIN_EXE_htgen"), &program).unwrap();
    let mut bytes = fs::OpenOptions::new().append(true).open(&program).unwrap();
    bytes.write_all(b"another build").unwrap();
    drop(bytes);
    let done = |program: &Path| {
        let ended = dir.run(Run::new(program).args(LINE.split_whitespace()));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ran(&ended.stderr).iter().map(|&word| word.to_owned()).collect::<Vec<String>>()
    };
    let own = Path::new(env!("CARGO_BIN_EXE_htgen"));
    let first = done(own);
    let whole = ["data", "train", "quantize", "run", "quantize", "run", "inspect"];
    assert_eq!(first, whole);
    assert!(done(own).is_empty());
    assert_eq!(done(&program), first);
    assert!(done(&program).is_empty());
}

#[test]
fn bad_configurations_are_refused() {
    let refusal = |from: &str, to: &str| {
        let changed = CONFIG.replacen(from, to, 1);
        assert_ne!(changed, CONFIG, "{from}");
        CompareConfig::parse(&changed).unwrap_err().to_string()
    };
    for (from, to, expected) in [
        ("\"easy\"", "\"../easy\"", "name: out of range: found \"../easy\", expected a letter, "),
        ("\"dense\"", "\"fdht\"", "system[1].name: out of range: found fdht, expected a name "),
        ("seeds = [1, 2]", "seeds = []", "seeds: out of range: found none, expected at least one"),
        ("lanes = [2]", "lanes = [3]", "lanes[0]: not usable: found 3, expected a power of two"),
        (
            "[8, 12]",
            "[8, 3]",
            "widths[0]: width of an activation out of range: found 3, expected 4 to 16",
        ),
        ("lanes = 2\n", "lanes = 0\n", "board[0].lanes: not usable: found 0, expected a power "),
        ("simulate = 3", "simulate = 3\nboth = 1", "line 10: both: unknown field \"both\""),
        ("title = ", "title ", "line 3: "),
    ] {
        let found = refusal(from, to);
        assert!(found.contains(expected), "{to}: {found}");
    }
    // Refusals of the commands are quoted, with the command.
    let dir = Folder::new();
    easy(&dir);
    let config = CONFIG.replace("in_modes = [4, 3]", "in_modes = [3, 3]");
    fs::write(dir.path("compare.toml"), config).unwrap();
    let ended = dir.htgen(LINE);
    assert_eq!(ended.code, Some(2));
    let of_command = "htgen train easy.npz --config work/fdht_t0_s1.toml";
    assert!(ended.stderr.contains(of_command), "{}", ended.stderr);
    assert!(ended.stderr.contains("model"), "{}", ended.stderr);
    assert!(!dir.path("results").exists());
    fs::remove_file(dir.path("easy.npz")).unwrap();
    let ended = dir.htgen(LINE);
    assert_eq!(ended.code, Some(2));
    assert!(ended.messages().starts_with("error: easy.npz"), "{}", ended.stderr);
}

/// The table of keys has exactly the keys that are known.
#[test]
fn every_key_is_documented() {
    let error = CompareConfig::parse("none_such = 1").unwrap_err().to_string();
    let (_, listed) = error.split_once("expected one of ").expect("the known keys");
    let known: Vec<&str> = listed.split('"').skip(1).step_by(2).collect();
    assert!(known.len() > 10, "{error}");
    let page = fs::read_to_string("docs/compare.md").unwrap();
    let table = page.split("<!-- keys -->").nth(1).unwrap().split("<!-- end -->").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(rows.collect::<Vec<_>>(), known);
}
