//! Where a tool is searched for, and what was found.
//!
//! The order: the tool's environment variable, its own name on PATH, the `yowasp-` name on PATH,
//! the tool venv. The variable is the user's explicit choice and ends the search; elsewhere a tool
//! that is too old is passed over in favor of a newer one further down.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use super::{Run, Tool, Version};
use crate::error::{Diagnostic, ErrorKind, Result};
use crate::files;

/// Largest `Cargo.toml`.
const MANIFEST_BYTES: u64 = 1 << 16;
/// A first call of a WebAssembly tool compiles it.
const GREETING_LIMIT: Duration = Duration::from_secs(120);

/// The places to search, read once from the environment so that tests can set their own.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// `HTGEN_…` variables that give an executable.
    pub variables: BTreeMap<String, OsString>,
    /// Folders of PATH.
    pub path: Vec<PathBuf>,
    /// `bin` folders of tool venvs.
    pub venvs: Vec<PathBuf>,
}

/// Which of the places a tool came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Origin {
    /// Named by its environment variable.
    Variable,
    /// Its own name on PATH.
    Path,
    /// The WebAssembly build on PATH.
    Yowasp,
    /// The tool venv.
    Venv,
}

/// A tool that answered.
#[derive(Debug, Clone)]
pub struct Found {
    /// Which tool.
    pub tool: Tool,
    /// Its executable.
    pub path: PathBuf,
    /// How it was found.
    pub origin: Origin,
    /// Its version; `None` for tools that do not report one.
    pub version: Option<Version>,
}

impl Found {
    /// A run of this tool.
    pub fn run(&self) -> Run {
        Run::new(&self.path)
    }

    /// Whether the version satisfies `minimum`.
    pub fn is_at_least(&self, minimum: Option<Version>) -> bool {
        match (minimum, self.version) {
            (None, _) => true,
            (Some(minimum), Some(version)) => version.at_least(minimum),
            (Some(_), None) => false,
        }
    }
}

impl Search {
    /// The places of this process: its environment, PATH, and the tool venvs.
    pub fn here() -> Self {
        let variables = Tool::ALL
            .iter()
            .filter_map(|tool| Some((tool.variable().to_owned(), env::var_os(tool.variable())?)))
            .collect();
        let path = env::var_os("PATH").map(|path| env::split_paths(&path).collect());
        Search { variables, path: path.unwrap_or_default(), venvs: venv_folders() }
    }

    /// Finds `tool`, at least as new as `minimum`.
    pub fn find(&self, tool: Tool, minimum: Option<Version>) -> Result<Found> {
        let mut too_old = Vec::new();
        let mut broken = Vec::new();
        for (path, origin) in self.candidates(tool) {
            match greet(tool, &path) {
                Ok(version) => {
                    let found = Found { tool, path, origin, version };
                    if found.is_at_least(minimum) {
                        return Ok(found);
                    }
                    too_old.push(found);
                }
                Err(reason) => broken.push(format!("{} ({reason})", path.display())),
            }
        }
        Err(refusal(tool, minimum, &too_old, &broken).into())
    }

    /// The executables that exist, in search order.
    pub fn candidates(&self, tool: Tool) -> Vec<(PathBuf, Origin)> {
        if let Some(named) = self.variables.get(tool.variable()) {
            let path = PathBuf::from(named);
            let path = if path.components().count() == 1 {
                self.path.iter().map(|dir| dir.join(&path)).find(|at| is_executable(at))
            } else {
                None
            }
            .unwrap_or(path);
            return vec![(path, Origin::Variable)];
        }
        let native = tool.names().iter().copied();
        let every = native.clone().chain(tool.yowasp_name());
        let mut places = Vec::new();
        places.extend(native.flat_map(|name| in_folders(&self.path, name, Origin::Path)));
        places.extend(
            tool.yowasp_name().into_iter().flat_map(|n| in_folders(&self.path, n, Origin::Yowasp)),
        );
        places.extend(every.flat_map(|name| in_folders(&self.venvs, name, Origin::Venv)));
        places
    }
}

