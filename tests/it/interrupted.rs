//! Commands that are ended by a signal: the previous output is intact, whenever the signal comes.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_support::{Ended, Folder, content};
use crate::cli_tools::fake;
use htgen::tool::Run;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

const SIGNALS: [Signal; 3] = [Signal::INT, Signal::TERM, Signal::KILL];

/// Runs `htgen` with the words of `line`, and sends it a signal as soon as `now` returns true.
pub fn interrupt(dir: &Folder, line: &str, tools: &[(&str, &Path)], now: Moment<'_>) -> Ended {
    let pid_file = dir.path("pid");
    let script = "echo $$ > pid.new; mv pid.new pid; exec \"$0\" \"$@\"";
    let shell = Run::new("/bin/sh").args(["-c", script, env!("CARGO_BIN_EXE_htgen")]);
    let shell = shell.args(line.split_whitespace());
    let run = tools.iter().fold(shell, |run, (variable, path)| run.env(variable, path));
    let ended = thread::scope(|scope| {
        let command = scope.spawn(|| dir.run(run));
        while !command.is_finished() {
            if pid_file.is_file() && (now.seen)() {
                let pid = fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
                // It may have just ended by itself.
                let _ = kill_process(Pid::from_raw(pid).unwrap(), now.signal);
                break;
            }
        }
        command.join().unwrap()
    });
    fs::remove_file(pid_file).unwrap();
    ended
}

/// When which signal is sent.
pub struct Moment<'a> {
    pub signal: Signal,
    pub seen: &'a dyn Fn() -> bool,
}

/// Folders being filled.
fn staged(dir: &Folder) -> Vec<PathBuf> {
    let names = dir.names().into_iter().filter(|name| name.starts_with(".htgen-"));
    names.map(|name| dir.path(&name)).collect()
}

/// What remains of a command that could not clean up: what it had begun beside the output.
fn take_away_leftovers(dir: &Folder, signal: Signal) {
    let left = staged(dir);
    assert!(left.len() <= usize::from(signal == Signal::KILL), "{left:?}");
    left.iter().for_each(|folder| fs::remove_dir_all(folder).unwrap());
}

#[test]
fn emission_leaves_the_old_design_or_the_new_one() {
    let dir = Folder::new();
    dir.done("new --preset digits -o digits.json");
    let line = |lanes: usize| format!("emit digits.json --pe {lanes} -o rtl");
    let designs = [2, 4].map(|lanes| {
        dir.done(&line(lanes));
        content(&dir.path("rtl"))
    });
    let files = designs[0].len();
    let (mut old, mut new) = (0, 0);
    // Triggered by the files that are already written; the last moments are around the exchange. A
    // busy machine may react too late, so a few more rounds are allowed.
    let moments = [0, 1, files / 2, files - 1, files, files].into_iter();
    let moments = moments.flat_map(|written| SIGNALS.map(|signal| (written, signal)));
    for (round, (written, signal)) in moments.cycle().take(10 * 18).enumerate() {
        if round >= 18 && old >= 3 {
            break;
        }
        let before = usize::from(content(&dir.path("rtl")) == designs[1]);
        let lanes = if before == 0 { 4 } else { 2 };
        let seen = || {
            let count = |folder: &PathBuf| fs::read_dir(folder.join("new")).map(Iterator::count);
            staged(&dir).iter().any(|folder| count(folder).is_ok_and(|n| n >= written))
        };
        let ended = interrupt(&dir, &line(lanes), &[], Moment { signal, seen: &seen });
        take_away_leftovers(&dir, signal);
        let after = content(&dir.path("rtl"));
        assert!(designs.contains(&after), "{signal:?} at {written} files: {:?}", after.keys());
        if after == designs[before] {
            assert_ne!(ended.code, Some(0), "{signal:?}: nothing was emitted");
            old += 1;
        } else {
            new += 1;
        }
        assert_eq!(dir.names(), ["digits.json", "rtl"]);
    }
    println!("{old} times the old design, {new} times the new one");
    assert!(old >= 3, "hardly a signal came in time: {old} of {}", old + new);
}

/// Block memories of the tiny design with 2 lanes, without which its netlist would be refused.
const BLOCKS: usize = 11;

