//! The plans of a whole model: one per part of each layer, with steps numbered consecutively.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::bounds::{self, Bounds, Taken};
use super::{Plan, PlanConfig, cheapest, leanest, refuse};
use crate::error::{Diagnostic, Result};
use crate::model::FINGERPRINT;
use crate::network::{Operand, Part};
use sha2::{Digest, Sha256};
use std::fmt;

/// The plan of one product of a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanPart {
    operand: Operand,
    plan: Plan,
    first_step: usize,
}

/// The plans of a model's layers, from input to output.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelPlan {
    layers: Vec<Vec<PlanPart>>,
}

/// Plans every part of every layer.
///
/// # Errors
/// When no plans stay within the limits, each its own and all together, or they take more than any
/// may.
pub(super) fn contract_all(layers: Vec<Vec<Part>>, config: &PlanConfig) -> Result<ModelPlan> {
    let networks = || layers.iter().flatten().map(|part| &part.network);
    let refused = || refuse::limits(&networks().collect::<Vec<_>>(), config);
    let mut first_step = 0;
    let mut plan_part = |Part { operand, network }: &Part| -> Result<PlanPart> {
        let plan = cheapest(network, config)?.ok_or_else(refused)?;
        let own = first_step;
        first_step += plan.steps().len();
        Ok(PlanPart { operand: *operand, plan, first_step: own })
    };
    let parts = |parts: &Vec<Part>| parts.iter().map(&mut plan_part).collect();
    let mut plan = ModelPlan { layers: layers.iter().map(parts).collect::<Result<_>>()? };
    let bounds = Bounds::of(networks().map(|network| bounds::values(network)).sum());
    if let Some(most) = bounds.limit(config).max_rom_words {
        plan.share(most, config)?;
    }
    if config.max_rom_words.is_some_and(|limit| plan.rom_words() > limit) {
        return Err(refused());
    }
    let taken = plan.parts().map(|part| Taken::of(&part.plan));
    bounds.check(&taken.fold(Taken::default(), Taken::and))?;
    Ok(plan)
}

impl PlanPart {
    /// The vector that the part multiplies.
    pub fn operand(&self) -> Operand {
        self.operand
    }
    /// Its contraction.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
    /// Number of its first step among all steps of the model.
    pub fn first_step(&self) -> usize {
        self.first_step
    }
}

