//! Where in a checkpoint a layer may be: what stands before its keys.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// The part before `key` in each name that ends with it; only at the start of a name or after a
/// separator.
pub(super) fn before<'a>(names: &'a [String], key: &'a str) -> impl Iterator<Item = &'a str> {
    names.iter().filter_map(move |name| {
        let prefix = name.strip_suffix(key)?;
        (prefix.is_empty() || prefix.ends_with(['.', '/'])).then_some(prefix)
    })
}
