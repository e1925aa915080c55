//! The weight ROM.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// Words with one weight per lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rom {
    lanes: usize,
    weights: Vec<i32>,
}

impl Rom {
    /// No words yet.
    pub(super) fn of(lanes: usize) -> Rom {
        Rom { lanes, weights: Vec::new() }
    }
    /// Number of words.
    pub fn len(&self) -> usize {
        self.weights.len() / self.lanes
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }
    /// The weights of a word, lane 0 first.
    pub fn word(&self, at: usize) -> &[i32] {
        &self.weights[at * self.lanes..][..self.lanes]
    }
    /// All words in order.
    pub fn words(&self) -> impl ExactSizeIterator<Item = &[i32]> {
        self.weights.chunks_exact(self.lanes)
    }
    /// Which lanes have a weight that is not zero, lane 0 first.
    pub fn lanes_used(&self) -> Vec<bool> {
        let mut used = vec![false; self.lanes];
        for word in self.words() {
            for (used, &weight) in used.iter_mut().zip(word) {
                *used |= weight != 0;
            }
        }
        used
    }
    /// One weight per lane, word after word.
    pub(super) fn extend(&mut self, weights: impl IntoIterator<Item = i32>) {
        self.weights.extend(weights);
    }
}
