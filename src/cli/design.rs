//! A design's folder on disk: written whole or not at all, read back to the program it was made of.
//!
//! Beside the emitted files it holds `model.json` (the quantized model, numbers inline) and
//! `hw.toml`, from which the program is made again, and `design.json`, which says whose folder this
//! is. A folder without it is never replaced.

use super::options::WidthOptions;
use super::{hardware, stages};
use crate::error::{Diagnostic, Problems, Result};
use crate::files::{self, Staged};
use crate::model::{self, Cores, Model};
use crate::plan::PlanConfig;
use crate::sched::{self, Program};
use crate::tool::Hold;
use crate::verilog::Bundle;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const MANIFEST: &str = "design.json";
const MODEL: &str = "model.json";
const HARDWARE: &str = "hw.toml";
const FORMAT: &str = "htgen-design";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Largest `design.json`.
const MAX_BYTES: u64 = 1 << 16;

/// What `design.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Manifest {
    /// Always `htgen-design`.
    format: String,
    /// The version of htgen that wrote the folder.
    htgen: String,
    /// The model's name.
    name: String,
    /// The top module.
    top: String,
    /// Lanes.
    lanes: usize,
    /// Multiply-accumulates a time step, head apart.
    macs_per_step: u64,
    /// Cycles a time step, predicted.
    cycles_per_step: u64,
}

/// A design read back.
pub struct Design {
    /// Its folder.
    pub dir: PathBuf,
    /// Name of the top module.
    pub top: String,
    /// The program it was emitted from.
    pub program: Program,
}

/// Writes the design of `program`, the quantized `model` on some hardware, to the folder `dir`. What
/// stood there is replaced when it was a design too.
pub fn write(dir: &Path, model: &Model, program: &Program, bundle: &Bundle) -> Result<()> {
    let hold = Hold::new();
    check_replaceable(dir)?;
    let staged = Staged::beside(dir)?;
    let at = |name: &str| staged.path().join(name);
    let quant = program.quant();
    let manifest = Manifest {
        format: FORMAT.into(),
        htgen: VERSION.into(),
        name: quant.name().into(),
        top: bundle.top.clone(),
        lanes: program.lanes(),
        macs_per_step: quant.plan().macs_per_step(),
        cycles_per_step: program.timing().cycles_per_step,
    };
    let text = |error: String| Problems::from(Diagnostic::new(HARDWARE, error));
    for (name, text) in &bundle.files {
        staged.write(name, text.as_bytes())?;
    }
    let hw = toml::to_string(program.hw()).map_err(|error| text(error.to_string()))?;
    staged.write(HARDWARE, hw.as_bytes())?;
    let json = serde_json::to_string_pretty(&manifest).map_err(|error| text(error.to_string()))?;
    staged.write(MANIFEST, format!("{json}\n").as_bytes())?;
    let quantized = Model { formats: Some(quant.formats().clone()), ..model.clone() };
    model::save(&quantized, &at(MODEL), Cores::Inline)?;
    if hold.is_interrupted() {
        return Err(Diagnostic::new("", "interrupted").in_file(dir.display()).into());
    }
    staged.commit()
}

/// Reads the design in `dir`.
pub fn read(dir: &Path) -> Result<Design> {
    let Some(manifest) = manifest(dir)? else {
        let found = match dir.join(MANIFEST).exists() {
            true => format!("a {MANIFEST} that htgen has not written"),
            false => format!("no {MANIFEST}"),
        };
        return Err(Diagnostic::new("", "not a design")
            .found(found)
            .help("give a folder that htgen emit has written")
            .in_file(dir.display())
            .into());
    };
    if manifest.htgen != VERSION {
        return Err(Diagnostic::new(MANIFEST, "written by another version of htgen")
            .found(manifest.htgen)
            .expected(VERSION)
            .help("emit the design again")
            .in_file(dir.display())
            .into());
    }
    let path = dir.join(MODEL);
    let model = model::load(&path)?;
    if model.formats.is_none() {
        return Err(Diagnostic::new("formats", "missing")
            .help("emit the design again")
            .in_file(path.display())
            .into());
    }
    let (hw, _) = hardware::read(&dir.join(HARDWARE))?;
    let (quant, _) =
        stages::quantized(&path, &model, WidthOptions::ABSENT, &PlanConfig::UNLIMITED)?;
    let program = sched::schedule(&quant, &hw)?;
    Ok(Design { dir: dir.to_path_buf(), top: manifest.top, program })
}

/// The manifest of a folder; none when it has none.
fn manifest(dir: &Path) -> Result<Option<Manifest>> {
    let path = dir.join(MANIFEST);
    if !path.exists() {
        return Ok(None);
    }
    let manifest: Option<Manifest> = serde_json::from_slice(&files::read(&path, MAX_BYTES)?).ok();
    Ok(manifest.filter(|manifest| manifest.format == FORMAT))
}

/// Refuses to replace anything but an empty folder or a design.
pub fn check_replaceable(dir: &Path) -> Result<()> {
    files::check_replaceable(dir, "a design of htgen", || Ok(manifest(dir)?.is_some()))
}
