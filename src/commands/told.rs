//! Who is told how a command gets on.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// What a command says while it works; `()` hears nothing.
pub trait Told {
    /// What is being done now, in words like `calibrating`.
    fn stage(&mut self, _stage: &str) {}
    /// What the user should know: where formats come from, work that takes minutes.
    fn note(&mut self, _note: &str) {}
}

impl Told for () {}
