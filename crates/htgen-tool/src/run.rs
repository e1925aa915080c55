//! Runs one external program: arguments as given, output captured, time limited, never a shell.
//!
//! The program gets no standard input and a process group of its own. On a timeout or an
//! interruption the whole group is ended, so that no compiler survives a dead `make`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Hold;
use crate::error::{Diagnostic, ErrorKind, QUOTE, Result};
use crate::files;

/// Output kept by [`Run::keep_tail`], bytes per stream.
const TAIL_BYTES: usize = 64 * 1024;
/// Lines of output that an error message quotes.
const QUOTED_LINES: usize = 12;
/// Longest interval between two checks of the program.
const POLL: Duration = Duration::from_millis(20);

/// Time for a program to end by itself after it has been asked to.
const GRACE: Duration = Duration::from_secs(5);

/// A program about to be run.
#[derive(Debug, Clone)]
pub struct Run {
    program: PathBuf,
    args: Vec<OsString>,
    envs: Vec<(OsString, OsString)>,
    cwd: Option<PathBuf>,
    limit: Duration,
    log_file: Option<PathBuf>,
    tail_only: bool,
}

/// A program that has ended by itself.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The program's file name, for messages.
    pub program: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output, invalid UTF-8 replaced.
    pub stdout: String,
    /// Its standard error, invalid UTF-8 replaced.
    pub stderr: String,
    /// How long it ran.
    pub elapsed: Duration,
}

impl Run {
    /// A run of the program at `program`, limited to one hour.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Run {
            program: program.into(),
            args: Vec::new(),
            envs: Vec::new(),
            cwd: None,
            limit: Duration::from_secs(3600),
            log_file: None,
            tail_only: false,
        }
    }

    /// Adds one argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable for the program.
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.envs.push((key.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sets the working directory.
    pub fn cwd(mut self, dir: impl Into<PathBuf>) -> Self {
        self.cwd = Some(dir.into());
        self
    }

    /// Sets the time after which the program is ended.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Also writes both output streams, as they come, to a file.
    pub fn log_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.log_file = Some(path.into());
        self
    }

    /// Keeps only the last 64 KiB of each stream in memory.
    pub fn keep_tail(mut self) -> Self {
        self.tail_only = true;
        self
    }

    /// Runs the program to its end. Any exit status is a result; a program that cannot be
    /// started, runs out of time or is interrupted is an error.
    pub fn run(self) -> Result<Finished> {
        let hold = Hold::new();
        if hold.is_interrupted() {
            return Err(self.problem("interrupted").into());
        }
        let log = self.open_log()?;
        let started = Instant::now();
        let mut child = self.spawn()?;
        let stdout = self.collect(child.stdout.take(), log.clone());
        let stderr = self.collect(child.stderr.take(), log);
        let ended = self.wait(&mut child, started, &hold);
        if ended.is_err() {
            end_group(&mut child);
        }
        let (stdout, stderr) = (joined(stdout), joined(stderr));
        let (program, elapsed) = (self.program_name(), started.elapsed());
        Ok(Finished { program, status: ended?, stdout, stderr, elapsed })
    }

    /// Runs the program and treats any exit status except zero as an error.
    pub fn run_ok(self) -> Result<Finished> {
        self.run()?.ok()
    }

    fn program_name(&self) -> String {
        let name = self.program.file_name().unwrap_or(self.program.as_os_str());
        name.to_string_lossy().into_owned()
    }

    fn problem(&self, what: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.program_name(), what).kind(ErrorKind::Tool)
    }

    fn open_log(&self) -> Result<Option<Arc<Mutex<File>>>> {
        let Some(path) = &self.log_file else { return Ok(None) };
        Ok(Some(Arc::new(Mutex::new(files::create(path)?))))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that starts a process")]
    fn spawn(&self) -> Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).envs(self.envs.iter().map(|(key, value)| (key, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0);
        if let Some(dir) = &self.cwd {
            command.current_dir(dir);
        }
        spawn_when_free(&mut command).map_err(|error| {
            let place = self.cwd.as_deref().unwrap_or(Path::new(".")).display();
            self.problem(format!("cannot be started in {place}: {error}"))
                .found(self.program.display())
                .help("htgen doctor lists the tools that work")
                .into()
        })
    }

    fn collect(
        &self,
        stream: Option<impl Read + Send + 'static>,
        log: Option<Arc<Mutex<File>>>,
    ) -> Option<JoinHandle<Vec<u8>>> {
        let tail_only = self.tail_only;
        stream.map(|stream| thread::spawn(move || drain(stream, log, tail_only)))
    }

    fn wait(&self, child: &mut Child, started: Instant, hold: &Hold) -> Result<ExitStatus> {
        let mut pause = Duration::from_millis(1);
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => {}
                Err(error) => return Err(self.problem(format!("lost: {error}")).into()),
            }
            if hold.is_interrupted() {
                return Err(self.problem("interrupted").into());
            }
            if started.elapsed() > self.limit {
                let seconds = self.limit.as_secs();
                return Err(self.problem(format!("did not end within {seconds} s")).into());
            }
            thread::sleep(pause);
            pause = (pause * 2).min(POLL);
        }
    }
}

impl Finished {
    /// Refuses any exit status except zero, quoting the end of the output.
    pub fn ok(self) -> Result<Finished> {
        if self.status.success() { Ok(self) } else { Err(self.failure("failed").into()) }
    }

    /// A problem with this run: its status and the last lines it printed.
    pub fn failure(&self, what: &str) -> Diagnostic {
        let text = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let tail = lines[lines.len().saturating_sub(QUOTED_LINES)..].join(&format!("\n{QUOTE}"));
        let quote = if tail.is_empty() { String::new() } else { format!(":\n{QUOTE}{tail}") };
        Diagnostic::new(&self.program, format!("{what} ({}){quote}", self.status))
            .kind(ErrorKind::Tool)
    }
}

/// Starts the program. A file that was just written can be busy for a moment, while a process
/// forked by another thread still holds its descriptor; then we try again.
fn spawn_when_free(command: &mut Command) -> io::Result<Child> {
    for _ in 0..10 {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => thread::sleep(POLL),
            answer => return answer,
        }
    }
    command.spawn()
}

/// Ends the program and everything it started: asks first, so that it can clean up, and does not
/// wait long.
fn end_group(child: &mut Child) {
    let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
    // The group may be gone already; either way, nothing of it remains.
    let _ = kill_process_group(group, Signal::TERM);
    let asked = Instant::now();
    while matches!(child.try_wait(), Ok(None)) && asked.elapsed() < GRACE {
        thread::sleep(POLL);
    }
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait();
}

/// Reads a stream to its end, into memory and the log.
fn drain(mut stream: impl Read, log: Option<Arc<Mutex<File>>>, tail_only: bool) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut chunk = [0_u8; 16 * 1024];
    loop {
        let n_bytes = match stream.read(&mut chunk) {
            Ok(0) => return kept,
            Ok(n_bytes) => n_bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return kept,
        };
        kept.extend_from_slice(&chunk[..n_bytes]);
        if tail_only && kept.len() > 2 * TAIL_BYTES {
            kept.drain(..kept.len() - TAIL_BYTES);
        }
        if let Some(log) = &log {
            // A full disk must not stop the tool; the log is an aid, not a result.
            let _ = log.lock().unwrap_or_else(PoisonError::into_inner).write_all(&chunk[..n_bytes]);
        }
    }
}

fn joined(reader: Option<JoinHandle<Vec<u8>>>) -> String {
    let bytes = reader.and_then(|reader| reader.join().ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
