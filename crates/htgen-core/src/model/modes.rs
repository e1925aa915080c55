//! Modes chosen for a number of rows or columns: as equal as the numbers allow, since a leaf costs
//! row mode times column mode times rank.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::shape::{self, MAX_MODES, MAX_SIDE};
use crate::error::{Diagnostic, Result};
use std::collections::HashMap;

/// Largest mode that [`count`] aims for.
const USUAL_MODE: usize = 9;

/// Number of modes that keeps each of them at about nine for this many columns: 4 for 1,088, 5 for
/// 57,856.
pub fn count(columns: usize) -> usize {
    let covers = |d: &usize| USUAL_MODE.pow(*d as u32) >= columns;
    (1..MAX_MODES).find(covers).unwrap_or(MAX_MODES)
}

/// Row modes of `gates` x `hidden` rows: the product is exactly that, mode 0 is a multiple of
/// `gates`, and the sum is minimal. Where there are too few divisors, modes are 1.
pub fn rows(gates: usize, hidden: usize, count: usize) -> Result<Vec<usize>> {
    let rows = gates.saturating_mul(hidden);
    check(rows, count)?;
    if count == 1 {
        return Ok(vec![rows]);
    }
    let with = |first: usize| -> Result<Vec<usize>> {
        let rest = aligned(&[hidden / first], 0, count - 1)?;
        Ok([&[gates * first], &rest[..]].concat())
    };
    let divisors = (1..=hidden.isqrt()).filter(|d| hidden.is_multiple_of(*d));
    let all = divisors.flat_map(|d| [d, hidden / d]).map(with).collect::<Result<Vec<_>>>()?;
    let best = all.into_iter().min_by_key(|modes| (modes.iter().sum::<usize>(), modes.clone()));
    Ok(best.expect("1 is a divisor"))
}

/// Column modes for `inputs` columns of x followed by `hidden` columns of h (0 when h is not in the
/// matrix).
///
/// For a shape of more than one axis, such as [planes, rows, columns] of a frame, see [`aligned`];
/// otherwise see [`covering`].
pub fn auto(inputs: usize, hidden: usize, shape: &[usize], count: usize) -> Result<Vec<usize>> {
    if !shape.is_empty() && shape::product(shape) != Some(inputs) {
        return Err(Diagnostic::new("shape", "has the wrong product")
            .found(shape::text(shape))
            .expected(format!("{inputs}, the inputs"))
            .into());
    }
    match shape {
        [] | [_] => covering(inputs.saturating_add(hidden), count),
        _ => aligned(shape, hidden, count),
    }
}

/// Column modes whose product is at least `columns`: the least sum, then the least product, in
/// ascending order.
pub fn covering(columns: usize, count: usize) -> Result<Vec<usize>> {
    check(columns, count)?;
    // For a given sum the most equal parts have the largest product.
    let fits = |sum: usize| most(sum, count) >= columns as u128;
    let (mut low, mut high) = (count, columns + count);
    while low < high {
        let middle = low.midpoint(high);
        if fits(middle) { high = middle } else { low = middle + 1 }
    }
    let sum = low;
    let mut best = (u128::MAX, Vec::new());
    parts(sum, count, columns as u128, &mut Vec::new(), 1, &mut best);
    Ok(best.1)
}

/// Column modes that follow the axes of the inputs, slowest axis first: every mode but the first is
/// a divisor of one axis, so a boundary between axes is one between modes; the first takes what is
/// left of the axes and grows until `more` columns fit after them. The least sum, then the least
/// product.
pub fn aligned(axes: &[usize], more: usize, count: usize) -> Result<Vec<usize>> {
    let columns = shape::product(axes).unwrap_or(usize::MAX);
    check(columns.saturating_add(more), count)?;
    if columns == 0 {
        return Err(Diagnostic::new("shape", "an empty axis").found(shape::text(axes)).into());
    }
    let mut search = Search { axes, columns, more, known: HashMap::new() };
    let last = axes.len() - 1;
    Ok(search.best(last, axes[last], count).modes)
}

