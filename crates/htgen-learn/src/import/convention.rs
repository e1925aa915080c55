//! The conventions: their names, the keys that distinguish them, and the options that each of them
//! takes.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{ImportOptions, Parts, cores, keras, pytorch, tednet, tensorized, tt_rnn, unknown};
use crate::checkpoint::{Checkpoint, Part, escaped};
use crate::error::Diagnostic;
use crate::tensors::listed;

/// Number of layers listed in a message.
const MAX_LISTED: usize = 8;

/// Whose keys and axes a checkpoint has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Convention {
    /// `nn.LSTM`, `nn.GRU` and their cells.
    Pytorch,
    /// LSTMs of the package tednet: tensor train, tensor ring, block term.
    Tednet,
    /// LSTMs of tensorized-rnn.
    TensorizedRnn,
    /// LSTM and GRU layers of Keras.
    Keras,
    /// `TT_LSTM` of TT_RNN for Keras.
    TtRnn,
    /// Cores by the names that htgen itself writes.
    Cores,
}

/// All conventions, in the order of the documentation.
pub const CONVENTIONS: [Convention; 6] = [
    Convention::Pytorch,
    Convention::Tednet,
    Convention::TensorizedRnn,
    Convention::Keras,
    Convention::TtRnn,
    Convention::Cores,
];

impl Convention {
    /// Name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Convention::Pytorch => "pytorch",
            Convention::Tednet => "tednet",
            Convention::TensorizedRnn => "tensorized-rnn",
            Convention::Keras => "keras",
            Convention::TtRnn => "tt-rnn",
            Convention::Cores => "cores",
        }
    }

    /// The keys by which it is recognized.
    pub fn keys(self) -> &'static str {
        match self {
            Convention::Pytorch => "weight_ih_l0 and weight_hh_l0, or weight_ih and weight_hh",
            Convention::Tednet => "weight_ih.node0 or weight_ih.core_block0, and weight_hh",
            Convention::TensorizedRnn => "cell0.input_weights and cell0.hidden_weights",
            Convention::Keras => "kernel, recurrent_kernel and bias",
            Convention::TtRnn => "a flat kernel and recurrent_kernel",
            Convention::Cores => "leaf.0, cores.0 or blocks.0.core, and bias",
        }
    }

    /// The prefix of the keys of each layer that follows this convention.
    fn prefixes(self, checkpoint: &Checkpoint<'_>, is_named: bool) -> Vec<String> {
        let names = checkpoint.names();
        let all = match self {
            Convention::Pytorch => pytorch::prefixes(names),
            Convention::Tednet => tednet::prefixes(names),
            Convention::TensorizedRnn => tensorized::prefixes(names),
            Convention::Keras | Convention::TtRnn => keras::prefixes(names),
            Convention::Cores => cores::prefixes(names),
        };
        let mut prefixes: Vec<String> = all.into_iter().map(str::to_owned).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        // One name for two things: the axes decide, unless the user does.
        match self {
            Convention::Keras if !is_named => {
                prefixes.retain(|prefix| !keras::is_flat(checkpoint, prefix));
            }
            Convention::TtRnn if !is_named => {
                prefixes.retain(|prefix| keras::is_flat(checkpoint, prefix));
            }
            _ => {}
        }
        prefixes
    }

    pub(super) fn read(
        self,
        checkpoint: &Checkpoint<'_>,
        prefix: &str,
        options: &ImportOptions,
    ) -> Part<Parts> {
        match self {
            Convention::Pytorch => pytorch::read(checkpoint, prefix).map(Parts::of),
            Convention::Tednet => tednet::read(checkpoint, prefix).map(Parts::of),
            Convention::TensorizedRnn => {
                tensorized::read(checkpoint, prefix, options.interleaved).map(Parts::of)
            }
            Convention::Keras => keras::read(checkpoint, prefix, options).map(Parts::of),
            Convention::TtRnn => tt_rnn::read(checkpoint, prefix, options).map(Parts::of),
            Convention::Cores => cores::read(checkpoint, prefix, options),
        }
    }

    /// Refuses options that this convention does not use: anyone who gives them expects an effect.
    pub(super) fn check_options(self, options: &ImportOptions) -> Part<()> {
        let (flat, cores) = (self == Convention::TtRnn, self == Convention::Cores);
        let given = [
            ("`in_modes`", !options.in_modes.is_empty(), flat),
            ("`out_modes`", !options.out_modes.is_empty(), flat),
            ("`rank`", !options.ranks.is_empty(), flat),
            ("`tree`", options.tree.is_some(), cores),
            ("`inputs`", options.inputs.is_some(), cores),
            ("`hidden_offset`", options.hidden_offset.is_some(), cores),
            ("`cell`", options.cell.is_some(), cores),
            ("`gate_rows`", options.interleaved, self == Convention::TensorizedRnn),
            ("`gates`", options.gates.is_some(), self == Convention::Keras),
        ];
        match given.iter().find(|(_, given, taken)| *given && !taken) {
            None => Ok(()),
            Some((option, ..)) => {
                let problem = Diagnostic::new("", format!("{option} does not apply here"));
                let name = self.name();
                Err(problem.help(format!(
                    "the keys of {name} and their shapes determine it; leave it out"
                )))
            }
        }
    }
}

