//! What the format of the inputs clips, and inputs whose range is far from that of the others, in
//! words.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::evaluate::{InputClips, Outlier, Outliers};
use crate::number::{grouped, percent};
use std::fmt;

/// Number of inputs that are listed; more than that are counted.
const NAMED: usize = 3;

impl fmt::Display for InputClips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let InputClips { elements, clipped, share, format, seen } = self;
        let (clipped, elements) = (grouped(*clipped), grouped(*elements));
        write!(f, "  inputs       {clipped} of {elements} elements clipped ({})", percent(*share))?;
        if self.clipped == 0 {
            return writeln!(f);
        }
        let [[low, high], [least, largest]] = [format, seen].map(|pair| pair.map(number));
        writeln!(
            f,
            ": the format holds {low} to {high},\n               \
             the data have {least} to {largest}; htgen quantize chooses formats that hold them"
        )
    }
}

impl fmt::Display for Outliers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for larger in [true, false] {
            let far = self.channels.iter().filter(|outlier| outlier.larger == larger);
            let far: Vec<&Outlier> = far.collect();
            far.iter().take(NAMED).try_for_each(|outlier| self.line(f, outlier))?;
            if far.len() > NAMED {
                let (more, than) = (far.len() - NAMED, if larger { "larger" } else { "smaller" });
                writeln!(f, "  and {more} more inputs with a range that much {than}")?;
            }
        }
        writeln!(
            f,
            "  all inputs share one format: a large one takes fraction bits from the \
             others,\n  and a small one keeps few"
        )
    }
}

impl Outliers {
    fn line(&self, f: &mut fmt::Formatter<'_>, outlier: &Outlier) -> fmt::Result {
        let Outlier { range, bits, larger } = outlier;
        let (low, high) = (number(range.lowest), number(range.highest));
        let others = self.others_bits;
        let input = range.input;
        if range.is_constant() {
            return writeln!(
                f,
                "  input {input} is {low} throughout and needs {bits} integer bits, the \
                 others {others}: add it to the bias and leave it out"
            );
        }
        if *larger {
            return writeln!(
                f,
                "  input {input} needs {bits} integer bits ({low} to {high}), the others \
                 {others}: standardize it"
            );
        }
        let (unit, shift) = (if others == 1 { "bit" } else { "bits" }, others - bits);
        writeln!(
            f,
            "  input {input} stays between {low} and {high}, the others need {others} integer \
             {unit}: multiply it by 2^{shift} and divide its weights by that"
        )
    }
}

/// A number from the data in few digits.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if (1e-3..1e6).contains(&size) => {
            let text = format!("{value:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => format!("{value:.3e}"),
    }
}
