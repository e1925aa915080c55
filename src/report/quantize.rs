//! What quantizing a model changed.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::number::grouped;
use crate::evaluate::{Classes, EdgeError, Judgement, Outliers};
use crate::fixed::Site;
use crate::model::Formats;
use crate::printable;
use crate::quant::QuantPlan;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Formats, outputs, decisions, saturation and errors.
#[derive(Debug, Clone, Serialize)]
pub struct Quantization {
    /// The model's name.
    pub name: String,
    /// The file written.
    pub file: PathBuf,
    /// Both references side by side over the calibration data.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// Inputs whose range is far from that of the others; null if there are none.
    pub outliers: Option<Outliers>,
    /// Values that saturated, on all edges together.
    pub clipped: u64,
    /// Every edge, in the order of the data flow.
    pub edges: Vec<EdgeReport>,
    /// The formats chosen.
    pub formats: Formats,
}

/// One edge over the calibration data.
#[derive(Debug, Clone, Serialize)]
pub struct EdgeReport {
    /// `input`, `s0`, …, `gate`, `cell`, `hidden` or `output`.
    pub edge: String,
    /// Fraction bits.
    pub frac: i32,
    /// Values seen and clipped; error against float.
    #[serde(flatten)]
    pub error: EdgeError,
}

impl Quantization {
    /// Describes a quantized plan whose model was written to `file`.
    pub fn of(
        quant: &QuantPlan,
        judgement: Judgement,
        outliers: Option<Outliers>,
        errors: &BTreeMap<Site, EdgeError>,
        file: &Path,
    ) -> Quantization {
        let edge = |(&site, &error): (&Site, &EdgeError)| {
            let (edge, frac) = name_and_frac(quant, site);
            EdgeReport { edge, frac, error }
        };
        Quantization {
            name: quant.name().to_owned(),
            file: file.to_path_buf(),
            judgement,
            outliers,
            clipped: errors.values().map(|error| error.clipped).sum(),
            edges: errors.iter().map(edge).collect(),
            formats: quant.formats().clone(),
        }
    }
}

fn name_and_frac(quant: &QuantPlan, site: Site) -> (String, i32) {
    // The layers are distinguished if there are several.
    let of = |name: &str, layer: usize| match quant.layers().len() {
        1 => name.to_owned(),
        _ => format!("{name}{layer}"),
    };
    let format = quant.cell_format();
    match site {
        Site::Input => ("input".into(), quant.input().frac),
        Site::Step(k) => (format!("s{k}"), quant.step(k).out_frac),
        Site::Gate(k) => (of("gate", k), crate::arith::GATE_FRAC),
        Site::Cell(k) => (of("cell", k), format.c_frac as i32),
        Site::Hidden(k) => (of("hidden", k), format.h_frac as i32),
        Site::Output => ("output".into(), quant.output_frac()),
    }
}

impl fmt::Display for Quantization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Formats { weight_bits, activation_bits, .. } = self.formats;
        writeln!(
            f,
            "{}: {weight_bits}-bit weights, {activation_bits}-bit activations, in {}",
            self.name,
            printable::path(&self.file)
        )?;
        self.judgement.fmt(f)?;
        writeln!(f, "  saturated    {} values", grouped(self.clipped))?;
        writeln!(f, "\n  edge    frac        values     clipped   rms error  largest error")?;
        for EdgeReport { edge, frac, error } in &self.edges {
            writeln!(
                f,
                "  {edge:<7} {frac:>4} {:>13} {:>11} {:>11.3e} {:>14.3e}",
                grouped(error.values),
                grouped(error.clipped),
                error.rms,
                error.largest
            )?;
        }
        if let Some(outliers) = &self.outliers {
            write!(f, "\n{outliers}")?;
        }
        Classes(&self.judgement).fmt(f)
    }
}
