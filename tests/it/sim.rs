//! Emitted designs in Verilator against the fixed-point reference.

use htgen::config::HwConfig;
use htgen::quant::Widths;

use crate::simulated::{Design, options};

#[test]
fn try_it() {
    for (seed, lanes) in [(3u64, 4usize), (5, 8)] {
        let widths = Widths { weight_bits: 8, activation_bits: 12 };
        let hw = HwConfig { lanes, ..HwConfig::default() };
        let Some(design) = Design::random(seed, widths, &hw) else { return };
        let result = design.run(&design.stimulus(&[3, 1, 2, 4, 1], seed), &options(seed));
        match result {
            Ok(r) => println!("{seed} {lanes} {} {:?} {:?} {:?}", r.bit_exact, r.mismatch.as_ref().map(|m| m.to_string()), r.cycles_per_step, r),
            Err(e) => println!("{e}"),
        }
    }
}
