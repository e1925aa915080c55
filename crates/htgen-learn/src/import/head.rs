//! The linear head: the named layer, or the only layer after the recurrent ones that can be it.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::dense;
use crate::checkpoint::{Checkpoint, Part, escaped};
use crate::error::Diagnostic;
use crate::model::Linear;
use crate::tensors::listed;

/// Where the head comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Head {
    /// The only linear layer with H inputs, if there is one.
    #[default]
    Found,
    /// This one, without `.weight` and `.bias`.
    Named(String),
    /// There is none.
    None,
}

/// The suffix of the name of a linear layer's weight, and which of its axes is that of the inputs.
const ENDS: [(&str, usize); 5] =
    [(".weight", 1), ("/kernel:0", 0), ("/kernel", 0), (".kernel:0", 0), (".kernel", 0)];
/// The same under weight norm, spectral norm, pruning or another parametrization.
const WRAPPED: [&str; 4] = [
    ".weight_v",
    ".weight_orig",
    ".parametrizations.weight.original1",
    ".parametrizations.weight.original",
];
/// Parts of names of embedding tables, which are not used in a product.
const TABLES: [&str; 5] = ["emb", "embed", "wte", "wpe", "lookup"];
/// What to do when it is not clear.
const CHOOSE: &str = "name one with `head`, or take none with `no_head`";

/// A linear layer that nothing has used yet.
struct Candidate<'a> {
    name: &'a str,
    outputs: usize,
    inputs: usize,
}

/// The head with its key; `free` are the keys that belong to no layer.
pub(super) fn read(
    checkpoint: &Checkpoint<'_>,
    wanted: &Head,
    free: &[String],
    hidden: usize,
) -> Part<Option<(String, Linear)>> {
    let key = match wanted {
        Head::None => None,
        Head::Named(name) => Some(name.trim_end_matches(['.', '/']).to_owned()),
        Head::Found => found(checkpoint, free, hidden)?,
    };
    let head = |key: String| dense::head(checkpoint, &key, hidden).map(|head| (key, head));
    key.map(head).transpose()
}

fn found(checkpoint: &Checkpoint<'_>, free: &[String], hidden: usize) -> Part<Option<String>> {
    let linears: Vec<Candidate<'_>> =
        free.iter().filter_map(|key| linear(checkpoint, key)).collect();
    let fits: Vec<&Candidate<'_>> = linears.iter().filter(|l| l.inputs == hidden).collect();
    let names = |linears: &[&Candidate<'_>]| -> Vec<String> {
        linears.iter().map(|linear| linear.name.to_owned()).collect()
    };
    match fits[..] {
        [] => refuse_wrapped(checkpoint, free, hidden).map(|()| None),
        [head] => {
            let next = |l: &&Candidate<'_>| l.name != head.name && l.inputs == head.outputs;
            if let Some(next) = linears.iter().find(next) {
                return Err(Diagnostic::new("", "the head may be more than one linear layer")
                    .found(listed(&names(&[head, next])))
                    .help(CHOOSE));
            }
            if let Some(norm) = free.iter().find(|key| is_norm(checkpoint, key, hidden)) {
                return Err(Diagnostic::new(
                    "",
                    "something may lie between the layers and the head",
                )
                .found(format!("{} and {}", escaped(norm), escaped(head.name)))
                .help("if this is the head, name it with `head`, or take none with `no_head`"));
            }
            Ok(Some(head.name.to_owned()))
        }
        _ => Err(Diagnostic::new("", "several linear layers could be the head")
            .found(listed(&names(&fits)))
            .help(CHOOSE)),
    }
}

/// The linear layer that this weight belongs to.
fn linear<'a>(checkpoint: &Checkpoint<'_>, key: &'a str) -> Option<Candidate<'a>> {
    let (name, axis) =
        ENDS.iter().find_map(|(end, axis)| key.strip_suffix(end).map(|name| (name, *axis)))?;
    let lower = name.to_ascii_lowercase();
    let is_table = lower
        .split(['.', '/', '_'])
        .any(|part| TABLES.contains(&part) || part.starts_with("embed"));
    let shape = checkpoint.shape(key).filter(|shape| shape.len() == 2 && !is_table)?;
    Some(Candidate { name, inputs: shape[axis], outputs: shape[1 - axis] })
}

/// Whether a key is the scale of a norm over this many channels.
fn is_norm(checkpoint: &Checkpoint<'_>, key: &str, hidden: usize) -> bool {
    let is_scale = [".weight", "gamma", "gamma:0"].iter().any(|end| key.ends_with(end));
    is_scale && checkpoint.shape(key).is_some_and(|shape| shape == [hidden])
}

/// A head of which only parts are present is not silently left out.
fn refuse_wrapped(checkpoint: &Checkpoint<'_>, free: &[String], hidden: usize) -> Part<()> {
    let is_head = |key: &&String| {
        let is_part = WRAPPED.iter().any(|end| key.ends_with(end));
        is_part && checkpoint.shape(key).is_some_and(|shape| shape.len() == 2 && shape[1] == hidden)
    };
    match free.iter().find(is_head) {
        None => Ok(()),
        Some(key) => Err(Diagnostic::new(
            escaped(key),
            "a part of a linear layer that may be the head",
        )
        .expected("its weight as a whole")
        .help(
            "remove weight norm, spectral norm, pruning or parametrization before saving, or take \
                 no head with --no-head",
        )),
    }
}
