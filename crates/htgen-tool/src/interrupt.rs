//! Signals that end a process: while something is held, they only make a request; otherwise they
//! end the process, after everything under temporary names has been removed.
//!
//! A tool runs in a process group of its own, so the terminal's Ctrl-C does not reach it. The
//! runner sees the request, ends the group and returns an error, and the destructors of the
//! callers remove their temporary folders.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::files;
use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGBUS, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGTRAP, SIGUSR1,
    SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ,
};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;

/// All signals that end a process and can be caught, except those that report a failure of the
/// process itself.
const ENDING: [i32; 14] = [
    SIGABRT, SIGALRM, SIGBUS, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGTRAP, SIGUSR1,
    SIGUSR2, SIGVTALRM, SIGXCPU,
];
/// Linux has more: for the coprocessor, for input and for power, and those without a meaning.
#[cfg(target_os = "linux")]
const MORE: &[std::ops::RangeInclusive<i32>] = &[16..=16, 29..=30, 34..=64];
#[cfg(not(target_os = "linux"))]
const MORE: &[std::ops::RangeInclusive<i32>] = &[];

/// Where Linux lists the ignored signals.
const STATUS: &str = "/proc/self/status";

/// Keeps a signal from ending the process at once, for as long as the value lives.
#[derive(Debug)]
pub struct Hold(());

/// Number of living [`Hold`]s.
static HOLDS: Mutex<usize> = Mutex::new(0);
/// Set by a signal that came while a hold was active.
static REQUESTED: AtomicBool = AtomicBool::new(false);

fn holds() -> MutexGuard<'static, usize> {
    HOLDS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hold {
    /// Starts a hold.
    pub fn new() -> Self {
        watch_signals();
        *holds() += 1;
        Hold(())
    }

    /// Whether a signal has asked this process to end.
    pub fn is_interrupted(&self) -> bool {
        REQUESTED.load(Ordering::SeqCst)
    }
}

impl Default for Hold {
    fn default() -> Self {
        Hold::new()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        *holds() -= 1;
    }
}

/// Installs the handlers, once; without them (refused by the system) signals keep their effect.
///
/// A signal that was ignored when the process started, as under `nohup`, stays ignored, except
/// SIGINT and SIGTERM, which request the end even if a shell has put the command into the
/// background. The signal for a file that has become too large never ends the process: the write
/// fails, and its error says so.
pub fn watch_signals() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let ignored = ignored();
        let more = MORE.iter().cloned().flatten();
        let taken = ENDING.into_iter().chain([SIGXFSZ]).chain(more);
        let always = |signal: &i32| [SIGINT, SIGTERM].contains(signal);
        let taken = taken.filter(|signal| always(signal) || ignored >> (signal - 1) & 1 == 0);
        if let Ok(mut signals) = Signals::new(taken) {
            // Without the thread signals wait; a process that cannot have one more has other
            // problems.
            let _ = thread::Builder::new()
                .name("signals".to_owned())
                .spawn(move || signals.forever().for_each(take));
        }
    });
}

fn take(signal: i32) {
    if signal == SIGXFSZ {
        return;
    }
    let holds = holds();
    if *holds > 0 {
        REQUESTED.store(true, Ordering::SeqCst);
        return;
    }
    files::abandon();
    // As if the signal had not been caught, so that a shell sees it.
    let _ = emulate_default_handler(signal);
    process::exit(128 + signal);
}

/// The ignored signals, one per bit starting with signal 1.
fn ignored() -> u64 {
    let status = files::read_text(STATUS.as_ref(), 1 << 16).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