/// Fakes of yosys and nextpnr that write their files and wait in one step of a synthesis.
struct Fakes {
    yosys: PathBuf,
    placer: PathBuf,
}

impl Fakes {
    /// The waiting tool creates `begun`, and continues when that file is gone.
    fn new(dir: &Folder, step: &str) -> Fakes {
        let begun = dir.path("begun");
        let begun = begun.display();
        let wait = format!("touch '{begun}'; while [ -e '{begun}' ]; do sleep 0.02; done; exit 1");
        let cells = "{\"num_cells_by_type\": {\"SB_LUT4\": 9}}";
        let board =
            format!("{{\"num_cells_by_type\": {{\"SB_LUT4\": 9, \"SB_RAM40_4K\": {BLOCKS}}}}}");
        let modules = format!(r#"{{"modules": {{"\\ht_board": {board}, "\\ht_pins": {cells}}}}}"#);
        let waits = |name| if step == name { wait.as_str() } else { "exit 0" };
        let statistics = "sed -n 's/^tee .*-o \\([^ ]*\\) .*/\\1/p' \"$3\"";
        let synthesis = format!(
            "for file in $({statistics}); do printf %s '{modules}' > $file; done; touch half.json; \
             if [ \"$3\" = synthesize.ys ]; then {}; else {}; fi",
            waits("synthesize"),
            waits("count")
        );
        let place = format!("touch half.asc; {}", waits("place"));
        Fakes {
            yosys: fake(dir, "yosys", "Yosys 0.99", &synthesis),
            placer: fake(dir, "nextpnr", "nextpnr-ice40 (Version 0.9)", &place),
        }
    }

    fn variables(&self) -> [(&str, &Path); 2] {
        [("HTGEN_YOSYS", &self.yosys), ("HTGEN_NEXTPNR_ICE40", &self.placer)]
    }
}

#[test]
fn a_synthesis_leaves_the_previous_one() {
    for step in ["synthesize", "count", "place"] {
        let dir = Folder::new();
        dir.tiny();
        dir.done("emit tiny.json --pe 2 -o rtl");
        fs::create_dir(dir.path("placed")).unwrap();
        fs::write(dir.path("placed/synthesize.ys"), "the previous one").unwrap();
        fs::write(dir.path("placed/design.bin"), "the previous one").unwrap();
        let fakes = Fakes::new(&dir, step);
        let before = dir.files();
        for signal in SIGNALS {
            let begun = dir.path("begun");
            let seen = || begun.is_file();
            let line = "synth rtl --target hx8k -o placed";
            let ended = interrupt(&dir, line, &fakes.variables(), Moment { signal, seen: &seen });
            assert_eq!(ended.stdout, "");
            if signal == Signal::KILL {
                assert_eq!(ended.code, None, "{}", ended.stderr);
            } else {
                let tool = if step == "place" { "nextpnr" } else { "yosys" };
                let message = format!("error: {tool}: interrupted\n");
                assert_eq!((ended.code, ended.messages()), (Some(2), message));
            }
            fs::remove_file(begun).unwrap();
            take_away_leftovers(&dir, signal);
            assert!(dir.files() == before, "{signal:?} in {step}: not what it was");
        }
    }
}

/// Anything in a folder that htgen did not create stays there.
#[test]
fn a_synthesis_replaces_no_folder_of_others() {
    let dir = Folder::new();
    dir.tiny();
    dir.done("emit tiny.json --pe 2 -o rtl");
    fs::create_dir(dir.path("mine")).unwrap();
    fs::write(dir.path("mine/thesis.tex"), "years of work").unwrap();
    let before = dir.files();
    for (place, what) in [
        ("mine", "a folder that is not a synthesis of htgen is not replaced; choose"),
        (
            "rtl",
            "a folder that holds what this command reads is not replaced: found rtl/design.json",
        ),
        ("tiny.json", "not a folder, so it is not replaced; choose"),
    ] {
        let ended = dir.htgen(&format!("synth rtl --target hx8k -o {place}"));
        assert_eq!(ended.code, Some(2));
        let message = ended.messages();
        assert!(message.starts_with(&format!("error: {place}: {what}")), "{message}");
        assert!(dir.files() == before);
    }
}
