//! Which file a file is, under whatever name.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// Device and inode of a file or folder.
pub(super) type Identity = (u64, u64);

/// The identity of what has these data.
pub(super) fn identity(meta: &Metadata) -> Identity {
    (meta.dev(), meta.ino())
}
