//! A design on disk: its manifest, its parameters, and its folder, which is written whole and read
//! back only as what one program gives.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod folder;
mod hardware;
mod manifest;

pub use folder::{Design, EditPolicy, check_replaceable, read, write};
pub use hardware::HardwareFile;
pub use manifest::{Change, Edit, HARDWARE, MANIFEST, MODEL, Manifest, VALUES, WrittenFiles};
