//! Depth-first execution: the first steps run slab by slab over leading column modes, so that only
//! two slabs of each early result are alive instead of the whole.

use super::prefix::extent;
use super::steps::Step;
use crate::network::Network;

/// Most slabs a time step is cut into; the program lists every slab's steps one by one.
pub const MAX_SLABS: usize = 64;

/// The cut: steps 0..`steps` run once for each of `count` positions of the fused `modes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slabs {
    /// Leading column modes that number the slabs; 0 for one slab.
    pub modes: usize,
    /// Number of slabs.
    pub count: usize,
    /// How many steps run slab by slab, at least 1.
    pub steps: usize,
    /// Words of intermediate results alive at once under this cut.
    pub peak_words: u64,
}

impl Slabs {
    /// The cut with the fewest words alive; of equal ones the one with the fewest slabs.
    pub(super) fn choose(network: &Network, steps: &[Step]) -> Slabs {
        let mut best = Slabs { modes: 0, count: 1, steps: 1, peak_words: peak(steps, 1, 1) };
        for slabbed in 1..=steps.len().saturating_sub(1) {
            for modes in 1..=steps[slabbed - 1].after.modes {
                let count = count(network, steps, modes);
                if count > MAX_SLABS {
                    break;
                }
                let peak_words = peak(steps, slabbed, count);
                let cut = Slabs { modes, count, steps: slabbed, peak_words };
                if (cut.peak_words, cut.steps > 1, best.count > 1)
                    < (best.peak_words, best.steps > 1, best.count > 1)
                    || (cut.peak_words == best.peak_words && best.count == 1)
                {
                    best = cut;
                }
            }
        }
        best
    }
}

/// Slabs that the leading `modes` make of the input's columns.
fn count(network: &Network, steps: &[Step], modes: usize) -> usize {
    let before = steps[0].before;
    before.count.div_ceil(extent(network, modes.min(before.modes), before.modes))
}

/// Words alive at once: two slabs of each result inside the slab loop, the whole of the last one's;
/// behind the loop each step's input and output.
fn peak(steps: &[Step], slabbed: usize, count: usize) -> u64 {
    let words = |k: usize| if k + 1 == steps.len() { 0 } else { steps[k].out_words };
    let slab = |k: usize| 2 * words(k).div_ceil(count as u64);
    let inside = (0..slabbed - 1).map(slab).sum::<u64>() + words(slabbed - 1);
    let behind = (slabbed..steps.len()).map(|k| words(k - 1) + words(k)).max().unwrap_or(0);
    inside.max(behind)
}
