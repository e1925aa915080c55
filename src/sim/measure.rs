//! Cycles per time step in the steady state, from the clocks in which time steps start.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// The time steps between whose starts cycles are counted: from the first one of the second
/// sequence to the first one of the last sequence; for one or two sequences, from the first time
/// step to the last. None if there is only one time step.
pub(super) fn window(lengths: &[usize]) -> Option<(usize, usize)> {
    let total: usize = lengths.iter().sum();
    match lengths {
        [first, _, .., last] => Some((*first, total - last)),
        _ => (total > 1).then(|| (0, total - 1)),
    }
}

/// How many sequences end within the window.
pub(super) fn ends_in_window(lengths: &[usize]) -> usize {
    let Some((first, last)) = window(lengths) else { return 0 };
    let ends = lengths.iter().scan(0, |end, n| {
        *end += n;
        Some(*end)
    });
    ends.filter(|end| (first + 1..=last).contains(end)).count()
}

/// Cycles per time step: the mean over the window, or, for a single time step, from its start to
/// the last output value, both clocks included. None if not every time step was seen.
pub(super) fn cycles_per_step(lengths: &[usize], starts: &[u64], last_output: u64) -> Option<f64> {
    if starts.len() != lengths.iter().sum::<usize>() {
        return None;
    }
    Some(match window(lengths) {
        Some((first, last)) => (starts[last] - starts[first]) as f64 / (last - first) as f64,
        None => (last_output + 1 - starts.first()?) as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_leaves_out_the_first_and_the_last_sequence() {
        for (lengths, expect) in [
            (&[1][..], None),
            (&[4], Some((0, 3))),
            (&[1, 1], Some((0, 1))),
            (&[2, 3, 4], Some((2, 5))),
            (&[2, 1, 1, 7], Some((2, 4))),
        ] {
            assert_eq!(window(lengths), expect, "{lengths:?}");
        }
    }

    #[test]
    fn a_sequence_ends_with_the_start_of_the_next() {
        for (lengths, expect) in [(&[3][..], 0), (&[1, 1], 1), (&[2, 3, 4], 1), (&[2, 1, 1, 7], 2)]
        {
            assert_eq!(ends_in_window(lengths), expect, "{lengths:?}");
        }
    }

    #[test]
    fn cycles_are_those_between_starts() {
        assert_eq!(cycles_per_step(&[2, 2, 1], &[5, 9, 20, 30, 43], 60), Some(11.5));
        assert_eq!(cycles_per_step(&[1], &[5], 60), Some(56.0));
        assert_eq!(cycles_per_step(&[1, 2], &[5, 6], 60), None);
    }
}
