//! Ctrl-C and SIGTERM: while something is held, a signal asks; otherwise it ends the process.
//!
//! A tool runs in a process group of its own, so the terminal's Ctrl-C does not reach it. The
//! runner sees the request, ends the group and returns an error, and the destructors of the
//! callers remove their temporary folders.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Keeps a signal from ending the process at once, for as long as the value lives.
#[derive(Debug)]
pub struct Hold(());

/// What the signal handlers share with us.
struct State {
    /// True while nobody holds: a signal then has its default effect.
    idle: Arc<AtomicBool>,
    /// Set by a signal that came while somebody held.
    requested: Arc<AtomicBool>,
    /// Number of living [`Hold`]s.
    n_holds: Mutex<usize>,
}

static STATE: OnceLock<State> = OnceLock::new();

impl Hold {
    /// Begins to hold; the first call puts the handlers in place.
    pub fn new() -> Self {
        let state = STATE.get_or_init(State::install);
        let mut n_holds = state.n_holds.lock().unwrap_or_else(PoisonError::into_inner);
        *n_holds += 1;
        state.idle.store(false, Ordering::SeqCst);
        Hold(())
    }

    /// Whether a signal has asked this process to end.
    pub fn is_interrupted(&self) -> bool {
        STATE.get().is_some_and(|state| state.requested.load(Ordering::SeqCst))
    }
}

impl Default for Hold {
    fn default() -> Self {
        Hold::new()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let Some(state) = STATE.get() else { return };
        let mut n_holds = state.n_holds.lock().unwrap_or_else(PoisonError::into_inner);
        *n_holds -= 1;
        state.idle.store(*n_holds == 0, Ordering::SeqCst);
    }
}

impl State {
    /// Registers the handlers; without them (refused by the system) signals keep their default.
    fn install() -> State {
        let state = State {
            idle: Arc::new(AtomicBool::new(true)),
            requested: Arc::new(AtomicBool::new(false)),
            n_holds: Mutex::new(0),
        };
        for signal in [SIGINT, SIGTERM] {
            // The order matters: the default action is taken before the request is noted.
            let _: io::Result<_> =
                flag::register_conditional_default(signal, Arc::clone(&state.idle))
                    .and_then(|_| flag::register(signal, Arc::clone(&state.requested)));
        }
        state
    }
}
