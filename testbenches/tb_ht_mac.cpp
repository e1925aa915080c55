// tb_ht_mac.cpp: sums of products, restarted without a lost clock, at the stated latency
// SPDX-License-Identifier: MIT OR Apache-2.0
#include <deque>

#include "bench.h"

int main() {
  bench::Bench b("ht_mac");
  bench::Random random(6);
  Vdut& dut = b.dut();
  std::deque<int64_t> products(2, 0);  // of the operands of the last two clocks, oldest first
  int64_t sum = 0;
  bool started = false;
  unsigned n_terms = 0;
  // As many products as the accumulator holds without overflow.
  const int spare = P_ACC_W - P_ACT_W - P_WGT_W;
  const unsigned most = spare >= 12 ? 4096 : 1u << spare;

  for (int k = 0; k < 50000; ++k) {
    // Long stretches of extreme operands reach the largest sums.
    const bool extreme = k / 5000 % 2;
    const int64_t act = extreme ? -(int64_t{1} << (P_ACT_W - 1)) : random.number(P_ACT_W);
    const int64_t wgt = extreme ? -(int64_t{1} << (P_WGT_W - 1)) : random.number(P_WGT_W);
    bench::set_field(dut.i_act, 0, P_ACT_W, act);
    bench::set_field(dut.i_wgt, 0, P_WGT_W, wgt);
    const bool enable = k >= 2 && random.chance(90);
    const bool first = !started || n_terms >= most || random.chance(2);
    dut.i_acc_en = enable;
    dut.i_acc_first = first;
    b.tick(dut);
    if (enable) {
      sum = (first ? 0 : sum) + products.front();
      n_terms = first ? 1 : n_terms + 1;
      started = true;
    }
    products.pop_front();
    products.push_back(act * wgt);
    if (started)
      b.expect("sum", bench::sign_extend(bench::field(dut.o_acc, 0, P_ACC_W), P_ACC_W),
               bench::sign_extend(sum, P_ACC_W), k);
  }
  return b.finish();
}
