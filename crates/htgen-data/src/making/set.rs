//! What all data sets that are made have in common: labels, the length of a sequence, signals.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::SetOrigin;
use crate::data::{Labels, check_name, natural};
use crate::error::{Diagnostic, ErrorKind, Result};
use crate::tool::Hold;
use std::path::Path;

/// Maximum number of steps in a sequence.
const MAX_STEPS: usize = 4096;

/// A data set that was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// Size of the file, bytes.
    pub bytes: u64,
    /// Axes of `x`: sequences, steps, and those of a step.
    pub shape: Vec<usize>,
    /// The labels beside it.
    pub labels: Labels,
    /// What it was made from.
    pub origin: SetOrigin,
}

/// Stops when a signal has asked for it; partial output is then dropped.
pub fn go_on(hold: &Hold) -> Result<()> {
    if hold.is_interrupted() {
        Err(Diagnostic::new("", "interrupted").kind(ErrorKind::Interrupted).into())
    } else {
        Ok(())
    }
}

/// Checks the number of steps in a sequence, which `option` determines.
pub fn check_steps(option: &str, steps: usize, help: &str) -> Result<()> {
    if steps <= MAX_STEPS {
        return Ok(());
    }
    Err(Diagnostic::new(option, "too many steps per sequence")
        .kind(ErrorKind::Limit)
        .found(steps)
        .expected(format!("at most {MAX_STEPS}"))
        .help(help)
        .into())
}

/// The class names in a file, checked in the same way as folder names.
pub fn check_classes(classes: &[String], source: &Path) -> Result<()> {
    let check = |class: &String| check_name(class);
    classes
        .iter()
        .try_for_each(check)
        .map_err(|p| p.in_file(format!("{}: classes", source.display())))
}

/// Labels from the class of each sequence and, where there are groups, the name of its group.
pub fn labels(
    classes: &[String],
    y: Vec<usize>,
    names: Option<Vec<&str>>,
    length: Vec<usize>,
) -> Labels {
    let names = names.unwrap_or_default();
    let mut groups = names.clone();
    groups.sort_by(|a, b| natural(a, b));
    groups.dedup();
    let place = |name: &&str| groups.binary_search_by(|group| natural(group, name));
    let group = names.iter().map(|name| place(name).expect("every name is in the list")).collect();
    let groups = groups.into_iter().map(str::to_owned).collect();
    Labels { y, group, length, classes: classes.to_vec(), groups, ..Labels::default() }
}
