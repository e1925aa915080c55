//! Nothing under a temporary name outlives a command, whatever signal ends it, unless it is killed
//! outright; the next command clears that.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::Folder;
use crate::every_command::{CASES, stock};
use crate::interrupted::{Moment, interrupt};
use htgen::tool::Run;
use rustix::process::Signal;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// Signals that end a process and can be caught.
const SIGNALS: [Signal; 10] = [
    Signal::HUP,
    Signal::INT,
    Signal::QUIT,
    Signal::TERM,
    Signal::USR1,
    Signal::USR2,
    Signal::ALARM,
    Signal::XCPU,
    Signal::VTALARM,
    Signal::ABORT,
];

/// A model whose file takes a while to write.
const LARGE: &str =
    "new --inputs 1024 --hidden 128 --format dense --head 10 --seed 3 -o large.json";

/// What is there under a temporary name, at any depth.
fn passing(dir: &Folder) -> Vec<PathBuf> {
    let of_ours =
        |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(".htgen-");
    dir.files().into_keys().filter(of_ours).collect()
}

#[test]
fn no_signal_leaves_half_a_model() {
    let dir = Folder::new();
    dir.done(LARGE);
    let whole = fs::read(dir.path("large.json")).unwrap();
    fs::remove_file(dir.path("large.json")).unwrap();
    let mut ended_early = 0;
    // A busy machine may react too late, so a few more rounds are allowed.
    for (round, signal) in SIGNALS.into_iter().cycle().take(10 * SIGNALS.len()).enumerate() {
        if round >= 2 * SIGNALS.len() && ended_early >= 3 {
            break;
        }
        let seen = || dir.names().iter().any(|name| name.starts_with(".htgen-"));
        let ended = interrupt(&dir, LARGE, &[], Moment { signal, seen: &seen });
        assert_eq!(passing(&dir), Vec::<PathBuf>::new(), "{signal:?}: {}", ended.stderr);
        match fs::read(dir.path("large.json")) {
            Ok(found) => assert!(found == whole, "{signal:?} left half a model"),
            Err(_) => {
                // As if the signal had not been caught.
                assert_eq!((ended.code, ended.stdout.as_str()), (None, ""), "{signal:?}");
                ended_early += 1;
            }
        }
        let _ = fs::remove_file(dir.path("large.json"));
    }
    assert!(ended_early >= 3, "hardly a signal came in time");
}

/// What is ignored stays ignored, as under `nohup`.
#[test]
fn an_ignored_signal_is_ignored() {
    let dir = Folder::new();
    let script = "trap '' HUP; kill -HUP $$; \"$0\" \"$@\" & kill -HUP $!; wait $!";
    let run = Run::new("/bin/sh").args(["-c", script, env!("CARGO_BIN_EXE_htgen")]);
    let ended = dir.run(run.args(LARGE.split(' ')));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(dir.names(), ["large.json"]);
}

/// A file that becomes too large, or a full disk: one message, which names it.
#[test]
fn a_write_that_fails_names_the_file() {
    let dir = stock();
    let mut tried = 0;
    for case in CASES {
        let words = case.words();
        // These start other programs first, to which the limit also applies.
        if case.outputs().is_empty() || ["sim", "synth", "compare"].contains(&words[0]) {
            continue;
        }
        let before = dir.files();
        let script = "ulimit -f 0; exec \"$0\" \"$@\"";
        let shell = Run::new("/bin/sh").args(["-c", script, env!("CARGO_BIN_EXE_htgen")]);
        let ended = dir.run(shell.args(&words));
        let line = words.join(" ");
        assert_eq!(ended.code, Some(2), "htgen {line}: {}{}", ended.stdout, ended.stderr);
        let message = ended.messages();
        let message = message.lines().last().unwrap();
        let says = case.outputs().iter().any(|output| {
            let of_output = message.starts_with(&format!("error: {output}"))
                || message.starts_with(&format!("error: ./{output}"));
            of_output && message.contains("cannot be written (file too large)")
        });
        assert!(says, "htgen {line}: {}", ended.stderr);
        assert!(!ended.stderr.contains("ZipWriter"), "htgen {line}: {}", ended.stderr);
        let mut after = dir.files();
        after.remove(&dir.path("parts"));
        assert!(after == before, "htgen {line} left something");
        let _ = fs::remove_dir(dir.path("parts"));
        tried += 1;
    }
    assert!(tried > 15, "{tried}");
}

/// What a killed command leaves is removed by the next one that writes there; what a living one is
/// working on is not, nor what only looks like it.
#[test]
fn the_next_command_clears_what_a_killed_one_left() {
    let dir = Folder::new();
    fs::write(dir.path(".htgen-notes"), "mine").unwrap();
    fs::create_dir(dir.path(".htgen-folder.part")).unwrap();
    let slow = "data motion --size 160x120x3 --steps 16 --count 300 -o motion.npz";
    let is_passing = |name: &String| name.starts_with(".htgen-") && name.len() == 24;
    let at_work = || dir.names().into_iter().filter(is_passing).collect::<Vec<_>>();
    for _ in 0..10 {
        let seen = || !at_work().is_empty();
        interrupt(&dir, slow, &[], Moment { signal: Signal::KILL, seen: &seen });
        let dead = at_work();
        let _ = fs::remove_file(dir.path("motion.npz"));
        thread::scope(|scope| {
            let living = scope.spawn(|| dir.htgen(slow));
            while at_work().iter().all(|name| dead.contains(name)) && !living.is_finished() {
                thread::sleep(Duration::from_millis(1));
            }
            // Several at once do not disturb each other.
            for _ in 0..3 {
                dir.done("new --preset digits -o digits.json");
            }
            let ended = living.join().unwrap();
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        });
        let names = [".htgen-folder.part", ".htgen-notes", "digits.json", "motion.npz"];
        assert_eq!(dir.names(), names);
        fs::remove_file(dir.path("motion.npz")).unwrap();
        if !dead.is_empty() {
            return;
        }
    }
    panic!("no kill came in time");
}

/// A comparison ends the commands that it has started, which clean up before they exit.
#[test]
fn an_interrupted_comparison_leaves_nothing_half_written() {
    let dir = stock();
    let config = fs::read_to_string(dir.path("compare.toml")).unwrap();
    fs::write(dir.path("compare.toml"), config.replace("epochs = 1", "epochs = 400")).unwrap();
    // Under `nohup` SIGHUP is ignored, as it should be.
    for signal in [Signal::INT, Signal::TERM, Signal::USR1] {
        let checkpoint = dir.path("work/a_t0_s1.checkpoint");
        let seen = || checkpoint.exists();
        let line = "compare --config compare.toml --work work -o results";
        let ended = interrupt(&dir, line, &[], Moment { signal, seen: &seen });
        // Between two commands it ends as if the signal had not been caught.
        assert!(matches!(ended.code, None | Some(2)), "{}", ended.stderr);
        assert_eq!(passing(&dir), Vec::<PathBuf>::new(), "{signal:?}");
        assert!(checkpoint.exists() && !dir.path("results/easy.md").exists());
    }
}
