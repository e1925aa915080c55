//! A model that could not be built: the first thing that went wrong, and the log that is kept.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use crate::files::{self, Staged};
use crate::tool::Finished;

/// The log of a build, in the folder of the model.
pub(super) const LOG: &str = "build.log";

/// Maximum number of bytes of a log that are examined.
const LOG_LIMIT: u64 = 64 << 20;
/// Longest line that a message quotes, characters.
const LINE_LIMIT: usize = 300;
/// Marks of the line that says what went wrong, in English: the build runs in the locale C.
const WORDS: [&str; 7] = [
    "%Error",
    "%Warning",
    "error:",
    "undefined reference",
    "cannot find -l",
    "not found",
    "No such file",
];

/// Keeps the folder of a failed build beside the place of the model, and says what went wrong.
pub(super) fn keep(staged: Staged, model: &Path, finished: &Finished, what: &str) -> Problems {
    let log = files::read(&staged.path().join(LOG), LOG_LIMIT).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let Some(line) = first_fault(&log) else { return finished.failure(what).into() };
    let line: String = line.chars().take(LINE_LIMIT).collect();
    let what = format!("{what} ({}): {line}", finished.status);
    let problem = Diagnostic::new(&finished.program, what).kind(ErrorKind::Tool);
    let folder = beside(model);
    match staged.commit_to(&folder) {
        Ok(()) => problem.help(format!("the log is {}", folder.join(LOG).display())).into(),
        Err(_) => problem.into(),
    }
}

/// Removes what an earlier failure has left, if there was one.
pub(super) fn clear(model: &Path) -> Result<()> {
    let folder = beside(model);
    if !folder.is_dir() {
        return Ok(());
    }
    fs::remove_dir_all(&folder).map_err(|error| {
        let place = folder.display().to_string();
        Diagnostic::new(place, format!("cannot be removed ({error})")).kind(ErrorKind::Io).into()
    })
}

/// Where the folder of a failed build is kept.
fn beside(model: &Path) -> PathBuf {
    model.with_extension("failed")
}

/// The first line that reports a fault; the last line if there is none.
fn first_fault(log: &str) -> Option<&str> {
    let mut lines = log.lines().map(str::trim).filter(|line| !line.is_empty());
    let last = lines.clone().next_back();
    lines.find(|line| WORDS.iter().any(|word| line.contains(word))).or(last)
}

#[cfg(test)]
mod tests {
    use super::first_fault;

    #[test]
    fn the_first_fault_is_quoted() {
        let compiled = "make: Entering directory '/obj'\ng++ -Os -Werror=format -c a.cpp\n\
            In file included from a.cpp:1:\nb.h:3:10: fatal error: z.h: No such file or directory\n\
            compilation terminated.\nmake: *** [a.o] Error 1\n%Error: make exited with 2\n";
        let wanted = "b.h:3:10: fatal error: z.h: No such file or directory";
        assert_eq!(first_fault(compiled), Some(wanted));
        let linked = "ld: a.o: in function `main':\na.cpp:9: undefined reference to `f'\n\
            collect2: error: ld returned 1 exit status\n";
        assert_eq!(first_fault(linked), Some("a.cpp:9: undefined reference to `f'"));
        let shell = "/bin/sh: 1: g++: not found\nmake: *** [a.o] Error 127\n";
        assert_eq!(first_fault(shell), Some("/bin/sh: 1: g++: not found"));
        assert_eq!(first_fault("a\n Killed \n\n"), Some("Killed"));
        assert_eq!(first_fault("\n"), None);
    }
}
