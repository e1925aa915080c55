//! Items side by side in one word, and words one below the other in an image.
// SPDX-License-Identifier: MIT OR Apache-2.0

/// A word under construction, lowest item first.
#[derive(Debug, Clone, Default)]
pub(super) struct Word {
    bits: Vec<bool>,
}

impl Word {
    /// Appends the low `width` bits of `value`, two's complement.
    ///
    /// # Panics
    /// When the value does not fit: the sizes were computed from the same values.
    pub(super) fn push(mut self, value: i64, width: usize) -> Word {
        let fits = width >= 63 || (value >> width == 0 || value >> (width - 1) == -1);
        assert!(fits, "{value} does not fit {width} bits");
        self.bits.extend((0..width).map(|b| value >> b.min(63) & 1 == 1));
        self
    }
    /// Appends `value` modulo 2^`width`: what an adder of that width needs.
    pub(super) fn push_modulo(self, value: i64, width: usize) -> Word {
        self.push(value.rem_euclid(1 << width), width)
    }
    /// Padded with zeros to `width` bits.
    pub(super) fn padded(mut self, width: usize) -> Word {
        self.bits.resize(width, false);
        self
    }
    /// Bits so far.
    pub(super) fn width(&self) -> usize {
        self.bits.len()
    }
    /// The word in hexadecimal, highest digit first.
    pub(super) fn hex(&self) -> String {
        let digit = |nibble: &[bool]| {
            let value = nibble.iter().rev().fold(0, |v, &b| 2 * v + u32::from(b));
            char::from_digit(value, 16).expect("four bits are one digit")
        };
        self.bits.chunks(4).rev().map(digit).collect()
    }
}

/// Text of an image: a header line, then words with comments on their content; padded to `least`
/// words.
pub(super) fn image(
    name: &str,
    format: &str,
    rows: impl IntoIterator<Item = (Word, String), IntoIter: ExactSizeIterator>,
    least: usize,
) -> String {
    let mut rows = rows.into_iter().peekable();
    let count = rows.len();
    let width = rows.peek().map_or(1, |r| r.0.width());
    let mut text = format!("// {name}: {} words of {width} bits; {format}\n", count.max(least));
    let unused = || (Word::default().push_modulo(0, 1).padded(width), "not used".to_owned());
    let filler = (count..least).map(|_| unused());
    for (word, comment) in rows.chain(filler) {
        text.push_str(&word.hex());
        text.push_str(" // ");
        text.push_str(&comment);
        text.push('\n');
    }
    text
}

/// Which bits of an image's words are not the same in every word, lowest first.
pub(super) fn live_bits(text: &str) -> Vec<bool> {
    let mut words = text.lines().filter_map(|line| {
        line.split("//").next().map(str::trim).filter(|digits| !digits.is_empty())
    });
    let values = |word: &str| -> Vec<u32> {
        word.chars().map(|digit| digit.to_digit(16).unwrap_or(0)).collect()
    };
    let Some(first) = words.next().map(values) else { return Vec::new() };
    let mut differing = vec![0; first.len()];
    for word in words {
        for ((all, digit), first) in differing.iter_mut().zip(word.chars()).zip(&first) {
            *all |= digit.to_digit(16).unwrap_or(0) ^ first;
        }
    }
    differing.iter().rev().flat_map(|digit| (0..4).map(move |bit| digit >> bit & 1 == 1)).collect()
}

/// Bits needed to number `count` things, at least 1; `$clog2` with a minimum of one.
pub(super) fn index_bits(count: usize) -> usize {
    (count.max(2) - 1).ilog2() as usize + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stand_side_by_side() {
        let word = Word::default().push(5, 3).push(-1, 2).push(0x2a, 8);
        assert_eq!((word.width(), word.hex().as_str()), (13, "055d"));
        assert_eq!([1, 2, 3, 4, 5, 256, 257].map(index_bits), [1, 1, 2, 2, 3, 8, 9]);
    }

    #[test]
    fn constant_columns_are_not_stored() {
        let live = live_bits("// 3 words\n1f0 // a\n1e4\n1f0 // b\n");
        let expected = (0..12).map(|bit| bit == 2 || bit == 4);
        assert_eq!(live, expected.collect::<Vec<_>>());
        assert!(!live_bits("3\n3\n").contains(&true));
    }
}
