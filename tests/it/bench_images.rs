//! Random images for benches of the engine's modules.
//!
//! A bench gets the same tables as plain numbers, and what follows from them is computed from loop
//! indices, never from the image.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::benches::{VECTORS, folder};
use crate::verilated::Bench;

/// Fields side by side, lowest first, as an image has them.
#[derive(Default)]
pub struct Fields(u128, u32);

impl Fields {
    pub fn push(self, value: i64, width: u32) -> Self {
        let low = value as u128 & ((1 << width) - 1);
        Fields(self.0 | low << self.1, self.1 + width)
    }

    /// The word as a line of an image.
    pub fn line(&self) -> String {
        format!("{:x}\n", self.0)
    }
}

/// A line of vectors.
pub fn line(numbers: &[i64]) -> String {
    let words: Vec<String> = numbers.iter().map(i64::to_string).collect();
    words.join(" ") + "\n"
}

/// Bits of an index of `count` things.
pub fn index_bits(count: i64) -> u32 {
    64 - (count.max(2) as u64 - 1).leading_zeros()
}

/// Builds a bench and runs it on `files`, of which [`VECTORS`] is its argument.
#[track_caller]
pub fn check_files(bench: Bench, files: &[(&str, &str)]) {
    let dir = folder(files);
    if let Some(built) = bench.build() {
        built.passes_in(dir.path(), &[VECTORS]);
    }
}
