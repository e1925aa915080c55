// tb_ht_select.cpp: every lane gets the word of the bank given by the header's rule
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

int main() {
  bench::Bench b("ht_select");
  bench::Random random(5);
  Vdut& dut = b.dut();
  const uint64_t index_mask = P_LANES - 1;
  std::vector<uint64_t> banks(P_LANES);

  for (int k = 0; k < 5000; ++k) {
    for (int bank = 0; bank < P_LANES; ++bank) {
      banks[bank] = bench::low_bits(random.next(), P_WIDTH);
      bench::set_field(dut.i_data, bank * P_WIDTH, P_WIDTH, banks[bank]);
    }
    const uint64_t sel = random.next() & index_mask;
    const uint64_t keep = ((random.next() | P_KEEP_ALWAYS) & ~uint64_t{P_KEEP_NEVER}) & index_mask;
    dut.i_sel = sel;
    dut.i_keep = keep;
    b.settle();
    for (int lane = 0; lane < P_LANES; ++lane)
      b.expect("word", bench::field(dut.o_data, lane * P_WIDTH, P_WIDTH),
               banks[(lane & keep) | (sel & ~keep)], k);
  }
  return b.finish();
}
