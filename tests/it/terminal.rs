//! Names, keys and logs of other people contain commands for a terminal: none of them reaches one,
//! and a report in JSON keeps the same value.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::{Ended, Folder, object};
use crate::cli_tools::fake;
use crate::data_support::Wav;
use htgen::data::{Array, ArrayData, write_npz};
use htgen::tool::Run;
use safetensors::tensor::{Dtype, TensorView};
use std::fs;

/// Red, the title of the window, a C1 code, a bell, text from right to left, a forged message.
const EVIL: &str = "a\u{1b}[31m\u{1b}]0;owned\u{7}b\u{9b}2J\u{202e}c\r\nerror: forged";

fn run(dir: &Folder, words: &[&str]) -> Ended {
    dir.run(Run::new(env!("CARGO_BIN_EXE_htgen")).args(words))
}

/// Nothing but text and ends of lines.
#[track_caller]
fn is_clean(ended: &Ended, shows: &str) {
    for text in [&ended.stdout, &ended.stderr] {
        let hostile = |c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}';
        assert!(!text.contains(hostile), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("error: forged")), "{text}");
    }
    let all = format!("{}{}", ended.stdout, ended.stderr);
    assert!(all.contains(shows), "{all}");
}

#[test]
fn names_of_files_and_folders() {
    let dir = Folder::new();
    dir.tiny();
    let name = format!("{}.json", EVIL.replace('/', ""));
    is_clean(&run(&dir, &["inspect", &name]), "a\\u{1b}[31m\\u{1b}]0;owned\\u{7}b\\u{9b}2J");
    fs::copy(dir.path("tiny.json"), dir.path(&name)).unwrap();
    // A note, then a report with the name of the written file.
    let ended = run(&dir, &["emit", &name, "--pe", "2", "-o", EVIL]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    is_clean(&ended, "\\u{1b}[31m");
    let other = format!("b{name}");
    let line = ["new", "--preset", "digits", "--name", "digits", "-o", &other];
    is_clean(&run(&dir, &line), "\\u{1b}[31m");
    let ended = run(&dir, &[&line[..], &["--json"]].concat());
    is_clean(&ended, "\\u001b[31m");
    assert_eq!(object(&ended.stdout)["file"], other);
    // Words of the command line itself.
    is_clean(&run(&dir, &["inspect", "tiny.json", &format!("--{EVIL}")]), "unexpected argument");
    is_clean(&run(&dir, &["new", "--preset", EVIL, "-o", "n.json"]), "\\u{1b}[31m");
    // The folder of a class.
    fs::create_dir_all(dir.path("wavs").join(EVIL)).unwrap();
    Wav::new(8000, 1, 16).write(&dir.path("wavs").join(EVIL).join("a_1.wav"), &[0; 4000]);
    let ended = run(&dir, &["data", "wav", "wavs", "-o", "x.npz"]);
    assert_eq!(ended.code, Some(2));
    is_clean(&ended, "\\u{1b}[31m");
}

#[test]
fn keys_of_files() {
    let dir = Folder::new();
    let bytes = [0; 16];
    let key = format!("{EVIL}.weight");
    let view = TensorView::new(Dtype::F32, vec![2, 2], &bytes).unwrap();
    let file = safetensors::serialize([(key.as_str(), view)], None).unwrap();
    fs::write(dir.path("t.safetensors"), file).unwrap();
    is_clean(&run(&dir, &["import", "t.safetensors", "-o", "m.json"]), "\\u{1b}[31m");
    let compress = ["compress", "t.safetensors", "--rank", "1", "-o", "m.json"];
    is_clean(&run(&dir, &compress), "");
    dir.tiny();
    let text = fs::read_to_string(dir.path("tiny.json")).unwrap();
    let key = serde_json::to_string(EVIL).unwrap();
    fs::write(dir.path("k.json"), text.replacen('{', &format!("{{{key}: 1,"), 1)).unwrap();
    is_clean(&run(&dir, &["inspect", "k.json"]), "\\u{1b}[31m");
    fs::write(dir.path("hw.toml"), format!("{key} = 1\n")).unwrap();
    is_clean(&run(&dir, &["emit", "tiny.json", "--hw", "hw.toml", "-o", "rtl"]), "hw.toml");
    let x = Array { shape: vec![1, 1, 3], data: ArrayData::U8(vec![0; 3]) };
    write_npz(&dir.path("x.npz"), &[(EVIL, x)]).unwrap();
    is_clean(&run(&dir, &["run", "tiny.json", "--inputs", "x.npz"]), "x: array missing");
    fs::write(dir.path("l.csv"), format!("video,first_frame,last_frame,class\n{EVIL},0,0,up\n"))
        .unwrap();
    fs::create_dir(dir.path("films")).unwrap();
    let line = "data sliding films --labels l.csv --size 4x4 --fps 8 --steps 1 -o x.npz";
    is_clean(&dir.htgen(line), "l.csv");
}

#[test]
fn logs_of_tools() {
    let dir = Folder::new();
    dir.tiny();
    dir.done("emit tiny.json --pe 2 -o rtl");
    let says = "printf '\\033[31mERROR\\033[0m \\233 \\a\\r\\n' >&2; exit 1";
    let yosys = fake(&dir, "yosys", "Yosys 0.99", says);
    let placer = fake(&dir, "nextpnr", "nextpnr-ice40 (Version 0.9)", "exit 0");
    let run = Run::new(env!("CARGO_BIN_EXE_htgen")).args(["synth", "rtl", "--target", "hx8k"]);
    let run = run.env("HTGEN_YOSYS", &yosys).env("HTGEN_NEXTPNR_ICE40", &placer);
    let ended = dir.run(run);
    assert_eq!(ended.code, Some(2));
    is_clean(&ended, "  | \\u{1b}[31mERROR\\u{1b}[0m");
}

/// What becomes a page or a picture is refused where it is read.
#[test]
fn titles_of_a_comparison() {
    let text = |title: &str, label: &str| {
        let [title, label] = [title, label].map(|text| serde_json::to_string(text).unwrap());
        format!(
            "name = \"easy\"\ntitle = {title}\nfiles = [\"easy.npz\"]\nseeds = [1]\n[model]\n\
             [[system]]\nname = \"a\"\nlabel = {label}\n"
        )
    };
    let parse = |title, label| htgen::compare::CompareConfig::parse(&text(title, label));
    assert!(parse("Übung", "A & B").is_ok());
    for (title, label, place) in
        [("a\u{1b}[31m", "A", "title: "), ("a", "A\u{9b}\n", "system[0].label: ")]
    {
        let refusal = parse(title, label).unwrap_err().to_string();
        let expected = format!("{place}out of range: found ");
        assert!(refusal.starts_with(&expected), "{refusal}");
        assert!(!refusal.contains(char::is_control), "{refusal}");
    }
}
