//! A folder for intermediate files; it is removed with the value.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::output::not_written;
use super::temporary::Passing;
use crate::error::Result;
use std::env;
use std::path::Path;

/// An empty folder of our own. Dropping it removes it with all its contents.
#[derive(Debug)]
pub struct Scratch(Passing);

impl Scratch {
    /// One in the temporary folder of the system.
    pub fn new() -> Result<Scratch> {
        Scratch::within(&env::temp_dir())
    }

    /// One in a folder.
    pub fn within(folder: &Path) -> Result<Scratch> {
        Passing::folder(folder).map(Scratch).map_err(|error| not_written(folder, &error))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
