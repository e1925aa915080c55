//! What `htgen run` measured, and the arrays that it writes.

use super::formats::FormatsOrigin;
use super::number::ratio;
use super::tally::Tally;
use crate::data::{Array, ArrayData};
use crate::evaluate::decision;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// Decisions and speed over a data set.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// The model's name.
    pub name: String,
    /// Decisions of both references.
    #[serde(flatten)]
    pub tally: Tally,
    /// Sequences a second of the fixed-point reference alone.
    pub sequences_per_second: f64,
    /// Where the formats came from.
    pub formats: FormatsOrigin,
}

impl Evaluation {
    /// Describes a run whose fixed-point part took `elapsed`.
    pub fn of(name: &str, tally: Tally, elapsed: Duration, formats: FormatsOrigin) -> Evaluation {
        let sequences_per_second = ratio(tally.sequences as f64, elapsed.as_secs_f64());
        Evaluation { name: name.to_owned(), tally, sequences_per_second, formats }
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} sequences", self.name, self.tally.sequences)?;
        self.tally.fmt(f)?;
        writeln!(f, "  speed        {:.0} sequences a second", self.sequences_per_second)?;
        writeln!(f, "  formats      from {}", self.formats)
    }
}

/// `fixed` (sequences x outputs, i32), `float` (the same in f64) and `decision` (sequences, that of
/// the fixed-point reference).
pub fn output_arrays(float: &[Vec<f64>], fixed: &[Vec<i32>]) -> [(&'static str, Array); 3] {
    let width = fixed.first().map_or(0, Vec::len);
    let shape = vec![fixed.len(), width];
    let decisions = fixed.iter().map(|values| decision(values).map_or(-1, |at| at as i64));
    [
        ("fixed", Array { shape: shape.clone(), data: ArrayData::I32(fixed.concat()) }),
        ("float", Array { shape, data: ArrayData::F64(float.concat()) }),
        ("decision", Array { shape: vec![fixed.len()], data: ArrayData::I64(decisions.collect()) }),
    ]
}