impl ModelPlan {
    /// The same plan for other values of the same model: steps and costs depend only on shapes.
    ///
    /// # Errors
    /// When the parts have shapes other than those planned.
    pub(super) fn with_values(&self, layers: Vec<Vec<Part>>) -> Result<ModelPlan> {
        let mut plan = self.clone();
        let (own, new) = (plan.layers.iter().map(Vec::len), layers.iter().map(Vec::len));
        let mut fits = own.eq(new);
        for (own, new) in plan.layers.iter_mut().flatten().zip(layers.into_iter().flatten()) {
            fits &= own.operand == new.operand && own.plan.revalue(new.network);
        }
        match fits {
            true => Ok(plan),
            false => Err(Diagnostic::new("plan", "made for a model of another shape").into()),
        }
    }
    /// What the formats of a quantized model belong to: a hash of the steps, which depends on the
    /// shapes of the matrices and on the order of contraction, not on values.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for part in self.parts() {
            let operand = match part.operand {
                Operand::Input { hidden_offset: None } => "x".to_owned(),
                Operand::Input { hidden_offset: Some(first) } => format!("x, h {first}"),
                Operand::Hidden { first } => format!("h {first}"),
            };
            hash.update(format!("{operand}\n"));
            for step in part.plan.steps() {
                let nodes: Vec<u8> = step.nodes.iter().map(|node| node.0).collect();
                let indices = [&step.free, &step.batch, &step.contracted, &step.new];
                let indices = indices.map(|ids| ids.iter().map(|id| id.0).collect::<Vec<u8>>());
                let columns = [step.before, step.after].map(|prefix| (prefix.modes, prefix.count));
                hash.update(format!("{nodes:?} {indices:?} {columns:?}\n"));
            }
        }
        let digits = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        digits[..FINGERPRINT].to_owned()
    }
    /// First column of h in the one memory that it shares with x: where a part multiplies both,
    /// they have one format, and one prefix of columns.
    pub fn shared_offset(&self) -> Option<usize> {
        self.parts().find_map(|part| match part.operand() {
            Operand::Input { hidden_offset } => hidden_offset,
            Operand::Hidden { .. } => None,
        })
    }
    /// The parts of each layer, that of x first.
    pub fn layers(&self) -> &[Vec<PlanPart>] {
        &self.layers
    }
    /// All parts, in the order in which they are carried out.
    pub fn parts(&self) -> impl Iterator<Item = &PlanPart> {
        self.layers.iter().flatten()
    }
    /// The part that holds step `k` of the model.
    pub fn part_of(&self, k: usize) -> &PlanPart {
        let begun = self.parts().filter(|part| part.first_step <= k).last();
        begun.expect("the first step of all is number 0")
    }
    /// Contraction steps of the whole model.
    pub fn step_count(&self) -> usize {
        self.parts().map(|part| part.plan.steps().len()).sum()
    }
    /// Multiply-accumulates per time step.
    pub fn macs_per_step(&self) -> u64 {
        self.sum(Plan::macs_per_step)
    }
    /// Multiply-accumulates of the dense matrices, used columns only.
    pub fn macs_dense(&self) -> u64 {
        let zeros = |part: &PlanPart| match part.operand {
            Operand::Hidden { first } => first,
            Operand::Input { .. } => 0,
        };
        let one = |part: &PlanPart| {
            let network = part.plan.network();
            let columns = network.columns_used() - zeros(part);
            (network.gates() * network.units() * columns) as u64
        };
        self.parts().map(one).sum()
    }
    /// Multiply-accumulates of the walk that contracts one node after another, leaves first.
    pub fn macs_leaf_by_leaf(&self) -> u64 {
        self.sum(Plan::macs_leaf_by_leaf)
    }
    /// Words of merged weights.
    pub fn rom_words(&self) -> u64 {
        self.sum(Plan::rom_words)
    }
    /// Words of intermediate results alive at once; parts run one after another.
    pub fn peak_words(&self) -> u64 {
        self.parts().map(|part| part.plan.peak_words()).max().unwrap_or(0)
    }

    /// Gives the parts with the most weights smaller plans until all have at most `most` words
    /// together, or each has as few as it can.
    fn share(&mut self, most: u64, config: &PlanConfig) -> Result<()> {
        if self.rom_words() <= most {
            return Ok(());
        }
        let least = |part: &PlanPart| match leanest(&part.plan.network, config) {
            Some(plan) => (plan.rom_words().min(part.plan.rom_words()), part.plan.rom_words()),
            None => (part.plan.rom_words(), part.plan.rom_words()),
        };
        let words: Vec<(u64, u64)> = self.parts().map(least).collect();
        let fair = fair_limit(&words, most);
        let mut first_step = 0;
        for (part, (least, own)) in self.layers.iter_mut().flatten().zip(words) {
            let limit = fair.max(least);
            let smaller = PlanConfig { max_rom_words: Some(limit), ..*config };
            if own > limit
                && let Some(plan) = cheapest(&part.plan.network, &smaller)?
            {
                part.plan = plan;
            }
            part.first_step = first_step;
            first_step += part.plan.steps().len();
        }
        Ok(())
    }

    fn sum(&self, of: impl Fn(&Plan) -> u64) -> u64 {
        self.parts().map(|part| of(&part.plan)).sum()
    }
}

/// The largest number that each of `(least, words)` may keep to, or to its least where that is
/// more, so that all together come to at most `most`; 0 where they never do.
fn fair_limit(words: &[(u64, u64)], most: u64) -> u64 {
    let together = |limit: u64| -> u128 {
        words.iter().map(|&(least, own)| u128::from(own.min(limit).max(least))).sum()
    };
    let (mut low, mut high) = (0, words.iter().map(|&(_, own)| own).max().unwrap_or(0));
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        match together(middle) <= u128::from(most) {
            true => low = middle,
            false => high = middle - 1,
        }
    }
    low
}

impl fmt::Display for ModelPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alone = self.parts().count() == 1;
        for (k, layer) in self.layers.iter().enumerate() {
            for part in layer {
                if !alone {
                    let of = match part.operand {
                        Operand::Input { hidden_offset: None } => "x",
                        Operand::Input { hidden_offset: Some(_) } => "x and h",
                        Operand::Hidden { .. } => "h",
                    };
                    writeln!(f, "layer {k}, {of}, from step s{}", part.first_step)?;
                }
                part.plan.fmt(f)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::fair_limit;

    #[test]
    fn the_largest_give_way() {
        let free = |words: [u64; 3]| words.map(|own| (0, own));
        assert_eq!(fair_limit(&free([5, 10, 3]), 18), 10);
        assert_eq!(fair_limit(&free([5, 10, 3]), 17), 9);
        assert_eq!(fair_limit(&free([5, 10, 3]), 9), 3);
        assert_eq!(fair_limit(&[(0, 7), (0, 7)], 9), 4);
        assert_eq!(fair_limit(&[(0, 7)], 0), 0);
    }

    /// What cannot give way leaves less to the others.
    #[test]
    fn nobody_gets_less_than_its_least() {
        assert_eq!(fair_limit(&[(6, 10), (1, 10)], 9), 3);
        assert_eq!(fair_limit(&[(6, 10), (1, 10)], 7), 1);
        assert_eq!(fair_limit(&[(6, 10), (1, 10)], 6), 0);
    }
}
