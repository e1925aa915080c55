//! The folder of a design on disk: written whole or not at all, and read back to the program it was
//! made from.
//!
//! Besides the emitted files it holds `model.json` (the quantized model) and `hw.toml`, from which
//! the program is made again, and `design.json`, which lists every file with its hash
//! ([`Manifest`]). A folder without it is never replaced.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::hardware::HardwareFile;
use super::manifest::{Change, Edit, HARDWARE, MANIFEST, MODEL, Manifest, VALUES, WrittenFiles};
use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use crate::files::{self, OutputFolder, Staged};
use crate::model::{self, Cores, Model};
use crate::plan::{PlanConfig, Planned};
use crate::quant;
use crate::sched::{self, Program};
use crate::tool::Hold;
use crate::verilog::{self, About, Bundle};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Largest `design.json`.
const MANIFEST_BYTES: u64 = 1 << 16;
/// Largest file of a design.
const MAX_BYTES: u64 = 1 << 30;
/// The folder of simulations.
const SIMULATION: &str = "sim";
/// Prefix of the names of synthesis folders.
const SYNTHESIS: &str = "synth_";
/// Maximum number of files listed in a refusal.
const MOST_NAMED: usize = 5;

/// Whether the Verilog and images of a design may differ from what was emitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EditPolicy {
    /// A design with an edited file is refused.
    Refuse,
    /// Files are taken as they are, and listed.
    Allow,
}

/// A design read back.
#[derive(Debug)]
pub struct Design {
    /// Its folder.
    pub dir: PathBuf,
    /// Name of the top module.
    pub top: String,
    /// The program it was emitted from.
    pub program: Program,
    /// Files that are not as emitted, where that is allowed.
    pub edits: Vec<Edit>,
}

impl Design {
    /// Names of the files that are not as emitted.
    pub fn edited(&self) -> Vec<String> {
        self.edits.iter().map(|edit| edit.name.clone()).collect()
    }
}

/// Writes the design of `program`, the quantized `model` on some hardware, to the folder `dir`. A
/// previous folder there is replaced if it was a design too.
///
/// # Errors
/// What [`check_replaceable`] refuses; a file that cannot be written; a signal. The previous folder
/// is then as it was.
pub fn write(
    dir: &OutputFolder,
    model: &Model,
    program: &Program,
    bundle: &Bundle,
    about: &About,
) -> Result<()> {
    let hold = Hold::new();
    check_replaceable(dir)?;
    let staged = Staged::of(dir)?;
    for (name, text) in &bundle.files {
        staged.write(name, text.as_bytes())?;
    }
    let hw = toml::to_string(program.hw())
        .map_err(|error| Problems::from(Diagnostic::new(HARDWARE, error.to_string())))?;
    staged.write(HARDWARE, hw.as_bytes())?;
    let quantized = model.with_formats(Some(program.quant().formats().clone()))?;
    staged.renamed(model::save(&quantized, &staged.path().join(MODEL), Cores::BySize))?;
    let values = staged.path().join(VALUES).exists();
    let sources = sources(&staged.path(), values)?;
    let manifest = Manifest::of(program, bundle, about, &sources);
    staged.write(MANIFEST, manifest.text().as_bytes())?;
    if hold.is_interrupted() {
        return Err(Diagnostic::new("", "interrupted")
            .kind(ErrorKind::Interrupted)
            .in_file(dir.path().display())
            .into());
    }
    staged.commit()
}

/// The files that the program is made from: parameters and model, with or without a separate file
/// of its numbers.
fn sources(dir: &Path, values: bool) -> Result<BTreeMap<String, Vec<u8>>> {
    let names = [MODEL, HARDWARE].into_iter().chain(values.then_some(VALUES));
    names.map(|name| Ok((name.to_owned(), files::read(&dir.join(name), MAX_BYTES)?))).collect()
}

/// Reads the design in `dir`, whose files must be those that its model and parameters give, but for
/// Verilog and images that `policy` lets pass.
///
/// # Errors
/// A folder that is no design, or that of another version; model, parameters or manifest that were
/// changed; every edited file, if edits are refused.
pub fn read(dir: &Path, policy: EditPolicy) -> Result<Design> {
    let manifest = manifest(dir)?;
    let sources = sources(dir, manifest.names(VALUES))?;
    let changed = sources.iter().filter(|(name, bytes)| manifest.knows(name, bytes) != Some(true));
    let changed: Vec<Diagnostic> = changed.map(|(name, _)| other_source(name)).collect();
    if !changed.is_empty() {
        return Err(Problems(changed).in_file(dir.display()));
    }
    let program = program(dir)?;
    let about = manifest.about();
    let bundle = verilog::emit(&program, &about).map_err(|p| p.in_file(dir.display()))?;
    let emitted = Manifest::of(&program, &bundle, &about, &sources);
    manifest.check(&emitted).map_err(|problems| problems.in_file(dir.display()))?;
    let edits = edits(dir, &bundle)?;
    if policy == EditPolicy::Refuse && !edits.is_empty() {
        let refusals = edits.iter().map(Edit::refusal).collect();
        return Err(Problems(refusals).in_file(dir.display()));
    }
    Ok(Design { dir: dir.to_path_buf(), top: bundle.top, program, edits })
}

