//! Hardware parameters as a file: what `--hw` names, and `hw.toml` of a design.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::config::HwConfig;
use crate::error::{Diagnostic, Problems, Result};
use crate::files;
use std::path::Path;

/// Largest file of parameters.
const MAX_BYTES: u64 = 1 << 16;
/// The key that a board may decide.
const CELL_MULTIPLIER: &str = "cell_multiplier";

/// What a file of hardware parameters says.
#[derive(Debug, Clone)]
pub struct HardwareFile {
    /// The parameters; those that it leaves out have their defaults.
    pub config: HwConfig,
    /// Whether it says how the element-wise units multiply; otherwise the part of a board may.
    pub decides_multiplier: bool,
}

impl HardwareFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// A file that cannot be read, is not TOML in UTF-8, or has a key or value that is not one of
    /// docs/hardware.md.
    pub fn load(path: &Path) -> Result<HardwareFile> {
        let text = String::from_utf8(files::read(path, MAX_BYTES)?).map_err(|_| {
            Problems::from(Diagnostic::new("", "not a text in UTF-8").in_file(path.display()))
        })?;
        let config = HwConfig::parse(&text).map_err(|problems| problems.in_file(path.display()))?;
        let keys = text.parse::<toml::Table>();
        let decides_multiplier = keys.is_ok_and(|keys| keys.contains_key(CELL_MULTIPLIER));
        Ok(HardwareFile { config, decides_multiplier })
    }
}