fn check(columns: usize, count: usize) -> Result<()> {
    let problem = |what: &str, found: usize, most: usize| {
        Diagnostic::new("modes", what).found(found).expected(format!("1 to {most}"))
    };
    if !(1..=MAX_MODES).contains(&count) {
        return Err(problem("number of modes out of range", count, MAX_MODES).into());
    }
    if !(1..=MAX_SIDE).contains(&columns) {
        return Err(problem("size out of range", columns, MAX_SIDE).into());
    }
    Ok(())
}

/// Largest product of `count` parts of `sum`.
fn most(sum: usize, count: usize) -> u128 {
    let (part, larger) = ((sum / count) as u128, sum % count);
    let equal = part.saturating_pow((count - larger) as u32);
    equal.saturating_mul((part + 1).saturating_pow(larger as u32))
}

/// Walks over the ascending parts of `sum` whose product with `product` reaches `least`, and keeps
/// those with the least product.
fn parts(
    sum: usize,
    count: usize,
    least: u128,
    taken: &mut Vec<usize>,
    product: u128,
    best: &mut (u128, Vec<usize>),
) {
    if count == 0 {
        if product < best.0 {
            *best = (product, taken.clone());
        }
        return;
    }
    let first = taken.last().copied().unwrap_or(1);
    let last = if count == 1 { sum } else { sum / count };
    // From equal parts outwards: the further from them, the smaller the product can be.
    for part in (first..=last).rev() {
        if count == 1 && part != sum {
            break;
        }
        let product = product * part as u128;
        let bound = if count == 1 { 1 } else { most(sum - part, count - 1) };
        if product * bound < least {
            break;
        }
        taken.push(part);
        parts(sum - part, count - 1, least, taken, product, best);
        taken.pop();
    }
}

/// The best modes for a part of the axes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Choice {
    sum: usize,
    product: usize,
    modes: Vec<usize>,
}

struct Search<'a> {
    axes: &'a [usize],
    columns: usize,
    more: usize,
    known: HashMap<(usize, usize, usize), Choice>,
}

