//! Sigmoid and tanh. Twin of `ht_act`.

use std::sync::OnceLock;

fn table() -> &'static [(i32, i32)] {
    static T: OnceLock<Vec<(i32, i32)>> = OnceLock::new();
    T.get_or_init(|| {
        let base = |i: usize| (32768.0 / (1.0 + (-(i as f64) / 16.0).exp())).round() as i32;
        (0..256).map(|i| (base(i), base(i + 1) - base(i))).collect()
    })
}

/// 32768 x sigmoid of a value with 11 fraction bits.
pub fn sigmoid(z: i32) -> i32 {
    let a = z.abs().min(32767);
    let (base, slope) = table()[(a >> 7) as usize];
    let y = (base + ((slope * (a & 127) + 64) >> 7)).min(32767);
    if z < 0 { 32768 - y } else { y }
}

/// 32768 x tanh of a value with 11 fraction bits.
pub fn tanh(z: i32) -> i32 {
    2 * sigmoid((2 * z).clamp(-32768, 32767)) - 32768
}