/// `$HTGEN_TOOLS/bin`, or else the venv of the checkout that this program was built in and that of
/// the user. The working directory is not searched: it may have been created by someone other than
/// the user.
fn venv_folders() -> Vec<PathBuf> {
    if let Some(tools) = env::var_os("HTGEN_TOOLS") {
        return vec![PathBuf::from(tools).join("bin")];
    }
    let program = env::current_exe().and_then(fs::canonicalize).ok();
    let checkout = program.as_deref().and_then(checkout).map(|root| root.join(".tools/venv/bin"));
    let home =
        env::var_os("HOME").map(|home| Path::new(&home).join(".local/share/htgen/tools/bin"));
    checkout.into_iter().chain(home).collect()
}

/// The checkout of htgen in whose `target` folder a program lies.
fn checkout(program: &Path) -> Option<PathBuf> {
    let target = program.ancestors().find(|above| above.file_name() == Some("target".as_ref()))?;
    let root = target.parent()?;
    let text = files::read_text(&root.join("Cargo.toml"), MANIFEST_BYTES).ok()?;
    let manifest: toml::Table = text.parse().ok()?;
    let name = manifest.get("package").and_then(|package| package.get("name"));
    (name.and_then(toml::Value::as_str) == Some("htgen")).then(|| root.to_owned())
}

fn in_folders(dirs: &[PathBuf], name: &str, origin: Origin) -> Vec<(PathBuf, Origin)> {
    let paths = dirs.iter().map(|dir| dir.join(name));
    paths.filter(|path| is_executable(path)).map(|path| (path, origin)).collect()
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// What a greeting said, cached because a WebAssembly tool takes seconds to answer.
static GREETINGS: Mutex<BTreeMap<PathBuf, std::result::Result<Option<Version>, String>>> =
    Mutex::new(BTreeMap::new());

/// Asks the executable for its version; the error is a reason in words.
fn greet(tool: Tool, path: &Path) -> std::result::Result<Option<Version>, String> {
    let known = GREETINGS.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
    if let Some(answer) = known {
        return answer;
    }
    let answer = ask(tool, path);
    let mut greetings = GREETINGS.lock().unwrap_or_else(PoisonError::into_inner);
    greetings.insert(path.to_owned(), answer.clone());
    answer
}

fn ask(tool: Tool, path: &Path) -> std::result::Result<Option<Version>, String> {
    let run = Run::new(path).arg(tool.greeting()).limit(GREETING_LIMIT).keep_tail();
    let finished = run.run().map_err(|problems| problems.to_string())?;
    if !tool.has_version() {
        return Ok(None);
    }
    match Version::parse(&finished.stdout).or_else(|| Version::parse(&finished.stderr)) {
        Some(version) => Ok(Some(version)),
        None => Err(format!("{} gives no version", tool.greeting())),
    }
}

fn refusal(
    tool: Tool,
    minimum: Option<Version>,
    too_old: &[Found],
    broken: &[String],
) -> Diagnostic {
    let what = match (too_old.is_empty(), broken.is_empty()) {
        (false, _) => "too old",
        (true, false) => "does not work",
        (true, true) => "missing",
    };
    let old = too_old.iter().map(|found| match found.version {
        Some(version) => format!("{version} at {}", found.path.display()),
        None => format!("no version at {}", found.path.display()),
    });
    let found: Vec<String> = old.chain(broken.iter().cloned()).collect();
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    let expected = match minimum {
        Some(minimum) => format!("{} {minimum} or newer", tool.name()),
        None => tool.name().to_owned(),
    };
    Diagnostic::new(tool.name(), what)
        .kind(ErrorKind::Tool)
        .found(found)
        .expected(expected)
        .help(format!("{}; or set {} to an executable", tool.install(), tool.variable()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program counts as built in a checkout when it lies in the `target` of htgen's own.
    #[test]
    fn a_checkout_is_known_by_its_manifest() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let at = |path: &str| root.path().join(path);
        let program = at("target/release/htgen");
        assert_eq!(checkout(&program), None, "no Cargo.toml");
        for (manifest, expect) in [
            ("[package]\nname = \"htgen\"\n", Some(root.path().to_owned())),
            ("[package]\nname = \"other\"\n", None),
            ("name = \"htgen\"\n", None),
            ("[package\n", None),
        ] {
            files::write_all(&[(at("Cargo.toml"), manifest.into())]).expect("a file");
            assert_eq!(checkout(&program), expect, "{manifest}");
            assert_eq!(checkout(&at("target/debug/deps/it-0")), expect, "{manifest}");
            assert_eq!(checkout(&at("bin/htgen")), None, "outside of target");
        }
    }
}