impl Search<'_> {
    /// The best `count` modes for the axes before `axis` and `left` of that axis itself.
    fn best(&mut self, axis: usize, left: usize, count: usize) -> Choice {
        let slower: usize = self.axes[..axis].iter().product();
        if count == 1 {
            let behind = self.columns / (slower * left);
            let mode = slower * left + self.more.div_ceil(behind);
            return Choice { sum: mode, product: mode * behind, modes: vec![mode] };
        }
        if let Some(known) = self.known.get(&(axis, left, count)) {
            return known.clone();
        }
        let divisors = (1..=left.isqrt()).filter(|d| left.is_multiple_of(*d));
        let divisors: Vec<usize> = divisors.flat_map(|d| [d, left / d]).collect();
        let best = divisors.into_iter().map(|mode| {
            let rest = if mode == left && axis > 0 {
                self.best(axis - 1, self.axes[axis - 1], count - 1)
            } else {
                self.best(axis, left / mode, count - 1)
            };
            let modes = [&rest.modes[..], &[mode]].concat();
            Choice { sum: rest.sum + mode, product: rest.product, modes }
        });
        let best = best.min().expect("1 is a divisor");
        self.known.insert((axis, left, count), best.clone());
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sizes() {
        assert_eq!(covering(57_600, 5).unwrap(), [8, 8, 9, 10, 10]);
        assert_eq!(covering(1, 3).unwrap(), [1, 1, 1]);
        assert_eq!(covering(MAX_SIDE, 1).unwrap(), [MAX_SIDE]);
        assert_eq!(covering(MAX_SIDE - 1, 8).unwrap(), [8, 8, 9, 9, 9, 10, 12, 12]);
        assert_eq!(rows(4, 64, 4).unwrap(), [4, 4, 4, 4]);
        assert_eq!(rows(4, 256, 5).unwrap(), [4, 4, 4, 4, 4]);
        assert_eq!(rows(3, 35, 3).unwrap(), [3, 5, 7]);
        assert_eq!(rows(4, 17, 3).unwrap(), [4, 1, 17]);
        assert_eq!([count(1), count(1088), count(57_856), count(MAX_SIDE)], [1, 4, 5, 8]);
    }

    /// Frames of three planes: boundaries of planes and lines are boundaries of modes, and h begins
    /// at a value of mode 0.
    #[test]
    fn modes_follow_a_frame() {
        let modes = auto(57_600, 256, &[3, 120, 160], 5).unwrap();
        assert_eq!(modes, [10, 5, 8, 10, 16]);
        assert_eq!(modes[3] * modes[4], 160);
        assert_eq!(57_600 % (modes[1] * modes[2] * 160), 0);
        assert_eq!(auto(57_600, 0, &[3, 120, 160], 6).unwrap(), [6, 6, 10, 4, 5, 8]);
        // Without a shape the columns are covered as tightly as equal modes can.
        assert_eq!(auto(57_600, 0, &[57_600], 5).unwrap(), covering(57_600, 5).unwrap());
    }

    /// The least sum and the least product, compared with all tuples.
    #[test]
    fn covering_is_the_best_of_all() {
        for columns in (1..400).step_by(7) {
            let found = covering(columns, 3).unwrap();
            let mut best = (usize::MAX, 0);
            for a in 1..=columns {
                for b in a..=columns {
                    let c = columns.div_ceil(a * b).max(b);
                    best = best.min((a + b + c, a * b * c));
                }
            }
            let product: usize = found.iter().product();
            assert_eq!((found.iter().sum::<usize>(), product), best, "{columns}: {found:?}");
        }
    }

    #[test]
    fn aligned_modes_divide_and_cover() {
        for (axes, more) in [([2, 30, 7], 40), ([1, 64, 48], 64), ([5, 13, 11], 3), ([1, 1, 1], 9)]
        {
            for count in 1..=6 {
                let modes = aligned(&axes, more, count).unwrap();
                let columns: usize = axes.iter().product();
                let behind: usize = modes[1..].iter().product();
                assert_eq!((modes.len(), columns % behind), (count, 0), "{axes:?} {modes:?}");
                assert_eq!(modes[0], columns / behind + more.div_ceil(behind));
                // Products from the right reach the end of each remaining axis before mode 0.
                let mut lengths = modes[1..].iter().rev();
                let mut product = 1;
                for axis in [axes[2], axes[2] * axes[1]] {
                    while product < axis && lengths.len() > 0 {
                        product *= lengths.next().expect("one more");
                    }
                    assert!(product == axis || lengths.len() == 0, "{axes:?} {modes:?}");
                }
            }
        }
    }

    #[test]
    fn sizes_that_no_modes_have() {
        let texts = [
            covering(0, 2).unwrap_err().to_string(),
            covering(MAX_SIDE + 1, 2).unwrap_err().to_string(),
            covering(8, 0).unwrap_err().to_string(),
            aligned(&[2, usize::MAX], 0, 9).unwrap_err().to_string(),
            aligned(&[2, 0], 4, 2).unwrap_err().to_string(),
            auto(10, 0, &[3, 3], 2).unwrap_err().to_string(),
        ];
        assert_eq!(
            texts,
            [
                "modes: size out of range: found 0, expected 1 to 67108864",
                "modes: size out of range: found 67108865, expected 1 to 67108864",
                "modes: number of modes out of range: found 0, expected 1 to 8",
                "modes: number of modes out of range: found 9, expected 1 to 8",
                "shape: an empty axis: found 2 x 0",
                "shape: has the wrong product: found 3 x 3, expected 10, the inputs",
            ]
        );
    }
}
