//! The contraction plan: which weights are merged, in which order they are contracted with the
//! input, how the first steps are cut into slabs, and what that costs.
//!
//! Knows no clock, no lanes and no number format. A [`Plan`] is only made by [`contract`].

mod bounds;
mod model;
mod prefix;
mod print;
mod search;
mod slab;
mod steps;
pub mod walk;

pub use model::{ModelPlan, PlanPart, contract_model};
pub use prefix::Prefix;
pub use slab::Slabs;
pub use steps::Step;

use crate::error::{Diagnostic, Result};
use crate::network::{Merges, Network};
use bounds::{Bounds, Taken};

/// Limits and switches of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanConfig {
    /// Maximum number of weight words that the merged tensors may take.
    pub max_rom_words: Option<u64>,
    /// Maximum number of words of intermediate results alive at once.
    pub max_buffer_words: Option<u64>,
    /// Leave out the columns that are structurally zero.
    pub drop_zero_columns: bool,
}

impl PlanConfig {
    /// No limits, zero columns dropped.
    pub const UNLIMITED: PlanConfig =
        PlanConfig { max_rom_words: None, max_buffer_words: None, drop_zero_columns: true };
}

/// The contraction order of one matrix with its costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    network: Network,
    steps: Vec<Step>,
    slabs: Slabs,
    macs_per_step: u64,
    macs_leaf_by_leaf: u64,
    rom_words: u64,
    peak_words: u64,
}

/// Finds the cheapest pairwise order under the limits.
///
/// # Errors When no order stays within the limits, with the smallest reachable figures; or when the
/// matrix takes more than any plan may, with what it would take.
pub fn contract(network: Network, config: &PlanConfig) -> Result<Plan> {
    let merges = Merges::of(&network);
    let bounds = Bounds::of(bounds::values(&network));
    let all = plans(&network, &merges, &bounds, &bounds.limit(config));
    if all.is_empty() {
        let free = plans(&network, &merges, &Bounds::NONE, &PlanConfig::UNLIMITED);
        let cheapest = free.iter().min_by_key(|p| p.cost()).expect("some order always exists");
        bounds.check(&Taken::of(cheapest))?;
    }
    let limits = |p: &Plan| {
        config.max_rom_words.is_none_or(|limit| p.rom_words <= limit)
            && config.max_buffer_words.is_none_or(|limit| p.peak_words <= limit)
    };
    let least_rom = all.iter().map(|p| p.rom_words).min().unwrap_or(0);
    let least_peak = all.iter().map(|p| p.peak_words).min().unwrap_or(0);
    let within = |p: &Plan| bounds.check(&Taken::of(p)).is_ok();
    let cheapest = all.iter().filter(|p| limits(p)).min_by_key(|p| (!within(p), p.cost()));
    let Some(plan) = cheapest else {
        let limit = |limit: Option<u64>| limit.map_or("any number of".into(), |v| v.to_string());
        let (rom, peak) = (config.max_rom_words, config.max_buffer_words);
        return Err(Diagnostic::new("plan", "no contraction order is within the limits")
            .found(format!("at least {least_rom} ROM words, at least {least_peak} buffer words"))
            .expected(format!("at most {} ROM words and {} buffer words", limit(rom), limit(peak)))
            .help(
                match (rom.is_some_and(|l| least_rom > l), peak.is_some_and(|l| least_peak > l)) {
                    (true, true) => "raise max_rom_words and max_buffer_words",
                    (true, false) => "raise max_rom_words",
                    (false, true) => "raise max_buffer_words",
                    (false, false) => {
                        "raise max_rom_words or max_buffer_words: both cannot be kept"
                    }
                },
            )
            .into());
    };
    bounds.check(&Taken::of(plan))?;
    Ok(plan.clone())
}

fn plans(network: &Network, merges: &Merges, bounds: &Bounds, config: &PlanConfig) -> Vec<Plan> {
    let mut orders = search::orders(network, merges, bounds, config, config.drop_zero_columns);
    if config.drop_zero_columns {
        orders.extend(search::orders(network, merges, bounds, config, false));
    }
    let macs_leaf_by_leaf = search::leaf_by_leaf(network, merges);
    let assembled = |steps| Plan::assemble(network, steps, macs_leaf_by_leaf);
    orders.into_iter().map(assembled).collect()
}

/// Bits of memory, eight per weight and twelve per word.
fn memory_bits(rom_words: u64, peak_words: u64) -> u64 {
    rom_words.saturating_mul(8).saturating_add(peak_words.saturating_mul(12))
}

impl Plan {
    fn assemble(network: &Network, steps: Vec<Step>, macs_leaf_by_leaf: u64) -> Plan {
        let slabs = Slabs::choose(network, &steps);
        let plan = Plan {
            macs_per_step: steps.iter().fold(0, |sum, s| sum.saturating_add(s.macs)),
            macs_leaf_by_leaf,
            rom_words: steps.iter().fold(0, |sum, s| sum.saturating_add(s.weight_words)),
            peak_words: slabs.peak_words,
            network: network.clone(),
            steps,
            slabs,
        };
        plan.check();
        plan
    }

    /// Replaces the values by those of another network; returns whether it has the same shape,
    /// otherwise nothing is replaced.
    fn revalue(&mut self, network: Network) -> bool {
        let shapes = |network: &Network| -> Vec<_> {
            let nodes = network.nodes().iter();
            nodes.map(|n| (n.tensor.indices().to_vec(), n.tensor.dims().to_vec())).collect()
        };
        let same = shapes(&self.network) == shapes(&network);
        if same {
            self.network = network;
        }
        same
    }

    /// Fewest multiplies first, then the least memory.
    fn cost(&self) -> (u64, u64, usize) {
        (self.macs_per_step, memory_bits(self.rom_words, self.peak_words), self.steps.len())
    }

    /// Internal consistency: every node is used once and nothing but rows is left at the end.
    fn check(&self) {
        let mut used: Vec<_> = self.steps.iter().flat_map(|s| s.nodes.iter().copied()).collect();
        used.sort();
        used.dedup();
        assert_eq!(used.len(), self.network.nodes().len(), "each node is contracted once");
        let last = self.steps.last().expect("a plan has a step");
        let mut rows: Vec<_> = last.output();
        rows.sort();
        assert_eq!(rows, self.network.rows(), "the last step yields the rows");
    }

    /// The network that is contracted.
    pub fn network(&self) -> &Network {
        &self.network
    }
    /// Contraction steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
    /// How the first steps are cut into slabs.
    pub fn slabs(&self) -> &Slabs {
        &self.slabs
    }
    /// Multiply-accumulates per time step.
    pub fn macs_per_step(&self) -> u64 {
        self.macs_per_step
    }
    /// Multiply-accumulates of the dense matrix, used columns only.
    pub fn macs_dense(&self) -> u64 {
        (self.network.gates() * self.network.units() * self.network.columns_used()) as u64
    }
    /// Multiply-accumulates of the walk that contracts one node after another, leaves first.
    pub fn macs_leaf_by_leaf(&self) -> u64 {
        self.macs_leaf_by_leaf
    }
    /// Words of merged weights.
    pub fn rom_words(&self) -> u64 {
        self.rom_words
    }
    /// Words of intermediate results alive at once, slabs included; without input and gate buffers.
    pub fn peak_words(&self) -> u64 {
        self.peak_words
    }
}
