//! Formats in words, and where they came from.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::model::Formats;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where the formats of a run came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub enum FormatsOrigin {
    /// The model file has them.
    #[serde(rename = "model")]
    Model,
    /// Bounds that no data can exceed.
    #[serde(rename = "interval analysis")]
    IntervalAnalysis,
}

impl fmt::Display for FormatsOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FormatsOrigin::Model => "model",
            FormatsOrigin::IntervalAnalysis => "interval analysis",
        })
    }
}

/// The text form of formats: fraction bits edge by edge.
#[derive(Debug, Clone, Copy)]
pub struct FormatsText<'a>(pub &'a Formats);

impl fmt::Display for FormatsText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Formats { weight_bits, activation_bits, .. } = self.0;
        writeln!(f, "formats: {weight_bits}-bit weights, {activation_bits}-bit activations")?;
        let limit = |words: Option<u64>| words.map_or("none".to_owned(), |words| words.to_string());
        writeln!(
            f,
            "  limits of the plan: ROM words {}, buffer words {}",
            limit(self.0.max_rom_words),
            limit(self.0.max_buffer_words)
        )?;
        for (k, layer) in self.0.layers.iter().enumerate() {
            writeln!(
                f,
                "  layer {k}: input frac {}, cell frac {}",
                layer.input_frac, layer.cell_frac
            )?;
            for (s, step) in layer.steps.iter().enumerate() {
                writeln!(
                    f,
                    "    s{s}: weight frac {}, out frac {}",
                    step.weight_frac, step.out_frac
                )?;
            }
        }
        match self.0.head {
            Some(head) => {
                writeln!(f, "  head: weight frac {}, out frac {}", head.weight_frac, head.out_frac)
            }
            None => writeln!(f, "  no head"),
        }
    }
}
