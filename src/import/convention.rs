//! The conventions: names, the keys that tell them apart, and which options each of them takes.

use super::checkpoint::{Checkpoint, Part, escaped};
use super::{Options, Parts, cores, pytorch, tednet, tensorized, tt_rnn, unknown};
use crate::error::Diagnostic;
use crate::tensors::listed;

/// Layers named in a message.
const MAX_LISTED: usize = 8;

/// Whose keys and axes a checkpoint has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Convention {
    /// `nn.LSTM`, `nn.GRU` and their cells.
    Pytorch,
    /// LSTMs of the package tednet: tensor train, tensor ring, block term.
    Tednet,
    /// LSTMs of tensorized-rnn.
    TensorizedRnn,
    /// `TT_LSTM` of TT_RNN for Keras.
    TtRnn,
    /// Cores by the names that htgen itself writes.
    Cores,
}

/// All conventions, in the order of the documentation.
pub const CONVENTIONS: [Convention; 5] = [
    Convention::Pytorch,
    Convention::Tednet,
    Convention::TensorizedRnn,
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
            Convention::TtRnn => "tt-rnn",
            Convention::Cores => "cores",
        }
    }

    /// The keys that it is recognised by.
    pub fn keys(self) -> &'static str {
        match self {
            Convention::Pytorch => "weight_ih_l0 and weight_hh_l0, or weight_ih and weight_hh",
            Convention::Tednet => "weight_ih.node0 or weight_ih.core_block0, and weight_hh",
            Convention::TensorizedRnn => "cell0.input_weights and cell0.hidden_weights",
            Convention::TtRnn => "kernel and recurrent_kernel",
            Convention::Cores => "leaf.0, cores.0 or blocks.0.core, and bias",
        }
    }

    /// What stands before the keys of each layer that follows this convention.
    fn prefixes(self, names: &[String]) -> Vec<String> {
        let all = match self {
            Convention::Pytorch => pytorch::prefixes(names),
            Convention::Tednet => tednet::prefixes(names),
            Convention::TensorizedRnn => tensorized::prefixes(names),
            Convention::TtRnn => tt_rnn::prefixes(names),
            Convention::Cores => cores::prefixes(names),
        };
        let mut prefixes: Vec<String> = all.into_iter().map(str::to_owned).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        prefixes
    }

    pub(super) fn read(
        self,
        checkpoint: &Checkpoint<'_>,
        prefix: &str,
        options: &Options,
    ) -> Part<Parts> {
        match self {
            Convention::Pytorch => pytorch::read(checkpoint, prefix).map(Parts::of),
            Convention::Tednet => tednet::read(checkpoint, prefix).map(Parts::of),
            Convention::TensorizedRnn => {
                tensorized::read(checkpoint, prefix, options.interleaved).map(Parts::of)
            }
            Convention::TtRnn => tt_rnn::read(checkpoint, prefix, options).map(Parts::of),
            Convention::Cores => cores::read(checkpoint, prefix, options),
        }
    }

    /// Refuses options that this convention has no use for: whoever gave them expects something.
    pub(super) fn check_options(self, options: &Options) -> Part<()> {
        let (flat, cores) = (self == Convention::TtRnn, self == Convention::Cores);
        let given = [
            ("--in-modes", !options.in_modes.is_empty(), flat),
            ("--out-modes", !options.out_modes.is_empty(), flat),
            ("--rank", !options.ranks.is_empty(), flat),
            ("--tree", options.tree.is_some(), cores),
            ("--inputs", options.inputs.is_some(), cores),
            ("--hidden-offset", options.hidden_offset.is_some(), cores),
            ("--cell", options.cell.is_some(), cores),
            ("--gate-rows", options.interleaved, self == Convention::TensorizedRnn),
        ];
        match given.iter().find(|(_, given, taken)| *given && !taken) {
            None => Ok(()),
            Some((option, ..)) => {
                let problem = Diagnostic::new("", format!("{option} has no meaning here"));
                let name = self.name();
                Err(problem
                    .help(format!("the keys of {name} and their shapes say it; leave it out")))
            }
        }
    }
}

/// The one convention and prefix that the keys and the options allow.
pub(super) fn recognise(
    checkpoint: &Checkpoint<'_>,
    options: &Options,
) -> Part<(Convention, String)> {
    let mut fits: Vec<(Convention, String)> = CONVENTIONS
        .iter()
        .filter(|convention| options.from.is_none_or(|from| from == **convention))
        .flat_map(|&convention| {
            let prefixes = convention.prefixes(checkpoint.names());
            prefixes.into_iter().map(move |prefix| (convention, prefix))
        })
        .collect();
    if let Some(wanted) = &options.prefix {
        fits.retain(|(_, prefix)| prefix == wanted);
    }
    match (&fits[..], options.from) {
        ([_], _) => Ok(fits.remove(0)),
        ([], None) => Err(unknown(checkpoint)),
        ([], Some(from)) => {
            let expected = match &options.prefix {
                Some(prefix) => format!("{} behind \"{}\"", from.keys(), escaped(prefix)),
                None => from.keys().to_owned(),
            };
            Err(Diagnostic::new("", format!("not the keys of {}", from.name()))
                .found(listed(checkpoint.names()))
                .expected(expected))
        }
        _ => Err(several(&fits)),
    }
}

fn several(fits: &[(Convention, String)]) -> Diagnostic {
    let found: Vec<String> = fits
        .iter()
        .map(|(convention, prefix)| format!("{} behind \"{}\"", convention.name(), escaped(prefix)))
        .collect();
    Diagnostic::new("", "more than one layer could be meant")
        .found(found[..found.len().min(MAX_LISTED)].join(", "))
        .help("choose with --prefix, or with --from")
}

/// What stands before `key` in each name that ends in it; only at the start of a name or behind a
/// separator.
pub(super) fn before<'a>(names: &'a [String], key: &'a str) -> impl Iterator<Item = &'a str> {
    names.iter().filter_map(move |name| {
        let prefix = name.strip_suffix(key)?;
        (prefix.is_empty() || prefix.ends_with(['.', '/'])).then_some(prefix)
    })
}
