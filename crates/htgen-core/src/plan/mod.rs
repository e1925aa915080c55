//! The contraction plan: which weights are merged, in which order they are contracted with the
//! input, how the first steps are cut into slabs, and what that costs.
//!
//! Knows no clock, no lanes and no number format. A [`Plan`] is only made by [`contract`].
// SPDX-License-Identifier: MIT OR Apache-2.0

mod bounds;
mod limited;
mod model;
mod planned;
mod prefix;
mod print;
mod refuse;
mod search;
mod slab;
mod steps;
pub mod walk;

pub use model::{ModelPlan, PlanPart};
pub use planned::Planned;
pub use prefix::Prefix;
pub use slab::Slabs;
pub use steps::Step;

use crate::error::Result;
use crate::model::Formats;
use crate::network::{Merges, Network};
use bounds::{Bounds, Taken};
use limited::Goal;
use search::Space;
use std::sync::Arc;

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

    /// The limits under which formats were chosen.
    pub fn of(formats: &Formats) -> PlanConfig {
        PlanConfig {
            max_rom_words: formats.max_rom_words,
            max_buffer_words: formats.max_buffer_words,
            ..PlanConfig::UNLIMITED
        }
    }

    fn kept_by(&self, plan: &Plan) -> bool {
        self.max_rom_words.is_none_or(|limit| plan.rom_words <= limit)
            && self.max_buffer_words.is_none_or(|limit| plan.peak_words <= limit)
    }
}

/// The contraction order of one matrix with its costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    network: Arc<Network>,
    steps: Vec<Step>,
    slabs: Slabs,
    macs_per_step: u64,
    macs_leaf_by_leaf: u64,
    rom_words: u64,
    peak_words: u64,
}

/// Finds the cheapest pairwise order under the limits.
///
/// # Errors
/// When no order stays within the limits, with the smallest reachable figures; or when the
/// matrix takes more than any plan may, with what it would take.
pub fn contract(network: impl Into<Arc<Network>>, config: &PlanConfig) -> Result<Plan> {
    let network = network.into();
    match cheapest(&network, config)? {
        Some(plan) => Ok(plan),
        None => Err(refuse::limits(&[&network], config)),
    }
}

/// The cheapest plan, none where no order keeps the limits.
fn cheapest(network: &Arc<Network>, config: &PlanConfig) -> Result<Option<Plan>> {
    let bounds = Bounds::of(bounds::values(network));
    let search = Search::new(network, config, bounds);
    let front = search.cheapest_front();
    if front.is_empty() {
        let free = Search::new(network, config, Bounds::NONE).cheapest_front();
        let cheapest = free.iter().min_by_key(|p| p.cost()).expect("some order always exists");
        bounds.check(&Taken::of(cheapest))?;
    }
    let limits = bounds.limit(config);
    let least = |plans: Vec<Plan>| {
        let kept = plans.into_iter().filter(|p| limits.kept_by(p));
        kept.min_by_key(|p| (bounds.check(&Taken::of(p)).is_err(), p.cost()))
    };
    if let Some(plan) = least(front) {
        bounds.check(&Taken::of(&plan))?;
        return Ok(Some(plan));
    }
    let Some(leanest) = search.leanest(&limits) else { return Ok(None) };
    if config.max_rom_words.is_some_and(|limit| leanest.rom_words > limit) {
        return Ok(None);
    }
    if leanest.rom_words > bounds.weights {
        bounds.check(&Taken::of(&leanest))?;
    }
    let mut plans = search.cheapest(&limits, leanest.macs_per_step);
    plans.push(leanest);
    let plan = least(plans).expect("the leanest plan keeps the limits");
    bounds.check(&Taken::of(&plan))?;
    Ok(Some(plan))
}

/// The plan with the fewest ROM words of those that keep the limit on buffer words, if any does.
fn leanest(network: &Arc<Network>, config: &PlanConfig) -> Option<Plan> {
    let bounds = Bounds::of(bounds::values(network));
    Search::new(network, config, bounds).leanest(config)
}

/// Fewest buffer words of any plan.
fn least_peak(network: &Arc<Network>, config: &PlanConfig) -> Option<u64> {
    let bounds = Bounds::of(bounds::values(network));
    Search::new(network, config, bounds).least_peak()
}

/// The searches over the orders of a network, with and without the columns that are zero.
struct Search<'a> {
    network: &'a Arc<Network>,
    merges: Merges,
    bounds: Bounds,
    drop_zero: Vec<bool>,
}

