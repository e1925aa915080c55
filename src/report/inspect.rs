//! What a model costs according to its plan.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::number::{grouped, ratio, times_fewer};
use crate::network::{IndexId, Network};
use crate::plan::walk::Counts;
use crate::plan::{Plan, Planned};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Parameters, multiplies and memory of a model.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Inspection {
    /// The model's name.
    pub name: String,
    /// Core parameters, without bias and head.
    pub parameters: usize,
    /// Parameters of matrices that see only the hidden vector.
    pub recurrent_parameters: usize,
    /// Weights of the dense layer that the model stands for.
    pub dense_parameters: usize,
    /// Reduction factor.
    pub ratio: f64,
    /// Values of the biases.
    pub bias: usize,
    /// Weights and biases of the head; 0 without one.
    pub head: usize,
    /// Multiply-accumulates per time step, without the head.
    pub macs_per_step: u64,
    /// Those of the dense matrix, used columns only.
    pub macs_dense: u64,
    /// Those of the walk that contracts one core after another.
    pub macs_leaf_by_leaf: u64,
    /// Words of merged weights.
    pub rom_words: u64,
    /// Words of intermediate results alive at once, without input and gate buffers.
    pub peak_words: u64,
    /// Words of the input vector x, and of h where it shares the matrix.
    pub input_words: usize,
    /// How the first steps of the first product are cut.
    pub slabs: SlabReport,
    /// Fingerprint of the plan, by which formats find it.
    pub plan: String,
    /// Contraction steps in order.
    pub steps: Vec<StepReport>,
}

/// The cut of the first steps into slabs.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct SlabReport {
    /// How many steps run slab by slab; 0 for an uncut plan.
    pub steps: usize,
    /// Leading column modes that number the slabs.
    pub modes: usize,
    /// Number of slabs.
    pub count: usize,
}

/// One contraction step: `macs` is batch x free x contracted x out, less if the last group of
/// columns is not full.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct StepReport {
    /// Number of the product it belongs to, in the order in which they are carried out.
    pub part: usize,
    /// Positions with their own weights, kept from the activation tensor; 1 if there are none.
    pub batch: usize,
    /// Positions kept from the activation tensor, F.
    pub free: usize,
    /// Positions summed over, K.
    pub contracted: usize,
    /// Positions brought by the weights, O.
    pub out: usize,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Cores merged into the step's weights.
    pub cores: Vec<String>,
    /// Words of these weights.
    pub weight_words: u64,
    /// Words of the result.
    pub out_words: u64,
    /// Names of the free indices.
    pub free_indices: Vec<String>,
    /// Names of the contracted indices.
    pub contracted_indices: Vec<String>,
    /// Names of the new indices.
    pub out_indices: Vec<String>,
    /// Names of the indices that activation tensor and weights share and the result keeps.
    pub batch_indices: Vec<String>,
}

impl Inspection {
    /// Describes a model and its plan.
    pub fn of(planned: &Planned) -> Inspection {
        let (model, plan) = (planned.model(), planned.plan());
        let (parameters, dense_parameters) = (model.parameters(), model.dense_parameters());
        let bottom = plan.parts().next().expect("a model has a part").plan();
        let slabs = bottom.slabs();
        let steps = plan.parts().enumerate().flat_map(|(part, own)| {
            (0..own.plan().steps().len()).map(move |k| step(own.plan(), part, k))
        });
        Inspection {
            name: model.name.clone(),
            parameters,
            recurrent_parameters: model.recurrent_parameters(),
            dense_parameters,
            ratio: ratio(dense_parameters as f64, parameters as f64),
            bias: model.layers.iter().map(|layer| layer.bias.len()).sum(),
            head: model.head.as_ref().map_or(0, |head| head.weight.len() + head.bias.len()),
            macs_per_step: plan.macs_per_step(),
            macs_dense: plan.macs_dense(),
            macs_leaf_by_leaf: plan.macs_leaf_by_leaf(),
            rom_words: plan.rom_words(),
            peak_words: plan.peak_words(),
            input_words: bottom.steps()[0].before.count,
            slabs: SlabReport { steps: slabs.steps, modes: slabs.modes, count: slabs.count },
            plan: plan.fingerprint(),
            steps: steps.collect(),
        }
    }
}

fn step(plan: &Plan, part: usize, k: usize) -> StepReport {
    let (network, step, counts) = (plan.network(), &plan.steps()[k], Counts::of(plan, k));
    let core = |id: &crate::network::NodeId| network.nodes()[usize::from(id.0)].name.clone();
    StepReport {
        part,
        batch: counts.batch,
        free: counts.free,
        contracted: counts.contracted,
        out: counts.new,
        macs: step.macs,
        cores: step.nodes.iter().map(core).collect(),
        weight_words: step.weight_words,
        out_words: step.out_words,
        free_indices: names(network, &step.free),
        contracted_indices: names(network, &step.contracted),
        out_indices: names(network, &step.new),
        batch_indices: names(network, &step.batch),
    }
}

fn names(network: &Network, ids: &[IndexId]) -> Vec<String> {
    ids.iter().map(|&id| network.info(id).name.clone()).collect()
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let g = |value: usize| grouped(value as u64);
        writeln!(f, "{}", self.name)?;
        writeln!(
            f,
            "  parameters   {} for {} dense ones ({}); bias {}, head {}",
            g(self.parameters),
            g(self.dense_parameters),
            times_fewer(self.ratio),
            g(self.bias),
            g(self.head)
        )?;
        writeln!(
            f,
            "  multiplies   {} per time step; {} leaf by leaf, {} dense",
            grouped(self.macs_per_step),
            grouped(self.macs_leaf_by_leaf),
            grouped(self.macs_dense)
        )?;
        writeln!(
            f,
            "  memory       {} ROM words, {} input words, {} buffer words at the peak",
            grouped(self.rom_words),
            g(self.input_words),
            grouped(self.peak_words)
        )?;
        if self.slabs.steps > 0 {
            let SlabReport { steps, modes, count } = self.slabs;
            writeln!(f, "  slabs        {count} over {modes} column modes, {steps} steps long")?;
        }
        writeln!(f, "\n  step      free  contracted       out   multiplies  weights")?;
        for (k, step) in self.steps.iter().enumerate() {
            writeln!(
                f,
                "  {:<4} {:>9} {:>11} {:>9} {:>12}  {} = {} words",
                format!("s{k}"),
                g(step.free),
                g(step.contracted),
                g(step.out),
                grouped(step.macs),
                step.cores.join(" x "),
                grouped(step.weight_words)
            )?;
        }
        Ok(())
    }
}
