//! Keys that were not used: which of them belong to the layers that were read, so that leaving them
//! out would change what the network computes.
//!
//! A key belongs to a layer if it is in the same module, or under a name of the layer in a module
//! around it or beside it. If all keys of the file are in that one module, other modules are there
//! as well, and a name decides.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::checkpoint::{Checkpoint, escaped};
use crate::error::Diagnostic;
use crate::tensors::listed;

/// Separators of modules.
const SEPARATORS: [char; 2] = ['.', '/'];
/// Substrings of the names of a recurrent layer's own parameters.
const RECURRENT: [&str; 7] =
    ["weight_ih", "weight_hh", "weight_hr", "bias_ih", "bias_hh", "peephole", "recurrent_kernel"];
/// Whole names of peepholes and of learned states.
const OWN: [&str; 24] = [
    "weight_ci",
    "weight_cf",
    "weight_co",
    "weight_cc",
    "w_ci",
    "w_cf",
    "w_co",
    "wci",
    "wcf",
    "wco",
    "p_i",
    "p_f",
    "p_o",
    "h0",
    "c0",
    "h_0",
    "c_0",
    "hx",
    "cx",
    "hidden_init",
    "cell_init",
    "init_hidden",
    "init_state",
    "initial_state",
];
/// The two directions of a bidirectional layer.
const DIRECTIONS: [[&str; 2]; 3] = [["forward", "backward"], ["fwd", "bwd"], ["fw", "bw"]];

/// The unused keys that belong to the layers with these prefixes.
pub(super) fn of_layers(checkpoint: &Checkpoint<'_>, prefixes: &[String]) -> Vec<String> {
    let modules: Vec<Module<'_>> =
        prefixes.iter().map(|prefix| Module::of(checkpoint, prefix)).collect();
    let unused = checkpoint.unused();
    unused.into_iter().filter(|key| modules.iter().any(|module| module.owns(key))).collect()
}

/// Where a layer was read.
struct Module<'a> {
    prefix: &'a str,
    /// Whether all keys of the file are in it.
    is_whole_file: bool,
    /// Prefixes of its used keys, without numbers: `cell`, `layers`, `weight_ih_l`.
    begins: Vec<String>,
}

impl<'a> Module<'a> {
    fn of(checkpoint: &Checkpoint<'_>, prefix: &'a str) -> Self {
        let names = checkpoint.names();
        let used = names.iter().filter(|name| checkpoint.is_used(name));
        let begins = used.filter_map(|name| name.strip_prefix(prefix)).map(begin);
        let is_whole_file = names.iter().all(|name| name.starts_with(prefix));
        Module { prefix, is_whole_file, begins: begins.collect() }
    }

    fn owns(&self, key: &str) -> bool {
        if let Some(rest) = key.strip_prefix(self.prefix) {
            return !self.is_whole_file
                || !rest.contains(SEPARATORS)
                || self.begins.contains(&begin(rest))
                || rest.split(SEPARATORS).any(is_of_a_layer);
        }
        self.has_around(key) || self.has_beside(key) || self.is_other_direction(key)
    }

    /// A name of the layer in a module around this one: `rnn.weight_hh_l0_raw` of `rnn.module.`.
    fn has_around(&self, key: &str) -> bool {
        let (parent, leaf) = key.split_at(key.rfind(SEPARATORS).map_or(0, |at| at + 1));
        self.prefix.starts_with(parent) && is_own(leaf)
    }

    /// A module beside this one that belongs to it: `lstm_norm.` of `lstm.`, `rnns.1.norm.` of
    /// `rnns.1.rnn.`.
    fn has_beside(&self, key: &str) -> bool {
        let bare = self.prefix.trim_end_matches(SEPARATORS);
        let named_after = |bare: &str| {
            let rest = key.strip_prefix(bare).and_then(|rest| rest.strip_prefix('_'));
            rest.is_some_and(|rest| rest.split(SEPARATORS).any(is_of_a_layer))
        };
        let parent = &bare[..bare.rfind(SEPARATORS).map_or(0, |at| at + 1)];
        let sibling = key.strip_prefix(parent).and_then(|rest| rest.split(SEPARATORS).next());
        let numbered = parent.trim_end_matches(SEPARATORS).ends_with(|c: char| c.is_ascii_digit());
        !bare.is_empty() && named_after(bare) || numbered && sibling.is_some_and(is_of_a_layer)
    }

    fn is_other_direction(&self, key: &str) -> bool {
        let both = DIRECTIONS.into_iter().flat_map(|[a, b]| [[a, b], [b, a]]);
        let mut others = both.filter(|[own, _]| self.prefix.contains(own));
        others.any(|[own, other]| key.starts_with(&self.prefix.replace(own, other)))
    }
}

/// The first part of a name without its numbers.
fn begin(rest: &str) -> String {
    let first = rest.split(SEPARATORS).next().unwrap_or_default();
    first.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned()
}

/// Whether a parameter's name is one of a recurrent layer's own.
fn is_own(leaf: &str) -> bool {
    let leaf = leaf.to_ascii_lowercase();
    let bare = leaf.trim_end_matches(":0");
    RECURRENT.iter().any(|word| bare.contains(word))
        || OWN.contains(&bare)
        || bare.starts_with("peep")
}

/// Whether a part of a name indicates a recurrent layer: its own parameters, norms, gates.
fn is_of_a_layer(part: &str) -> bool {
    let lower = part.to_ascii_lowercase();
    let word = |word: &str| {
        lower.split('_').any(|part| part.trim_end_matches(|c: char| c.is_ascii_digit()) == word)
    };
    is_own(part)
        || ["norm", "peep", "zoneout", "gate"].iter().any(|word| lower.contains(word))
        || ["ln", "bn", "ih", "hh"].into_iter().any(word)
}

/// Refuses keys of the layers, and says what they may be.
pub(super) fn refused(strays: &[String]) -> Diagnostic {
    let first = escaped(&strays[0]);
    let problem = match strays.len() {
        1 => Diagnostic::new(first.clone(), "belongs to a layer and is not used"),
        _ => Diagnostic::new(first.clone(), "belongs to a layer and is not used, nor are others")
            .found(listed(strays)),
    };
    let lower = strays[0].to_ascii_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let leaf = lower.rsplit(SEPARATORS).next().unwrap_or_default();
    let reason = if leaf.ends_with("_raw") {
        "under weight drop this is the matrix and the other a copy with a part dropped; save this \
         one under the name without _raw"
    } else if is(&["peep"]) || OWN[..13].contains(&leaf) {
        "peepholes are not supported"
    } else if OWN[13..].contains(&leaf) {
        "a model starts from a zero state"
    } else if is(&["norm", "ln", "bn"]) {
        "a norm within or after a layer is not supported"
    } else if is(&["backward", "bwd", "_reverse"]) {
        "a model has layers in one direction only"
    } else {
        "without it the model would compute something else"
    };
    problem.help(format!("{reason}; `ignore` {first} leaves it out anyway"))
}