impl<'a> Search<'a> {
    fn new(network: &'a Arc<Network>, config: &PlanConfig, bounds: Bounds) -> Self {
        let merges = Merges::of(network);
        let dropping =
            config.drop_zero_columns && Prefix::of_input(network, true).truncated(network);
        let drop_zero = if dropping { vec![true, false] } else { vec![false] };
        Search { network, merges, bounds, drop_zero }
    }

    fn spaces(&self) -> impl Iterator<Item = Space<'_>> {
        let drop_zero = self.drop_zero.iter();
        drop_zero.map(|&drop| Space::new(self.network, &self.merges, &self.bounds, drop))
    }

    /// Plans that multiply least, some of those that take least memory.
    fn cheapest_front(&self) -> Vec<Plan> {
        self.front(|least| least)
    }

    /// Plans of at most so many multiplies, some of those that take least memory.
    fn front(&self, most: impl Fn(u64) -> u64) -> Vec<Plan> {
        let orders = self.spaces().flat_map(|space| {
            let to_go = space.least_macs_to_go();
            space.pareto(&to_go, most(to_go[0]))
        });
        self.plans(orders.collect())
    }

    /// The plan with the fewest ROM words under the limit on buffer words.
    fn leanest(&self, config: &PlanConfig) -> Option<Plan> {
        let peak = config.max_buffer_words.unwrap_or(u64::MAX);
        let orders =
            self.spaces().flat_map(|space| limited::orders(&space, Goal::Leanest { peak }));
        let plans = self.plans(orders.collect());
        plans.into_iter().min_by_key(|p| (p.rom_words, p.cost()))
    }

    /// Fewest buffer words of all plans.
    fn least_peak(&self) -> Option<u64> {
        let orders = self.spaces().flat_map(|space| limited::orders(&space, Goal::Tightest));
        self.plans(orders.collect()).iter().map(|p| p.peak_words).min()
    }

    /// Plans under both limits with as few multiplies as are needed, at most `most`.
    fn cheapest(&self, config: &PlanConfig, most: u64) -> Vec<Plan> {
        let rom = config.max_rom_words.unwrap_or(u64::MAX);
        let peak = config.max_buffer_words.unwrap_or(u64::MAX);
        let spaces: Vec<Space> = self.spaces().collect();
        let least = spaces.iter().map(|s| s.least_macs_to_go()[0]).min().unwrap_or(0);
        let rising = [110u64, 150, 250, 500, 1000, 4000];
        let rising = rising.into_iter().map(|percent| least.saturating_mul(percent) / 100);
        for macs in rising.take_while(|&macs| macs < most).chain([most]) {
            let goal = Goal::Cheapest { macs, rom, peak };
            let orders = spaces.iter().flat_map(|space| limited::orders(space, goal));
            let mut plans = self.plans(orders.collect());
            if let Some(fewest) = plans.iter().map(|p| p.macs_per_step).min() {
                // Of plans that multiply alike some may take less memory.
                plans.extend(self.front(|_| fewest));
                return plans;
            }
        }
        Vec::new()
    }

    fn plans(&self, orders: Vec<Vec<Step>>) -> Vec<Plan> {
        let macs_leaf_by_leaf = search::leaf_by_leaf(self.network, &self.merges);
        let assembled = |steps| Plan::assemble(self.network, steps, macs_leaf_by_leaf);
        orders.into_iter().map(assembled).collect()
    }
}

/// Bits of memory, eight per weight and twelve per word.
fn memory_bits(rom_words: u64, peak_words: u64) -> u64 {
    rom_words.saturating_mul(8).saturating_add(peak_words.saturating_mul(12))
}

impl Plan {
    fn assemble(network: &Arc<Network>, steps: Vec<Step>, macs_leaf_by_leaf: u64) -> Plan {
        let slabs = Slabs::choose(network, &steps);
        let plan = Plan {
            macs_per_step: steps.iter().fold(0, |sum, s| sum.saturating_add(s.macs)),
            macs_leaf_by_leaf,
            rom_words: steps.iter().fold(0, |sum, s| sum.saturating_add(s.weight_words)),
            peak_words: slabs.peak_words,
            network: Arc::clone(network),
            steps,
            slabs,
        };
        plan.check();
        plan
    }

    /// Replaces the values by those of another network; returns whether it has the same shape,
    /// otherwise nothing is replaced.
    fn revalue(&mut self, network: Arc<Network>) -> bool {
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
