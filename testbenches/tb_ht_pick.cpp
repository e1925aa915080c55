// tb_ht_pick.cpp: every index on random words; beyond the last word the result is zero
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

int main() {
  bench::Bench b("ht_pick");
  bench::Random random(31);
  Vdut& dut = b.dut();
  int indices = 2;  // every value of i_idx
  while (indices < P_COUNT) indices *= 2;

  for (int round = 0; round < 200; ++round) {
    std::vector<uint64_t> words(P_COUNT);
    for (int k = 0; k < P_COUNT; ++k) {
      words[k] = bench::low_bits(random.next(), P_WIDTH);
      bench::set_field(dut.i_data, k * P_WIDTH, P_WIDTH, words[k]);
    }
    for (int idx = 0; idx < indices; ++idx) {
      dut.i_idx = idx;
      b.settle();
      // A single word has no index.
      const uint64_t word = P_COUNT < 2 ? words[0] : idx < P_COUNT ? words[idx] : 0;
      b.expect("word", bench::field(dut.o_data, 0, P_WIDTH), word, idx);
    }
  }
  return b.finish();
}
