//! Rounding shift and saturation. Twin of `ht_requant`.

/// From an accumulator to a result: round half up at `shift`, saturate to `bits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requantise {
    /// Right shift, at least 1.
    pub shift: u32,
    /// Width of the result, sign included.
    pub bits: u32,
}

impl Requantise {
    /// `saturate((acc + 2^(shift-1)) >> shift, bits)`.
    pub fn apply(self, acc: i64) -> i32 {
        saturate(round_shift(acc, self.shift), self.bits)
    }
    /// Whether `acc` is clipped.
    pub fn clips(self, acc: i64) -> bool {
        let rounded = round_shift(acc, self.shift);
        i64::from(saturate(rounded, self.bits)) != rounded
    }
}

/// Arithmetic right shift with round half up; `shift` 0 changes nothing.
pub fn round_shift(value: i64, shift: u32) -> i64 {
    if shift == 0 { value } else { (value + (1i64 << (shift - 1))) >> shift }
}

/// Clips to a signed word of `bits` bits.
pub fn saturate(value: i64, bits: u32) -> i32 {
    let top = (1i64 << (bits - 1)) - 1;
    value.clamp(-top - 1, top) as i32
}
