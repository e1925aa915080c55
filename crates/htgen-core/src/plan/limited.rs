//! The search under limits: of all orders and all cuts into slabs, those with the fewest
//! multiplies, the fewest ROM words or the fewest buffer words.
//!
//! An order and its cut are found together, because the buffer words of a plan depend on both: for
//! each number of modes that slabs may have there is a lane of labels whose steps all run slab by
//! slab, and lane 0 has those whose steps run whole, from the start or after the slab loop. Labels
//! are dropped when another of the same set and lane beats them in all that counts, so the search
//! is complete, unless it takes more than [`MOST_WORK`]: then sets keep only some of their labels.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::prefix::extent;
use super::search::Space;
use super::slab::MAX_SLABS;
use super::steps::Step;

/// Comparisons of labels after which fronts are thinned out.
const MOST_WORK: u64 = 1 << 26;
/// Labels that a front keeps of each kind when it is thinned out.
const THIN: usize = 6;

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Goal {
    /// Fewest ROM words within so many buffer words.
    Leanest { peak: u64 },
    /// Fewest buffer words.
    Tightest,
    /// Fewest multiplies within so many multiplies, ROM words and buffer words.
    Cheapest { macs: u64, rom: u64, peak: u64 },
}

impl Goal {
    fn peak(self) -> u64 {
        match self {
            Goal::Leanest { peak } | Goal::Cheapest { peak, .. } => peak,
            Goal::Tightest => u64::MAX,
        }
    }
}

/// A way to a set, as far as it counts for what is looked for; what does not count is 0.
#[derive(Clone, Copy)]
struct Label {
    macs: u64,
    rom: u64,
    /// In lane 0 the most words alive at once, else those of the slabs but of the last result.
    peak: u64,
    /// 100 times the multiplies with the last slab filled up minus 103 times those without: at the
    /// end at most 0.
    debt: i128,
    from: (u32, usize, usize),
}

impl Label {
    const START: Label = Label { macs: 0, rom: 0, peak: 0, debt: 0, from: (0, 0, 0) };

    fn dominates(&self, other: &Label) -> bool {
        self.macs <= other.macs
            && self.rom <= other.rom
            && self.peak <= other.peak
            && self.debt <= other.debt
    }
}

/// Slabs of so many leading modes.
struct Lane {
    modes: usize,
    count: u64,
    /// Positions that are filled, by the number of fused modes.
    filled: Vec<u64>,
    /// Whether a step from an operand of so many fused modes, or of fewer, can add to the debt.
    owes: Vec<bool>,
}

impl Lane {
    fn new(space: &Space, modes: usize) -> Option<Lane> {
        let network = space.costs.network;
        let input = space.costs.prefix(0);
        let count = input.count.div_ceil(extent(network, modes, input.modes));
        let filled: Vec<u64> =
            (0..=input.modes).map(|m| (count * extent(network, modes.min(m), m)) as u64).collect();
        let adds = |m: usize| {
            let positions = input.count.div_ceil(extent(network, m, input.modes)) as u64;
            m >= modes && filled[m] * 100 > positions * 103
        };
        let owes = (0..=input.modes).map(|m| (0..=m).any(adds)).collect();
        (count <= MAX_SLABS).then_some(Lane { modes, count: count as u64, filled, owes })
    }

    /// Words of a result in the slab loop.
    fn slab(&self, words: u64) -> u64 {
        words.div_ceil(self.count).saturating_mul(2)
    }
}

/// Complete orders that are best at what is looked for, several where several figures count.
pub(super) fn orders(space: &Space, goal: Goal) -> Vec<Vec<Step>> {
    let mut pass = Pass::new(space, goal);
    for set in 0..space.full() {
        pass.cut_at(set);
        pass.leave(set);
    }
    pass.found()
}

struct Pass<'s, 'n> {
    space: &'s Space<'n>,
    goal: Goal,
    lanes: Vec<Lane>,
    macs_to_go: Vec<u64>,
    rom_to_go: Vec<u64>,
    /// By set and lane, lane 0 first.
    fronts: Vec<Vec<Label>>,
    work: u64,
}

impl<'s, 'n> Pass<'s, 'n> {
    fn new(space: &'s Space<'n>, goal: Goal) -> Self {
        let modes = space.costs.prefix(0).modes;
        // Without a limit on buffer words no cut is needed.
        let cuts = match (goal, goal.peak()) {
            (Goal::Leanest { .. } | Goal::Cheapest { .. }, u64::MAX) => 1..1,
            _ => 1..modes,
        };
        let lanes: Vec<Lane> = cuts.filter_map(|m| Lane::new(space, m)).collect();
        let mut fronts = vec![Vec::new(); (space.full() as usize + 1) * (1 + lanes.len())];
        fronts[..=lanes.len()].fill(vec![Label::START]);
        let macs_to_go = space.least_macs_to_go();
        let rom_to_go = space.least_to_go(|_, words| words);
        Pass { space, goal, lanes, macs_to_go, rom_to_go, fronts, work: 0 }
    }

    fn at(&self, set: u32, lane: usize) -> usize {
        set as usize * (1 + self.lanes.len()) + lane
    }

