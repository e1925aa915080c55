//! Which frames of a clip are taken.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// The frames taken from a clip of `count` frames for a sequence of `steps`: all of a clip that is
/// no longer, otherwise the middle ones of `steps` parts that are as equal as possible. Ascending,
/// none twice.
pub fn pick(count: usize, steps: usize) -> Vec<usize> {
    if count <= steps {
        return (0..count).collect();
    }
    (0..steps).map(|k| (2 * k + 1) * count / (2 * steps)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_spread_evenly() {
        assert_eq!(pick(3, 5), [0, 1, 2]);
        assert_eq!(pick(5, 5), [0, 1, 2, 3, 4]);
        assert_eq!(pick(6, 5), [0, 1, 3, 4, 5]);
        assert_eq!(pick(60, 6), [5, 15, 25, 35, 45, 55]);
        assert_eq!(pick(100, 1), [50]);
    }
}
