//! How a data set was split into training and held-out sequences.
// SPDX-License-Identifier: MIT OR Apache-2.0

use serde::{Deserialize, Serialize};
use std::fmt;

/// Number of names that are listed.
const MAX_LISTED: usize = 8;

/// What stayed together when data were split.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Division {
    /// What decided.
    pub by: DivisionBy,
    /// The arrays that define the groups, if they decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arrays: Vec<String>,
    /// Training groups, if they decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub training_groups: Vec<String>,
    /// Held-out groups, if they decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation_groups: Vec<String>,
    /// Arrays of the data that were not used.
    pub arrays_not_used: Vec<String>,
}

/// What decided which sequences are held out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DivisionBy {
    /// Groups, which stay together.
    Group,
    /// Each sequence by itself, every class alike.
    Sequence,
    /// The array `split` of the data.
    Split,
    /// Files of their own, given with `--validation`.
    Files,
}

impl fmt::Display for Division {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.by {
            DivisionBy::Group => {
                let (training, held) = (self.training_groups.len(), self.validation_groups.len());
                let (array, names) = (listed(&self.arrays), listed(&self.validation_groups));
                writeln!(
                    f,
                    "  split by     group (array {array}): {training} for training, {held} held \
                     out: {names}"
                )?;
            }
            DivisionBy::Split => writeln!(f, "  split by     the array split")?,
            DivisionBy::Files => writeln!(f, "  split by     files, with --validation")?,
            DivisionBy::Sequence => writeln!(f, "  split by     sequence, each class alike")?,
        }
        match self.arrays_not_used.as_slice() {
            [] => Ok(()),
            unused => writeln!(f, "  not used     {}", listed(unused)),
        }
    }
}

fn listed(names: &[String]) -> String {
    let shown: Vec<String> =
        names.iter().take(MAX_LISTED).map(|name| name.escape_debug().to_string()).collect();
    let more = if names.len() > MAX_LISTED { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
