//! Fields side by side in one word of an image.

/// A word under construction, lowest field first.
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

/// Bits needed to number `count` things, at least 1; `$clog2` with a minimum of one.
pub(super) fn index_bits(count: usize) -> usize {
    (count.max(2) - 1).ilog2() as usize + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_side_by_side() {
        let word = Word::default().push(5, 3).push(-1, 2).push(0x2a, 8);
        assert_eq!((word.width(), word.hex().as_str()), (13, "055d"));
        assert_eq!([1, 2, 3, 4, 5, 256, 257].map(index_bits), [1, 1, 2, 2, 3, 8, 9]);
    }
}
