// tb_lane_pair.cpp: two descriptions of one lane agree on every clock
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

int main() {
  bench::Bench b("lane_pair");
  bench::Random random(11);
  Vdut& dut = b.dut();
  bool seen_top = false;
  bool seen_bottom = false;

  for (int k = 0; k < 200000; ++k) {
    // Stretches of one extreme pair drive the sum to both ends and back.
    const int stretch = k / 500 % 4;
    const int64_t extreme = stretch == 1 ? -32768 : 32767;
    const bool random_operands = stretch % 2 == 0 || random.chance(5);
    dut.i_act = static_cast<uint16_t>(random_operands ? random.number(16) : -32768);
    dut.i_wgt = static_cast<uint16_t>(random_operands ? random.number(16) : extreme);
    // The first sum starts at zero; no sum grows past 250 products.
    dut.i_acc_en = k >= 2 && (k == 2 || random.chance(90));
    dut.i_acc_first = k % 250 == 2 || random.chance(stretch % 2 ? 1 : 20);
    if (k % 250 == 2) dut.i_acc_en = 1;
    b.tick(dut);
    if (k < 2) continue;
    b.expect("sum", bench::sign_extend(dut.o_lane_acc, P_ACC_W),
             bench::sign_extend(dut.o_other_acc, P_ACC_W), k);
    if (k < 4) continue;
    const int64_t data = bench::sign_extend(dut.o_lane_data, 16);
    b.expect("result", data, bench::sign_extend(dut.o_other_data, 16), k);
    seen_top |= data == 32767;
    seen_bottom |= data == -32768;
  }
  b.expect("saturated at the top", seen_top, 1, 0);
  b.expect("saturated at the bottom", seen_bottom, 1, 0);
  return b.finish();
}
