//! Takes the names of PyTorch's recurrent parameters apart, including what wrappers make of them:
//! weight and spectral norm, pruning, weight drop, quantization.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::checkpoint::escaped;
use crate::error::Diagnostic;

/// Prefixes of the names.
const STEMS: [&str; 5] = ["weight_ih", "weight_hh", "weight_hr", "bias_ih", "bias_hh"];
/// The module that keeps the parts of a parameter in newer PyTorch.
const PARAMETRIZATIONS: &str = "parametrizations.";
const REVERSE: &str = "_reverse";

/// A name taken apart: `rnn.` `weight_hh` 0 `_raw`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// The part before it, with the separator.
    pub prefix: &'a str,
    pub stem: &'static str,
    /// Number of the layer; a cell has none.
    pub layer: Option<usize>,
    pub is_reverse: bool,
    /// The suffix added by a wrapper; empty for the parameter itself.
    pub end: &'a str,
}

/// Takes a key apart; none if it is not a recurrent parameter.
pub(super) fn parse(key: &str) -> Option<Name<'_>> {
    let (prefix, leaf, part) = match key.find(PARAMETRIZATIONS) {
        Some(at) => {
            let (leaf, part) = key[at + PARAMETRIZATIONS.len()..].split_once('.')?;
            (&key[..at], leaf, part)
        }
        None => {
            let (prefix, leaf) = key.split_at(key.rfind(['.', '/']).map_or(0, |at| at + 1));
            (prefix, leaf, "")
        }
    };
    let stem = STEMS.into_iter().find(|stem| leaf.starts_with(stem))?;
    let rest = &leaf[stem.len()..];
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let count = rest.strip_prefix("_l").map_or(0, digits);
    let (layer, rest) = match count {
        0 => (None, rest),
        _ => (Some(rest[2..2 + count].parse().ok()?), &rest[2 + count..]),
    };
    let (is_reverse, rest) = match rest.strip_prefix(REVERSE) {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let is_name = rest.is_empty() || rest.starts_with('_');
    is_name.then_some(Name {
        prefix,
        stem,
        layer,
        is_reverse,
        end: if part.is_empty() { rest } else { part },
    })
}

/// Why a parameter is missing although parts of it are present; `key` is one of them, with this
/// suffix.
pub(super) fn wrapped(key: &str, end: &str, parameter: &str) -> Diagnostic {
    let (what, help) = match end {
        "_g" | "_v" => (
            "a part of a weight under weight norm",
            format!(
                "call torch.nn.utils.remove_weight_norm(module, \"{parameter}\") first, then save"
            ),
        ),
        "_raw" => (
            "the matrix under weight drop, without the one that the layer uses",
            format!("save it under the name {parameter}"),
        ),
        "_orig" | "_mask" | "_u" => (
            "a part of a pruned weight or of one under spectral norm",
            format!(
                "call torch.nn.utils.prune.remove or torch.nn.utils.remove_spectral_norm(module, \
                 \"{parameter}\") first, then save"
            ),
        ),
        _ => (
            "a part of a parametrized weight",
            format!(
                "call torch.nn.utils.parametrize.remove_parametrizations(module, \"{parameter}\") \
                 first, then save"
            ),
        ),
    };
    Diagnostic::new(escaped(key), what).expected(format!("{parameter} itself")).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let name = |key| parse(key).map(|n| (n.prefix, n.stem, n.layer, n.is_reverse, n.end));
        assert_eq!(name("weight_ih"), Some(("", "weight_ih", None, false, "")));
        assert_eq!(name("a.b.weight_hh_l12"), Some(("a.b.", "weight_hh", Some(12), false, "")));
        assert_eq!(name("a/bias_hh_l0_reverse"), Some(("a/", "bias_hh", Some(0), true, "")));
        assert_eq!(name("r.weight_hh_l0_raw"), Some(("r.", "weight_hh", Some(0), false, "_raw")));
        assert_eq!(name("weight_ih_v"), Some(("", "weight_ih", None, false, "_v")));
        assert_eq!(
            name("r.parametrizations.weight_hh_l0_reverse.original1"),
            Some(("r.", "weight_hh", Some(0), true, "original1"))
        );
        for key in [
            "weight",
            "weight_ihx",
            "weight_ih.node0",
            "r.weight_ci",
            "parametrizations.weight.original0",
        ] {
            assert_eq!(name(key), None, "{key}");
        }
    }
}
