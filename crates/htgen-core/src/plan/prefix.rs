//! Which positions of the leading column modes carry data.
//!
//! The used columns form a prefix of the row-major column index. While the last modes are
//! contracted first, the modes still free keep that property: the first `modes` column modes, fused
//! into one index, hold data in positions 0..`count`; all other column modes are full.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::network::Network;

/// The fused leading column modes and how many of their positions hold data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// Number of leading column modes that are fused.
    pub modes: usize,
    /// Positions 0..count of the fused index hold data.
    pub count: usize,
}

impl Prefix {
    /// The prefix of the whole input vector; `drop_zero` off counts every padded column as data.
    pub fn of_input(network: &Network, drop_zero: bool) -> Prefix {
        let modes = network.columns().len();
        let all = extent(network, 0, modes);
        Prefix { modes, count: if drop_zero { network.columns_used() } else { all } }
    }
    /// What is left after summing over the modes in `contracted` (one bit per column mode).
    pub fn after(self, network: &Network, contracted: u32) -> Prefix {
        let first = (contracted.trailing_zeros() as usize).min(self.modes);
        let inner = extent(network, first, self.modes);
        Prefix { modes: first, count: self.count.div_ceil(inner) }
    }
    /// Fewer positions than the modes hold.
    pub fn truncated(self, network: &Network) -> bool {
        self.count < extent(network, 0, self.modes)
    }
}

/// Product of the column modes `from..to`.
pub(crate) fn extent(network: &Network, from: usize, to: usize) -> usize {
    network.columns()[from..to].iter().map(|&c| network.size(c)).product()
}