fn other_source(name: &str) -> Diagnostic {
    Diagnostic::new(name, "not as htgen emit wrote it")
        .kind(ErrorKind::Damaged)
        .help("emit the design to a new folder")
}

/// The program made from the model and parameters in the folder.
fn program(dir: &Path) -> Result<Program> {
    let path = dir.join(MODEL);
    let model = model::load(&path)?;
    let Some(formats) = model.formats.clone() else {
        return Err(Diagnostic::new("formats", "missing")
            .help("emit the design again")
            .in_file(path.display())
            .into());
    };
    let hw = HardwareFile::load(&dir.join(HARDWARE))?.config;
    let planned = Planned::new(&model, &PlanConfig::of(&formats));
    let quant = planned.and_then(|planned| quant::quantize(&planned, formats));
    let quant = quant.map_err(|p| p.in_file(path.display()))?;
    sched::schedule(&quant, &hw)
}

/// The files in the folder that differ from the bundle: emitted ones, and additional Verilog and
/// images.
fn edits(dir: &Path, bundle: &Bundle) -> Result<Vec<Edit>> {
    let mut edits = Vec::new();
    let mut add = |name: &str, change| edits.push(Edit { name: name.to_owned(), change });
    for (name, text) in &bundle.files {
        let path = dir.join(name);
        if fs::symlink_metadata(&path).is_err() {
            add(name, Change::Missing);
        } else if files::read(&path, MAX_BYTES)? != text.as_bytes() {
            add(name, Change::Changed);
        }
    }
    for name in hardware_files(dir)? {
        if !bundle.files.contains_key(&name) {
            add(&name, Change::Added);
        }
    }
    Ok(edits)
}

/// Names of what sim and synth read: Verilog and memory images.
fn hardware_files(dir: &Path) -> Result<Vec<String>> {
    let unreadable = |error: io::Error| Problems::from(unreadable(dir, &error));
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = PathBuf::from(entry.map_err(unreadable)?.file_name());
        if path.extension().is_some_and(|ending| ending == "v" || ending == "hex") {
            names.push(path.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The manifest of a design folder.
fn manifest(dir: &Path) -> Result<Manifest> {
    match text(dir)? {
        Some(text) => Manifest::parse(&text).map_err(|problems| problems.in_file(dir.display())),
        None => Err(Diagnostic::new("", "not a design")
            .kind(ErrorKind::Unsupported)
            .found(format!("no {MANIFEST}"))
            .help("give a folder written by htgen emit")
            .in_file(dir.display())
            .into()),
    }
}

/// The text of the manifest of a folder; none when it has none.
fn text(dir: &Path) -> Result<Option<Vec<u8>>> {
    let path = dir.join(MANIFEST);
    if !path.exists() {
        return Ok(None);
    }
    files::read(&path, MANIFEST_BYTES).map(Some)
}

/// Refuses to replace anything but an empty folder or a design, and a design that holds more than
/// htgen has written: files of the user, and emitted ones that were edited.
///
/// # Errors
/// Such a folder, with the names of at most five files; one that cannot be read.
pub fn check_replaceable(dir: &OutputFolder) -> Result<()> {
    let written = dir.read(MANIFEST, MANIFEST_BYTES)?.as_deref().and_then(WrittenFiles::parse);
    files::check_replaceable(dir.path(), "a design of htgen", || Ok(written.is_some()))?;
    let Some(written) = written else { return Ok(()) };
    let strangers = strangers(dir, &written)?;
    if strangers.is_empty() {
        return Ok(());
    }
    let mut found = strangers[..strangers.len().min(MOST_NAMED)].join(", ");
    if strangers.len() > MOST_NAMED {
        found += &format!(" and {} more", strangers.len() - MOST_NAMED);
    }
    Err(Diagnostic::new("", "a design with files that htgen did not write is not replaced")
        .kind(ErrorKind::Conflict)
        .found(found)
        .help("move that away, or choose another place with -o")
        .in_file(dir.path().display())
        .into())
}

/// What would be lost with a design folder: files that were not written with it, or have changed
/// since.
fn strangers(dir: &OutputFolder, written: &WrittenFiles) -> Result<Vec<String>> {
    let unreadable = |error: io::Error| Problems::from(unreadable(dir.path(), &error));
    let mut strangers = Vec::new();
    for entry in fs::read_dir(dir.path()).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if name == MANIFEST || is_folder && (name == SIMULATION || name.starts_with(SYNTHESIS)) {
            continue;
        }
        let content = || Ok(dir.read(&name, MAX_BYTES)?.unwrap_or_default());
        match written.knows(&name, content)? {
            Some(true) => {}
            Some(false) => strangers.push(format!("{name}, edited")),
            None => strangers.push(name.escape_debug().to_string()),
        }
    }
    strangers.sort();
    Ok(strangers)
}

fn unreadable(dir: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::new("", format!("cannot be read ({error})"))
        .kind(ErrorKind::Io)
        .in_file(dir.display())
}
