//! The manifest of a design folder: what the folder is, and the hash of every file in it.
//!
//! Pure: the same program gives the same manifest; the folder reads and writes it. From the
//! model and parameters in the folder, the program, the files and the manifest can be made again,
//! so any file that is not as emitted is found, whether it was changed by accident or on purpose.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{self, Diagnostic, ErrorKind, Problems, Result};
use crate::sched::Program;
use crate::verilog::{About, Bundle};

/// Name of the manifest.
pub const MANIFEST: &str = "design.json";
/// Name of the quantized model.
pub const MODEL: &str = "model.json";
/// Name of the file with the numbers of the model, if they are not in the model itself.
pub const VALUES: &str = "model.safetensors";
/// Name of the hardware parameters.
pub const HARDWARE: &str = "hw.toml";

const FORMAT: &str = "htgen-design";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What `design.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always `htgen-design`.
    format: String,
    /// The version of htgen that wrote the folder.
    htgen: String,
    /// The model's name.
    name: String,
    /// The top module.
    top: String,
    /// The command that the headers name.
    command: String,
    /// Lanes.
    lanes: usize,
    /// Multiply-accumulates per time step, without the head.
    macs_per_step: u64,
    /// Cycles per time step, predicted.
    predicted_cycles_per_step: u64,
    /// SHA-256 of every other file of the folder, by name.
    files: BTreeMap<String, String>,
}

/// The part of a manifest that stays the same in all versions.
#[derive(Deserialize)]
struct Header {
    format: String,
    htgen: String,
}

impl Manifest {
    /// The manifest of a bundle in a folder with `more` files: the model and the parameters.
    pub fn of(
        program: &Program,
        bundle: &Bundle,
        about: &About,
        more: &BTreeMap<String, Vec<u8>>,
    ) -> Self {
        let emitted = bundle.files.iter().map(|(name, text)| (name, text.as_bytes()));
        let files = emitted.chain(more.iter().map(|(name, bytes)| (name, &bytes[..])));
        Manifest {
            format: FORMAT.into(),
            htgen: VERSION.into(),
            name: program.quant().name().into(),
            top: bundle.top.clone(),
            command: about.command.clone(),
            lanes: program.lanes(),
            macs_per_step: program.quant().plan().macs_per_step(),
            predicted_cycles_per_step: program.timing().cycles_per_step,
            files: files.map(|(name, bytes)| (name.clone(), hash(bytes))).collect(),
        }
    }

    /// Reads a manifest of this version.
    ///
    /// # Errors
    /// When it is not a manifest, or of another version; the message says which.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let again = "emit the design again";
        let Some(header) = header(text) else {
            return Err(Diagnostic::new("", "not a design")
                .kind(ErrorKind::Unsupported)
                .found(format!("a {MANIFEST} that htgen did not write"))
                .help("give a folder written by htgen emit")
                .into());
        };
        if header.htgen != VERSION {
            return Err(Diagnostic::new(MANIFEST, "written by another version of htgen")
                .kind(ErrorKind::Unsupported)
                .found(header.htgen.escape_debug())
                .expected(VERSION)
                .help(again)
                .into());
        }
        serde_json::from_slice(text).map_err(|error| {
            let what = format!(
                "not the manifest that this htgen writes ({})",
                error::parser(&error.to_string())
            );
            Problems::from(Diagnostic::new(MANIFEST, what).kind(ErrorKind::Damaged).help(again))
        })
    }

    /// The manifest as a file.
    pub fn text(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("texts and numbers are JSON");
        format!("{json}\n")
    }

    /// What the headers give as the origin of the design.
    pub fn about(&self) -> About {
        About { command: self.command.clone() }
    }

    /// Whether a file in the folder is as it was written; none when the manifest does not list it.
    pub fn knows(&self, name: &str, bytes: &[u8]) -> Option<bool> {
        self.files.get(name).map(|known| *known == hash(bytes))
    }

    /// Whether the manifest lists a file.
    pub fn names(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// Refuses a manifest that differs from `emitted`, the one made from the model and parameters
    /// in the folder.
    pub fn check(&self, emitted: &Manifest) -> Result<()> {
        if self == emitted {
            return Ok(());
        }
        let names: BTreeSet<&String> = self.files.keys().chain(emitted.files.keys()).collect();
        let differ =
            names.into_iter().filter(|&name| self.files.get(name) != emitted.files.get(name));
        let differ: Vec<String> = differ.map(|name| name.escape_debug().to_string()).collect();
        let found = match differ.is_empty() {
            true => "other facts about the design".to_owned(),
            false => format!("other hashes of {}", differ.join(", ")),
        };
        Err(Diagnostic::new(MANIFEST, format!("not what {MODEL} and {HARDWARE} give"))
            .kind(ErrorKind::Damaged)
            .found(found)
            .help("emit the design again")
            .into())
    }
}

/// The files that were written with a manifest, of this version or another.
#[derive(Debug, Clone, Deserialize)]
pub struct WrittenFiles {
    /// Older versions of htgen kept no list.
    #[serde(default)]
    files: BTreeMap<String, String>,
}

impl WrittenFiles {
    /// Reads what a manifest lists; none when the text is not a manifest.
    pub fn parse(text: &[u8]) -> Option<Self> {
        header(text).and_then(|_| serde_json::from_slice(text).ok())
    }

    /// Whether a file was written with this content; none when it was not written at all.
    pub fn knows(
        &self,
        name: &str,
        bytes: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<Option<bool>> {
        self.files.get(name).map(|known| Ok(*known == hash(&bytes()?))).transpose()
    }
}

fn header(text: &[u8]) -> Option<Header> {
    let header: Option<Header> = serde_json::from_slice(text).ok();
    header.filter(|header| header.format == FORMAT)
}

/// SHA-256 in hexadecimal.
fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How a file in a folder differs from what was emitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It has another content.
    Changed,
    /// It is not there.
    Missing,
    /// It is there, and the design has no such file.
    Added,
}

/// A file that is not as emitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Its name.
    pub name: String,
    /// How.
    pub change: Change,
}

impl Edit {
    /// The difference in words.
    pub fn what(&self) -> &'static str {
        match self.change {
            Change::Changed => "not as htgen emit wrote it",
            Change::Missing => "missing",
            Change::Added => "not a file of this design, but sim and synth would read it",
        }
    }

    /// The refusal of a design in which nothing may be edited.
    pub fn refusal(&self) -> Diagnostic {
        let help = match self.change {
            Change::Added => "move it away, or use `edited` if it belongs to the design",
            Change::Changed | Change::Missing => {
                "emit the design to a new folder, or use `edited` if it was on purpose"
            }
        };
        Diagnostic::new(&self.name, self.what()).kind(ErrorKind::Damaged).help(help)
    }
}
