// tb_ht_lanes.cpp: operands by the header's rule, sums in 64 bits, three clocks later
// SPDX-License-Identifier: MIT OR Apache-2.0
#include <deque>

#include "bench.h"

namespace {

// What one iteration adds to each lane's sum.
struct Iteration {
  bool valid;
  bool first;
  std::vector<int64_t> products;
};

}  // namespace

int main() {
  bench::Bench b("ht_lanes");
  bench::Random random(35);
  Vdut& dut = b.dut();
  std::deque<Iteration> under_way;
  std::vector<int64_t> sums(P_LANES);
  bool known = false;  // a first iteration has been
  int terms = 0;       // of the sum in progress
  const int longest = 1 << (P_ACC_W - P_ACT_W - P_WGT_W);

  for (int k = 0; k < 20000; ++k) {
    Iteration now;
    now.valid = random.chance(85);
    now.first = terms == 0 || terms == longest || random.chance(15);
    if (now.valid) terms = now.first ? 1 : terms + 1;
    const int source = random.below(4);
    const bool fresh = random.chance(40);
    const int sel = random.below(P_BANKS);
    // Of the kept bits some are given by the parameters.
    const int keep = (random.below(P_BANKS) | P_BANK_ALWAYS) & ~P_BANK_NEVER;
    const int64_t hidden = random.number(P_ACT_W);
    std::vector<int64_t> input(P_INPUT_BANKS), result(P_BANKS);
    std::vector<bool> mark(P_INPUT_BANKS);
    for (int bank = 0; bank < P_INPUT_BANKS; ++bank) {
      input[bank] = random.number(P_ACT_W);
      mark[bank] = random.chance(50);
      const int at = bank * (P_ACT_W + 1);
      bench::set_field(dut.i_input, at, P_ACT_W, input[bank]);
      bench::set_field(dut.i_input, at + P_ACT_W, 1, mark[bank]);
    }
    for (int bank = 0; bank < P_BANKS; ++bank) {
      result[bank] = random.number(P_ACT_W);
      bench::set_field(dut.i_result, bank * P_ACT_W, P_ACT_W, result[bank]);
    }
    for (int lane = 0; lane < P_LANES; ++lane) {
      const bool used = P_LANES_USED >> lane & 1;
      const int64_t weight = used ? random.number(P_WGT_W) : 0;
      bench::set_field(dut.i_weights, lane * P_WGT_W, P_WGT_W, weight);
      const int from = lane % P_INPUT_BANKS;
      const int bank = (lane & keep) | (sel & ~keep);
      const int64_t operand = source == 2   ? hidden
                              : source == 3 ? (fresh ? 0 : hidden)
                              : source == 1 ? result[bank]
                              : mark[from] && fresh ? 0 : input[from];
      now.products.push_back(operand * weight);
    }
    dut.i_valid = now.valid;
    dut.i_first = now.first;
    dut.i_source = source;
    dut.i_fresh = fresh;
    dut.i_sel = sel;
    dut.i_keep = keep;
    dut.i_hidden = bench::low_bits(hidden, P_ACT_W);
    b.tick(dut);

    under_way.push_back(now);
    if (under_way.size() < 3) continue;
    const Iteration& then = under_way.front();
    known = known || (then.valid && then.first);
    for (int lane = 0; lane < P_LANES; ++lane) {
      if (then.valid) sums[lane] = then.products[lane] + (then.first ? 0 : sums[lane]);
      const uint64_t got = bench::field(dut.o_acc, lane * P_ACC_W, P_ACC_W);
      if (known) b.expect("sum", bench::sign_extend(got, P_ACC_W), sums[lane], k);
    }
    under_way.pop_front();
  }
  return b.finish();
}