/// One layer or several: the convention, and the prefixes of their keys.
pub(super) type Site = (Convention, String);

/// The sites that the keys and the options allow, from input to output: those that are named, or
/// the only one that exists.
pub(super) fn recognise(checkpoint: &Checkpoint<'_>, options: &ImportOptions) -> Part<Vec<Site>> {
    let is_named = options.from.is_some();
    let sites: Vec<Site> = CONVENTIONS
        .iter()
        .filter(|convention| options.from.is_none_or(|from| from == **convention))
        .flat_map(|&convention| {
            let prefixes = convention.prefixes(checkpoint, is_named);
            prefixes.into_iter().map(move |prefix| (convention, prefix))
        })
        .collect();
    if sites.is_empty() {
        return Err(match options.from {
            None => unknown(checkpoint),
            Some(from) => Diagnostic::new("", format!("not the keys of {}", from.name()))
                .found(listed(checkpoint.names()))
                .expected(from.keys()),
        });
    }
    if options.prefixes.is_empty() {
        return only(sites, is_named).map(|site| vec![site]);
    }
    let mut chosen: Vec<Site> = Vec::new();
    for wanted in &options.prefixes {
        let is_it = |(_, prefix): &&Site| bare(prefix) == bare(wanted);
        let fits: Vec<Site> = sites.iter().filter(is_it).cloned().collect();
        if fits.is_empty() {
            let place = format!("`prefix` {}", quoted(wanted));
            return Err(Diagnostic::new(place, "no layer has keys with this prefix")
                .expected(offered(&sites, is_named, ", ")));
        }
        let site = only(fits, is_named)?;
        if chosen.contains(&site) {
            return Err(Diagnostic::new(format!("`prefix` {}", quoted(wanted)), "named twice"));
        }
        if let Some((first, _)) = chosen.first()
            && *first != site.0
        {
            return Err(Diagnostic::new("`prefix`", "layers of several conventions")
                .found(format!("{} and {}", first.name(), site.0.name()))
                .expected("one for all layers"));
        }
        chosen.push(site);
    }
    Ok(chosen)
}

/// A prefix without its last separator, which may be left out.
fn bare(prefix: &str) -> &str {
    prefix.strip_suffix(['.', '/']).unwrap_or(prefix)
}

/// A prefix as given in an option.
fn quoted(prefix: &str) -> String {
    match prefix {
        "" => "\"\"".to_owned(),
        _ => escaped(prefix),
    }
}

/// The options that choose each of several sites.
fn offered(sites: &[Site], is_named: bool, between: &str) -> String {
    let one_prefix = sites.iter().all(|(_, prefix)| *prefix == sites[0].1);
    let one_convention = is_named || sites.iter().all(|(convention, _)| *convention == sites[0].0);
    let options = |(convention, prefix): &Site| match (one_convention, one_prefix) {
        (true, _) => format!("`prefix` {}", quoted(prefix)),
        (false, true) => format!("`from` {}", convention.name()),
        (false, false) => format!("`from` {} `prefix` {}", convention.name(), quoted(prefix)),
    };
    let mut shown: Vec<String> = sites.iter().take(MAX_LISTED).map(options).collect();
    if sites.len() > MAX_LISTED {
        shown.push("...".to_owned());
    }
    shown.join(between)
}

fn only(mut sites: Vec<Site>, is_named: bool) -> Part<Site> {
    if sites.len() == 1 {
        return Ok(sites.remove(0));
    }
    let found = |(convention, prefix): &Site| match prefix.as_str() {
        "" => format!("{} at the top", convention.name()),
        _ => format!("{} at \"{}\"", convention.name(), escaped(prefix)),
    };
    let found: Vec<String> = sites.iter().take(MAX_LISTED).map(found).collect();
    let mut help = format!("choose one with {}", offered(&sites, is_named, " or "));
    let one_convention = sites.iter().all(|(convention, _)| *convention == sites[0].0);
    if one_convention {
        help += ", or name several from input to output, as layers one after another";
    }
    Err(Diagnostic::new("", "more than one layer could be meant")
        .found(found.join(", "))
        .help(help))
}
