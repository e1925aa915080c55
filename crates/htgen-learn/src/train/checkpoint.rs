//! The state between two epochs as one file, written whole or not at all: safetensors in doubles,
//! with the history and the inputs of the run in its metadata.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::config::TrainConfig;
use super::{Epoch, Moments, TrainState};
use crate::data::{LabelledSequences, StepValues};
use crate::error::{Diagnostic, Problems, Result};
use crate::files::{self, ToOutput};
use crate::model::Model;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Largest checkpoint.
const MAX_BYTES: u64 = 1 << 33;
/// Key of the metadata.
const KEY: &str = "htgen-train";
/// What is stored for every group of parameters.
const KINDS: [&str; 5] = ["values", "mean", "best", "first", "second"];

/// A stored state with the run that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// The inputs of the run, by `fingerprint`.
    pub run: String,
    /// The state.
    pub state: TrainState,
}

#[derive(Serialize, Deserialize)]
struct Metadata {
    run: String,
    step: usize,
    history: Vec<Epoch>,
}

/// A short identifier of the inputs of a run: configuration, starting values, data.
pub fn fingerprint(config: &TrainConfig, model: &Model, data: &LabelledSequences) -> String {
    let mut hash = Sha256::new();
    hash.update(serde_json::to_vec(config).unwrap_or_default());
    hash.update(format!("{:?}", model.input));
    for group in super::parameters::of(model) {
        hash.update(group.name.as_bytes());
        group.values.iter().for_each(|value| hash.update(value.to_le_bytes()));
    }
    let groups = data.groups.as_ref().map(|groups| &groups.of);
    hash.update(format!("{groups:?} {:?} {}", data.parts, data.classes));
    let sequences = &data.sequences;
    for sequence in 0..sequences.count() {
        hash.update(sequences.label(sequence).unwrap_or(-1).to_le_bytes());
        for step in 0..sequences.steps(sequence) {
            match sequences.step(sequence, step) {
                StepValues::U8(values) => hash.update(values),
                StepValues::F32(values) => values.iter().for_each(|v| hash.update(v.to_le_bytes())),
            }
        }
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Checkpoint {
    /// Writes the checkpoint whole or leaves the previous file.
    pub fn save(run: &str, state: &TrainState, to: &(impl ToOutput + ?Sized)) -> Result<()> {
        let output = to.to_output()?;
        let path = output.path();
        let TrainState { values, mean, best, moments, .. } = state;
        let groups = [values, mean, best, &moments.first, &moments.second];
        let mut packed = Vec::new();
        for (kind, groups) in KINDS.iter().zip(groups) {
            for (k, values) in groups.iter().enumerate() {
                let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                packed.push((format!("{kind}.{k}"), values.len(), bytes));
            }
        }
        let failed = |error: String| -> Problems {
            Diagnostic::new("", format!("no checkpoint ({error})")).in_file(path.display()).into()
        };
        let metadata = Metadata {
            run: run.to_owned(),
            step: state.moments.step,
            history: state.history.clone(),
        };
        let text = serde_json::to_string(&metadata).map_err(|e| failed(e.to_string()))?;
        let views = packed
            .iter()
            .map(|(name, n, bytes)| Ok((name, TensorView::new(Dtype::F64, vec![*n], bytes)?)))
            .collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(|e| failed(e.to_string()))?;
        let metadata = HashMap::from([(KEY.to_owned(), text)]);
        let bytes = safetensors::serialize(views, Some(metadata));
        let bytes = bytes.map_err(|e| failed(e.to_string()))?;
        files::write_all(&[(output.clone(), bytes)])
    }

    /// Reads a checkpoint of a model like `model`, which training is going to replace.
    ///
    /// # Errors
    /// A file that is not a checkpoint, or one of another shape of model.
    pub fn load(from: &(impl ToOutput + ?Sized), model: &Model) -> Result<Checkpoint> {
        let output = from.to_output()?;
        let bytes = output.read(MAX_BYTES)?.unwrap_or_default();
        parse(&bytes, model).map_err(|what| {
            let problem = Diagnostic::new("", what).help("remove it to start over");
            problem.in_file(output.path().display()).into()
        })
    }
}

fn parse(bytes: &[u8], model: &Model) -> std::result::Result<Checkpoint, String> {
    let broken = |error: &dyn std::fmt::Display| format!("not a whole checkpoint ({error})");
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| broken(&e))?;
    let text = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
    let text = text.ok_or_else(|| "not a checkpoint of htgen train".to_owned())?;
    let metadata: Metadata = serde_json::from_str(text).map_err(|e| broken(&e))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|e| broken(&e))?;
    let groups = super::parameters::of(model);
    let read = |kind: &str| -> std::result::Result<Vec<Vec<f64>>, String> {
        let one = |(k, group): (usize, &super::parameters::Group)| {
            let view = tensors.tensor(&format!("{kind}.{k}")).map_err(|e| broken(&e))?;
            if view.dtype() != Dtype::F64 || view.shape() != [group.values.len()] {
                return Err(format!("from another model: {} has a different size", group.name));
            }
            let number = |b: &[u8]| f64::from_le_bytes(b.try_into().unwrap_or_default());
            Ok(view.data().chunks_exact(8).map(number).collect())
        };
        groups.iter().enumerate().map(one).collect()
    };
    let [values, mean, best, first, second] = KINDS.map(read);
    let moments = Moments { step: metadata.step, first: first?, second: second? };
    let state = TrainState {
        values: values?,
        mean: mean?,
        best: best?,
        moments,
        history: metadata.history,
    };
    Ok(Checkpoint { run: metadata.run, state })
}
