//! The tables of the element-wise units: what a cell knows of the hidden units that it processes.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// Maximum number of parts in a layer.
pub(super) const PARTS: usize = 2;

/// One hidden unit as the element-wise unit processes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// Hidden unit number j of its layer; none in a row that only pads the table.
    pub unit: Option<usize>,
    /// Its layer.
    pub layer: usize,
    /// Number of groups of gate pre-activations of the layer's last part that must have arrived.
    pub need: usize,
    /// Words of the gate buffer for the four sums of the unit, and within each sum for the
    /// contributions of the parts; the part that completes the gates comes first.
    pub gates: [[Option<usize>; PARTS]; 4],
    /// Biases of the four sums.
    pub bias: [i32; 4],
    /// Word of the input buffer that receives h, if h is fed back there.
    pub input_word: Option<usize>,
    /// Word of the hidden buffer that receives h.
    pub hidden_word: usize,
    /// Whether its row is the last of its layer.
    pub last: bool,
}

/// The hidden units of one cell in processing order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitTable(pub Vec<Unit>);
