//! What a design tells about its origin.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// The origin of a design, for its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The command that made it, file names without folders.
    pub command: String,
}