    /// Ends the slab loop with the last step before `set`.
    fn cut_at(&mut self, set: u32) {
        if set == 0 {
            return;
        }
        let words = self.space.words(set);
        for lane in 1..=self.lanes.len() {
            for label in self.fronts[self.at(set, lane)].clone() {
                let peak = label.peak.saturating_add(words);
                self.offer(set, 0, Label { peak, ..label });
            }
        }
    }

    /// Takes every step from `set`, in every lane.
    fn leave(&mut self, set: u32) {
        let range = self.at(set, 0)..self.at(set + 1, 0);
        if self.work > MOST_WORK {
            self.fronts[range.clone()].iter_mut().for_each(thin);
        }
        let here = self.fronts[range].to_vec();
        if here.iter().all(Vec::is_empty) {
            return;
        }
        let space = self.space;
        for (group, macs, rom) in space.moves(set) {
            let next = set | group;
            if macs == u64::MAX || self.macs_to_go[next as usize] == u64::MAX {
                continue;
            }
            for (lane, labels) in here.iter().enumerate().filter(|(_, labels)| !labels.is_empty()) {
                let Some((words, debt)) = self.step(lane, set, next, macs) else { continue };
                for (k, label) in labels.iter().enumerate() {
                    let peak = match lane {
                        0 => label.peak.max(words),
                        _ => label.peak.saturating_add(words),
                    };
                    let new = Label {
                        macs: label.macs.saturating_add(macs),
                        rom: label.rom.saturating_add(rom),
                        peak,
                        debt: label.debt + debt,
                        from: (set, lane, k),
                    };
                    self.offer(next, lane, new);
                }
            }
        }
    }

    /// The words that a step has alive in a lane and what it adds to the debt; none where it cannot
    /// be taken in that lane.
    fn step(&self, lane: usize, set: u32, next: u32, macs: u64) -> Option<(u64, i128)> {
        let input = self.space.words(set);
        let Some(slabs) = lane.checked_sub(1).map(|lane| &self.lanes[lane]) else {
            return Some((input.saturating_add(self.space.words(next)), -3 * i128::from(macs)));
        };
        let (costs, full) = (&self.space.costs, self.space.full());
        if next == full || costs.prefix(self.space.done(next)).modes < slabs.modes {
            return None;
        }
        let before = costs.prefix(self.space.done(set));
        let filled = (macs / before.count as u64).saturating_mul(slabs.filled[before.modes]);
        let input = if set == 0 { 0 } else { slabs.slab(input) };
        Some((input, 100 * i128::from(filled) - 103 * i128::from(macs)))
    }

    /// Adds a label to a front, unless it exceeds a limit or another beats it.
    fn offer(&mut self, set: u32, lane: usize, label: Label) {
        let Some(label) = self.counted(set, lane, label) else { return };
        let at = self.at(set, lane);
        let front = &mut self.fronts[at];
        self.work += 1 + front.len() as u64;
        if !front.iter().any(|l| l.dominates(&label)) {
            front.retain(|l| !label.dominates(l));
            front.push(label);
        }
    }

    /// The label with nothing but what counts; none where it leads to no plan that is looked for.
    fn counted(&self, set: u32, lane: usize, label: Label) -> Option<Label> {
        let mut label = label;
        if label.peak > self.goal.peak() {
            return None;
        }
        match self.goal {
            Goal::Tightest => (label.macs, label.rom) = (0, 0),
            Goal::Leanest { .. } => label.macs = 0,
            Goal::Cheapest { macs, rom, .. } => {
                let most = macs.checked_sub(label.macs)?;
                let beyond = self.macs_to_go[set as usize] > most
                    || label.rom.saturating_add(self.rom_to_go[set as usize]) > rom
                    || label.debt > 3 * i128::from(most);
                if beyond {
                    return None;
                }
                label.rom = if rom == u64::MAX { 0 } else { label.rom };
            }
        }
        if lane == 0 && !matches!(self.goal, Goal::Tightest) {
            label.peak = 0;
        }
        let modes = self.space.costs.prefix(self.space.done(set)).modes;
        if lane == 0 || !self.lanes[lane - 1].owes[modes] {
            label.debt = label.debt.max(0);
        }
        Some(label)
    }

    fn found(&self) -> Vec<Vec<Step>> {
        let full = self.space.full();
        let labels = self.fronts[self.at(full, 0)].iter().filter(|label| label.debt <= 0);
        labels.map(|label| self.trace(label)).collect()
    }

    fn trace(&self, last: &Label) -> Vec<Step> {
        let mut steps = Vec::new();
        let (mut to, mut from) = (self.space.full(), last.from);
        while to != 0 {
            steps.push(self.space.step(from.0, to));
            to = from.0;
            from = match to {
                0 => from,
                _ => self.fronts[self.at(from.0, from.1)][from.2].from,
            };
        }
        steps.reverse();
        steps
    }
}

/// Leaves the labels of a front that are least in one of the figures.
fn thin(front: &mut Vec<Label>) {
    let figures: [fn(&Label) -> i128; 4] =
        [|l| l.macs.into(), |l| l.rom.into(), |l| l.peak.into(), |l| l.debt];
    if front.len() <= THIN * figures.len() {
        return;
    }
    let mut kept = Vec::new();
    for figure in figures {
        front.sort_by_key(figure);
        kept.extend(front.drain(..THIN));
    }
    *front = kept;
}
