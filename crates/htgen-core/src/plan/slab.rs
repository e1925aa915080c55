//! Depth-first execution: the first steps run slab by slab over leading column modes, so that only
//! two slabs of each early result are alive instead of the whole, and the input buffer can be
//! refilled after it has been read.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::prefix::{Prefix, extent};
use super::steps::Step;
use crate::network::Network;

/// Maximum number of slabs in a time step; the program lists the steps of every slab one by one.
pub const MAX_SLABS: usize = 64;

/// The cut: steps 0..`steps` run once for each of `count` positions of the fused leading `modes`.
///
/// Inside a slab every column counts as data (the input buffer holds zeros there). With `steps` 0
/// nothing is cut: the input is one tensor whose first `modes` modes hold `count` positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slabs {
    /// Leading column modes that number the slabs.
    pub modes: usize,
    /// Number of slabs.
    pub count: usize,
    /// How many steps run slab by slab.
    pub steps: usize,
    /// Words of intermediate results alive at once under this cut.
    pub peak_words: u64,
}

impl Slabs {
    /// The cut with the fewest words alive among those that add at most three percent of multiplies
    /// by padding the last slab.
    pub(super) fn choose(network: &Network, steps: &[Step]) -> Slabs {
        let exact = steps.iter().fold(0u64, |sum, s| sum.saturating_add(s.macs));
        let whole = normalized(network, steps[0].before);
        let peak_words = peak(steps, 0, 1);
        let uncut = Slabs { modes: whole.modes, count: whole.count, steps: 0, peak_words };
        (1..steps.len())
            .flat_map(|slabbed| (1..=steps[slabbed - 1].after.modes).map(move |m| (slabbed, m)))
            .map(|(slabbed, modes)| cut(network, steps, slabbed, modes))
            .filter(|(slabs, macs)| {
                let little_more = u128::from(*macs) * 100 <= u128::from(exact) * 103;
                slabs.count <= MAX_SLABS && little_more
            })
            .chain([(uncut, exact)])
            .min_by_key(|(slabs, macs)| (slabs.peak_words, slabs.steps == 0, *macs))
            .map_or(uncut, |(slabs, _)| slabs)
    }
}

/// A cut and the multiplies it takes.
fn cut(network: &Network, steps: &[Step], slabbed: usize, modes: usize) -> (Slabs, u64) {
    let input = steps[0].before;
    let count = input.count.div_ceil(extent(network, modes, input.modes));
    let filled = |s: &Step| {
        let positions = (count * extent(network, modes, s.before.modes)) as u64;
        (s.macs / s.before.count as u64).saturating_mul(positions)
    };
    let macs = steps.iter().enumerate().map(|(k, s)| if k < slabbed { filled(s) } else { s.macs });
    let peak_words = peak(steps, slabbed, count);
    (Slabs { modes, count, steps: slabbed, peak_words }, macs.fold(0, u64::saturating_add))
}

/// The same positions with as few fused modes as possible.
fn normalized(network: &Network, mut prefix: Prefix) -> Prefix {
    while prefix.modes > 0 {
        let last = extent(network, prefix.modes - 1, prefix.modes);
        if !prefix.count.is_multiple_of(last) {
            break;
        }
        prefix = Prefix { modes: prefix.modes - 1, count: prefix.count / last };
    }
    prefix
}

/// Words alive at once: two slabs of each result inside the slab loop, all of the last one's; after
/// the loop the input and output of each step.
fn peak(steps: &[Step], slabbed: usize, count: usize) -> u64 {
    let words = |k: usize| if k + 1 == steps.len() { 0 } else { steps[k].out_words };
    let slab = |k: usize| words(k).div_ceil(count as u64).saturating_mul(2);
    let inside = match slabbed {
        0 => 0,
        n => (0..n - 1).map(slab).fold(words(n - 1), u64::saturating_add),
    };
    let read = |k: usize| if k == 0 { 0 } else { words(k - 1) };
    let behind =
        (slabbed..steps.len()).map(|k| read(k).saturating_add(words(k))).max().unwrap_or(0);
    inside.max(behind)
}
