//! The plans of a whole model: one per part of each layer, with steps numbered consecutively.

use super::bounds::{self, Bounds, Taken};
use super::{Plan, PlanConfig, contract};
use crate::error::{Diagnostic, Result};
use crate::network::{Operand, Part};
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
/// # Errors When no plan stays within the limits, each part by itself and all parts together.
pub fn contract_model(layers: Vec<Vec<Part>>, config: &PlanConfig) -> Result<ModelPlan> {
    let mut first_step = 0;
    let mut plan_part = |Part { operand, network }: Part| -> Result<PlanPart> {
        let plan = contract(network, config)?;
        let own = first_step;
        first_step += plan.steps().len();
        Ok(PlanPart { operand, plan, first_step: own })
    };
    let layers = layers
        .into_iter()
        .map(|parts| parts.into_iter().map(&mut plan_part).collect())
        .collect::<Result<Vec<Vec<PlanPart>>>>()?;
    let mut plan = ModelPlan { layers };
    let values = plan.parts().map(|part| bounds::values(part.plan.network())).sum();
    let bounds = Bounds::of(values);
    if let Some(most) = bounds.limit(config).max_rom_words {
        plan.share(most, config);
    }
    let taken = plan.parts().map(|part| Taken::of(&part.plan));
    bounds.check(&taken.fold(Taken::default(), Taken::and))?;
    let limit = config.max_rom_words.filter(|&limit| plan.rom_words() > limit);
    if let Some(limit) = limit {
        return Err(Diagnostic::new("plan", "the matrices together exceed a limit")
            .found(format!("{} ROM words", plan.rom_words()))
            .expected(format!("at most {limit}"))
            .help("raise max_rom_words")
            .into());
    }
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
    /// # Errors When the parts have shapes other than those planned.
    pub fn with_values(&self, layers: Vec<Vec<Part>>) -> Result<ModelPlan> {
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

    /// Gives the parts with the most weights smaller plans, if there are any, until all of them
    /// together have at most `most` words.
    fn share(&mut self, most: u64, config: &PlanConfig) {
        let words: Vec<u64> = self.parts().map(|part| part.plan.rom_words()).collect();
        let Some(limit) = fair_limit(&words, most) else { return };
        let own = PlanConfig { max_rom_words: Some(limit), ..*config };
        let mut first_step = 0;
        for part in self.layers.iter_mut().flatten() {
            if part.plan.rom_words() > limit
                && let Ok(smaller) = contract(part.plan.network().clone(), &own)
            {
                part.plan = smaller;
            }
            part.first_step = first_step;
            first_step += part.plan.steps().len();
        }
    }

    fn sum(&self, of: impl Fn(&Plan) -> u64) -> u64 {
        self.parts().map(|part| of(&part.plan)).sum()
    }
}

/// The largest number that each may be limited to so that all together are at most `most`; none if
/// they are within it already.
fn fair_limit(words: &[u64], most: u64) -> Option<u64> {
    let mut ascending = words.to_vec();
    ascending.sort_unstable();
    let mut left = most;
    for (k, &own) in ascending.iter().enumerate() {
        let share = left / (ascending.len() - k) as u64;
        if own > share {
            return Some(share);
        }
        left -= own;
    }
    None
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
        assert_eq!(fair_limit(&[5, 10, 3], 18), None);
        assert_eq!(fair_limit(&[5, 10, 3], 17), Some(9));
        assert_eq!(fair_limit(&[5, 10, 3], 9), Some(3));
        assert_eq!(fair_limit(&[7, 7], 9), Some(4));
        assert_eq!(fair_limit(&[7], 0), Some(0));
    }
}
