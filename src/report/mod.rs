//! Facts gathered from the stages, as text (`Display`) and JSON (`Serialize`).
//!
//! One type per report. Nothing new is computed here except ratios, sums and counts of what the
//! stages reported.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod compress;
mod dataset;
mod division;
mod emit;
mod evaluate;
mod formats;
mod import;
mod inspect;
mod new;
mod quantize;
mod scree;
mod sim;
mod synth;
mod train;

pub use compress::{Compression, MatrixReport, NodeReport, Unchanged};
pub use dataset::{ClassCount, DataSet, Parts};
pub use division::{Division, DivisionBy};
pub use emit::{Emission, Target};
pub use evaluate::{Evaluation, output_arrays};
pub use formats::{FormatsOrigin, FormatsText};
pub use import::{ImportedLayer, ImportedMatrix, ImportedModel};
pub use inspect::{Inspection, StepReport};
pub use new::{NewModel, Presets};
pub use quantize::{EdgeReport, Quantization};
pub use scree::scree;
pub use sim::Simulation;
pub use synth::Synthesis;
pub use train::{PartReport, Trained};

pub use crate::evaluate::{ClassReport, ClassRow};
use crate::number;
pub use number::grouped;
