//! The tensors of a time step as the buffers hold them, and each step's indices sorted by role.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::network::{IndexId, Network};
use crate::plan::walk::merged_columns_between;
use crate::plan::{Plan, Prefix};

/// An activation tensor: tensor 0 is the input, tensor s + 1 the result of step s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorShape {
    /// Fused leading column modes; slab number and position in a buffer.
    pub prefix: Prefix,
    /// All other indices, slowest first.
    pub rest: Vec<IndexId>,
    /// Only two slabs of it are alive.
    pub per_slab: bool,
}

/// One contraction step's indices by role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepShape {
    /// The step runs once per slab.
    pub per_slab: bool,
    /// Positions of the columns that stay fused, which the step walks through one by one.
    pub positions: usize,
    /// Fused columns summed into one of these positions, and into the last one, if there are any.
    pub merged: Option<(usize, usize)>,
    /// Kept indices whose positions each have their own weights; no lanes run over them.
    pub batch: Vec<IndexId>,
    /// Kept indices.
    pub free: Vec<IndexId>,
    /// Indices summed over, without the merged columns.
    pub contracted: Vec<IndexId>,
    /// Indices that the weights bring.
    pub new: Vec<IndexId>,
}

impl StepShape {
    /// Whether the result has an index of the operand, apart from fused columns.
    pub fn keeps(&self, id: IndexId) -> bool {
        self.free.contains(&id) || self.batch.contains(&id)
    }
}

/// All tensors and steps of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shapes {
    /// Tensors, one more than steps.
    pub tensors: Vec<TensorShape>,
    /// Steps.
    pub steps: Vec<StepShape>,
}

impl Shapes {
    /// Sorts a plan's indices.
    pub fn of(plan: &Plan) -> Shapes {
        let network = plan.network();
        let columns = network.columns();
        let slabs = plan.slabs();
        let mut prefix = Prefix { modes: slabs.modes, count: slabs.count };
        let rest = columns[prefix.modes..].to_vec();
        let mut tensors = vec![TensorShape { prefix, rest, per_slab: false }];
        let mut steps = Vec::new();
        for (s, step) in plan.steps().iter().enumerate() {
            let per_slab = s < slabs.steps;
            let summed = step.contracted.iter().filter(|id| columns.contains(id));
            let mask = summed.fold(0u32, |m, id| m | 1 << id.0);
            let after = if mask == 0 { prefix } else { prefix.after(network, mask) };
            let inside = &columns[after.modes..prefix.modes];
            let merged = !inside.is_empty() && merged_columns_between(inside, &step.contracted);
            let kept = &columns[..after.modes];
            steps.push(StepShape {
                per_slab,
                positions: if per_slab { 1 } else { after.count },
                merged: merged.then(|| merged_columns(network, prefix, after)),
                batch: step.batch.clone(),
                free: without(&step.free, kept),
                contracted: without(&step.contracted, if merged { inside } else { &[] }),
                new: step.new.clone(),
            });
            let last = s + 1 == plan.steps().len();
            let rest = if last { network.rows() } else { without(&step.output(), kept) };
            tensors.push(TensorShape { prefix: after, rest, per_slab: s + 1 < slabs.steps });
            prefix = after;
        }
        Shapes { tensors, steps }
    }
}

/// Fused columns that become one position of the result, and those left for the last one.
fn merged_columns(network: &Network, before: Prefix, after: Prefix) -> (usize, usize) {
    let full: usize =
        network.columns()[after.modes..before.modes].iter().map(|&c| network.size(c)).product();
    match after.count {
        1 => (before.count, before.count),
        n => (full, before.count - (n - 1) * full),
    }
}

fn without(ids: &[IndexId], drop: &[IndexId]) -> Vec<IndexId> {
    ids.iter().copied().filter(|id| !drop.contains(id)).collect()
}
