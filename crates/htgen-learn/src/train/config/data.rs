//! `[data]`: which sequences are held out, and how inputs are prepared.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, Problems, Result};
use serde::{Deserialize, Serialize};

/// The data and their parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataTable {
    /// Fraction of the sequences that is held out for validation.
    pub validation: f64,
    /// What is held out as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<SplitBy>,
    /// Numbers of the groups that are held out, instead of `validation`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validation_groups: Vec<usize>,
    /// Name of the array with the groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Seed of the choice of held-out sequences.
    pub seed: u64,
    /// Whether the mean of each input over the training part is subtracted.
    pub mean: bool,
    /// Inputs are divided by 2^shift.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift: Option<i32>,
}

/// What stays together when the data are split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SplitBy {
    /// Speakers, scenes: a group is in one part.
    Group,
    /// Only the sequence itself; each class is split alike.
    Sequence,
    /// The array `split` decides.
    Split,
}

impl Default for DataTable {
    fn default() -> Self {
        DataTable {
            validation: 0.2,
            by: None,
            validation_groups: Vec::new(),
            group: None,
            seed: 1,
            mean: true,
            shift: None,
        }
    }
}

impl DataTable {
    /// Checks that the table leaves it to the files which sequences are held out.
    ///
    /// # Errors
    /// When it splits the data itself.
    pub fn check_parted(&self) -> Result<()> {
        let keys = [
            ("data.by", self.by.is_some()),
            ("data.validation_groups", !self.validation_groups.is_empty()),
            ("data.group", self.group.is_some()),
        ];
        let given = keys.iter().filter(|(_, given)| *given).map(|(key, _)| {
            Diagnostic::new(*key, "conflicts with `validation`, which already splits the data")
                .help("leave one out")
        });
        let given: Vec<Diagnostic> = given.collect();
        if given.is_empty() { Ok(()) } else { Err(Problems(given)) }
    }
}
