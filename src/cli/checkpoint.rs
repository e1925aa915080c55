//! Options of every command that reads a checkpoint of another program.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::import::{CONVENTIONS, Convention, Head, ImportOptions};
use crate::model::{Element, GateActivation};
use clap::{Args, ValueEnum};

/// What a checkpoint does not say, or which part of it is meant.
#[derive(Debug, Args)]
pub(super) struct Checkpoint {
    /// The convention; detected from the keys when absent
    #[arg(long, value_name = "NAME", value_parser = convention_names())]
    from: Option<String>,
    /// Prefix of the keys of the layer, like encoder; given several times, the prefix of each layer
    /// from input to output; detected when absent
    #[arg(long, value_name = "PREFIX")]
    prefix: Vec<String>,
    /// A key to ignore, * for any characters; may be given several times
    #[arg(long, value_name = "KEY")]
    ignore: Vec<String>,
    /// Key of the linear layer that becomes the head, without .weight; when absent, the only one
    /// that fits
    #[arg(long, value_name = "KEY")]
    head: Option<String>,
    /// Do not import a head
    #[arg(long, conflicts_with = "head")]
    no_head: bool,
    /// keras: activation of the gates; a sigmoid when absent
    #[arg(long, value_name = "FUNCTION", value_enum)]
    gates: Option<Gates>,
    /// The stream carries bytes
    #[arg(long, conflicts_with = "real")]
    bytes: bool,
    /// The stream carries real numbers; the default when neither this nor the file says otherwise
    #[arg(long)]
    real: bool,
    /// Inputs are divided by 2^SHIFT (8 for bytes, 0 for real numbers when absent)
    #[arg(long, value_name = "SHIFT", allow_negative_numbers = true)]
    shift: Option<i32>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Gates {
    Sigmoid,
    HardSigmoid,
}

impl Checkpoint {
    /// The options that were given, by name.
    pub(super) fn given(&self) -> Option<&'static str> {
        let given = [
            ("--from", self.from.is_some()),
            ("--prefix", !self.prefix.is_empty()),
            ("--ignore", !self.ignore.is_empty()),
            ("--head", self.head.is_some()),
            ("--no-head", self.no_head),
            ("--gates", self.gates.is_some()),
            ("--bytes", self.bytes),
            ("--real", self.real),
            ("--shift", self.shift.is_some()),
        ];
        given.iter().find(|(_, given)| *given).map(|(option, _)| *option)
    }

    /// The options of an import, as far as they are given here.
    pub(super) fn options(&self, name: &str) -> ImportOptions {
        let from = self.from.as_deref();
        ImportOptions {
            from: from.and_then(|name| CONVENTIONS.into_iter().find(|c| c.name() == name)),
            prefixes: self.prefix.clone(),
            ignore: self.ignore.clone(),
            element: match (self.bytes, self.real) {
                (true, _) => Some(Element::U8),
                (_, true) => Some(Element::Real),
                _ => None,
            },
            shift: self.shift,
            head: match (&self.head, self.no_head) {
                (Some(key), _) => Head::Named(key.clone()),
                (None, true) => Head::None,
                (None, false) => Head::Found,
            },
            gates: self.gates.map(|gates| match gates {
                Gates::Sigmoid => GateActivation::Sigmoid,
                Gates::HardSigmoid => GateActivation::HardSigmoid,
            }),
            ..ImportOptions::named(name)
        }
    }
}

fn convention_names() -> [&'static str; CONVENTIONS.len()] {
    CONVENTIONS.map(Convention::name)
}
