//! The 16-bit lane described a second time, in rust-hdl, against `ht_mac` and `ht_requant`.
//!
//! The description shares nothing with the templates: rust-hdl's own flip-flops, arithmetic on
//! its `Signed`, rounding by adding half a step, saturation by looking at the bits above.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;

use rust_hdl::prelude::*;
use tempfile::TempDir;

use crate::verilated::{Bench, repository};

/// Fraction bits that the lane drops.
const SHIFT: usize = 12;

/// Multiply, accumulate, round, saturate; the timing of `ht_mac` and `ht_requant`.
#[derive(LogicBlock)]
struct Lane {
    clock: Signal<In, Clock>,
    act: Signal<In, Signed<16>>,
    wgt: Signal<In, Signed<16>>,
    acc_en: Signal<In, Bit>,
    acc_first: Signal<In, Bit>,
    acc: Signal<Out, Signed<40>>,
    data: Signal<Out, Signed<16>>,
    // The three stages of the multiply-accumulate.
    act_reg: DFF<Signed<16>>,
    wgt_reg: DFF<Signed<16>>,
    product_reg: DFF<Signed<32>>,
    sum_reg: DFF<Signed<40>>,
    // The two stages of the requantizer.
    rounded_reg: DFF<Signed<40>>,
    data_reg: DFF<Signed<16>>,
    half: Constant<Signed<40>>,
    wide_product: Signal<Local, Signed<40>>,
    rounded: Signal<Local, Signed<40>>,
    above: Signal<Local, Bits<13>>,
}

impl Logic for Lane {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, act_reg, wgt_reg, product_reg, sum_reg, rounded_reg, data_reg);
        self.act_reg.d.next = self.act.val();
        self.wgt_reg.d.next = self.wgt.val();
        self.product_reg.d.next = self.act_reg.q.val() * self.wgt_reg.q.val();
        self.wide_product.next = signed_bit_cast::<40, 32>(self.product_reg.q.val());
        if self.acc_en.val() {
            self.sum_reg.d.next = self.sum_reg.q.val() + self.wide_product.val();
            if self.acc_first.val() {
                self.sum_reg.d.next = self.wide_product.val();
            }
        }
        self.rounded_reg.d.next = self.sum_reg.q.val() + self.half.val();
        self.rounded.next = self.rounded_reg.q.val();
        // Bits from the result's sign upwards: all equal when the result fits.
        self.above.next = unsigned_cast(self.rounded.val().get_bits::<13>(27));
        self.data_reg.d.next = self.rounded.val().get_bits::<16>(12);
        if self.above.val().any() & !self.above.val().all() {
            self.data_reg.d.next = signed_cast(bits::<16>(0x7FFF));
            if self.above.val().get_bit(12) {
                self.data_reg.d.next = signed_cast(bits::<16>(0x8000));
            }
        }
        self.acc.next = self.sum_reg.q.val();
        self.data.next = self.data_reg.q.val();
    }
}

impl Default for Lane {
    fn default() -> Self {
        Lane {
            clock: Default::default(),
            act: Default::default(),
            wgt: Default::default(),
            acc_en: Default::default(),
            acc_first: Default::default(),
            acc: Default::default(),
            data: Default::default(),
            act_reg: Default::default(),
            wgt_reg: Default::default(),
            product_reg: Default::default(),
            sum_reg: Default::default(),
            rounded_reg: Default::default(),
            data_reg: Default::default(),
            half: Constant::new(Signed::from(1 << (SHIFT - 1))),
            wide_product: Default::default(),
            rounded: Default::default(),
            above: Default::default(),
        }
    }
}

/// The description as Verilog, its top module renamed from rust-hdl's `top`.
fn lane_verilog() -> String {
    let mut lane = Lane::default();
    lane.connect_all();
    generate_verilog(&lane).replace("module top(", "module lane_rusthdl(")
}

#[test]
fn library_lane_equals_the_rust_hdl_lane() {
    let dir = TempDir::new().expect("a temporary folder");
    let other = dir.path().join("lane_rusthdl.v");
    fs::write(&other, lane_verilog()).expect("a file in a temporary folder");
    let bench = Bench::of_file("lane_pair", repository("testbenches/lane_pair.v"))
        .params(&[("ACC_W", 40), ("SHIFT", SHIFT as i64)])
        .source(other);
    if let Some(built) = bench.build() {
        built.passes_in(dir.path(), &[]);
    }
}
