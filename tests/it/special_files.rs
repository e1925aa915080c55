//! A pipe, a socket or a device where a file should be: refused at once by every command, for every
//! file that it reads.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::every_command::{CASES, Case, stock};
use crate::support::needs;
use htgen::tool::{Run, Tool};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

/// Far longer than a refusal takes.
const LIMIT: Duration = Duration::from_secs(60);

type Maker = fn(&Path);

/// What can be there, and what it is called.
const KINDS: [(&str, Maker); 4] = [
    ("a named pipe", |path| {
        mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    }),
    ("a socket", |path| drop(UnixListener::bind(path).unwrap())),
    ("a device", |path| symlink("/dev/zero", path).unwrap()),
    ("a device", |path| symlink("/dev/tty", path).unwrap()),
];

#[test]
fn no_command_waits_for_what_is_no_file() {
    let tools = [Tool::Verilator, Tool::Yosys, Tool::NextpnrIce40, Tool::Ffmpeg].map(needs);
    if tools.iter().any(Option::is_none) {
        return;
    }
    let dir = stock();
    let mut tried = 0;
    for case in CASES {
        for input in case.inputs() {
            let path = dir.path(input);
            let before = fs::read(&path).ok();
            for (kind, make) in KINDS {
                let _ = fs::remove_file(&path);
                make(&path);
                check(&dir, case, input, kind);
                fs::remove_file(&path).unwrap();
                tried += 1;
            }
            before.into_iter().for_each(|bytes| fs::write(&path, bytes).unwrap());
        }
    }
    assert!(tried > 200, "{tried}");
}

/// The command is refused, names the file, and leaves nothing.
#[track_caller]
fn check(dir: &Folder, case: &Case, input: &str, kind: &str) {
    let names = dir.names();
    let run = Run::new(env!("CARGO_BIN_EXE_htgen")).args(case.words()).limit(LIMIT);
    let ended = dir.run(run);
    let words = case.words().join(" ");
    assert_eq!(ended.code, Some(2), "htgen {words}, {input} is {kind}: {}", ended.stdout);
    let message = ended.messages();
    let name = input.rsplit('/').next().unwrap();
    let expected = format!("{name}: not a regular file: found {kind}");
    // The values of a model have to be beside it, and a link to a device is not.
    let link = format!("{name}: cores: a link that leaves the folder of the model");
    let link = link.replace("safetensors", "json");
    let is_refused = message.contains(&expected) || kind == "a device" && message.contains(&link);
    assert!(is_refused, "htgen {words}, {input} is {kind}: {message}");
    // A comparison keeps the folder of what it has begun.
    let _ = fs::remove_dir_all(dir.path("work"));
    assert_eq!(dir.names(), names, "htgen {words}");
    for output in case.outputs() {
        assert!(!dir.path(output).exists(), "htgen {words} left {output}");
    }
}
